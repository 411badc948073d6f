"""Payments as Stripe tells of them: charges, pages to pay on, stored cards and events."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from domain.accounts import StoredCard
from domain.money import Money
from domain.retries import DeclineCodes
from providers.means import ACTIVE, Means, read_means
from providers.outcomes import Fact, Unknown
from providers.refunds import Refund, read_refund
from providers.stripe_amounts import from_stripe

Json = Mapping[str, Any]

ACCOUNT, LINK, PLAN, EXTRA = "account_id", "pay_link", "plan_id", "extra"
"""What we write into the metadata of whatever we make at Stripe."""
AT = "at"
"""In the metadata of a charge: the account's time, which a demo runs ahead of the wall's."""

NEEDS_THE_PERSON = "authentication_required"
CANCELED = "canceled"
"""Stands as the code of an intent that was given up before any money moved."""


class Paid(Fact):
    """The money was taken."""

    kind: Literal["paid"] = "paid"
    intent_id: str


class Processing(Fact):
    """The bank takes its time: an event tells the result, for bank debits after days."""

    kind: Literal["processing"] = "processing"
    intent_id: str


class Declined(DeclineCodes, Fact):
    """Nothing was taken, and why, in the words of Stripe, the bank and the network."""

    kind: Literal["declined"] = "declined"
    code: str

    @property
    def reason(self) -> str:
        """The most telling code, for the record and for the words of a message."""
        return self.decline_code or self.code


class Unconfirmed(Fact):
    """The intent stands, and nobody has tried to take the money yet."""

    kind: Literal["unconfirmed"] = "unconfirmed"
    intent_id: str


Charge = Annotated[Paid | Processing | Declined | Unknown, Field(discriminator="kind")]
"""What became of an attempt to take money."""

Settled = Annotated[Paid | Processing | Declined | Unconfirmed, Field(discriminator="kind")]
"""How an intent stands at Stripe."""


class Intent(Fact):
    """A payment intent as Stripe has it now."""

    intent_id: str
    amount: Money
    metadata: dict[str, str]
    settled: Settled
    given_at: datetime | None = None
    """When its charge was made, by Stripe's clock, in UTC: long before a bank debit is paid."""


class PageEnd(Fact):
    """What had become of a page to pay on when it was closed: nobody can pay there any more."""

    state: Literal["unpaid", "processing", "paid"]
    intent_id: str | None = None
    amount: Money | None = None
    """What was paid."""
    paid_at: datetime | None = None
    """When they gave it, by Stripe's clock, in UTC: of a bank debit, days before it was paid."""
    metadata: dict[str, str] = Field(default_factory=dict)


class Checkout(Fact):
    """A page of Stripe's where a person pays or stores a card. It closes after 24 hours."""

    session_id: str
    url: str


class CardSetup(Fact):
    """What a page for storing a card came to; `card` is None while it is not complete."""

    session_id: str
    card: StoredCard | None
    means: Means | None = None
    """The same, with what else is kept of it."""
    mandate: str | None = None
    """The standing authority to debit it, where there is one."""
    revoked: bool = False
    """Whether it was stored there and cannot be charged any more: taken back, or its mandate is."""
    metadata: dict[str, str]


class StripeEvent(Fact):
    """A webhook of Stripe's, read. Events come twice, late and in any order: go by `event_id`."""

    event_id: str
    type: str
    created: datetime
    """In UTC, by Stripe's clock."""
    object_id: str | None
    """What the event is about: an intent, charge, refund, dispute, session, mandate…"""
    intent_id: str | None
    """The payment that it belongs to, where there is one."""
    status: str | None
    mode: str | None
    """Of a checkout session: payment or setup."""
    payment_status: str | None
    """Of a checkout session: never count one as paid while this is `unpaid`."""
    amount: Money | None
    """What was received, for a successful payment; else the amount of the object itself."""
    refunded: Money | None
    """Of a charge: all that has been given back so far."""
    customer: str | None
    payment_method: str | None
    declined: Declined | None
    refund: Refund | None = None
    """Of an event about a refund."""
    means: Means | None = None
    """Of an event about a means of payment."""
    withdrawn: Money | None = None
    reinstated: Money | None = None
    """Of a dispute: all that was taken from us for it so far, and all that came back."""
    metadata: dict[str, str]
    """That of the object itself. Refunds and disputes have none: find them by `intent_id`."""


def read_declined(error: Json) -> Declined:
    """A decline from Stripe's error object."""
    return Declined(
        code=str(error.get("code") or "card_declined"),
        decline_code=error.get("decline_code"),
        advice_code=error.get("advice_code"),
        network_decline_code=error.get("network_decline_code"),
        network_advice_code=error.get("network_advice_code"),
    )


def read_intent(intent: Json) -> Intent:
    """A payment intent from Stripe's object."""
    return Intent(
        intent_id=str(intent["id"]),
        amount=from_stripe(int(intent["amount"]), str(intent["currency"])),
        metadata=_metadata(intent),
        settled=_settled(intent),
        given_at=_charged_at(intent),
    )


def _settled(intent: Json) -> Paid | Processing | Declined | Unconfirmed:
    match intent["status"]:
        case "succeeded":
            return Paid(intent_id=str(intent["id"]))
        case "processing":
            return Processing(intent_id=str(intent["id"]))
        case "requires_confirmation":
            return Unconfirmed(intent_id=str(intent["id"]))
        case "requires_action":
            return Declined(code=NEEDS_THE_PERSON, decline_code=NEEDS_THE_PERSON)
    return read_declined(intent.get("last_payment_error") or {"code": intent["status"]})


def read_page_end(session: Json) -> PageEnd:
    """What became of a page that is not open any more, from Stripe's session.

    Its `payment_intent.latest_charge` is to be expanded.
    """
    if session["status"] != "complete":
        return PageEnd(state="unpaid")
    intent = _id(session.get("payment_intent"))
    if session.get("payment_status") != "paid" or intent is None:
        return PageEnd(state="processing", intent_id=intent)
    return PageEnd(
        state="paid",
        intent_id=intent,
        amount=_money(session, "amount_total"),
        paid_at=_charged_at(session["payment_intent"]),
        metadata=_metadata(session),
    )


def _charged_at(intent: object) -> datetime | None:
    """When the money of an intent was given, if intent and charge were expanded."""
    charge = intent.get("latest_charge") if isinstance(intent, Mapping) else None
    return (
        datetime.fromtimestamp(int(charge["created"]), UTC) if isinstance(charge, Mapping) else None
    )


def read_setup(session: Json) -> CardSetup:
    """The outcome of a setup session whose setup intent has been expanded."""
    setup = session.get("setup_intent")
    done = session.get("status") == "complete" and isinstance(setup, Mapping)
    if not done or not isinstance(setup, Mapping) or setup.get("status") != "succeeded":
        setup = {}
    method, mandate = setup.get("payment_method"), setup.get("mandate")
    means = read_means(method) if isinstance(method, Mapping) else None
    return CardSetup(
        session_id=str(session["id"]),
        card=_stored_card(session, setup) if setup else None,
        means=means,
        mandate=_id(mandate),
        revoked=(means is not None and means.customer is None)
        or (isinstance(mandate, Mapping) and mandate.get("status") != ACTIVE),
        metadata=_metadata(session),
    )


def _stored_card(session: Json, setup: Json) -> StoredCard | None:
    customer = _id(session.get("customer")) or _id(setup.get("customer"))
    method = _id(setup.get("payment_method"))
    return StoredCard(customer=customer, payment_method=method) if customer and method else None


def read_event(event: Json) -> StripeEvent:
    """A webhook's body; ValueError or KeyError if it is not an event of Stripe's."""
    subject: Json = event["data"]["object"]
    kind = subject.get("object")
    error = subject.get("last_payment_error") or subject.get("last_setup_error")
    intent = subject.get("id") if kind == "payment_intent" else subject.get("payment_intent")
    return StripeEvent(
        event_id=event["id"],
        type=event["type"],
        created=datetime.fromtimestamp(int(event["created"]), UTC),
        object_id=subject.get("id"),
        intent_id=_id(intent),
        status=subject.get("status"),
        mode=subject.get("mode") if kind == "checkout.session" else None,
        payment_status=subject.get("payment_status"),
        amount=_money(subject, _amount_field(subject)),
        refunded=_money(subject, "amount_refunded"),
        customer=_id(subject.get("customer")),
        payment_method=_id(subject.get("payment_method")),
        declined=read_declined(error) if error else None,
        refund=read_refund(subject) if kind == "refund" else None,
        means=read_means(subject) if kind == "payment_method" else None,
        withdrawn=_moved(subject, -1) if kind == "dispute" else None,
        reinstated=_moved(subject, 1) if kind == "dispute" else None,
        metadata=_metadata(subject),
    )


def _moved(dispute: Json, sign: int) -> Money | None:
    """What a dispute took from us (`sign` -1) or gave back, by its lines in Stripe's books.

    None while nothing moved. Lines in another currency, that of our bank, do not say what was moved
    for the consumer: then it is what is disputed.
    """
    lines = [
        line
        for line in dispute.get("balance_transactions") or ()
        if isinstance(line, Mapping) and int(line["amount"]) * sign > 0
    ]
    if not lines:
        return None
    currency = str(dispute["currency"])
    if any(line["currency"] != currency for line in lines):
        return from_stripe(int(dispute["amount"]), currency)
    return from_stripe(sum(abs(int(line["amount"])) for line in lines), currency)


def _amount_field(subject: Json) -> str:
    if subject.get("object") == "checkout.session":
        return "amount_total"
    if subject.get("object") == "payment_intent" and subject.get("status") == "succeeded":
        return "amount_received"
    return "amount"


def _money(subject: Json, field: str) -> Money | None:
    amount, currency = subject.get(field), subject.get("currency")
    if not isinstance(amount, int) or not isinstance(currency, str):
        return None
    return from_stripe(amount, currency)


def _id(value: object) -> str | None:
    """The id of something that Stripe gives as an id, or whole where it was expanded."""
    if isinstance(value, Mapping):
        value = value.get("id")
    return value if isinstance(value, str) else None


def _metadata(thing: Json) -> dict[str, str]:
    return {str(name): str(value) for name, value in (thing.get("metadata") or {}).items()}
