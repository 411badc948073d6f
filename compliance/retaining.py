"""How long the law wants a person's records kept, and what says so."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from compliance.facts import PersonFacts
from compliance.packs import Packs

EVIDENCE = "evidence"
"""What is kept here of a person. Recordings are not: calls are not recorded."""


@dataclass(frozen=True, order=True)
class Kept:
    """A rule for which records are kept."""

    until: date
    """The last day on which they have to be there."""
    rule: str
    says: str
    cite: str


def retained(
    packs: Packs, known: Iterable[tuple[PersonFacts, date]], today: date
) -> tuple[Kept, ...]:
    """The rules that bind today, the one that binds longest first.

    `known` has for each of the person's accounts what is known of it, and the day of the last
    activity on it.
    """
    found = {
        Kept(_years_after(last, rule.years), rule.id, rule.says, rule.cite)
        for facts, last in known
        for pack in packs.binding(facts, (last, today))
        for rule in pack.retention
        if rule.keeps == EVIDENCE
    }
    return tuple(sorted((each for each in found if each.until >= today), reverse=True))


def _years_after(day: date, years: int) -> date:
    """The same day of a later year; of 29 February, the day after it."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
