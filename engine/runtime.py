"""Time, waiting and effects: all that differs between Temporal and the simulator."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

from compliance.orders import Reached, ReachOut
from domain.orders import Charge, Charged, HandOver


class Runtime(Protocol):
    """Time, waiting and effects."""

    def now(self) -> datetime:
        """The account's time (aware, UTC)."""

    def wait(self, ready: Callable[[], bool], until: datetime | None, why: str) -> Awaitable[None]:
        """Return when `ready()` or, if `until` is given, at that instant, whichever is first."""

    def reach_out(self, order: ReachOut) -> Awaitable[Reached]:
        """Contact the person, the gate permitting."""

    def charge(self, order: Charge) -> Awaitable[Charged]:
        """Collect with the stored means of payment."""

    def hand_over(self, order: HandOver) -> Awaitable[None]:
        """Give the account to a person of ours to look at."""
