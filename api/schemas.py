"""What creditors send and get. Consumers' data comes in and does not go out again."""

import unicodedata
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from api.problems import FieldError, field_error
from compliance.facts import Actor, Sector
from compliance.rules import Certainty, Force
from domain.accounts import Closure, Consumer, Hold, Placement, Reference, Slug
from domain.contacts import Channel, Purpose
from domain.money import Money
from domain.people import Milestone, StandingHold, Wish
from domain.plans import PaymentPlan
from journeys import JOURNEYS, present_name
from workflows.messages import NextStep

LATEST_DUE = timedelta(days=366)
"""How far ahead a debt may fall due: further away, a year has been mistyped."""
EARLIEST_DUE = timedelta(days=30 * 366)

EXAMPLE: JsonDict = {
    "reference": "INV-2026-0042",
    "journey": "standard",
    "balance": {"minor": 18750, "currency": "USD"},
    "due_on": "2026-10-31",
    "consumer": {
        "reference": "C-1001",
        "name": "Jo Doe",
        "country": "US",
        "locale": "en",
        "phone": "+14045550123",
        "email": "jo@example.com",
    },
}


def above_zero(money: Money) -> Money:
    """The amount itself, once it is known to be one."""
    if money.minor <= 0:
        raise PydanticCustomError("greater_than", "an amount above zero")
    return money


Amount = Annotated[Money, AfterValidator(above_zero)]


class NewAccount(BaseModel):
    """An overdue account to be placed. The creditor is the one whose key is used."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={"examples": [EXAMPLE]},
    )

    reference: Reference
    journey: Slug = "standard"
    balance: Money
    due_on: date
    consumer: Consumer

    @model_validator(mode="after")
    def _something_is_owed(self) -> Self:
        if self.balance.minor <= 0:
            raise ValueError("balance.minor is not above zero: expected what the consumer owes")
        return self

    def of(self, creditor: str) -> Placement:
        """The placement of this account by that creditor, on the journey's present name."""
        journey = present_name(self.journey) or self.journey
        return Placement(**{**dict(self), "creditor": creditor, "journey": journey})

    def faults(self, today: date) -> list[dict[str, str]]:
        """What is wrong with it that only we can know: our journeys, our calendar."""
        faults = []
        if present_name(self.journey) is None:
            known = ", ".join(sorted(JOURNEYS))
            faults.append(field_error("/journey", "is no journey of ours", f"one of {known}"))
        if not today - EARLIEST_DUE <= self.due_on <= today + LATEST_DUE:
            span = f"a date from {today - EARLIEST_DUE} to {today + LATEST_DUE}"
            faults.append(field_error("/due_on", "is too far away", span))
        if any(unicodedata.category(letter) == "Cc" for letter in self.consumer.name):
            detail, expected = "holds control characters", "1 to 200 characters on one line"
            faults.append(field_error("/consumer/name", detail, expected))
        return faults


Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00]*$")
]


class HoldRequest(BaseModel):
    """Stop the clock, or let it go on."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"hold": "pause", "reason": "complaint"}]}
    )

    hold: Hold = Hold.PAUSE
    reason: Reason = ""
    """Kept with the hold. No personal data."""


class DirectPayment(BaseModel):
    """A payment that the consumer made to the creditor directly."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"reference": "BANK-77", "amount": {"minor": 5000, "currency": "USD"}},
            ]
        },
    )

    reference: Reference
    """The creditor's own key of the payment; the same again is the same payment."""
    amount: Amount


class AccountView(BaseModel):
    """An account as the record has it, and what its workflow does next."""

    id: str
    reference: str
    consumer_reference: str
    journey: str
    stage: str | None
    balance: Money
    """What is still owed."""
    due_on: date
    holds: tuple[Hold, ...]
    recalled_at: datetime | None
    closure: Closure | None
    payment_reference: str | None
    """What the consumer writes on a bank transfer (ISO 11649), so that it is found."""
    plan: PaymentPlan | None
    """The payment plan accepted last."""
    next: NextStep | None
    """What happens next and why; null while no worker can say, and once the account is closed."""
    placed_at: datetime
    closed_at: datetime | None


class AccountList(BaseModel):
    """Accounts that match."""

    accounts: list[AccountView]


class JournalLine(BaseModel):
    """Something that happened."""

    kind: Literal["journal"] = "journal"
    what: str
    detail: dict[str, Any]
    at: datetime | None
    """The account's time; null for news from outside."""
    recorded_at: datetime


class Rule(BaseModel):
    """A rule that a decision rested on."""

    rule: str
    says: str
    cite: str


class DecisionLine(BaseModel):
    """A decision about a contact, sent or not, with the rules it names."""

    kind: Literal["decision"] = "decision"
    contact: str
    channel: str
    message: str
    verdict: str
    reasons: list[Rule]
    packs: list[str]
    until: datetime | None
    law: str
    """The law that was asked."""
    seq: int
    """1, 2, 3 … along the account."""
    hash: str
    """Of this decision and the one before: the account's decisions are a chain."""
    at: datetime
    recorded_at: datetime


class Timeline(BaseModel):
    """An account's story, oldest first."""

    lines: list[Annotated[JournalLine | DecisionLine, Field(discriminator="kind")]]
    next: str | None
    """Give it as `after` to read on; null at the end."""


class RuleAnswer(BaseModel):
    """What one rule says to a contact."""

    rule: str = Field(examples=["US-T1"])
    pack: str = Field(examples=["us-federal@2026.11.2"])
    """The pack and its version."""
    answer: Literal["refuses", "delays", "lets it through", "does not apply"]
    says: str
    """To be read after "because"."""
    does: str
    """The whole rule in one sentence."""
    cite: str = Field(examples=["12 CFR 1006.6(b)(1)(i)"])
    force: Force
    certainty: Certainty
    """V law read, S secondary source, M from memory, P our policy and not law."""
    until: datetime | None
    """The first instant that this rule alone would allow; null unless it delays."""
    counter: str | None = Field(examples=["3 of 7"])
    """How much of a cap is used."""
    lifts: str
    """What would have to change; empty unless it refuses."""


class ChannelAnswer(BaseModel):
    """The gate's answer for one channel."""

    channel: Channel
    verdict: Literal["allow", "wait", "deny"]
    next_lawful: datetime | None
    """The first lawful moment on these facts; null if something has to change first."""
    recheck_at: datetime | None
    """When a refusal ends by itself, such as with a breathing space."""
    decided_by: Rule | None
    """The rule that decides; null if nothing is in the way."""


class FactsUsed(BaseModel):
    """What the gate knows of the person: no names, no addresses."""

    actor: Actor | None = None
    """Who collects; null: not known, so that the rules for everybody who might bind."""
    sector: Sector | None = None
    """What kind of creditor the debt is owed to; null: not known, likewise."""
    country: str
    regions: tuple[str, ...]
    zones: tuple[str, ...]
    """Every zone where the person may be; a lawful hour is lawful in all of them."""
    holds: tuple[StandingHold, ...]
    opted_out: tuple[Channel, ...]
    unreachable: tuple[Channel, ...]
    """Channels for which there is no usable address."""
    wishes: tuple[Wish, ...]
    milestones: tuple[Milestone, ...]
    contacts_since: datetime
    contacts: dict[Channel, int]
    """Contacts since then that may count, over all debts of the person."""
    inbound: dict[Channel, int]
    """Contacts since then that the person began."""


class ExplanationView(BaseModel):
    """Why a contact would, or would not, be made at a moment: every rule asked, and the facts."""

    account_id: str
    at: datetime
    zone: str
    """The consumer's zone: a time without one is read in it."""
    law: str
    """The law that was asked: `tahsil packs show --law` prints it."""
    purpose: Purpose
    over: str | None
    """Why nothing leaves about this account at all, whatever the rules say; else null."""
    refused_at_last: list[Rule] = []
    """Of an account that ended unpaid: the rules that refused all that was tried at last."""
    handed_over: list[str] = []
    """Of an account that ended unpaid: why a person of ours was asked to look at it, the latest
    last; such as for the rules by which nothing could be tried at all."""
    channels: list[ChannelAnswer]
    """The channel that was asked for, or every one."""
    detail: Channel
    """The channel that `rules` speak of."""
    rules: list[RuleAnswer]
    """Every rule that was asked; those in the way come first."""
    facts: FactsUsed
    """As they stand now. What was decided earlier, and on which facts, is in the timeline."""


class PlacementView(BaseModel):
    """How far the placing of a file has come."""

    id: str
    status: Literal["receiving", "placing", "finished"]
    rows: int
    outcomes: dict[str, int] = Field(
        examples=[
            {
                "waiting": 0,
                "placed": 980,
                "already placed": 12,
                "conflict": 1,
                "refused": 6,
                "repeated": 1,
            }
        ]
    )
    received_at: datetime
    finished_at: datetime | None


class RowView(BaseModel):
    """One row of a file, and what became of it."""

    row: int
    """The line of the file, counted from 1; in CSV the columns are line 1."""
    reference: str | None
    outcome: str
    account_id: str | None
    errors: list[FieldError]


class RowList(BaseModel):
    """Rows of a file, in its order."""

    rows: list[RowView]
    next: int | None
    """Give it as `after` to read on; null at the end."""
