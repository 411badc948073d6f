"""Periods that begin when a notice is sent, as the packs that bind a person have them."""

from datetime import date, time

from compliance.facts import PersonFacts
from compliance.packs import Packs
from compliance.periods import run
from domain.people import Milestone
from domain.time import local_date, local_instant

NOON = time(12)
"""A last day is written as its noon: so it is the same date in every zone of a country."""


def last_days(sent: Milestone, facts: PersonFacts, packs: Packs) -> tuple[Milestone, ...]:
    """The last day of every period that begins with what was sent, as milestones.

    LookupError for a day that no calendar knows yet.
    """
    zone = facts.zones[0]
    on = local_date(sent.at, zone)
    found: dict[str, date] = {}
    for period in (each for pack in packs.binding(facts, {on}) for each in pack.periods):
        if period.of is sent.kind:
            ends = run(period, on, packs.calendars).ends
            # where several packs give one, the person has until the latest
            found[period.ends] = max(ends, found.get(period.ends, ends))
    return tuple(
        Milestone(kind=kind, at=local_instant(ends, NOON, zone), account_id=sent.account_id)
        for kind, ends in found.items()
    )
