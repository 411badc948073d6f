"""Simple interest on what is owed of the principal, exactly, from its first day on.

Nothing is rounded on the way: what is booked is the whole minor units of all interest so far, less
what was booked before. So no remainder is lost, however often it is looked at.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from domain.contracts import DayCount

LONG_MONTH, SHORT = 31, 30


@dataclass(frozen=True, slots=True)
class Span:
    """Days of one principal and one rate: from the first on, up to before the last."""

    begins: date
    ends: date
    principal: int
    """Minor units."""
    percent: Decimal
    """A year; 0 while nothing may be added."""
    day_count: DayCount


def accrued(spans: Iterable[Span]) -> Fraction:
    """All interest of spans in the order of time, in minor units and their fractions."""
    return sum((_interest(span) for span in _joined(spans)), Fraction(0))


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    """Days that go on as before are one span: some day counts are not the sum of their parts."""
    last: Span | None = None
    for span in spans:
        if last and last.ends == span.begins and _alike(last, span):
            last = replace(last, ends=span.ends)
            continue
        if last:
            yield last
        last = span
    if last:
        yield last


def _alike(one: Span, other: Span) -> bool:
    return replace(one, begins=other.begins, ends=other.ends) == other


def _interest(span: Span) -> Fraction:
    years = year_fraction(span.begins, span.ends, span.day_count)
    return span.principal * Fraction(span.percent) / 100 * years


def year_fraction(begins: date, ends: date, day_count: DayCount) -> Fraction:
    """Which part of a year lies between two dates (2006 ISDA Definitions, 4.16)."""
    if day_count == "actual/actual":
        return sum(_in_each_year(begins, ends), Fraction(0))
    if day_count == "30/360":
        return Fraction(_days_of_thirty(begins, ends), 360)
    return Fraction((ends - begins).days, 365 if day_count == "actual/365" else 360)


def _in_each_year(begins: date, ends: date) -> Iterator[Fraction]:
    for year in range(begins.year, ends.year + 1):
        first, next_first = date(year, 1, 1), date(year + 1, 1, 1)
        days = (min(ends, next_first) - max(begins, first)).days
        yield Fraction(days, (next_first - first).days)


def _days_of_thirty(begins: date, ends: date) -> int:
    """Days if every month had thirty ("30/360", bond basis)."""
    first = min(begins.day, SHORT)
    last = SHORT if ends.day == LONG_MONTH and first == SHORT else ends.day
    months = (ends.year - begins.year) * 12 + ends.month - begins.month
    return months * SHORT + last - first
