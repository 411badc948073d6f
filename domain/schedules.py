"""What plans are made of: dates of a rhythm, and amounts that sum to the total exactly."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from typing import assert_never

from dateutil import rrule

from domain.money import Money
from domain.payable import least_charge, step
from domain.rhythms import Monthly, NthWeekday, Payday, Rhythm, Weekly

MOST_PARTS = 600
"""No plan has more instalments than fifty years have months."""

LONGEST_CLOSURE = 31
"""Days without a working day, after which a payday is taken as it stands."""

A_DAY = timedelta(days=1)

Closed = Callable[[date], bool]
"""Whether nobody is paid on a day: a weekend, a holiday."""


class TooManyParts(ValueError):  # noqa: N818 -- a property of the plan, not a mishap
    """The instalments are so small that the plan would never end."""

    def __init__(self, total: Money, each: Money) -> None:
        """Of `total`, by `each`."""
        super().__init__(
            f"{total} in instalments of {each} takes more than {MOST_PARTS} of them: "
            "pay more with each"
        )


def never_closed(day: date) -> bool:
    """A calendar without closed days."""
    del day
    return False


# amounts


def equal_amounts(total: Money, parts: int) -> tuple[int, ...]:
    """So many equal amounts, or fewer if there is less to split; the last takes the difference."""
    if parts < 1 or total.minor < 1:
        raise ValueError(f"{total} cannot be split into {parts} parts of at least one minor unit")
    unit = step(total.currency)
    parts = max(1, min(parts, total.minor // unit))
    each = total.minor // parts // unit * unit
    return (*(each for _ in range(parts - 1)), total.minor - each * (parts - 1))


def amounts_of(total: Money, each: int) -> tuple[int, ...]:
    """As many amounts of `each` as there are in the total; the last is what is left.

    Where no card pays so little, the one before it leaves as much more as a card needs.
    """
    if each < 1 or total.minor < 1:
        raise ValueError(f"{total} cannot be paid in parts of {each} minor units")
    unit = step(total.currency)
    each = max(unit, each // unit * unit)
    full, rest = divmod(total.minor, each)
    if full + bool(rest) > MOST_PARTS:
        raise TooManyParts(total, Money(minor=each, currency=total.currency))
    lacking = -(-max(0, least_charge(total.currency) - rest) // unit) * unit
    if full and rest and each - lacking >= rest + lacking:
        return (*(each for _ in range(full - 1)), each - lacking, rest + lacking)
    return (*(each for _ in range(full)), *((rest,) if rest else ()))


# dates


def dates(rhythm: Rhythm, first: date, closed: Closed = never_closed) -> Iterator[date]:
    """The dates of a rhythm on which instalments fall, from `first` on, in their order."""
    named = rhythm.anchored(first)
    if not isinstance(named, Payday):
        yield from _regular(named, first)
        return
    latest = first - A_DAY
    gap = timedelta(days=named.days_after)
    for payday in _regular(named.paid, first - gap):
        due = _working_day(payday, closed) + gap
        if due > latest:  # closed days may bring two paydays together
            latest = due
            yield due


def first_dates(
    rhythm: Rhythm, first: date, number: int, closed: Closed = never_closed
) -> tuple[date, ...]:
    """The first so many dates of a rhythm."""
    if closed is never_closed:
        return _open_dates(rhythm, first, number)
    return tuple(islice(dates(rhythm, first, closed), number))


@lru_cache(maxsize=4_096)
def _open_dates(rhythm: Rhythm, first: date, number: int) -> tuple[date, ...]:
    """As `first_dates`, where no day is closed: plans of many people begin on one day."""
    return tuple(islice(dates(rhythm, first), number))


def _regular(rhythm: Weekly | Monthly | NthWeekday, first: date) -> Iterator[date]:
    start = datetime.combine(first, time(0))
    match rhythm:
        case Weekly(every=every, weekday=weekday):
            rule = rrule.rrule(rrule.WEEKLY, start, interval=every, byweekday=weekday)
        case Monthly(day=day):
            rule = rrule.rrule(rrule.MONTHLY, start, bymonthday=_or_the_last(day or first.day))
            rule = rule.replace(bysetpos=-1)
        case NthWeekday(nth=nth, weekday=weekday):
            rule = rrule.rrule(rrule.MONTHLY, start, byweekday=rrule.weekday(weekday, nth))
        case _:
            assert_never(rhythm)
    return (each.date() for each in rule)


def _or_the_last(day: int) -> tuple[int, ...]:
    """The days of which the last that a month has is meant: the 31st may be the 28th."""
    shortest = 28
    return tuple(range(min(day, shortest), day + 1))


def _working_day(day: date, closed: Closed) -> date:
    """The day itself, or the last before it that is not closed."""
    back = (day - timedelta(days=number) for number in range(LONGEST_CLOSURE + 1))
    return next((each for each in back if not closed(each)), day)
