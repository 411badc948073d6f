"""Local time, on the days on which clocks change too."""

import calendar
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.time import add_months, days, hours, local_date, local_instant, zone

NEW_YORK = "America/New_York"


def utc(year, month, day, hour=0, minute=0):
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def test_spans_are_of_exact_length():
    assert days(1.5) == timedelta(hours=36)
    assert hours(0.5) == timedelta(minutes=30)


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "America", "../etc/passwd", "America/new york"]
)
def test_a_zone_that_is_not_in_the_database_is_refused_with_examples(name):
    with pytest.raises(ValueError, match="is not an IANA time zone such as America/Chicago"):
        zone(name)


def test_the_date_is_the_one_on_the_wall():
    at = utc(2026, 6, 1, 3)

    assert local_date(at, NEW_YORK) == date(2026, 5, 31)
    assert local_date(at, "Asia/Riyadh") == date(2026, 6, 1)


def test_an_hour_that_the_clock_change_skips_becomes_the_one_after_it():
    assert local_instant(date(2026, 3, 8), time(2, 30), NEW_YORK) == utc(2026, 3, 8, 7, 30)


def test_an_hour_that_the_clock_change_repeats_is_taken_the_first_time():
    assert local_instant(date(2026, 11, 1), time(1, 30), NEW_YORK) == utc(2026, 11, 1, 5, 30)


def test_a_midnight_that_a_clock_change_skips_is_the_first_instant_of_the_day():
    midnight = local_instant(date(2026, 4, 24), time(0), "Africa/Cairo")

    assert local_date(midnight, "Africa/Cairo") == date(2026, 4, 24)
    assert local_date(midnight - timedelta(seconds=1), "Africa/Cairo") == date(2026, 4, 23)


def test_eight_in_the_morning_follows_the_clock_change():
    assert local_instant(date(2026, 3, 7), time(8), NEW_YORK) == utc(2026, 3, 7, 13)
    assert local_instant(date(2026, 3, 8), time(8), NEW_YORK) == utc(2026, 3, 8, 12)


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 1, 31), 2, date(2026, 3, 31)),
        (date(2026, 11, 30), 1, date(2026, 12, 30)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 3, 15), 0, date(2026, 3, 15)),
        (date(2026, 3, 15), 24, date(2028, 3, 15)),
    ],
)
def test_a_month_later_is_the_same_day_or_the_last_of_the_month(start, months, expected):
    assert add_months(start, months) == expected


@given(start=st.dates(date(2000, 1, 1), date(2100, 1, 1)), months=st.integers(0, 120))
def test_months_never_skip_and_never_lose_more_than_the_month_is_short(start, months):
    later = add_months(start, months)

    assert (later.year - start.year) * 12 + later.month - start.month == months
    assert later.day == min(start.day, calendar.monthrange(later.year, later.month)[1])
