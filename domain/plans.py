"""Payment plans: dated instalments whose sum is the balance, to the minor unit."""

from datetime import date
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.money import CurrencyCode, Money, spread
from domain.time import add_months


class Instalment(BaseModel):
    """One dated part of a plan. `number` counts from 1."""

    model_config = ConfigDict(frozen=True)

    number: int = Field(ge=1)
    due: date
    minor: int = Field(gt=0)


class PaymentPlan(BaseModel):
    """An agreed series of instalments. What is paid follows from the balance, never from a flag."""

    model_config = ConfigDict(frozen=True)

    plan_id: str
    currency: CurrencyCode
    instalments: tuple[Instalment, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        dates = [instalment.due for instalment in self.instalments]
        if dates != sorted(dates):
            raise ValueError(f"instalments of plan {self.plan_id} are not in the order of dates")
        return self

    @property
    def total(self) -> int:
        """The sum of all instalments, in minor units: the balance on the day the plan began."""
        return sum(instalment.minor for instalment in self.instalments)

    def next_due(self, balance: int) -> Instalment | None:
        """The first instalment not covered by what has been paid; None when all are."""
        paid, reached = self.total - balance, 0
        for instalment in self.instalments:
            reached += instalment.minor
            if reached > paid:
                return instalment
        return None

    def outstanding(self, instalment: Instalment, balance: int) -> int:
        """Minor units still needed to cover `instalment` and all before it; never below zero."""
        reached = sum(each.minor for each in self.instalments if each.number <= instalment.number)
        return max(0, min(reached - (self.total - balance), balance))

    def amount_of(self, instalment: Instalment) -> Money:
        """The instalment as money."""
        return Money(minor=instalment.minor, currency=self.currency)


def monthly(plan_id: str, balance: Money, *, parts: int, first: date) -> PaymentPlan:
    """A plan of equal monthly instalments from `first` on; the last takes the rounding."""
    amounts = spread(balance.minor, parts)
    return PaymentPlan(
        plan_id=plan_id,
        currency=balance.currency,
        instalments=tuple(
            Instalment(number=index + 1, due=add_months(first, index), minor=minor)
            for index, minor in enumerate(amounts)
        ),
    )
