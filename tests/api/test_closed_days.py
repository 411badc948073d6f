"""Days on which nobody is paid: weekends where somebody lives, and holidays that the law knows."""

from datetime import date

import pytest

from api.closed_days import closed_days
from compliance.calendars import Calendar
from compliance.packs import Packs

THURSDAY, FRIDAY, SATURDAY, SUNDAY = (date(2026, 11, day) for day in (26, 27, 28, 29))


def calendar(name, *days):
    found = dict.fromkeys(days, "a holiday")
    return Calendar(id=name, source="tests", first_year=2026, last_year=2026, days=found)


@pytest.mark.parametrize(
    ("country", "closed"),
    [
        ("US", [SATURDAY, SUNDAY]),
        ("SA", [FRIDAY, SATURDAY]),
        ("IR", [FRIDAY]),
        ("AQ", [SATURDAY, SUNDAY]),  # where nobody has written down a weekend
    ],
)
def test_weekends_are_those_of_the_country(country, closed):
    is_closed = closed_days(country, [], Packs([]))
    assert [day for day in (THURSDAY, FRIDAY, SATURDAY, SUNDAY) if is_closed(day)] == closed


def test_holidays_of_country_and_region_are_closed_and_others_are_not():
    packs = Packs(
        [], [calendar("US-federal", THURSDAY), calendar("US-NY", FRIDAY), calendar("US-TX", SUNDAY)]
    )
    is_closed = closed_days("US", ["US-NY"], packs)
    assert is_closed(THURSDAY)
    assert is_closed(FRIDAY)
    assert not closed_days("GB", [], packs)(THURSDAY)
