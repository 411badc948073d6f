"""A person at the checkout page: a card is chosen, and the session completes or does not."""

from dataclasses import dataclass
from typing import Any, Literal

import stripe

from sandbox import clock
from sandbox.stripe_books import Books, new_id
from sandbox.stripe_cards import AUTHENTICATE, Card, Decline
from sandbox.stripe_charges import Attempt, settle
from sandbox.stripe_checkout import expire, plan_id
from sandbox.stripe_customers import open_customer
from sandbox.stripe_forms import metadata
from sandbox.stripe_methods import open_method, save
from sandbox.stripe_payments import open_payment
from sandbox.world import Json

PayStatus = Literal["complete", "declined", "authenticate", "refused"]


@dataclass(frozen=True)
class Visitor:
    """The person at the page: the card given, and what the bank was told."""

    card: Card
    email: str | None = None
    bank: Literal["unasked", "approved", "refused"] = "unasked"


@dataclass(frozen=True)
class Paid:
    """What came of a person's try."""

    status: PayStatus
    session: Json
    message: str | None = None
    decline: Decline | None = None

    @property
    def redirect_url(self) -> str | None:
        """Where the page sends the person after success."""
        if self.status != "complete":
            return None
        return str(self.session["success_url"]).replace("{CHECKOUT_SESSION_ID}", self.session["id"])

    def told(self) -> Json:
        """Return the result as the control API tells it."""
        return {
            "status": self.status,
            "session": self.session["id"],
            "payment_intent": self.session["payment_intent"],
            "setup_intent": self.session["setup_intent"],
            "message": self.message,
            "decline_code": self.decline.decline_code if self.decline else None,
            "redirect_url": self.redirect_url,
        }


def pay(books: Books, session_id: str, visitor: Visitor) -> Paid:
    """Try a card at a session's page."""
    with books.world.store.transaction():
        session = current_session(books, session_id)
        if session["status"] != "open":
            message = f"This checkout session is {session['status']}. Nothing was charged."
            return Paid("refused", session, message)
        visitor = _presented(session, visitor)
        if session["mode"] == "setup":
            return _set_up(books, session, visitor)
        return _charge(books, session, visitor)


def current_session(books: Books, session_id: str) -> Json:
    """Return a session as it is now, its time being over or not."""
    session = books.get("checkout.session", session_id, "session")
    if session["status"] == "open" and session["expires_at"] <= clock.seconds():
        return expire(books, session)
    return session


def _presented(session: Json, visitor: Visitor) -> Visitor:
    email = visitor.email or session["customer_email"]
    return Visitor(visitor.card, email, visitor.bank)


def _charge(books: Books, session: Json, visitor: Visitor) -> Paid:
    asked = books.get("sandbox.plan", plan_id(session))["payment_intent_data"]
    intent = _intent(books, session, asked)
    intent["customer"] = intent["customer"] or _customer(books, session, visitor, intent)
    method = open_method(books, visitor.card, visitor.email)
    attempt = Attempt(intent, method, off_session=False, authenticated=visitor.bank == "approved")
    if visitor.bank == "refused":
        return Paid("declined", session, "Your bank did not confirm that it is you.", AUTHENTICATE)
    verdict = settle(books, attempt)
    if isinstance(verdict, Decline):
        return Paid("declined", session, verdict.message, verdict)
    if verdict == "authenticate":
        return Paid("authenticate", session, "Your bank asks whether it is you.")
    return _completed(books, session, visitor, intent["customer"], payment_status="paid")


def _intent(books: Books, session: Json, asked: Json) -> Json:
    if session["payment_intent"]:
        return books.get("payment_intent", session["payment_intent"])
    params = asked | {"customer": session["customer"]}
    intent = open_payment(books, session["amount_total"], session["currency"], params)
    session["payment_intent"] = intent["id"]
    books.put(session)
    return intent


def _customer(books: Books, session: Json, visitor: Visitor, intent: Json) -> str | None:
    if session["customer_creation"] != "always" and not intent["setup_future_usage"]:
        return None
    # A person who tries a second card is still the same customer.
    session["customer"] = (
        session["customer"] or open_customer(books, {"email": visitor.email})["id"]
    )
    books.put(session)
    return str(session["customer"])


def _set_up(books: Books, session: Json, visitor: Visitor) -> Paid:
    card = visitor.card
    if card.decline is not None and not card.saves:
        return Paid("declined", session, card.decline.message, card.decline)
    if card.authentication != "never" and visitor.bank == "unasked":
        return Paid("authenticate", session, "Your bank asks whether it is you.")
    if visitor.bank == "refused":
        return Paid("declined", session, "Your bank did not confirm that it is you.", AUTHENTICATE)
    customer = session["customer"]
    if customer is None and session["customer_creation"] == "always":
        customer = open_customer(books, {"email": visitor.email})["id"]
    method = open_method(books, card, visitor.email)
    session["setup_intent"] = _setup_intent(books, session, customer, method)
    return _completed(books, session, visitor, customer)


def _setup_intent(books: Books, session: Json, customer: str | None, method: Json) -> str:
    asked = books.get("sandbox.plan", plan_id(session))["setup_intent_data"]
    if customer:
        save(books, method, customer)
    intent = books.new(
        stripe.SetupIntent,
        "seti",
        client_secret=new_id("seti_secret"),
        customer=customer,
        description=asked.get("description"),
        metadata=metadata(asked),
        payment_method=method["id"],
        payment_method_types=["card"],
        status="succeeded",
        usage="off_session",
    )
    books.tell("setup_intent.succeeded", intent)
    return str(intent["id"])


def _completed(
    books: Books,
    session: Json,
    visitor: Visitor,
    customer: str | None,
    **fields: Any,  # noqa: ANN401 - a field holds any JSON
) -> Paid:
    details = dict.fromkeys(("address", "business_name", "individual_name", "name", "phone"))
    known = books.get("customer", customer) if customer else {"email": None}
    email = visitor.email or known["email"]
    session |= fields | {
        "status": "complete",
        "url": None,
        "customer": customer,
        "customer_details": details | {"email": email, "tax_exempt": "none", "tax_ids": []},
    }
    books.put(session)
    books.tell("checkout.session.completed", session)
    return Paid("complete", session)
