"""What was known of a person when: every decision says it, and so does the person's own row.

The row tells the present. Whatever was noted as a change of it is dated: from then on a change
binds, also where no decision has seen it yet.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Row

from auditor.book import ALL_WEEK, Profile, Wish

OVERLAP = timedelta(seconds=1)
"""Rows carry the time at which their transaction began: closer than this, nobody can tell which of
two came first."""

Known = tuple[datetime, int, Profile]
"""Since when, which revision of the person, and what was known."""

CHANGES = """
select a.person_id, j.recorded_at from journal j join accounts a on a.id = j.account_id
    where j.what = 'wishes'
union all
select person_id, recorded_at from replies
    where person_id is not null and 'wish' = any(string_to_array(understood, ', '))
union all
select person_id, recorded_at from accounts"""
"""When something was written that may have changed what is known of a person: wishes that were told
or written, and placements."""


def note(known: list[Known], since: datetime, facts: dict[str, Any]) -> None:
    """Keep what a decision says was known of the person, unless that is known already."""
    if not any(revision == facts["revision"] and at <= since for at, revision, _ in known):
        known.append((since, facts["revision"], _profile(facts)))


def history(row: Row[Any], known: Iterable[Known], changes: Iterable[datetime]) -> list[Profile]:
    """The person's profiles, oldest first; the latest is the record's own."""
    now, noted = _present(row), sorted(changes)
    told = [
        (since, now if revision == row.revision else profile)
        for since, revision, profile in _forward(known)
    ]
    unseen = [each for each in noted if not told or told[-1][0] < each]
    if unseen and (not told or told[-1][1] != now):
        told.append((unseen[-1] + OVERLAP, now))
    if not told:
        return [now]
    # whatever was wished first was wished at some time: until then nothing was
    profiles = [replace(told[0][1], wishes=())] if told[0][1].wishes else []
    before = None
    for since, profile in told:
        start = _dated(since, before, noted)
        profiles.append(replace(profile, known_from=start if profiles else None))
        before = since
    return profiles


def _forward(known: Iterable[Known]) -> list[Known]:
    """In order; who decides by an older revision than one before has not looked."""
    forward = list[Known]()
    for each in sorted(known, key=lambda known: known[:2]):
        if not forward or each[1] > forward[-1][1]:
            forward.append(each)
    return forward


def _dated(since: datetime, before: datetime | None, noted: Sequence[datetime]) -> datetime:
    """When what was known at a moment came to be known: at the latest change up to then."""
    changes = [each for each in noted if each <= since and (before is None or before < each)]
    return min(since, changes[-1] + OVERLAP) if changes else since


def _present(row: Row[Any]) -> Profile:
    return _profile(
        {
            "zones": row.zones,
            "country": row.country,
            "regions": row.regions,
            "residence_zones": row.residence_zones,
            "language": row.locale,
            "actor": row.actor,
            "sector": row.sector,
            "wishes": row.wishes,
        }
    )


def _profile(facts: dict[str, Any]) -> Profile:
    return Profile(
        zones=tuple(facts["zones"]),
        country=facts["country"],
        regions=tuple(facts.get("regions") or ()),
        residence_zones=tuple(facts.get("residence_zones") or ()),
        language=facts.get("language") or "en",
        actor=facts.get("actor"),
        sector=facts.get("sector"),
        wishes=tuple(_wish(each) for each in facts.get("wishes") or ()),
    )


def _wish(raw: dict[str, Any]) -> Wish:
    return Wish(
        days=frozenset(raw.get("days") or ALL_WEEK),
        opens=_clock(raw.get("opens")),
        closes=_clock(raw.get("closes")),
        never=frozenset(raw.get("never") or ()),
        only=frozenset(raw.get("only") or ()),
        not_at=frozenset(raw.get("not_at") or ()),
        until=date.fromisoformat(raw["until"]) if raw.get("until") else None,
    )


def _clock(told: str | None) -> time | None:
    return time.fromisoformat(told) if told else None
