"""Stripe's payment methods: the test cards and bank accounts, as saved by customers."""

from collections.abc import Sequence
from http import HTTPStatus

import stripe

from sandbox import clock
from sandbox.door import Answer, Call
from sandbox.stripe_banks import BANK_NAME, ROUTING_NUMBER, BankAccount, Return
from sandbox.stripe_books import Books, new_id
from sandbox.stripe_cards import Card, Decline
from sandbox.stripe_errors import error_body, invalid
from sandbox.stripe_forms import required, tree
from sandbox.stripe_instruments import (
    BANK,
    BY_NUMBER,
    BY_TOKEN,
    CARD,
    OF_NOBODY,
    PLAYED,
    Instrument,
    fingerprint,
    type_of,
)
from sandbox.stripe_lists import page
from sandbox.stripe_skeletons import skeleton
from sandbox.world import Json

EXPIRY_MONTH = 12
YEARS_LEFT = 4
CHECKS = ("address_line1_check", "address_postal_code_check", "cvc_check")


def resolve(books: Books, name: str, param: str = "payment_method") -> Json:
    """Return a payment method; a test token makes a new one, as it does at Stripe."""
    instrument = BY_TOKEN.get(name)
    if instrument is None:
        return books.get("payment_method", name, param)
    return open_method(books, instrument)


def open_method(
    books: Books, instrument: Instrument, email: str | None = None, holder: str = ""
) -> Json:
    """Keep a new payment method for a test card or bank account of a holder."""
    mark, kind = fingerprint(instrument.number, holder), type_of(instrument)
    if holder:
        # The number behind a fingerprint is no field of Stripe's; it is kept apart.
        number = {"number": instrument.number}
        books.put({"id": _behind(mark), "object": "sandbox.instrument", **number})
    method = {
        "id": new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": _billing(instrument, email),
        "created": int(clock.seconds()),
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": kind,
        kind: _fields(instrument, mark),
    }
    return books.put(method)


def _behind(mark: str) -> str:
    return f"instrument_{mark}"


def _billing(instrument: Instrument, email: str | None) -> Json:
    address = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    # Nobody opens a debit without the name of the account's holder.
    name = "Account Holder" if isinstance(instrument, BankAccount) else None
    return {"address": address, "email": email, "name": name, "phone": None, "tax_id": None}


def _fields(instrument: Instrument, mark: str) -> Json:
    if isinstance(instrument, BankAccount):
        return _bank_fields(instrument, mark)
    return _card_fields(instrument, mark)


def _card_fields(card: Card, mark: str) -> Json:
    fields = skeleton(stripe.PaymentMethod.Card) | _plastic(card, mark)
    return fields | {
        "display_brand": card.brand,
        "networks": {"available": [card.brand], "preferred": None},
        "three_d_secure_usage": {"supported": True},
    }


def _plastic(card: Card, mark: str) -> Json:
    """Return what a payment method and a charge tell alike of a card."""
    return {
        "brand": card.brand,
        "checks": dict.fromkeys(CHECKS),
        "country": "US",
        "exp_month": EXPIRY_MONTH,
        "exp_year": clock.now().year + YEARS_LEFT,
        "fingerprint": mark,
        "funding": "debit" if "debit" in card.token else "credit",
        "last4": card.number[-4:],
        "regulated_status": "unregulated",
    }


def _bank_fields(account: BankAccount, mark: str) -> Json:
    return skeleton(stripe.PaymentMethod.UsBankAccount) | {
        "account_holder_type": "individual",
        "account_type": "checking",
        "bank_name": BANK_NAME,
        "fingerprint": mark,
        "last4": account.number[-4:],
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "routing_number": ROUTING_NUMBER,
        "status_details": {},
    }


def charged_details(method: Json, amount: int, mandate: str | None = None) -> Json:
    """Return what a charge tells of the method that was charged."""
    kind = method["type"]
    known = method[kind]
    resource = stripe.Charge.PaymentMethodDetails
    empty = skeleton(resource.Card if kind == CARD else resource.UsBankAccount)
    told = empty | {name: known[name] for name in empty if name in known} | {"mandate": mandate}
    if kind == CARD:
        told |= {"amount_authorized": amount, "network": known["brand"]}
    return {"type": kind, kind: told}


def types_allowed(params: Json, otherwise: Sequence[str]) -> list[str]:
    """Return the types of payment method a call allows, of those that the sandbox plays."""
    asked = params.get("allowed_payment_method_types", otherwise)
    played = [kind for kind in asked if kind in PLAYED]
    if not played:
        message = f"The sandbox plays these types of payment method only: {', '.join(PLAYED)}."
        raise invalid(message, "allowed_payment_method_types")
    return played


def instrument_of(books: Books, method: Json) -> Instrument:
    """Return the test card or bank account behind a payment method."""
    mark = method[method["type"]]["fingerprint"]
    known = OF_NOBODY.get(mark)
    return known or BY_NUMBER[books.get("sandbox.instrument", _behind(mark))["number"]]


def block(books: Books, method: Json, returned: Return) -> None:
    """Close a bank account to further debits, as Stripe does after most returns."""
    blocked = {"network_code": returned.network_code, "reason": returned.blocks}
    method[BANK]["status_details"] = {"blocked": blocked}
    books.put(method)


def is_blocked(method: Json) -> bool:
    """Say whether a payment method is a bank account closed to further debits."""
    return bool(method["type"] == BANK and method[BANK]["status_details"].get("blocked"))


def retrieve_method(call: Call) -> Answer:
    """Show a payment method."""
    books = Books.of(call)
    method = resolve(books, call.names["id"], "id")
    return Answer(HTTPStatus.OK, books.expanded(method, tree(call.query).get("expand", [])))


def attach_method(call: Call) -> Answer:
    """Save a payment method with a customer; a bad card is refused here already."""
    books = Books.of(call)
    customer = books.get("customer", required(tree(call.form), "customer"), "customer")
    method = resolve(books, call.names["id"], "id")
    refusal = saving_refused(instrument_of(books, method))
    if refusal is not None:
        return declined(refusal, payment_method=method)
    if method["customer"] not in {None, customer["id"]}:
        message = "The payment method you provided has already been attached to a customer."
        raise invalid(message, "payment_method", "payment_method_unexpected_state")
    return Answer(HTTPStatus.OK, save(books, method, customer["id"]))


def saving_refused(instrument: Instrument) -> Decline | None:
    """Return why a card cannot be saved; a bank account always can."""
    if isinstance(instrument, BankAccount) or instrument.saves:
        return None
    return instrument.decline


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
    wanted = {"customer": customer} | {name: asked[name] for name in ("type",) if name in asked}
    return Answer(HTTPStatus.OK, page(books, "payment_method", url, asked, wanted))


def declined(decline: Decline, **about: object) -> Answer:
    """Return the error Stripe answers when a bank says no."""
    body = error_body(decline.kind, decline.message, **decline.fields(), **about)
    return Answer(HTTPStatus.PAYMENT_REQUIRED, body)
