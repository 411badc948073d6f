"""On which days nobody is paid where somebody lives: weekends, and the holidays that we know."""

from collections.abc import Sequence

from babel import Locale, UnknownLocaleError

from compliance.packs import Packs
from domain.schedules import Closed

WEEK = 7


def closed_days(country: str, regions: Sequence[str], packs: Packs) -> Closed:
    """Whether a day is a weekend there (by CLDR) or stands in a calendar of country or region.

    Calendars are those of the law: where it needs none, weekends alone are known.
    """
    weekend = _weekend(country)
    names = {country, f"{country}-federal", *regions}
    found = (packs.calendars[name].dates for name in names & packs.calendars.keys())
    holidays = frozenset().union(*found)
    return lambda day: day.weekday() in weekend or day in holidays


def _weekend(country: str) -> frozenset[int]:
    """Its days, 0 for Monday: Friday and Saturday in Riyadh, Friday alone in Tehran."""
    try:
        locale = Locale.parse(f"und_{country}")
    except UnknownLocaleError:
        locale = Locale.parse("und_001")
    first, last = locale.weekend_start, locale.weekend_end
    return frozenset((first + number) % WEEK for number in range((last - first) % WEEK + 1))
