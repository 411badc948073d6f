"""A person at the checkout page: a card is chosen, and the session completes or does not."""

from dataclasses import dataclass, replace
from typing import Any, Literal

import stripe

from sandbox import clock
from sandbox.stripe_attempts import Attempt
from sandbox.stripe_books import Books, new_id
from sandbox.stripe_cards import AUTHENTICATE, Card, Decline
from sandbox.stripe_charges import capture, settle
from sandbox.stripe_checkout import expire, plan_id
from sandbox.stripe_customers import open_customer
from sandbox.stripe_forms import metadata
from sandbox.stripe_instruments import Instrument, type_of
from sandbox.stripe_mandates import open_mandate
from sandbox.stripe_methods import open_method, save, saving_refused
from sandbox.stripe_payments import open_payment
from sandbox.world import Json

PayStatus = Literal["complete", "declined", "authenticate", "refused"]


@dataclass(frozen=True)
class Visitor:
    """The person at the page: the card or bank account given, and what the bank was told.

    `holder` says whose it is: the same number of another holder is another card. Without it the
    e-mail address decides, then the customer, then the page.
    """

    instrument: Instrument
    email: str | None = None
    bank: Literal["unasked", "approved", "refused"] = "unasked"
    holder: str | None = None


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
        if type_of(visitor.instrument) not in session["payment_method_types"]:
            taken = ", ".join(session["payment_method_types"])
            return Paid("declined", session, f"This page takes only: {taken}.")
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
    return replace(visitor, email=email)


def _charge(books: Books, session: Json, visitor: Visitor) -> Paid:
    asked = books.get("sandbox.plan", plan_id(session))["payment_intent_data"]
    intent = _intent(books, session, asked)
    intent["customer"] = intent["customer"] or _customer(books, session, visitor, intent)
    method = _method(books, session, visitor, intent["customer"])
    attempt = Attempt(intent, method, off_session=False, authenticated=visitor.bank == "approved")
    if visitor.bank == "refused":
        return Paid("declined", session, "Your bank did not confirm that it is you.", AUTHENTICATE)
    verdict = settle(books, attempt)
    capture(books, intent["latest_charge"])
    if isinstance(verdict, Decline):
        return Paid("declined", session, verdict.message, verdict)
    if verdict == "authenticate":
        return Paid("authenticate", session, "Your bank asks whether it is you.")
    paid = "unpaid" if verdict == "processing" else "paid"
    return _completed(books, session, visitor, intent["customer"], payment_status=paid)


def _method(books: Books, session: Json, visitor: Visitor, customer: str | None) -> Json:
    known = books.get("customer", customer)["email"] if customer else None
    holder = visitor.holder or visitor.email or known or customer or session["id"]
    method = open_method(books, visitor.instrument, visitor.email, holder)
    if not isinstance(visitor.instrument, Card):
        # The page asks for leave to debit the account, whatever it is for.
        open_mandate(books, method, online=True)
    return method


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
    refusal = saving_refused(visitor.instrument)
    if refusal is not None:
        return Paid("declined", session, refusal.message, refusal)
    if _bank_asks(visitor):
        return Paid("authenticate", session, "Your bank asks whether it is you.")
    if visitor.bank == "refused":
        return Paid("declined", session, "Your bank did not confirm that it is you.", AUTHENTICATE)
    customer = session["customer"]
    if customer is None and session["customer_creation"] == "always":
        customer = open_customer(books, {"email": visitor.email})["id"]
    method = _method(books, session, visitor, customer)
    session["setup_intent"] = _setup_intent(books, session, customer, method)
    return _completed(books, session, visitor, customer)


def _bank_asks(visitor: Visitor) -> bool:
    card = visitor.instrument
    return isinstance(card, Card) and card.authentication != "never" and visitor.bank == "unasked"


def _setup_intent(books: Books, session: Json, customer: str | None, method: Json) -> str:
    asked = books.get("sandbox.plan", plan_id(session))["setup_intent_data"]
    if customer:
        save(books, method, customer)
    mandates = books.find("mandate", "payment_method", method["id"])
    intent = books.new(
        stripe.SetupIntent,
        "seti",
        client_secret=new_id("seti_secret"),
        customer=customer,
        description=asked.get("description"),
        mandate=mandates[-1]["id"] if mandates else None,
        metadata=metadata(asked),
        payment_method=method["id"],
        payment_method_types=session["payment_method_types"],
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
