"""What protects a person in every journey: one table, applied at every pause.

A journey's author cannot forget a safeguard, because there is nothing to remember.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domain.accounts import Closure, Hold
from domain.people import StandingHold
from engine.progress import Progress
from engine.stages import Closed, close


@dataclass(frozen=True)
class Safeguard:
    """A condition under which the journey ends at once."""

    name: str
    holds_when: Callable[[Progress], bool]
    ends: Closed


CEASED = StandingHold(hold=Hold.CEASE)
"""They want no contact any more. For some days, or about a part, it is but a hold."""

SAFEGUARDS = (
    Safeguard("paid in full", lambda told: told.balance <= 0, close(Closure.PAID_IN_FULL)),
    Safeguard("recalled", lambda told: told.recalled, close(Closure.RECALLED)),
    Safeguard("ceased", lambda told: CEASED in told.person.holds, close(Closure.CEASED)),
)
"""Endings, the first that applies wins. Every other hold stops the clock until it is lifted."""


def is_at_ease(progress: Progress) -> bool:
    """Whether nothing is known that ends a journey or leads to another: so it is at most pauses."""
    return (
        progress.balance > 0
        and not progress.recalled
        and progress.switched_to is None
        and progress.moved is None
        and not progress.person.holds
    )


def ending(progress: Progress) -> Closed | None:
    """The end that a safeguard demands now, if any."""
    for safeguard in SAFEGUARDS:
        if safeguard.holds_when(progress):
            return safeguard.ends
    return None


def next_change(progress: Progress, at: datetime) -> datetime | None:
    """When holds begin or end by themselves, the next time after `at`."""
    person = progress.person
    changes = (each.next_change(at, person.zones) for each in person.holds)
    return min((each for each in changes if each is not None), default=None)
