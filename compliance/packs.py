"""Rule packs: whom they bind, from when to when, and what they say."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from compliance.calendars import Calendar
from compliance.facts import Actor, PersonFacts, Sector
from compliance.rules import AnyRule, Disclosure, Part, Period, Retention
from domain.accounts import country_code
from domain.contacts import Purpose
from domain.people import RegionCode

LONGEST = timedelta(days=38)
"""The longest window for what contacts are usually for: so far back every contact is known."""

COMMON = frozenset({Purpose.DEMAND, Purpose.REPLY})
"""Those purposes. Contacts for others are few, and known for ever."""


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

    def in_force(self, on: date) -> bool:
        """Whether it is in force on that day."""
        return self.effective_from <= on and (self.effective_to is None or on < self.effective_to)


class Packs:
    """All packs together with their calendars: the law as this house knows it."""

    def __init__(self, packs: Iterable[Pack], calendars: Iterable[Calendar] = ()) -> None:
        """Join packs and calendars; PackError for what one refers to and another lacks."""
        self._packs = tuple(packs)
        self.calendars = {calendar.id: calendar for calendar in calendars}
        self.cache: dict[Any, Any] = {}
        """What the evaluator works out once for people who are alike."""
        _check_together(self._packs, self.calendars)

    def __iter__(self) -> Iterator[Pack]:
        return iter(self._packs)

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
        named = {name for each in (*pack.rules, *pack.periods) for name in _calendars_of(each)}
        for missing in sorted(named - calendars.keys() - {"region"}):
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


def _calendars_of(rule: object) -> tuple[str, ...]:
    return getattr(rule, "holidays", ())
