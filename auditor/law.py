"""The law as data: the canonical text of packs and calendars, read without help from the gate.

What a field means is said in the packs' own documentation; what is left out of a text has the
usual meaning, which stands here once more.
"""

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from auditor.book import WEEKDAYS, Profile

Raw = dict[str, Any]

CHANNELS = frozenset({"sms", "email", "voice", "letter", "chat", "whatsapp", "visit"})
NO_CONTACT = frozenset({"furnishing", "debit"})
PURPOSES = frozenset(
    {
        "demand",
        "reply",
        "validation notice",
        "notice",
        "remedy notice",
        "opt-out confirmation",
        "consent request",
        "location",
    }
)
PLACES = frozenset({"unknown", "home", "mobile", "work"})
RECIPIENTS = frozenset({"consumer", "spouse", "guarantor", "attorney", "third party"})
DIALS = frozenset({"manual", "automatic", "prerecorded", "ai voice", "ringless"})
END_OF_DAY = 24 * 3600

Hours = tuple[tuple[int, int], ...]
"""Spans in seconds of the day, from and up to."""

Asked = tuple[str, str, str, str, str]
"""Channel, purpose, place, recipient and way to dial of a contact."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A fact on which a rule depends."""

    milestone: str | None
    hold: str | None
    within: int | None
    older: int | None
    direct: bool
    channel: str | None


@dataclass(frozen=True, slots=True)
class Tally:
    """Which contacts are added up."""

    count: str
    channels: frozenset[str]
    purposes: frozenset[str]
    places: frozenset[str]
    dials: frozenset[str]
    inbound: bool
    solicited: bool
    scope: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days off, and the years that somebody has looked at."""

    days: frozenset[int]
    """As ordinals."""
    first_year: int
    last_year: int


@dataclass(frozen=True, eq=False)
class Rule:
    """One rule, with what each kind has of its own."""

    id: str
    pack: str
    kind: str
    cite: str
    says: str
    channels: frozenset[str]
    purposes: frozenset[str]
    places: frozenset[str]
    recipients: frozenset[str]
    dials: frozenset[str]
    when: tuple[Condition, ...]
    unless: tuple[Condition, ...]
    unless_answering: bool
    # window
    week: tuple[Hours, ...] = ()
    holiday_hours: Hours = ()
    wishes: bool = False
    zones: str = "candidates"
    holidays: tuple[str, ...] = ()
    # cap and cooldown
    tally: Tally | None = None
    max: int = 0
    days: int = 0
    calendar: str | None = None
    consent_days: int = 0
    after: str | None = None
    next_day: bool = False
    # hold
    holds: frozenset[str] = frozenset()
    once: frozenset[str] = frozenset()
    # opt-out
    reaches: dict[str, frozenset[str]] | None = None
    # require
    any: tuple[Condition, ...] = ()
    all: tuple[Condition, ...] = ()
    # place
    unreachable: bool = False
    # content
    must_have: frozenset[str] = frozenset()
    must_not: frozenset[str] = frozenset()
    undisputed: bool = False

    def about(self, asked: Asked) -> bool:
        """Whether it speaks of this channel, purpose, place, recipient and way to dial."""
        channel, purpose, place, recipient, dial = asked
        return (
            channel in self.channels
            and purpose in self.purposes
            and place in self.places
            and recipient in self.recipients
            and dial in self.dials
        )


@dataclass(frozen=True, slots=True)
class Pack:
    """Rules that were in force together, for some people."""

    name: str
    starts: int
    ends: int
    """Ordinals; the last day is not in it."""
    countries: frozenset[str]
    regions: frozenset[str]
    actors: frozenset[str]
    sectors: frozenset[str]
    creditors: frozenset[str]
    rules: tuple[Rule, ...]

    def is_for(self, profile: Profile, creditor: str) -> bool:
        """Whether it binds such a person; what is not known of the collector binds."""
        if self.countries and profile.country not in self.countries:
            return False
        if self.regions and not self.regions.intersection(profile.regions):
            return False
        if self.creditors and creditor not in self.creditors:
            return False
        return _open_to(self.actors, profile.actor) and _open_to(self.sectors, profile.sector)


def _open_to(named: frozenset[str], one: str | None) -> bool:
    return not named or one is None or one in named


class Law:
    """One law text. It tells which rules bound a contact on the days on which it was made."""

    def __init__(self, text: str) -> None:
        """Read a law text; ValueError, KeyError or TypeError for one that is none."""
        raw: Raw = json.loads(text)
        self.packs = tuple(map(_pack, raw["packs"]))
        self.calendars = {each["id"]: _calendar(each) for each in raw["calendars"]}
        self.phrases = _phrases(raw["packs"])
        edges = {day for pack in self.packs for day in (pack.starts, pack.ends)}
        self._edges = sorted(edges)
        self._theirs: dict[Any, tuple[Rule, ...]] = {}
        self._bound: dict[Any, tuple[Rule, ...]] = {}

    def binding(
        self, profile: Profile, creditor: str, asked: Asked, days: Sequence[int]
    ) -> tuple[Rule, ...]:
        """Every rule in force on one of the days that speaks of such a contact."""
        eras = {bisect_right(self._edges, day) for day in days}
        who = (profile.country, profile.regions, profile.actor, profile.sector, creditor)
        key = (who, asked, *sorted(eras))
        found = self._bound.get(key)
        if found is None:
            theirs = self._in_force(profile, creditor, days, (who, *sorted(eras)))
            found = self._bound[key] = tuple(rule for rule in theirs if rule.about(asked))
        return found

    def _in_force(
        self, profile: Profile, creditor: str, days: Sequence[int], key: object
    ) -> tuple[Rule, ...]:
        """The rules of all packs that bind such a person on one of the days."""
        found = self._theirs.get(key)
        if found is None:
            found = self._theirs[key] = tuple(
                rule
                for pack in self.packs
                if any(pack.starts <= day < pack.ends for day in days)
                and pack.is_for(profile, creditor)
                for rule in pack.rules
            )
        return found

    @property
    def spoken(self) -> set[str]:
        """Rules that spoke of some contact so far."""
        return {rule.id for rules in self._bound.values() for rule in rules}

    def is_holiday(self, names: Sequence[str], regions: Sequence[str], day: int) -> bool:
        """Whether some calendar named has the day, or has not been looked at for its year."""
        year = date.fromordinal(day).year
        wanted = [each for name in names for each in (regions if name == "region" else (name,))]
        for name in wanted:
            calendar = self.calendars.get(name)
            if calendar is not None and (
                day in calendar.days or not calendar.first_year <= year <= calendar.last_year
            ):
                return True
        return False


def _calendar(raw: Raw) -> Calendar:
    days = frozenset(date.fromisoformat(day).toordinal() for day in raw["days"])
    return Calendar(days, raw["first_year"], raw["last_year"])


def _pack(raw: Raw) -> Pack:
    who: Raw = raw.get("applies_to") or {}
    last = raw.get("effective_to")
    name = f"{raw['id']}@{raw['version']}"
    return Pack(
        name=name,
        starts=date.fromisoformat(raw["effective_from"]).toordinal(),
        ends=date.fromisoformat(last).toordinal() if last else date.max.toordinal() + 1,
        countries=frozenset(who.get("countries", ())),
        regions=frozenset(who.get("regions", ())),
        actors=frozenset(who.get("actors", ())),
        sectors=frozenset(who.get("sectors", ())),
        creditors=frozenset(who.get("creditors", ())),
        rules=tuple(_rule(each, name) for each in raw.get("rules", ())),
    )


def _rule(raw: Raw, pack: str) -> Rule:
    return Rule(
        id=raw["id"],
        pack=pack,
        kind=raw["kind"],
        cite=raw["cite"],
        says=raw["says"],
        channels=frozenset(raw.get("channels", CHANNELS)),
        purposes=frozenset(raw.get("purposes", PURPOSES)),
        places=frozenset(raw.get("places", PLACES)),
        recipients=frozenset(raw.get("recipients", RECIPIENTS)),
        dials=frozenset(raw.get("dials", DIALS)),
        when=_conditions(raw, "when"),
        unless=_conditions(raw, "unless"),
        unless_answering=raw.get("unless_answering", False),
        **_OWN[raw["kind"]](raw),
    )


def _conditions(raw: Raw, name: str) -> tuple[Condition, ...]:
    return tuple(
        Condition(
            milestone=each.get("milestone"),
            hold=each.get("hold"),
            within=each.get("within_days"),
            older=each.get("older_than_days"),
            direct=each.get("direct", False),
            channel=each.get("channel"),
        )
        for each in raw.get(name, ())
    )


def _window(raw: Raw) -> Raw:
    week: dict[str, Hours] = {}
    lines = raw.get("spans", {}).items()
    for named, spans in sorted(lines, key=lambda line: -len(_days_named(line[0]))):
        for day in _days_named(named):
            week[day] = _hours(spans)
    return {
        "week": tuple(week.get(day, ()) for day in WEEKDAYS),
        "holiday_hours": _hours(raw.get("spans", {}).get("holiday", ())),
        "wishes": raw.get("wishes", False),
        "zones": raw.get("zones", "candidates"),
        "holidays": tuple(raw.get("holidays", ())),
    }


def _days_named(named: str) -> Sequence[str]:
    if named == "all":
        return WEEKDAYS
    if named == "weekdays":
        return WEEKDAYS[:5]
    if named == "holiday":
        return ()
    first, _, last = named.partition("-")
    return WEEKDAYS[WEEKDAYS.index(first) : WEEKDAYS.index(last or first) + 1]


def _hours(spans: Iterable[Raw]) -> Hours:
    return tuple(
        (_seconds(each["opens"]), _seconds(each["closes"]) or END_OF_DAY) for each in spans
    )


def _seconds(clock: str) -> int:
    parts = [int(part) for part in clock.split(".", maxsplit=1)[0].split(":")]
    hours, minutes, seconds = (*parts, 0, 0)[:3]
    return hours * 3600 + minutes * 60 + seconds


def _tally(raw: Raw) -> Tally:
    return Tally(
        count=raw.get("count", "placed"),
        channels=frozenset(raw.get("channels", CHANNELS - {"letter"})),
        purposes=frozenset(raw.get("purposes", PURPOSES)),
        places=frozenset(raw.get("places", PLACES)),
        dials=frozenset(raw.get("dials", DIALS)),
        inbound=raw.get("inbound", False),
        solicited=raw.get("solicited", True),
        scope=raw.get("scope", "person"),
    )


def _cap(raw: Raw) -> Raw:
    return {
        "tally": _tally(raw.get("counts", {})),
        "max": raw["max"],
        "days": raw.get("days") or 0,
        "calendar": raw.get("calendar"),
        "consent_days": raw.get("consent_days") or 0,
    }


def _cooldown(raw: Raw) -> Raw:
    after = raw["after"]
    return {
        "after": after if isinstance(after, str) else None,
        "tally": None if isinstance(after, str) else _tally(after),
        "days": raw["days"],
        "next_day": raw.get("first_day", "that day") == "next day",
    }


def _hold(raw: Raw) -> Raw:
    return {"holds": frozenset(raw["holds"]), "once": frozenset(raw.get("once", ()))}


def _optout(raw: Raw) -> Raw:
    reaches = {name: frozenset(each) for name, each in raw.get("reaches", {}).items()}
    return {"reaches": reaches or None}


def _require(raw: Raw) -> Raw:
    return {"any": _conditions(raw, "any"), "all": _conditions(raw, "all")}


def _place(raw: Raw) -> Raw:
    return {"wishes": raw.get("wishes", False), "unreachable": raw.get("unreachable", False)}


def _content(raw: Raw) -> Raw:
    return {
        "must_have": frozenset(raw.get("must_have", ())),
        "must_not": frozenset(raw.get("must_not", ())),
        "undisputed": raw.get("undisputed", False),
    }


_OWN: dict[str, Callable[[Raw], Raw]] = {
    "window": _window,
    "cap": _cap,
    "cooldown": _cooldown,
    "hold": _hold,
    "optout": _optout,
    "require": _require,
    "place_channel": _place,
    "content": _content,
}


def _phrases(packs: Iterable[Raw]) -> dict[str, tuple[str, ...]]:
    """The words of every disclosure, by what they say, in every language."""
    found: dict[str, set[str]] = {}
    for pack in packs:
        for each in pack.get("disclosures", ()):
            found.setdefault(each["says"], set()).update(each["words"].values())
            if each.get("instead_of"):
                found.setdefault(each["instead_of"], set()).update(each["words"].values())
    return {says: tuple(sorted(words)) for says, words in found.items()}
