"""Orders that an account's workflow gives to the outside world, one keyed effect each.

`at` is always the account's own time; it decides what is lawful and due. The key makes the effect
happen once, however often the order is carried out.
"""

from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from domain.accounts import Hold, Placement
from domain.models import value
from domain.money import Money
from domain.people import StandingHold
from domain.plans import PaymentPlan


@value
class Order:
    """What every order carries."""

    key: str
    account_id: str
    at: AwareDatetime


@value
class Charge(Order):
    """Collect an amount with the stored means of payment, the consumer not being present."""

    amount: Money
    instalment: int | None = None


class ChargeStatus(StrEnum):
    """What became of a charge."""

    PAID = "paid"
    PROCESSING = "processing"
    DECLINED = "declined"
    NO_CARD = "no stored card"
    NOT_DUE = "not due"
    NOT_YET = "not yet"
    """The law, the network or the schedule of retries has it wait until `again_at`."""
    UNAVAILABLE = "unavailable"


class DeclineKind(StrEnum):
    """What a decline asks for."""

    NEVER = "never again"
    """This means of payment must not be tried again: only another one can help."""
    FIX = "data to correct"
    """Expired, or wrong data: the consumer has to give them anew."""
    PERSON = "needs the person"
    """The bank wants to see them: a link, and no charge in their absence."""
    LATER = "later"
    """It may go through another day."""


@value
class Charged:
    """The result of a charge, with the ledger as it stands after it."""

    status: ChargeStatus
    version: int
    balance: int
    decline_code: str | None = None
    decline: DeclineKind | None = None
    again_at: AwareDatetime | None = None
    """When it may be tried again, in the account's time; None: not with this means of payment, or
    not any more."""
    plan: PaymentPlan | None = None
    """The plan, if what was added to the balance went to its end."""


@value
class RecordPlacement(Order):
    """Write account, person and opening balance to the record."""

    placement: Placement
    workflow_id: str


@value
class HandOver(Order):
    """Ask a person of ours to look at the account."""

    reason: str


@value
class RecordHolds(Order):
    """Write to the record holds that were placed or lifted on the workflow itself."""

    placed: tuple[StandingHold, ...] = ()
    lifted: tuple[Hold, ...] = ()
    recalled: bool = False


class PlacementJob(BaseModel):
    """Place the rows of this file that are waiting."""

    model_config = ConfigDict(frozen=True)

    placement_id: str
