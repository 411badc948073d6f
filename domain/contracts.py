"""What a creditor has agreed with us: what their consumers may be offered, and what may be added.

An account keeps the contract under which it was placed. Every field has a default that is safe for
the consumer: nothing is added, and nothing is forgiven in the creditor's name.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.ledger import Book
from domain.money import Money

Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=7, decimal_places=4)]


class _Terms(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PlanTerms(_Terms):
    """What plans a consumer may choose, and when one counts as broken."""

    least_instalments: tuple[Money, ...] = ()
    """The smallest instalment, by currency. The last one of a plan may be smaller."""
    least_first: Percent = Decimal(0)
    """The smallest first payment, as a share of the balance."""
    first_within_days: int = Field(default=45, ge=1)
    longest_days: int = Field(default=730, ge=1)
    """From the day of agreeing to the last instalment."""
    most_parts: int = Field(default=60, ge=1)
    rhythms: tuple[Literal["weekly", "monthly", "nth weekday", "payday", "custom"], ...] = (
        "weekly",
        "monthly",
        "nth weekday",
        "payday",
        "custom",
    )
    grace_days: int = Field(default=3, ge=0)
    """An instalment that is paid so many days late was not missed."""
    breaks_after: int = Field(default=1, ge=1)
    """So many instalments unpaid at one time break the plan."""
    most_skips: int = Field(default=2, ge=0)
    """Instalments of one plan that may be put to its end."""
    longest_pause_days: int = Field(default=62, ge=0)
    most_days_moved: int = Field(default=31, ge=0)
    """How far one instalment's date may be moved back."""

    def least(self, currency: str) -> int:
        """The smallest instalment in minor units; 1 where none is agreed."""
        amounts = (each.minor for each in self.least_instalments if each.currency == currency)
        return max(1, *amounts, 1)


class Authority(StrEnum):
    """Who makes an offer. Each may go as low as the contract says for them, and never lower."""

    AUTOMATIC = "automatic"
    """A journey, a bot or the portal."""
    AGENT = "agent"
    SUPERVISOR = "supervisor"


class EarlyDiscount(_Terms):
    """Whoever pays early in the journey pays less: offered to every new account."""

    percent: Percent
    """How much less."""
    within_days: int = Field(ge=1)
    """From placement."""


class SettlementTerms(_Terms):
    """How little may settle a debt, as a share of the balance."""

    floor: Percent = Decimal(100)
    """Nobody goes below it."""
    least: dict[Authority, Percent] = Field(default_factory=dict)
    """By who offers; whoever is not named may offer nothing below the whole balance."""
    valid_days: int = Field(default=14, ge=1)
    early: EarlyDiscount | None = None

    @model_validator(mode="after")
    def _nobody_below_the_floor(self) -> Self:
        for who, least in self.least.items():
            if least < self.floor:
                raise ValueError(f"{who} may not go below the floor: {least} is under {self.floor}")
        if self.early and 100 - self.early.percent < self.least_for(Authority.AUTOMATIC):
            raise ValueError("the early-payment discount goes below what automatic offers may")
        return self

    def least_for(self, who: Authority) -> Decimal:
        """The smallest share of the balance that they may offer."""
        return self.least.get(who, Decimal(100))


DayCount = Literal["actual/365", "actual/360", "actual/actual", "30/360"]


class InterestTerms(_Terms):
    """Interest on the principal, if the law of the place allows it, too. Simple, never compound."""

    percent_a_year: Percent = Decimal(0)
    day_count: DayCount = "actual/365"
    since: Literal["due date", "placement"] = "placement"


class CostTerms(_Terms):
    """Costs that the consumer has agreed to bear, if the law of the place allows them, too."""

    at_placement: tuple[Money, ...] = ()
    per_failed_payment: tuple[Money, ...] = ()


class CommissionTerms(_Terms):
    """What we earn of what is collected."""

    collected: Percent = Decimal(0)
    direct: Percent = Decimal(0)
    """Of what was paid to the creditor directly after placement."""


class RetryTerms(_Terms):
    """How often a declined charge is tried again. Networks' limits bind beside it."""

    tries: int = Field(default=8, ge=1)
    within_days: int = Field(default=14, ge=1)
    """Stripe's Smart Retries recommend 8 tries in 2 weeks."""


class HardshipTerms(_Terms):
    """What a consumer in hardship may be granted without asking the creditor."""

    share_of_disposable: Percent = Decimal(50)
    """Most of what is left after essentials that instalments of all their plans may take."""
    least_instalments: tuple[Money, ...] = ()
    """In place of the plan's: often a token."""
    longest_days: int = Field(default=1826, ge=1)
    deferral_days: int = Field(default=60, ge=1)
    most_deferrals: int = Field(default=2, ge=0)


class Contract(_Terms):
    """All that is agreed. An account without one has this, with its defaults."""

    plans: PlanTerms = PlanTerms()
    settlement: SettlementTerms = SettlementTerms()
    interest: InterestTerms = InterestTerms()
    costs: CostTerms = CostTerms()
    commission: CommissionTerms = CommissionTerms()
    retries: RetryTerms = RetryTerms()
    hardship: HardshipTerms = HardshipTerms()
    allocation: tuple[Book, ...] | None = None
    """The order in which payments are allocated, where the law names none; costs first if empty."""
