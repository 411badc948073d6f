"""Periods that begin when something was sent, such as that in which a debt may be disputed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from compliance.calendars import Calendar, business_days_after
from compliance.rules import Period
from domain.people import WEEK


@dataclass(frozen=True)
class Ran:
    """How a period runs for something that was sent on one day."""

    receipt: date
    """The day on which it may be taken to have arrived."""
    ends: date
    """The last day of the period."""


def run(period: Period, sent: date, calendars: Mapping[str, Calendar]) -> Ran:
    """The days of a period for what was sent on that day. LookupError beyond the calendars."""
    named = [calendars[name] for name in period.holidays]
    if period.business_days:
        off = frozenset[date]().union(*(calendar.dates for calendar in named))
        weekend = {WEEK.index(day) for day in period.weekend}
        receipt = business_days_after(sent, period.receipt_days, off, weekend)
    else:
        receipt = sent + timedelta(days=period.receipt_days)
    for calendar in named:
        if not (calendar.knows(sent) and calendar.knows(receipt)):
            raise LookupError(
                f"calendar {calendar.id}: nobody has looked at {receipt.year} yet; it knows"
                f" {calendar.first_year} to {calendar.last_year}"
            )
    return Ran(receipt=receipt, ends=receipt + timedelta(days=period.days))
