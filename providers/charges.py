"""Payments as Stripe tells of them: charges, pages to pay on, stored cards and events."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from domain.accounts import StoredCard
from domain.money import Money
from providers.outcomes import Fact, Unknown
from providers.stripe_amounts import from_stripe

Json = Mapping[str, Any]

ACCOUNT, LINK, PLAN = "account_id", "pay_link", "plan_id"
"""What we write into the metadata of whatever we make at Stripe."""

DEAD_CODES = frozenset(
    {"lost_card", "stolen_card", "pickup_card", "incorrect_number", "expired_card"}
)
DEAD_ADVICE = "do_not_try_again"
DEAD_NETWORK_ADVICE = frozenset({"03", "21"})
"""Mastercard's merchant advice codes: do not try again; the cardholder ended it."""
GONE_CODES = frozenset(
    {
        "resource_missing",
        "payment_method_customer_decline",
        "payment_method_invalid_parameter",
        "payment_method_not_available",
        "payment_method_unactivated",
        "payment_method_unexpected_state",
        "payment_method_unsupported_type",
    }
)
"""Refusals to prepare a charge: the customer or the card is not there, or cannot be used."""
NEEDS_THE_PERSON = "authentication_required"


class Paid(Fact):
    """The money was taken."""

    kind: Literal["paid"] = "paid"
    intent_id: str


class Processing(Fact):
    """The bank takes its time: an event tells the result, for bank debits after days."""

    kind: Literal["processing"] = "processing"
    intent_id: str


class Declined(Fact):
    """Nothing was taken, and why, in the words of Stripe, the bank and the network."""

    kind: Literal["declined"] = "declined"
    code: str
    decline_code: str | None = None
    advice_code: str | None = None
    network_decline_code: str | None = None
    network_advice_code: str | None = None

    @property
    def reason(self) -> str:
        """The most telling code, for the record and for the words of a message."""
        return self.decline_code or self.code

    @property
    def card_is_dead(self) -> bool:
        """Whether this card must never be tried again: only another one can help."""
        return (
            not DEAD_CODES.isdisjoint({self.code, self.decline_code})
            or self.advice_code == DEAD_ADVICE
            or self.network_advice_code in DEAD_NETWORK_ADVICE
        )

    @property
    def needs_the_person(self) -> bool:
        """Whether the bank wants the cardholder present: send a link, never retry off session."""
        return NEEDS_THE_PERSON in {self.code, self.decline_code}


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


class Checkout(Fact):
    """A page of Stripe's where a person pays or stores a card. It closes after 24 hours."""

    session_id: str
    url: str


class CardSetup(Fact):
    """What a page for storing a card came to; `card` is None while it is not complete."""

    session_id: str
    card: StoredCard | None
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


def read_setup(session: Json) -> CardSetup:
    """The outcome of a setup session whose setup intent has been expanded."""
    setup = session.get("setup_intent")
    done = (
        isinstance(setup, Mapping)
        and session.get("status") == "complete"
        and setup.get("status") == "succeeded"
    )
    return CardSetup(
        session_id=str(session["id"]),
        card=_stored_card(session, setup) if done and isinstance(setup, Mapping) else None,
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
        metadata=_metadata(subject),
    )


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
