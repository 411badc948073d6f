"""What creditors send and get about payment plans."""

from datetime import date, datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.problems import FieldError
from api.schemas import Amount
from domain.money import LARGEST, Money
from domain.rhythms import Rhythm
from domain.schedules import MOST_PARTS

PlanState = Literal["kept", "overdue", "broken", "paid"]


class CustomInstalment(BaseModel):
    """One instalment of a plan on dates of its own."""

    model_config = ConfigDict(extra="forbid")

    due: date
    amount: Amount


class PlanWish(BaseModel):
    """A plan as somebody wants it: by parts, by an amount, or instalment by instalment."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"rhythm": {"kind": "monthly"}, "first": "2026-12-01", "parts": 6},
                {
                    "rhythm": {"kind": "payday", "paid": {"kind": "monthly", "day": 25}},
                    "first": "2026-12-01",
                    "amount": {"minor": 5000, "currency": "USD"},
                },
            ]
        },
    )

    rhythm: Rhythm | None = None
    """Left out: monthly."""
    first: date | None = None
    """No instalment is due before it; the rhythm says on which day from then on."""
    parts: int | None = Field(default=None, ge=1, le=MOST_PARTS)
    amount: Amount | None = None
    """Of each instalment; the last is what is left."""
    instalments: list[CustomInstalment] | None = Field(
        default=None, min_length=1, max_length=MOST_PARTS
    )
    """In the order of their dates. They sum to what the plan has to pay."""
    settlement_id: str | None = None
    """The open offer to settle that it pays; left out, it pays all that is owed."""

    @model_validator(mode="after")
    def _said_in_one_way(self) -> Self:
        ways = (self.parts, self.amount, self.instalments)
        if sum(way is not None for way in ways) != 1:
            raise ValueError(
                "instalments are said in one way: expected parts, amount or instalments"
            )
        custom = self.instalments is not None
        if custom and (self.rhythm or self.first):
            raise ValueError("instalments have dates of their own: expected no rhythm and no first")
        if not custom and self.first is None:
            raise ValueError(
                "first is missing: expected the day from which on instalments fall due"
            )
        if sum(each.amount.minor for each in self.instalments or ()) > LARGEST:
            raise ValueError(f"instalments sum to too much: expected at most {LARGEST} minor units")
        days = [each.due for each in self.instalments or ()]
        if days != sorted(days):
            raise ValueError("instalments are out of order: expected the earliest first")
        return self


class NewPlan(PlanWish):
    """A plan to be agreed on behalf of the consumer."""

    autopay: bool | None = None
    """Whether instalments are charged to the stored means of payment. Left out: if there is one."""
    authorised_in_writing: bool = False
    """The consumer authorised the charges in writing and signed: noted as such for the rules."""


class Restart(BaseModel):
    """A plan that broke goes on from a new first date."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"first": "2026-12-15"}]}
    )

    first: date
    rhythm: Rhythm | None = None
    """Left out: as before."""


class InstalmentView(BaseModel):
    """One instalment, and how far payments cover it."""

    number: int
    due: date
    amount: Money
    paid: Money
    open: Money
    """Still to be paid with it: of the first, what went back to the consumer, too."""
    state: Literal["paid", "open", "overdue"]


class Revision(BaseModel):
    """A change of a plan, or a plan before it."""

    plan_id: str
    revision: int
    why: str
    at: datetime | None
    recorded_at: datetime


class PlanView(BaseModel):
    """The plan of an account as it stands: what is paid follows from the balance."""

    id: str
    revision: int
    state: PlanState
    """By the creditor's days of grace and how many missed instalments break a plan."""
    rhythm: Rhythm | None
    """Null: on dates of its own."""
    autopay: bool
    settlement_id: str | None
    total: Money
    payoff: Money
    """What ends it when it is paid now."""
    catch_up: Money
    """What brings it up to date."""
    next: InstalmentView | None
    """The first that is not paid."""
    instalments: list[InstalmentView]
    skipped: int
    history: list[Revision]
    """Of this plan and those before it, oldest first."""


class Quote(BaseModel):
    """What a plan would look like. Nothing is agreed."""

    agreeable: bool
    """Whether the creditor's contract allows it."""
    total: Money
    rhythm: Rhythm | None
    instalments: list[InstalmentView]
    faults: list[FieldError]
