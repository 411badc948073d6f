"""What an account may be told: past facts, each with an id so that hearing one twice is harmless.

Facts about money and wishes are written to the record first; an event only carries the news.
Events hold no names, addresses or words of a consumer: those stay in the record.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from domain.accounts import Hold
from domain.contacts import Channel, ContactStatus
from domain.people import Profile
from domain.plans import PaymentPlan
from domain.settlements import Settlement


class Event(BaseModel):
    """Something that has happened. `event_id` is unique to the happening, not to its delivery."""

    model_config = ConfigDict(frozen=True)

    event_id: str


class BalanceChanged(Event):
    """The ledger moved. `version` counts the account's ledger transactions; the highest is true."""

    kind: Literal["balance_changed"] = "balance_changed"
    version: int
    balance: int
    cause: Literal["payment", "reversal", "adjustment"] = "payment"
    plan: PaymentPlan | None = None
    """The plan, if the money revised it (added costs, an extra payment): no answer to anybody."""


class ContactSettled(Event):
    """A provider reported what became of a contact."""

    kind: Literal["contact_settled"] = "contact_settled"
    key: str
    channel: Channel
    status: ContactStatus


class OptedOut(Event):
    """The person does not want to be reached on this channel any more."""

    kind: Literal["opted_out"] = "opted_out"
    channel: Channel


class OptedIn(Event):
    """The person allows this channel again."""

    kind: Literal["opted_in"] = "opted_in"
    channel: Channel


class HoldPlaced(Event):
    """The clock is stopped for this reason."""

    kind: Literal["hold_placed"] = "hold_placed"
    hold: Hold
    starts: date | None = None
    ends: date | None = None
    part: int | None = None
    """As in `StandingHold`."""


class HoldLifted(Event):
    """This reason to stop the clock is gone."""

    kind: Literal["hold_lifted"] = "hold_lifted"
    hold: Hold


class ProfileChanged(Event):
    """What rules ask about the person has changed; the highest revision is true."""

    kind: Literal["profile_changed"] = "profile_changed"
    profile: Profile


class LawChanged(Event):
    """From now on the account goes by this law. The change with the highest number is true."""

    kind: Literal["law_changed"] = "law_changed"
    law: str
    number: int


class Recalled(Event):
    """The creditor took the account back."""

    kind: Literal["recalled"] = "recalled"


class SettlementOffered(Event):
    """The consumer may settle for less; an offer replaces the one before."""

    kind: Literal["settlement_offered"] = "settlement_offered"
    settlement: Settlement


class SettlementEnded(Event):
    """An offer to settle is withdrawn."""

    kind: Literal["settlement_ended"] = "settlement_ended"
    settlement_id: str


class JourneySwitched(Event):
    """From now on the account takes another journey, from its first stage."""

    kind: Literal["journey_switched"] = "journey_switched"
    journey: str


class StageMoved(Event):
    """An account that is in this stage, or about to come back to it, goes on in another one."""

    kind: Literal["stage_moved"] = "stage_moved"
    journey: str
    stage: str
    to_journey: str
    to_stage: str


class TaskDone(Event):
    """A person of ours has done what an account was handed over for."""

    kind: Literal["task_done"] = "task_done"
    task: str
    """The key under which it was handed over."""


class Response(Event):
    """An event that a journey may answer: a stage can wait for it, or be entered on it."""


class PlanRequested(Response):
    """The consumer asks to pay in parts."""

    kind: Literal["plan_requested"] = "plan_requested"


class PlanAccepted(Response):
    """The consumer agreed to a plan and stored a means to pay it."""

    kind: Literal["plan_accepted"] = "plan_accepted"
    plan: PaymentPlan


class PlanChanged(Response):
    """Dates or amounts of the accepted plan are others now; the highest revision is true."""

    kind: Literal["plan_changed"] = "plan_changed"
    plan: PaymentPlan


class PlanEnded(Response):
    """The plan is given up before its end, by the consumer or for them."""

    kind: Literal["plan_ended"] = "plan_ended"
    plan_id: str


class PromiseToPay(Response):
    """The consumer says by when they will pay."""

    kind: Literal["promise_to_pay"] = "promise_to_pay"
    due: date
    minor: int | None = None
    """How much, in minor units; None: all that is owed."""
    balance: int | None = None
    """What was owed when it was made; None: not known, as with promises of earlier releases."""


class PaymentClaimed(Response):
    """The consumer says that they have paid already."""

    kind: Literal["payment_claimed"] = "payment_claimed"


class CallRequested(Response):
    """The consumer wants a person to call them."""

    kind: Literal["call_requested"] = "call_requested"


class MessageReceived(Response):
    """The consumer wrote in their own words; a person has to read it."""

    kind: Literal["message_received"] = "message_received"


class CardStored(Response):
    """The consumer gave or renewed a means of payment."""

    kind: Literal["card_stored"] = "card_stored"


class InstalmentFailed(Response):
    """A charge for an instalment that seemed to go through failed after all."""

    kind: Literal["instalment_failed"] = "instalment_failed"
    number: int


class PaymentReversed(Response):
    """A payment went back without our doing: a chargeback, or a debit that a bank returned."""

    kind: Literal["payment_reversed"] = "payment_reversed"


class HardshipDeclared(Response):
    """The consumer says that they cannot pay at present."""

    kind: Literal["hardship_declared"] = "hardship_declared"


class MeansStated(Response):
    """The consumer told income and essentials: what they can afford follows."""

    kind: Literal["means_stated"] = "means_stated"
    monthly: int
    """Minor units a month that instalments on this account may take; 0: nothing for now."""


class Undelivered(Response):
    """A message that a provider accepted did not arrive."""

    kind: Literal["undelivered"] = "undelivered"
    key: str


AnyEvent = Annotated[
    BalanceChanged
    | ContactSettled
    | OptedOut
    | OptedIn
    | HoldPlaced
    | HoldLifted
    | ProfileChanged
    | LawChanged
    | Recalled
    | SettlementOffered
    | SettlementEnded
    | JourneySwitched
    | StageMoved
    | TaskDone
    | PlanRequested
    | PlanAccepted
    | PlanChanged
    | PlanEnded
    | PromiseToPay
    | PaymentClaimed
    | CallRequested
    | MessageReceived
    | CardStored
    | InstalmentFailed
    | PaymentReversed
    | HardshipDeclared
    | MeansStated
    | Undelivered,
    Field(discriminator="kind"),
]

AnyResponse = Annotated[
    PlanRequested
    | PlanAccepted
    | PlanChanged
    | PlanEnded
    | PromiseToPay
    | PaymentClaimed
    | CallRequested
    | MessageReceived
    | CardStored
    | InstalmentFailed
    | PaymentReversed
    | HardshipDeclared
    | MeansStated
    | Undelivered,
    Field(discriminator="kind"),
]

EVENTS: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)
"""Reads any event from JSON by its `kind`."""
