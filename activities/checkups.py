"""A checkup: what the clocks of a worker and of the record say, asked through Temporal itself."""

from collections.abc import Callable
from datetime import datetime

from temporalio import activity

from domain.checkups import Clocks
from storage import Database, examining


class Checkups:
    """The activity `read_clocks`."""

    def __init__(self, database: Database, wall: Callable[[], datetime]) -> None:
        """Read these."""
        self._database = database
        self._wall = wall

    @activity.defn
    def read_clocks(self) -> Clocks:
        """The worker's clock and the record's."""
        with self._database.transaction() as session:
            return Clocks(worker=self._wall(), record=examining.clock(session))
