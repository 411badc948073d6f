"""Promises to pay: kept or broken by what the ledger received, never by what somebody noted."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from domain.money import CurrencyCode, Money, figure
from domain.receipts import Received, held
from domain.replies import FURTHEST_PROMISE
from domain.time import days


class Promise(BaseModel):
    """To pay `minor` by `due`. What was paid before it was made does not count for it."""

    model_config = ConfigDict(frozen=True)

    promise_id: str
    minor: int = Field(gt=0)
    balance: int = Field(gt=0)
    """What was owed when it was made."""
    currency: CurrencyCode
    due: date
    """Where the consumer is."""

    @property
    def amount(self) -> Money:
        """What was promised, as money."""
        return Money(minor=self.minor, currency=self.currency)


class PromiseState(StrEnum):
    """What has become of a promise."""

    OPEN = "open"
    KEPT = "kept"
    BROKEN = "broken"


def state_of(
    promise: Promise, received: Iterable[Received], *, today: date, grace_days: int
) -> PromiseState:
    """Kept once enough came by the day and its grace; broken once that is over without it."""
    last = promise.due + days(grace_days)
    if held(received, until=last) >= promise.minor:
        return PromiseState.KEPT
    return PromiseState.OPEN if today <= last else PromiseState.BROKEN


class NoPromise(ValueError):  # noqa: N818 -- a refusal, not a mishap
    """A promise that is not taken; says why, with the figures."""


class OverOwed(NoPromise):
    """More than all that is owed."""

    def __init__(self, amount: Money, owed: Money) -> None:
        self.owed = owed
        given, most = (figure(each.minor, each.currency) for each in (amount, owed))
        super().__init__(f"promise {given} is more than the {most} owed")


class TooFar(NoPromise):
    """A day that is past, or so far away that nobody can be held to it."""

    def __init__(self, due: date, first: date, last: date) -> None:
        self.first, self.last = first, last
        super().__init__(f"promise is due on {due}, and is taken from {first} to {last}")


def promised(promise_id: str, owed: Money, minor: int, due: date, *, today: date) -> Promise:
    """The promise, if it can be taken; else NoPromise, which says why."""
    last = today + FURTHEST_PROMISE
    if not today <= due <= last:
        raise TooFar(due, today, last)
    amount = Money(minor=minor, currency=owed.currency)
    if minor > owed.minor:
        raise OverOwed(amount, owed)
    return Promise(
        promise_id=promise_id, minor=minor, balance=owed.minor, currency=owed.currency, due=due
    )
