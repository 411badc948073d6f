"""Stripe's payment methods: the test cards, as saved by customers."""

from http import HTTPStatus

from sandbox import clock
from sandbox.door import Answer, Call
from sandbox.stripe_books import Books, new_id
from sandbox.stripe_cards import BY_FINGERPRINT, BY_TOKEN, Card, Decline
from sandbox.stripe_errors import error_body, invalid
from sandbox.stripe_forms import required, tree
from sandbox.stripe_lists import page
from sandbox.world import Json

EXPIRY_MONTH = 12
YEARS_LEFT = 4


def resolve(books: Books, name: str, param: str = "payment_method") -> Json:
    """Return a payment method; a test token makes a new one, as it does at Stripe."""
    card = BY_TOKEN.get(name)
    return books.get("payment_method", name, param) if card is None else open_method(books, card)


def open_method(
    books: Books, card: Card, email: str | None = None, name: str | None = None
) -> Json:
    """Keep a new payment method for a test card."""
    address = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    method = {
        "id": new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {
            "address": address,
            "email": email,
            "name": name,
            "phone": None,
            "tax_id": None,
        },
        "card": _card_fields(card),
        "created": int(clock.seconds()),
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }
    return books.put(method)


def _card_fields(card: Card) -> Json:
    checks = ("address_line1_check", "address_postal_code_check", "cvc_check")
    return {
        "brand": card.brand,
        "checks": dict.fromkeys(checks),
        "country": "US",
        "display_brand": card.brand,
        "exp_month": EXPIRY_MONTH,
        "exp_year": clock.now().year + YEARS_LEFT,
        "fingerprint": card.fingerprint,
        "funding": "debit" if "debit" in card.token else "credit",
        "generated_from": None,
        "last4": card.number[-4:],
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def card_of(method: Json) -> Card:
    """Return the test card behind a payment method."""
    return BY_FINGERPRINT[method["card"]["fingerprint"]]


def retrieve_method(call: Call) -> Answer:
    """Show a payment method."""
    return Answer(HTTPStatus.OK, resolve(Books.of(call), call.names["id"], "id"))


def attach_method(call: Call) -> Answer:
    """Save a payment method with a customer; a bad card is refused here already."""
    books = Books.of(call)
    customer = books.get("customer", required(tree(call.form), "customer"), "customer")
    method = resolve(books, call.names["id"], "id")
    card = card_of(method)
    if card.decline is not None and not card.saves:
        return declined(card.decline, payment_method=method)
    if method["customer"] not in {None, customer["id"]}:
        message = "The payment method you provided has already been attached to a customer."
        raise invalid(message, "payment_method", "payment_method_unexpected_state")
    return Answer(HTTPStatus.OK, save(books, method, customer["id"]))


def save(books: Books, method: Json, customer: str) -> Json:
    """Give a payment method to a customer, once."""
    if method["customer"] is None:
        method["customer"] = customer
        books.put(method)
        books.tell("payment_method.attached", method)
    return method


def detach_method(call: Call) -> Answer:
    """Take a payment method from its customer."""
    books = Books.of(call)
    method = books.get("payment_method", call.names["id"])
    customer, method["customer"] = method["customer"], None
    books.put(method)
    books.tell("payment_method.detached", method, customer=customer)
    return Answer(HTTPStatus.OK, method)


def methods_of_customer(call: Call) -> Answer:
    """List what a customer can be charged with."""
    books = Books.of(call)
    customer = books.get("customer", call.names["id"], "customer")["id"]
    asked = tree(call.query)
    url = f"/customers/{customer}/payment_methods"
    return Answer(HTTPStatus.OK, page(books, "payment_method", url, asked, {"customer": customer}))


def declined(decline: Decline, **about: object) -> Answer:
    """Return the error Stripe answers when a bank says no."""
    body = error_body("card_error", decline.message, **decline.fields(), **about)
    return Answer(HTTPStatus.PAYMENT_REQUIRED, body)
