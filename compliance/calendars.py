"""Holidays as data: dated, pinned, and read aloud by a person before they count.

Nothing is computed when a contact is decided: dates of the Hijri calendar are announced, and a
library that changes its mind must not change the law. `tahsil packs holidays` writes the files from
the `holidays` library and from the corrections in `calendars/sources/library.yaml`.
"""

from datetime import date, timedelta
from functools import cached_property

from compliance.rules import Part


class Calendar(Part):
    """The holidays of a country or region, for the years that somebody has looked at."""

    id: str
    """ISO 3166 code, such as AU or AU-NSW; a suffix may follow, such as US-federal."""
    source: str
    """Library and version, or where the dates were read."""
    first_year: int
    last_year: int
    days: dict[date, str]
    """Each holiday by its date."""

    @cached_property
    def dates(self) -> frozenset[date]:
        """The days alone."""
        return frozenset(self.days)

    def knows(self, day: date) -> bool:
        """Whether its year has been looked at."""
        return self.first_year <= day.year <= self.last_year


def business_days_after(start: date, days: int, off: frozenset[date], weekend: set[int]) -> date:
    """The day that lies so many days after `start`, weekends and holidays not counted."""
    while days:
        start += timedelta(days=1)
        if start.weekday() not in weekend and start not in off:
            days -= 1
    return start
