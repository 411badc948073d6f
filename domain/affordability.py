"""What somebody can afford: income less essentials and other debts, and the plan that fits it.

The method is that of a common financial statement, such as the Standard Financial Statement of the
Money and Pensions Service (UK, sfs.moneyadviceservice.org.uk): what comes in, what a household
needs in named groups, other debts that are being paid; what is then left is shared among its debts.
Its spending guidelines are for members alone and change every year, so none are in here: figures
are the consumer's own, and a person of ours looks at those that seem odd.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, assert_never

from pydantic import BaseModel, ConfigDict, Field, field_validator

from domain.contracts import HardshipTerms, PlanTerms
from domain.money import LARGEST, CurrencyCode, Money
from domain.payable import least_charge, step
from domain.plan_terms import in_hardship
from domain.plans import PaymentPlan, schedule
from domain.rhythms import Monthly, NthWeekday, Payday, Rhythm, Weekly
from domain.schedules import MOST_PARTS, Closed, never_closed

WEEKS_A_MONTH = Fraction(52, 12)

Figure = Annotated[int, Field(ge=0, le=LARGEST)]
"""Minor units."""

MOST_SUMS = 50
"""Of income, and of other debts: nobody has more."""
MOST_DEPENDANTS = 30
MOST_A_MONTH = LARGEST // 2
"""Minor units that income, essentials and other debts may each come to: what is left of them, above
zero or below, is then an amount that we take."""


class Every(StrEnum):
    """How often money comes in or goes out."""

    WEEK = "week"
    FORTNIGHT = "fortnight"
    FOUR_WEEKS = "four weeks"
    MONTH = "month"
    YEAR = "year"


A_MONTH = {
    Every.WEEK: WEEKS_A_MONTH,
    Every.FORTNIGHT: WEEKS_A_MONTH / 2,
    Every.FOUR_WEEKS: WEEKS_A_MONTH / 4,
    Every.MONTH: Fraction(1),
    Every.YEAR: Fraction(1, 12),
}
"""How often each comes in a month."""


class Group(StrEnum):
    """What a household needs, in groups that a financial statement asks for one by one."""

    HOUSING = "housing"
    """Rent or mortgage, ground rent, local tax, home insurance."""
    UTILITIES = "utilities"
    """Electricity, gas, water."""
    FOOD = "food and housekeeping"
    HEALTH = "care and health"
    CHILDREN = "children and school"
    TRANSPORT = "transport"
    COMMUNICATION = "communication"
    PERSONAL = "personal"
    SUPPORT = "support of others"
    """Maintenance, alms that are owed."""
    OTHER = "other essentials"


class Sum(BaseModel):
    """An amount that comes again and again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    minor: Figure
    every: Every = Every.MONTH


class Means(BaseModel):
    """What somebody told of their income and what it has to suffice for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    currency: CurrencyCode
    income: tuple[Sum, ...] = Field(min_length=1, max_length=MOST_SUMS)
    essentials: dict[Group, Sum]
    debts: tuple[Sum, ...] = Field(default=(), max_length=MOST_SUMS)
    """What is paid on other debts."""
    dependants: int = Field(default=0, ge=0, le=MOST_DEPENDANTS)
    """Who else lives on the income: whoever looks at the figures needs to know."""

    @field_validator("income", "debts")
    @classmethod
    def _sums_within_reason(cls, sums: tuple[Sum, ...]) -> tuple[Sum, ...]:
        _within_reason(sums)
        return sums

    @field_validator("essentials")
    @classmethod
    def _essentials_within_reason(cls, essentials: dict[Group, Sum]) -> dict[Group, Sum]:
        _within_reason(essentials.values())
        return essentials

    @property
    def disposable(self) -> int:
        """Minor units that are left of a month, rounded down; below zero if it does not suffice."""
        going = (*self.essentials.values(), *self.debts)
        return int((_monthly(self.income) - _monthly(going)).__floor__())


def _monthly(sums: Iterable[Sum]) -> Fraction:
    return sum((each.minor * A_MONTH[each.every] for each in sums), Fraction(0))


def _within_reason(sums: Iterable[Sum]) -> None:
    if _monthly(sums) > MOST_A_MONTH:
        raise ValueError(f"expected at most {MOST_A_MONTH} minor units a month in all")


def affordable(means: Means, terms: HardshipTerms, *, committed: int = 0) -> int:
    """Minor units a month that instalments on a debt may take; 0: nothing for now.

    `committed` is what instalments on the person's other accounts with us take already.
    """
    share = Decimal(max(0, means.disposable)) * terms.share_of_disposable / 100
    return max(0, int(share.to_integral_value(ROUND_FLOOR)) - committed)


def instalment_of(monthly: int, rhythm: Rhythm) -> int:
    """The largest instalment that a rhythm leaves of so many minor units a month."""
    match rhythm:
        case Weekly(every=every):
            return int(monthly * every / WEEKS_A_MONTH)
        case Payday(paid=paid):
            return instalment_of(monthly, paid)
        case Monthly() | NthWeekday():
            return monthly
        case _:
            assert_never(rhythm)


def monthly_of(instalment: int, rhythm: Rhythm | None) -> int:
    """What instalments of that size take of a month, rounded up; on dates of their own, one."""
    match rhythm:
        case Weekly(every=every):
            return -int(-instalment * WEEKS_A_MONTH // every)
        case Payday(paid=paid):
            return monthly_of(instalment, paid)
        case Monthly() | NthWeekday() | None:
            return instalment
        case _:
            assert_never(rhythm)


@dataclass(frozen=True)
class Deferral:
    """Nothing can be paid for now: the account rests until this day, and then asks again."""

    until: date


def suggested(
    plan_id: str,
    balance: Money,
    monthly: int,
    *,
    first: date,
    today: date,
    terms: HardshipTerms,
    rhythm: Rhythm | None = None,
    closed: Closed = never_closed,
) -> PaymentPlan | Deferral:
    """The plan with the fewest instalments that somebody can afford; a deferral if there is none.

    `monthly` is what instalments may take. A plan that would have smaller instalments, or take
    longer, than the creditor agrees to in hardship is none; nor is one that no card could pay.
    """
    going, currency = rhythm or Monthly(), balance.currency
    most = instalment_of(monthly, going) // step(currency) * step(currency)
    least = in_hardship(PlanTerms(), terms).least(currency)
    parts = -(-balance.minor // most) if most else 0
    if 0 < parts <= MOST_PARTS and (parts == 1 or most >= least):
        plan = schedule(plan_id, balance, going, first, each=most, closed=closed)
        in_time = plan.instalments[-1].due <= today + timedelta(days=terms.longest_days)
        if in_time and all(each.minor >= least_charge(currency) for each in plan.instalments):
            return plan
    return Deferral(until=today + timedelta(days=terms.deferral_days))
