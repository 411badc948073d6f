"""Settlements: a debt is over once less than all of it is paid in time."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from domain.contracts import Authority, Contract
from domain.money import CurrencyCode, Money, figure
from domain.time import days, local_date

WHOLE = 100
"""Percent of what is owed."""


class Settlement(BaseModel):
    """An offer to settle: pay `minor` by `expires`, and the rest is forgiven."""

    model_config = ConfigDict(frozen=True)

    settlement_id: str
    minor: int = Field(gt=0)
    """What has to be paid, in minor units."""
    balance: int = Field(gt=0)
    """What was owed when it was offered. Only what is paid from then on counts."""
    currency: CurrencyCode
    expires: date
    """The last day on which the money may come, where the consumer is."""
    by: Authority
    zones: tuple[str, ...] = ()
    """Where the consumer was when it was made: its last day ends as it did there."""

    def is_over(self, at: datetime, *, now_in: Sequence[str]) -> bool:
        """Whether its last day is over; by where they are now, if it does not say where they were.

        In several zones it is over once it is over in all of them.
        """
        return min(local_date(at, name) for name in self.zones or now_in) > self.expires

    @property
    def amount(self) -> Money:
        """What has to be paid, as money."""
        return Money(minor=self.minor, currency=self.currency)

    @property
    def forgiven(self) -> Money:
        """What need not be paid once it is met, by what was owed when it was offered."""
        return Money(minor=self.balance - self.minor, currency=self.currency)

    def is_met(self, balance: int) -> bool:
        """Whether enough has been paid, by what is still owed."""
        return self.balance - balance >= self.minor


class SettlementState(StrEnum):
    """What has become of an offer."""

    OPEN = "open"
    MET = "met"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class NoSettlement(ValueError):  # noqa: N818 -- a refusal, not a mishap
    """An offer that may not be made; says why, with the figures."""


class NothingOwed(NoSettlement):
    """There is nothing that could be forgiven."""

    def __init__(self) -> None:
        super().__init__("nothing is owed, so there is nothing to settle")


class BelowFloor(NoSettlement):
    """Less than whoever makes the offer may ask."""

    def __init__(self, amount: Money, floor: Money, by: Authority) -> None:
        self.floor = floor
        asked, least = (figure(each.minor, each.currency) for each in (amount, floor))
        super().__init__(f"settlement {asked} is below the floor {least} that {AS_SAID[by]}")


class OverBalance(NoSettlement):
    """More than all that is owed."""

    def __init__(self, amount: Money, owed: Money) -> None:
        self.owed = owed
        asked, most = (figure(each.minor, each.currency) for each in (amount, owed))
        super().__init__(f"settlement {asked} is more than the {most} owed")


class OutOfTime(NoSettlement):
    """A last day that is past, or further away than the contract has it."""

    def __init__(self, expires: date, first: date, last: date) -> None:
        self.first, self.last = first, last
        super().__init__(
            f"settlement expires on {expires}, and the contract has it from {first} to {last}"
        )


AS_SAID = {
    Authority.AUTOMATIC: "may be offered automatically",
    Authority.AGENT: "an agent may offer",
    Authority.SUPERVISOR: "a supervisor may offer",
}
"""Who may go so low, as an error says it."""


def share(balance: int, percent: Decimal, *, step: int = 1) -> int:
    """This share of what is owed in minor units: upwards to a multiple of `step`, never above it.

    Upwards, so that nobody goes below a floor by rounding. `step` is in what steps a currency can
    be charged.
    """
    steps = (balance * percent / WHOLE / step).to_integral_value(ROUND_CEILING)
    return min(balance, int(steps) * step)


def floor_of(contract: Contract, balance: int, by: Authority) -> int:
    """The least that an offer by them may ask of what is owed, in minor units."""
    return max(1, share(balance, contract.settlement.least_for(by)))


def last_day(contract: Contract, today: date) -> date:
    """Until when an offer that is made today stands if nothing else is said, and at the longest."""
    return today + days(contract.settlement.valid_days)


def settle(
    contract: Contract,
    owed: Money,
    amount: Money,
    *,
    by: Authority,
    expires: date,
    today: date,
    settlement_id: str,
) -> Settlement:
    """The offer, if the contract has it so; else NoSettlement, which says why."""
    _check(contract, owed, amount, by)
    if not today <= expires <= last_day(contract, today):
        raise OutOfTime(expires, today, last_day(contract, today))
    return _offer(owed, amount.minor, by=by, expires=expires, settlement_id=settlement_id)


def early(
    contract: Contract, owed: Money, *, today: date, settlement_id: str, step: int = 1
) -> Settlement | None:
    """What whoever pays early is offered on the day of placement; None where nothing is agreed."""
    terms = contract.settlement.early
    if terms is None or not terms.percent or owed.minor <= 0:
        return None
    least = share(owed.minor, WHOLE - terms.percent, step=step)
    amount = Money(minor=max(least, 1), currency=owed.currency)
    _check(contract, owed, amount, Authority.AUTOMATIC)
    return _offer(
        owed,
        amount.minor,
        by=Authority.AUTOMATIC,
        expires=today + days(terms.within_days),
        settlement_id=settlement_id,
    )


def _check(contract: Contract, owed: Money, amount: Money, by: Authority) -> None:
    if owed.minor <= 0:
        raise NothingOwed
    floor = Money(minor=floor_of(contract, owed.minor, by), currency=owed.currency)
    if amount.minor < floor.minor:
        raise BelowFloor(amount, floor, by)
    if amount.minor > owed.minor:
        raise OverBalance(amount, owed)


def _offer(
    owed: Money, minor: int, *, by: Authority, expires: date, settlement_id: str
) -> Settlement:
    return Settlement(
        settlement_id=settlement_id,
        minor=minor,
        balance=owed.minor,
        currency=owed.currency,
        expires=expires,
        by=by,
    )
