"""Interest is exact: known values, nothing lost in small steps, and none where none is due."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import floor
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.contracts import DayCount
from domain.interest import Span, accrued, year_fraction

COUNTS = get_args(DayCount)
days = st.dates(date(2015, 1, 1), date(2035, 12, 31))


def span(begins, ends, principal=100_000, percent="10", day_count="actual/365"):
    return Span(begins, ends, principal, Decimal(percent), day_count)


@pytest.mark.parametrize(
    ("begins", "ends", "day_count", "years"),
    [
        # the example of ISDA's memorandum of 1998: 61 days of 2003, 121 of the leap year 2004
        ("2003-11-01", "2004-05-01", "actual/actual", Fraction(61, 365) + Fraction(121, 366)),
        ("1999-02-01", "1999-07-01", "actual/actual", Fraction(150, 365)),
        ("2023-12-30", "2025-01-02", "actual/actual", Fraction(2, 365) + 1 + Fraction(1, 365)),
        ("2003-11-01", "2004-05-01", "actual/365", Fraction(182, 365)),
        ("2003-11-01", "2004-05-01", "actual/360", Fraction(182, 360)),
        ("2003-11-01", "2004-05-01", "30/360", Fraction(180, 360)),
        ("2007-01-31", "2007-02-28", "30/360", Fraction(28, 360)),
        ("2007-01-15", "2007-01-31", "30/360", Fraction(16, 360)),
        ("2007-01-30", "2007-03-31", "30/360", Fraction(60, 360)),
        ("2008-02-28", "2008-03-31", "30/360", Fraction(33, 360)),
        ("2026-01-01", "2027-01-01", "30/360", Fraction(1)),
        ("2024-01-01", "2025-01-01", "actual/actual", Fraction(1)),
    ],
)
def test_day_counts_have_their_known_values(begins, ends, day_count, years):
    got = year_fraction(date.fromisoformat(begins), date.fromisoformat(ends), day_count)
    assert got == years


def test_a_year_at_five_percent_is_five_percent():
    year = span(date(2026, 1, 1), date(2027, 1, 1), percent="5")
    assert accrued([year]) == 5000


@pytest.mark.parametrize("day_count", COUNTS)
def test_no_percent_no_principal_and_no_day_make_no_interest(day_count):
    first, last = date(2026, 1, 1), date(2027, 1, 1)
    spans = [
        span(first, last, percent="0", day_count=day_count),
        span(first, last, principal=0, day_count=day_count),
        span(first, first, day_count=day_count),
    ]
    assert accrued(spans) == 0
    assert accrued([]) == 0


def test_interest_is_simple_and_runs_on_what_is_left_of_the_principal():
    spans = [
        span(date(2026, 1, 1), date(2026, 4, 11)),
        span(date(2026, 4, 11), date(2026, 7, 20), principal=40_000),
    ]
    assert accrued(spans) == Fraction(100_000 * 100 + 40_000 * 100, 3650)


@settings(max_examples=120)
@given(
    st.lists(days, min_size=2, max_size=20, unique=True),
    st.sampled_from(COUNTS),
    st.integers(0, 10**12),
    st.decimals(0, 100, places=4),
)
def test_looking_often_books_the_same_as_looking_once(looks, day_count, principal, percent):
    looks.sort()
    steps = [span(a, b, principal, percent, day_count) for a, b in pairwise(looks)]
    whole = accrued([span(looks[0], looks[-1], principal, percent, day_count)])

    booked = 0
    for number in range(len(steps)):
        booked += max(0, floor(accrued(steps[: number + 1])) - booked)

    assert accrued(steps) == whole
    assert booked == floor(whole)


@settings(max_examples=60)
@given(days, st.integers(0, 4000), st.sampled_from(COUNTS))
def test_time_never_takes_interest_away(begins, length, day_count):
    shorter = year_fraction(begins, begins + timedelta(days=length), day_count)
    longer = year_fraction(begins, begins + timedelta(days=length + 1), day_count)
    assert 0 <= shorter <= longer
