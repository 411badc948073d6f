"""Orders that an account's workflow gives to the outside world, one keyed effect each.

`at` is always the account's own time; it decides what is lawful and due. The key makes the effect
happen once, however often the order is carried out.
"""

from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from domain.accounts import Hold, Placement
from domain.money import Money
from domain.people import StandingHold


class Order(BaseModel):
    """What every order carries."""

    model_config = ConfigDict(frozen=True)

    key: str
    account_id: str
    at: AwareDatetime


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
    UNAVAILABLE = "unavailable"


class Charged(BaseModel):
    """The result of a charge, with the ledger as it stands after it."""

    model_config = ConfigDict(frozen=True)

    status: ChargeStatus
    version: int
    balance: int
    decline_code: str | None = None


class RecordPlacement(Order):
    """Write account, person and opening balance to the record."""

    placement: Placement
    workflow_id: str


class HandOver(Order):
    """Ask a person of ours to look at the account."""

    reason: str


class RecordHolds(Order):
    """Write to the record holds that were placed or lifted on the workflow itself."""

    placed: tuple[StandingHold, ...] = ()
    lifted: tuple[Hold, ...] = ()
    recalled: bool = False


class PlacementJob(BaseModel):
    """Place the rows of this file that are waiting."""

    model_config = ConfigDict(frozen=True)

    placement_id: str
