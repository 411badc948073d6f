"""Stripe's checkout sessions, as the API opens, shows and ends them."""

from http import HTTPStatus
from urllib.parse import urlsplit

import stripe
from stripe.params.checkout import SessionCreateParams

from sandbox import clock
from sandbox.door import Answer, Call
from sandbox.stripe_books import Books, new_id
from sandbox.stripe_errors import invalid, unexpected_state
from sandbox.stripe_forms import integer, metadata, refuse_unknown, required, tree
from sandbox.stripe_instruments import CARD
from sandbox.stripe_methods import types_allowed
from sandbox.stripe_money import check_limits, checked_currency
from sandbox.world import Json, World

HALF_AN_HOUR, A_DAY = 30 * 60, 24 * 60 * 60
EXPAND_ITEMS = "line_items"


def create_session(call: Call) -> Answer:
    """Open a page where a person pays, or leaves a card for later."""
    params = tree(call.form)
    refuse_unknown(params, SessionCreateParams)
    books = Books.of(call)
    _check(books, params)
    currency, total, items = _priced(params)
    session = books.new(
        stripe.checkout.Session,
        "cs_test",
        amount_subtotal=total,
        amount_total=total,
        automatic_tax={"enabled": False, "liability": None, "provider": None, "status": None},
        cancel_url=params.get("cancel_url"),
        client_reference_id=params.get("client_reference_id"),
        currency=currency,
        customer=params.get("customer"),
        customer_creation=_customer_creation(params),
        customer_email=params.get("customer_email"),
        expires_at=_expiry(params),
        metadata=metadata(params),
        mode=params["mode"],
        allowed_payment_method_types=params.get("allowed_payment_method_types"),
        payment_method_types=types_allowed(params, [CARD]),
        payment_status="no_payment_required" if params["mode"] == "setup" else "unpaid",
        status="open",
        success_url=params["success_url"],
        ui_mode="hosted_page",
    )
    session["url"] = f"{call.base_url}/stripe/pay/{session['id']}"
    # What the page needs when the person comes is no field of Stripe's; it is kept apart.
    plan = {name: params.get(name, {}) for name in ("payment_intent_data", "setup_intent_data")}
    books.put(
        {"id": plan_id(session), "object": "sandbox.plan", "created": 0, **plan, "items": items}
    )
    books.put(session)
    return Answer(HTTPStatus.OK, _shown(books, session, params))


def plan_id(session: Json) -> str:
    """Return the name under which a session's further plans are kept."""
    return f"plan_{session['id']}"


def retrieve_session(call: Call) -> Answer:
    """Show a session."""
    books = Books.of(call)
    session = books.get("checkout.session", call.names["id"], "session")
    return Answer(HTTPStatus.OK, _shown(books, session, tree(call.query)))


def session_items(call: Call) -> Answer:
    """Show what a session asks payment for."""
    books = Books.of(call)
    session = books.get("checkout.session", call.names["id"], "session")
    return Answer(HTTPStatus.OK, _items(books, session))


def expire_session(call: Call) -> Answer:
    """End an open session before its time."""
    books = Books.of(call)
    session = books.get("checkout.session", call.names["id"], "session")
    if session["status"] != "open":
        message = (
            f"This Session is {session['status']}: only Checkout Sessions with a status in"
            " [open] can be expired."
        )
        raise unexpected_state(message, "resource_invalid_state")
    return Answer(HTTPStatus.OK, expire(books, session))


def expire(books: Books, session: Json) -> Json:
    """Close a session and tell of it."""
    session |= {"status": "expired", "url": None}
    books.put(session)
    books.tell("checkout.session.expired", session)
    return session


def expire_overdue(world: World) -> None:
    """Close every session whose time is over."""
    rows = world.store.rows(
        "SELECT id FROM objects WHERE kind = 'checkout.session'"
        " AND json_extract(body, '$.status') = 'open' AND json_extract(body, '$.expires_at') <= ?",
        clock.seconds(),
    )
    books = Books(world)
    for row in rows:
        with world.store.transaction():
            expire(books, books.get("checkout.session", row["id"]))


def _check(books: Books, params: Json) -> None:
    if required(params, "mode") not in {"payment", "setup"}:
        raise invalid("The sandbox plays the modes payment and setup only.", "mode")
    for name in ("success_url", "cancel_url"):
        url = urlsplit(params.get(name, ""))
        if params.get(name) and not (url.scheme in {"http", "https"} and url.hostname):
            raise invalid("Not a valid URL", name, "url_invalid")
    required(params, "success_url")
    if params.get("customer"):
        books.get("customer", params["customer"], "customer")
        for name in ("customer_email", "customer_creation"):
            if params.get(name):
                message = f"You may only specify one of these parameters: customer, {name}."
                raise invalid(message, "customer")


def _priced(params: Json) -> tuple[str | None, int | None, list[Json]]:
    if params["mode"] == "setup":
        currency = checked_currency(params) if params.get("currency") else None
        return currency, None, []
    lines = params.get("line_items")
    if not isinstance(lines, list) or not lines:
        message = "You must specify at least one line item in payment mode."
        raise invalid(message, "line_items", "parameter_missing")
    items = [_item(line, number) for number, line in enumerate(lines)]
    currencies = {item["currency"] for item in items}
    if len(currencies) > 1:
        raise invalid("All line items must have the same currency.", "line_items")
    currency, total = currencies.pop(), sum(item["amount_total"] for item in items)
    check_limits(total, currency, "line_items")
    return currency, total, items


def _item(line: Json, number: int) -> Json:
    price = line.get("price_data")
    place = f"line_items[{number}]"
    if not isinstance(price, dict):
        message = "The sandbox keeps no prices; give price_data with the amount itself."
        raise invalid(message, f"{place}[price_data]", "parameter_missing")
    amount, currency = integer(price, "unit_amount"), checked_currency(price)
    quantity = int(line.get("quantity", 1))
    if amount < 1 or quantity < 1:
        message = "This value must be greater than or equal to 1."
        raise invalid(message, f"{place}[price_data][unit_amount]", "parameter_invalid_integer")
    name = (price.get("product_data") or {}).get("name")
    if not name:
        message = f"Missing required param: {place}[price_data][product_data][name]."
        raise invalid(message, f"{place}[price_data][product_data][name]", "parameter_missing")
    return {
        "id": new_id("li"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": amount * quantity,
        "amount_tax": 0,
        "amount_total": amount * quantity,
        "currency": currency,
        "description": name,
        "quantity": quantity,
    }


def _customer_creation(params: Json) -> str | None:
    return None if params.get("customer") else params.get("customer_creation", "if_required")


def _expiry(params: Json) -> int:
    now = int(clock.seconds())
    if "expires_at" not in params:
        return now + A_DAY
    expiry = integer(params, "expires_at")
    # A minute of grace for the time the request took.
    if not now + HALF_AN_HOUR - 60 <= expiry <= now + A_DAY + 60:
        message = "The `expires_at` timestamp must be between 30 minutes and 24 hours from now."
        raise invalid(message, "expires_at")
    return expiry


def _shown(books: Books, session: Json, params: Json) -> Json:
    wanted = list(params.get("expand", []))
    if EXPAND_ITEMS in wanted:
        wanted.remove(EXPAND_ITEMS)
        session["line_items"] = _items(books, session)
    return books.expanded(session, wanted)


def _items(books: Books, session: Json) -> Json:
    url = f"/v1/checkout/sessions/{session['id']}/line_items"
    items = books.get("sandbox.plan", plan_id(session))["items"]
    return {"object": "list", "data": items, "has_more": False, "url": url}
