"""What the law says of money: what a payment pays first, and what may be added to a debt.

All rules that bind a person run together, and the strictest wins. Where none speaks, what the
creditor's contract says is allowed, and never more than that.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from compliance.facts import PersonFacts, Sector
from compliance.rules import Certainty, Force, Part
from domain.accounts import Hold
from domain.ledger import OWED, Book

PERCENT = Decimal("0.01")


class _MoneyRule(Part):
    """What every rule about money states."""

    id: str
    says: str
    cite: str
    force: Force
    verified: Certainty
    source: str = ""
    sectors: tuple[Sector, ...] = ()
    """It is about what is owed to these; a sector that is not known is bound."""

    def binds(self, facts: PersonFacts) -> bool:
        """Whether it is about this person's debt."""
        return not self.sectors or facts.sector is None or facts.sector in self.sectors


class Allocation(_MoneyRule):
    """In which order a payment pays what is owed."""

    kind: Literal["allocation"]
    order: tuple[Book, ...]

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        if sorted(self.order) != sorted(OWED):
            raise ValueError(f"expected each of {', '.join(OWED)} once")
        return self

    @property
    def strictness(self) -> tuple[int, ...]:
        """The sooner principal is paid, and interest after it, the better for the consumer."""
        return self.order.index(Book.PRINCIPAL), self.order.index(Book.INTEREST)


class Addition(_MoneyRule):
    """Whether interest or costs may be added to what is owed."""

    kind: Literal["interest", "costs"]
    allowed: bool
    """False: nothing may be added, whatever the contract says."""
    hold: Hold | None = None
    """Only while such a hold stands."""
    most_basis_points: int | None = Field(default=None, ge=0, le=100_000)
    """Of interest: the highest rate a year, in hundredths of a percent."""

    @model_validator(mode="after")
    def _says_how_much_of_interest_alone(self) -> Self:
        if self.most_basis_points is not None and not (self.allowed and self.kind == "interest"):
            raise ValueError("most_basis_points limits interest that is allowed")
        return self

    @property
    def most(self) -> Decimal | None:
        """The highest percent a year; None: as much as the contract says."""
        if not self.allowed:
            return Decimal(0)
        return None if self.most_basis_points is None else self.most_basis_points * PERCENT


MoneyRule = Annotated[Allocation | Addition, Field(discriminator="kind")]


class MoneyLaw(Part):
    """What binds one person's debt on one day."""

    order: tuple[Book, ...] | None = None
    """None: no law names one."""
    most_interest: Decimal | None = None
    """Percent a year; None: no law limits what the contract says; 0: none may be added."""
    costs: bool = True
    holds: frozenset[Hold] = frozenset()
    """Those that stand on the whole debt."""
    rules: tuple[str, ...] = ()
    """Ids of the rules that decided it."""

    def interest(self, percent: Decimal) -> Decimal:
        """What of the contract's percent a year may be added."""
        return percent if self.most_interest is None else min(percent, self.most_interest)


def money_law(
    rules: Iterable[Allocation | Addition], facts: PersonFacts, holds: Iterable[Hold]
) -> MoneyLaw:
    """The strictest of the rules of packs that bind this person; `holds` are those that stand."""
    standing = frozenset(holds)
    binding = [rule for rule in rules if rule.binds(facts)]
    orders = [rule for rule in binding if isinstance(rule, Allocation)]
    additions = [
        rule
        for rule in binding
        if isinstance(rule, Addition) and (rule.hold is None or rule.hold in standing)
    ]
    order = min(orders, key=lambda rule: rule.strictness, default=None)
    limits = [rule for rule in additions if rule.kind == "interest" and rule.most is not None]
    limit = min(limits, key=lambda rule: rule.most or Decimal(0), default=None)
    refusal = next((each for each in additions if each.kind == "costs" and not each.allowed), None)
    decided = (order, limit, refusal)
    return MoneyLaw(
        order=order.order if order else None,
        most_interest=limit.most if limit else None,
        costs=refusal is None,
        holds=standing,
        rules=tuple(rule.id for rule in decided if rule is not None),
    )
