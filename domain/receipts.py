"""What came of what was agreed: money counts if it came in time and stayed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Received:
    """A movement after something was agreed: minor units paid, or (below zero) given back."""

    minor: int
    on: date
    """Where the consumer is."""


def held(received: Iterable[Received], *, until: date) -> int:
    """Minor units that came by that day and have not gone back, in whatever order it was learned.

    What goes back, on whatever day, is taken from what came too late, first.
    """
    movements = list(received)
    in_time = sum(each.minor for each in movements if each.minor > 0 and each.on <= until)
    return min(in_time, sum(each.minor for each in movements))
