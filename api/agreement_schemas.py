"""What creditors send and get about what consumers agree to: settlements and promises."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.schemas import Amount
from domain.contracts import Authority
from domain.money import Money
from domain.promises import PromiseState
from domain.settlements import SettlementState
from storage.promises import Promised
from storage.settlements import Offered


class NewSettlement(BaseModel):
    """An offer to settle the debt for less: an amount, or a share of what is owed."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"percent": 60, "expires_on": "2026-12-15", "authority": "agent"},
                {"amount": {"minor": 6000, "currency": "USD"}},
            ]
        },
    )

    amount: Amount | None = None
    percent: Annotated[Decimal, Field(gt=0, le=100, max_digits=7, decimal_places=4)] | None = None
    """Of what is owed; rounded upwards to what can be charged."""
    expires_on: date | None = None
    """The last day on which the money may come, where the consumer is; left out, as late as the
    contract has it."""
    authority: Authority = Authority.AGENT
    """Who offers it: the contract says how low each may go."""

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.amount is None) == (self.percent is None):
            raise ValueError("amount and percent go alone: expected one of the two")
        return self


class SettlementView(BaseModel):
    """An offer to settle, and what has become of it."""

    id: str
    amount: Money
    """What has to be paid."""
    balance: Money
    """What was owed when it was offered; only what is paid from then on counts."""
    forgiven: Money
    """What need not be paid once it is met, by what was owed when it was offered."""
    expires_on: date
    authority: Authority
    state: SettlementState
    source: str
    offered_at: datetime
    met_at: datetime | None
    withdrawn_at: datetime | None

    @classmethod
    def of(cls, offered: Offered) -> Self:
        """The view of an offer."""
        made = offered.settlement
        return cls(
            id=made.settlement_id,
            amount=made.amount,
            balance=Money(minor=made.balance, currency=made.currency),
            forgiven=made.forgiven,
            expires_on=made.expires,
            authority=made.by,
            state=offered.state,
            source=offered.source,
            offered_at=offered.at,
            met_at=offered.met_at,
            withdrawn_at=offered.withdrawn_at,
        )


class SettlementList(BaseModel):
    """Offers to settle an account, newest first; one of them at most is open."""

    settlements: list[SettlementView]


class NewPromise(BaseModel):
    """The consumer says by when they will pay."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"amount": {"minor": 5000, "currency": "USD"}, "due": "2026-12-01"}]
        },
    )

    amount: Amount | None = None
    """Left out: all that is owed."""
    due: date
    """Where the consumer is."""


class PromiseView(BaseModel):
    """A promise to pay, and what has become of it."""

    id: str
    amount: Money
    balance: Money
    """What was owed when it was made; only what is paid from then on counts."""
    due: date
    state: PromiseState
    """By what has been received up to the day and the contract's days of grace."""
    source: str
    made_at: datetime

    @classmethod
    def of(cls, given: Promised) -> Self:
        """The view of a promise."""
        made = given.promise
        return cls(
            id=made.promise_id,
            amount=made.amount,
            balance=Money(minor=made.balance, currency=made.currency),
            due=made.due,
            state=given.state,
            source=given.source,
            made_at=given.at,
        )


class PromiseList(BaseModel):
    """Promises on an account, newest first."""

    promises: list[PromiseView]
