"""Spans of time and local dates. Nothing here reads a clock."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def days(number: float) -> timedelta:
    """A span of `number` days of 24 hours."""
    return timedelta(days=number)


def hours(number: float) -> timedelta:
    """A span of `number` hours."""
    return timedelta(hours=number)


@cache
def zone(name: str) -> ZoneInfo:
    """The IANA time zone called `name`; ValueError for a name that is not in the database."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(
            f"{name!r} is not an IANA time zone such as America/Chicago or Asia/Riyadh"
        ) from error


def local_date(at: datetime, zone_name: str) -> date:
    """The calendar date at `at` in that zone."""
    return at.astimezone(zone(zone_name)).date()


def local_instant(on: date, clock: time, zone_name: str) -> datetime:
    """The UTC instant of a wall-clock time on a date in that zone.

    A time that a clock change skips becomes the same span after the change; one that it repeats
    is taken at its first occurrence (PEP 495, fold=0).
    """
    return datetime.combine(on, clock, zone(zone_name)).astimezone(UTC)


@lru_cache(maxsize=65_536)
def midnight(day: date, zone_name: str) -> datetime:
    """The UTC instant at which a day begins in a zone: the same few for everybody."""
    return local_instant(day, time(0), zone_name)


def add_months(start: date, months: int) -> date:
    """The same day `months` later, or the last day of a month that is too short for it."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)  # noqa: PLR2004
    return date(year, month + 1, min(start.day, (following - timedelta(days=1)).day))
