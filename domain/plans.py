"""Payment plans: dated instalments whose sum is the balance, to the minor unit.

What is paid is never noted in a plan: it follows from the balance, and so it is right again after
every payment, refund and chargeback, in whatever order they become known.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import pairwise
from operator import itemgetter
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.models import made, value
from domain.money import CurrencyCode, Money
from domain.payable import least_charge
from domain.rhythms import Monthly, Rhythm
from domain.schedules import (
    MOST_PARTS,
    Closed,
    amounts_of,
    dates,
    equal_amounts,
    first_dates,
    never_closed,
)
from domain.time import add_months


@value
class Instalment:
    """One dated part of a plan. `number` counts from 1."""

    number: Annotated[int, Field(ge=1)]
    due: date
    minor: Annotated[int, Field(gt=0)]


class Part(BaseModel):
    """An instalment, and how far payments have covered it."""

    model_config = ConfigDict(frozen=True)

    instalment: Instalment
    paid: int
    """Minor units of it that are covered."""
    open: int
    """Minor units still to be paid with it: of the first, what went back to the consumer, too."""


class PaymentPlan(BaseModel):
    """An agreed series of instalments, in the order of their dates."""

    model_config = ConfigDict(frozen=True)

    plan_id: str
    currency: CurrencyCode
    instalments: tuple[Instalment, ...] = Field(min_length=1)
    revision: int = Field(default=1, ge=1)
    """Grows with every change of dates or amounts; the highest is the plan."""
    opening: int | None = None
    """The balance of which it counts what is paid, in minor units; None: its total."""
    rhythm: Rhythm | None = None
    """How often it is paid; None: on dates of its own."""
    autopay: bool = True
    """Whether instalments are charged to the stored means of payment; else the consumer pays."""
    settlement_id: str | None = None
    """The settlement that it pays: with the last instalment the rest of the debt is forgiven."""
    skipped: int = Field(default=0, ge=0)
    """Instalments that were put to its end so far."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        dates = [instalment.due for instalment in self.instalments]
        if dates != sorted(dates):
            raise ValueError(f"instalments of plan {self.plan_id} are not in the order of dates")
        for each in self.instalments:
            if each.number < 1 or each.minor < 1:
                raise ValueError(f"an instalment of plan {self.plan_id} has no number or amount")
        return self

    @property
    def total(self) -> int:
        """The sum of all instalments, in minor units."""
        return sum([instalment.minor for instalment in self.instalments])

    def paid(self, balance: int) -> int:
        """Minor units paid since the plan counts, by what is still owed."""
        return (self.total if self.opening is None else self.opening) - balance

    def left(self, balance: int) -> int:
        """Minor units that are still to be paid with it: the figure for whoever pays early."""
        return self.outstanding(self.instalments[-1], balance)

    def next_due(self, balance: int) -> Instalment | None:
        """The first instalment not covered by what has been paid; None when all are."""
        return next(iter(self.still_open(balance)), None)

    def outstanding(self, instalment: Instalment, balance: int) -> int:
        """Minor units still needed to cover `instalment` and all before it; never below zero.

        What is left of an instalment and no card can pay, such as 0.30 USD, is paid with the next.
        """
        reached, number = self._unpaid(balance), instalment.number
        for each in self.instalments:
            if each.number > number:
                reached -= each.minor
        return self._rest(instalment, reached, balance)

    def still_open(self, balance: int) -> list[Instalment]:
        """The instalments that something has to be paid for, in their order."""
        reached, still = self._unpaid(balance), list[Instalment]()
        for each in reversed(self.instalments):
            if reached <= 0:
                break
            if min(reached, balance) >= each.minor or self._rest(each, reached, balance):
                still.append(each)
            reached -= each.minor
        still.reverse()
        return still

    def _unpaid(self, balance: int) -> int:
        """Minor units of all instalments that are not paid."""
        return balance if self.opening is None else self.total - self.paid(balance)

    def _rest(self, instalment: Instalment, reached: int, balance: int) -> int:
        """Of what is not paid up to an instalment, as much as has to be paid with it."""
        rest = min(reached, balance)
        if rest <= 0:
            return 0
        is_part = rest < instalment.minor and instalment.number < self.instalments[-1].number
        return 0 if is_part and rest < least_charge(self.currency) else rest

    def parts(self, balance: int) -> tuple[Part, ...]:
        """Every instalment with what is paid and open of it; what is open sums to what is left."""
        parts, before = list[Part](), 0
        for instalment in self.instalments:
            still = self.outstanding(instalment, balance)
            covered = max(0, instalment.minor - (still - before))
            parts.append(Part(instalment=instalment, paid=covered, open=still - before))
            before = still
        return tuple(parts)


def numbered(parts: Iterable[tuple[date, int]]) -> tuple[Instalment, ...]:
    """Instalments in the order of their dates."""
    in_order = enumerate(sorted(parts, key=itemgetter(0)), start=1)
    return tuple(
        [Instalment(number=number, due=due, minor=minor) for number, (due, minor) in in_order]
    )


def schedule(
    plan_id: str,
    total: Money,
    rhythm: Rhythm,
    first: date,
    *,
    parts: int | None = None,
    each: int | None = None,
    closed: Closed = never_closed,
    opening: int | None = None,
    autopay: bool = True,
    settlement_id: str | None = None,
) -> PaymentPlan:
    """A plan that pays a total in so many parts, or in instalments of `each`, from `first` on.

    `opening` is all that is owed, where the plan pays less than that: a settlement.
    """
    amounts = amounts_of(total, each) if each else equal_amounts(total, parts or 1)
    named = rhythm.anchored(first)
    days = first_dates(named, first, len(amounts), closed)
    return made(  # in the order of dates, of amounts above zero
        PaymentPlan,
        plan_id=plan_id,
        currency=total.currency,
        instalments=numbered(zip(days, amounts, strict=True)),
        rhythm=named,
        opening=opening,
        autopay=autopay,
        settlement_id=settlement_id,
    )


def monthly(plan_id: str, balance: Money, *, parts: int, first: date) -> PaymentPlan:
    """A plan of equal monthly instalments from `first` on; the last takes the rounding."""
    return schedule(plan_id, balance, Monthly(), first, parts=parts)


def following(plan: PaymentPlan, after: date, closed: Closed = never_closed) -> Iterator[date]:
    """The dates on which a plan would go on after a day.

    One on dates of its own goes on at the distance of its last two, or monthly.
    """
    if plan.rhythm is not None:
        begin = max((each.due for each in plan.instalments if each.due <= after), default=after)
        return (day for day in dates(plan.rhythm, begin, closed) if day > after)
    gap = _last_gap(plan)
    return (
        after + gap * number if gap else add_months(after, number)
        for number in range(1, MOST_PARTS + 1)
    )


def _last_gap(plan: PaymentPlan) -> timedelta:
    gaps = [later.due - sooner.due for sooner, later in pairwise(plan.instalments)]
    return gaps[-1] if gaps else timedelta()
