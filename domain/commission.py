"""What we earn of what is collected, and what is paid out to the creditor."""

from collections import Counter
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Self

from pydantic import BaseModel, ConfigDict

from domain.contracts import CommissionTerms


class StatementLine(BaseModel):
    """What one movement comes to, in minor units of the statement's currency."""

    model_config = ConfigDict(frozen=True)

    collected: int
    """What we took for the creditor; below zero if it went back."""
    direct: int
    """What was paid to the creditor directly: they have it already."""
    commission: int
    fee: int = 0
    """What Stripe kept of it, as far as it is known: for information."""

    @classmethod
    def of(cls, terms: CommissionTerms, *, collected: int, direct: int, fee: int = 0) -> Self:
        """A movement under these terms; of what went back, commission goes back too."""
        return cls(
            collected=collected,
            direct=direct,
            commission=share(collected, terms.collected) + share(direct, terms.direct),
            fee=fee,
        )


class StatementTotals(BaseModel):
    """Sums of a statement's lines, in minor units."""

    model_config = ConfigDict(frozen=True)

    collected: int
    direct: int
    commission: int
    fees: int

    @classmethod
    def of(cls, lines: Iterable[StatementLine]) -> Self:
        """The sums of these lines: what stands below a column is what stands in it."""
        sums = Counter[str]()
        for line in lines:
            sums.update(line.model_dump())
        return cls(
            collected=sums["collected"],
            direct=sums["direct"],
            commission=sums["commission"],
            fees=sums["fee"],
        )

    @property
    def remitted(self) -> int:
        """What is paid out to the creditor; below zero, what they owe us."""
        return self.collected - self.commission


def share(minor: int, percent: Decimal) -> int:
    """A share of an amount, rounded half to even: of 0.5 neither side has more in the long run."""
    return int((minor * percent / 100).to_integral_value(ROUND_HALF_EVEN))
