"""What came of what was agreed: money counts if it came in time and stayed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from domain.ledger import GIVEN_BACK, Cause


@dataclass(frozen=True)
class Received:
    """A movement after something was agreed: minor units that came, or (below zero) went back."""

    minor: int
    on: date
    """Where the consumer is, or was when it was agreed."""
    cause: Cause = Cause.PAYMENT

    @property
    def returns(self) -> bool:
        """Whether it had gone back, and came again: a chargeback won, a refund that failed."""
        return self.minor > 0 and self.cause in GIVEN_BACK | {Cause.CHARGEBACK_WON}


def held(received: Iterable[Received], *, until: date) -> int:
    """Minor units that came by that day and have not gone back, in whatever order it was learned.

    What goes back, on whatever day, is taken from what came too late, first. What returns makes up
    for what went back, on whatever day, and is no payment of its own.
    """
    movements = list(received)
    came = [each for each in movements if each.minor > 0 and not each.returns]
    in_time = sum(each.minor for each in came if each.on <= until)
    returned = sum(each.minor for each in movements if each.returns)
    gone = -sum(each.minor for each in movements if each.minor < 0)
    return min(in_time, sum(each.minor for each in came) - max(0, gone - returned))
