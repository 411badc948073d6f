"""Rule packs: whom they bind, from when to when, and what they say."""

from bisect import bisect_right
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, Field, model_validator

from compliance.calendars import Calendar
from compliance.facts import Actor, PersonFacts, Sector
from compliance.money import MoneyRule
from compliance.rules import AnyRule, Disclosure, Part, Period, Retention, Window
from domain.accounts import country_code
from domain.contacts import Purpose
from domain.people import RegionCode

LONGEST = timedelta(days=38)
"""The longest window for what contacts are usually for: so far back every contact is known."""

COMMON = frozenset({Purpose.DEMAND, Purpose.REPLY})
"""Those purposes. Contacts for others are few, and known for ever."""

MOST_KINDS_OF_PEOPLE = 10_000
"""How many combinations of person and request are remembered before all are forgotten."""

MOST_INSTANTS = 20_000
"""How many instants are remembered likewise."""

Worked = TypeVar("Worked")


class PackError(ValueError):
    """A pack file that cannot be used; says where, and what was expected."""


class Applies(Part):
    """Whom a pack binds. What is not said binds everybody; what is not known of a person binds."""

    countries: tuple[Annotated[str, AfterValidator(country_code)], ...] = ()
    regions: tuple[RegionCode, ...] = ()
    """ISO 3166-2, or UN/LOCODE without its space. A region that is not known is not bound."""
    actors: tuple[Actor, ...] = ()
    sectors: tuple[Sector, ...] = ()
    creditors: tuple[str, ...] = ()

    def to(self, facts: PersonFacts) -> bool:
        """Whether this person is one of those."""
        return (
            (not self.countries or facts.country in self.countries)
            and (not self.regions or any(region in self.regions for region in facts.regions))
            and (not self.actors or facts.actor is None or facts.actor in self.actors)
            and (not self.sectors or facts.sector is None or facts.sector in self.sectors)
            and (not self.creditors or facts.creditor in self.creditors)
        )


class Tightening(Part):
    """A rule of another pack, made stricter. Only the fields that change are given."""

    rule: str
    change: dict[str, Any] = Field(min_length=1)
    cite: str


class Pack(Part):
    """Rules of one source that take effect together."""

    id: str
    title: str
    version: str
    """New whenever anything in it changes, such as 2026.11.1."""
    effective_from: date
    effective_to: date | None = None
    """The first day on which it is no longer in force."""
    applies_to: Applies = Applies()
    notes: str = ""
    disclosures: tuple[Disclosure, ...] = ()
    rules: tuple[AnyRule, ...] = ()
    periods: tuple[Period, ...] = ()
    retention: tuple[Retention, ...] = ()
    money: tuple[MoneyRule, ...] = ()
    """What payments pay first, and what may be added to a debt."""
    tightens: tuple[Tightening, ...] = ()

    @model_validator(mode="after")
    def _in_force_at_some_time(self) -> Self:
        if self.effective_to is not None and self.effective_to <= self.effective_from:
            raise ValueError("effective_to must be after effective_from")
        return self

    @property
    def name(self) -> str:
        """Id and version, as decisions record it."""
        return f"{self.id}@{self.version}"

    @property
    def calendars(self) -> frozenset[str]:
        """Names of the calendars that its rules read; `region` stands for the person's own."""
        reading = (
            each for each in (*self.rules, *self.periods) if isinstance(each, Window | Period)
        )
        return frozenset(name for each in reading for name in each.holidays)

    @property
    def changes(self) -> frozenset[date]:
        """The days on which it comes into force and goes out of it."""
        return frozenset(day for day in (self.effective_from, self.effective_to) if day)

    def in_force(self, on: date) -> bool:
        """Whether it is in force on that day."""
        return self.effective_from <= on and (self.effective_to is None or on < self.effective_to)


class Memory:
    """What was worked out from packs and nothing but what is alike."""

    __slots__ = ("_kept", "_most", "recall")

    def __init__(self, most: int) -> None:
        """Keep so much, and forget it all once it gets more."""
        self._most = most
        self._kept: dict[Hashable, Any] = {}
        self.recall = self._kept.get
        """What was worked out for all that is alike in this; None if nothing was."""

    def remember(self, alike: Hashable, what: object) -> None:
        """Keep what was worked out."""
        if len(self._kept) >= self._most:
            self._kept.clear()
        self._kept[alike] = what


class Packs:
    """All packs together with their calendars: the law as this house knows it."""

    def __init__(self, packs: Iterable[Pack], calendars: Iterable[Calendar] = ()) -> None:
        """Join packs and calendars; PackError for what one refers to and another lacks."""
        self._packs = tuple(packs)
        self.calendars = {calendar.id: calendar for calendar in calendars}
        self._edges = sorted({day for pack in self._packs for day in pack.changes})
        self._worked_out = Memory(MOST_KINDS_OF_PEOPLE)
        self.recall, self.remember = self._worked_out.recall, self._worked_out.remember
        self.instants = Memory(MOST_INSTANTS)
        """Instants at which the gate was asked, with what is the same for everybody alike."""
        self.last_asked: tuple[Any, ...] | None = None
        """What the gate was asked last by this law, and its answer: often it is asked twice."""
        _check_together(self._packs, self.calendars)

    def __iter__(self) -> Iterator[Pack]:
        return iter(self._packs)

    def binding(self, facts: PersonFacts, days: Iterable[date]) -> list[Pack]:
        """Those that bind this person on some of the days."""
        dates = tuple(days)
        return [
            pack
            for pack in self._packs
            if any(map(pack.in_force, dates)) and pack.applies_to.to(facts)
        ]

    def changes(self, facts: PersonFacts) -> list[date]:
        """The days on which other packs come into force for this person, in order."""
        theirs = (pack for pack in self._packs if pack.applies_to.to(facts))
        return sorted({day for pack in theirs for day in pack.changes})

    def once(
        self, facts: PersonFacts, days: Collection[date], what: Hashable, work: Callable[[], Worked]
    ) -> Worked:
        """What comes of `work` that needs only `what` and the packs that bind this person then.

        It is worked out once for all people who are alike: those whom the same packs bind, on all
        days between two changes of packs. `days` come in their order.
        """
        alike = (facts.country, facts.regions, facts.actor, facts.sector, facts.creditor)
        key = (what, self.era(days), alike)
        found: Worked | None = self.recall(key)
        if found is None:
            found = work()
            self.remember(key, found)
        return found

    def era(self, days: Collection[date]) -> tuple[int, ...]:
        """Between which changes of packs these days lie."""
        edges = self._edges
        return tuple([bisect_right(edges, day) for day in days])

    def without(self, *ids: str) -> "Packs":
        """The same without some packs."""
        kept = [pack for pack in self._packs if pack.id not in ids]
        return Packs(kept, self.calendars.values())


def _check_together(packs: Sequence[Pack], calendars: dict[str, Calendar]) -> None:
    seen = set[str]()
    for pack in packs:
        if pack.name in seen:
            raise PackError(f"{pack.name}: two packs of that id and version")
        seen.add(pack.name)
        _check_windows(pack)
        _check_disclosures(pack, packs)
        for missing in sorted(pack.calendars - calendars.keys() - {"region"}):
            raise PackError(
                f"{pack.name}: no calendar {missing!r}: expected one of"
                f" {', '.join(sorted(calendars)) or 'none'}"
            )


def _check_disclosures(pack: Pack, packs: Sequence[Pack]) -> None:
    """One pack's words never take the place of another's: an overlay could loosen by that."""
    for each in pack.disclosures:
        if each.instead_of is None:
            continue
        by = {
            other.id
            for other in packs
            for said in other.disclosures
            if said.says == each.instead_of
        }
        if by != {pack.id}:
            raise PackError(
                f"{pack.name}: the disclosure of {each.says} would take the place of"
                f" '{each.instead_of}', which is not this pack's alone: leave instead_of out"
            )


def _check_windows(pack: Pack) -> None:
    for rule in pack.rules:
        days = getattr(rule, "days", None)
        counted = getattr(rule, "counts", None) or getattr(rule, "after", None)
        purposes: frozenset[Purpose] = getattr(counted, "purposes", frozenset())
        if days is not None and timedelta(days=days) > LONGEST and purposes & COMMON:
            raise PackError(
                f"{pack.name}: {rule.id}: days: {days} is more than {LONGEST.days}: so far back"
                " contacts are known; count other purposes only, or fewer days"
            )
