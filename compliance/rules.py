"""The eight kinds of rule that packs are written in. What each one means stands here, once.

Every rule says whom it binds (channels, purposes, places, recipients, ways to dial, and `when` some
fact stands). All that bind run together, and the strictest wins.
"""

from datetime import time, timedelta
from functools import cached_property
from itertools import combinations
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from compliance.facts import Said
from domain.accounts import Hold
from domain.contacts import (
    CONTACTING,
    COUNTS,
    Channel,
    ContactStatus,
    Count,
    Dial,
    Place,
    Purpose,
    Recipient,
)
from domain.people import WEEK, MilestoneKind, Weekday
from domain.time import zone

Force = Literal["statute", "regulation", "presumption", "guidance", "policy"]
Certainty = Literal["V", "S", "M", "P"]


class Part(BaseModel):
    """Anything inside a pack: nothing is guessed, and nothing unknown is let by."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Condition(Part):
    """Facts under which a rule binds, or a requirement is met. All that are named must be so."""

    milestone: MilestoneKind | None = None
    """It has happened, for this debt or the person, and counts for this channel."""
    within_days: int | None = Field(default=None, ge=1, le=3660)
    """And at most so many days ago: a day counts from midnight to midnight where they are."""
    older_than_days: int | None = Field(default=None, ge=0, le=3660)
    """And more than so many days ago."""
    every: bool = False
    """And so it is with each of its kind, one that is yet to come among them."""
    direct: bool = False
    """And it was given to us, not to the creditor."""
    hold: Hold | None = None
    """Such a hold stands."""
    channel: Channel | None = None
    """The milestone concerns this channel, whatever the channel of the request."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if (self.milestone is None) == (self.hold is None):
            raise ValueError("expected exactly one of milestone and hold")
        return self


class Rule(Part):
    """What every rule states: its id, words for people, the source, and how sure we are of it."""

    id: str
    says: str
    """In plain words, to be read after "because"."""
    cite: str
    force: Force
    verified: Certainty
    """V law read, S secondary source, M from memory, P our policy and not law."""
    source: str = ""
    """Where it was read, and when."""
    channels: frozenset[Channel] = frozenset(Channel)
    purposes: frozenset[Purpose] = CONTACTING
    places: frozenset[Place] = frozenset(Place)
    """Whoever dials without knowing where it rings is bound whatever stands here."""
    recipients: frozenset[Recipient] = frozenset(Recipient)
    dials: frozenset[Dial] = frozenset(Dial)
    when: tuple[Condition, ...] = ()
    """Binds only if all of these are so."""
    unless: tuple[Condition, ...] = ()
    """Does not bind if any of these is so."""
    unless_answering: bool = False
    """Does not bind the one reply, on the same channel, to a contact that the person began."""
    lifts: str = ""
    """What would have to change, where the kind of rule does not say it by itself."""


def _wall_clock(value: object) -> object:
    if isinstance(value, int | float):  # YAML reads 21:00 without quotes as the number 1260
        raise ValueError('expected a wall-clock time in quotes, such as "21:00"')  # noqa: TRY004
    return value


class Span(Part):
    """`[opens, closes)` by the wall clock. Written "08:00-21:00"; "24:00" is the end of the day."""

    opens: time
    closes: time
    """00:00 stands for the end of the day."""

    @model_validator(mode="before")
    @classmethod
    def _written(cls, value: object) -> object:
        if not isinstance(value, str):
            if isinstance(value, int | float):
                _wall_clock(value)
            return value
        opens, dash, closes = value.partition("-")
        if not dash:
            raise ValueError(f'{value!r}: expected a span such as "08:00-21:00"')
        return {"opens": opens.strip(), "closes": closes.strip().replace("24:00", "00:00")}

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if self.opens.tzinfo is not None or self.closes.tzinfo is not None:
            raise ValueError('expected times of the wall clock, without a zone, such as "21:00"')
        if self.closes != time(0) and self.opens >= self.closes:
            raise ValueError("opens must be before closes, on one day")
        return self


DAYS = {
    "all": WEEK,
    "weekdays": WEEK[:5],
    **{day.value: (day,) for day in WEEK},
    **{
        f"{first.value}-{last.value}": WEEK[start : end + 1]
        for start, first in enumerate(WEEK)
        for end, last in enumerate(WEEK)
        if start < end
    },
}
"""Names of days that spans may be given for; "sun-thu" is written "sun" and "mon-thu"."""

Spans = Annotated[tuple[Span, ...], BeforeValidator(lambda each: each if each != "closed" else ())]


class Window(Rule):
    """Only inside wall-clock spans: in every zone where the person may be, or in those named."""

    kind: Literal["window"]
    spans: dict[str, Spans] = Field(default_factory=dict)
    """By days: all, weekdays, mon … sun, mon-fri and the like; the narrower line wins. `holiday`
    stands for the days of `holidays`, which are otherwise days like any other. A day that is not
    named, or named "closed", is closed."""
    wishes: bool = False
    """The spans are those the person wished for, and `spans` is empty."""
    zones: Literal["candidates", "residence"] | str = "candidates"  # noqa: PYI051 -- says what is usual
    """Every candidate zone, those of the stated address, or one IANA zone by name."""
    holidays: tuple[str, ...] = ()
    """Calendars of `compliance/calendars`, such as AU; `region` means the person's own region."""

    @model_validator(mode="after")
    def _spans_or_wishes(self) -> Self:
        if self.wishes == bool(self.spans):
            raise ValueError("expected spans, or wishes: true, and not both")
        for days in self.spans:
            if days not in DAYS and days != "holiday":
                raise ValueError(f"{days!r} names no days: expected all, mon … sun, mon-fri …")
        for one, other in combinations([name for name in self.spans if name in DAYS], 2):
            mine, theirs = {*DAYS[one]}, {*DAYS[other]}
            if mine & theirs and not (mine < theirs or theirs < mine):
                raise ValueError(
                    f"{one!r} and {other!r} share days, and neither is part of the other:"
                    " say each day once, or one inside the other"
                )
        return self

    @model_validator(mode="after")
    def _zones_there_are(self) -> Self:
        if self.zones not in {"candidates", "residence"}:
            try:
                zone(self.zones)
            except ValueError as error:
                raise ValueError(f"zones: {error}, nor candidates or residence") from error
        return self

    @cached_property
    def week(self) -> dict[Weekday, tuple[Span, ...]]:
        """The spans of every day of the week: of the lines that name it, the narrowest."""
        wide_first = sorted(self.spans.keys() & DAYS.keys(), key=lambda name: -len(DAYS[name]))
        return {day: self.spans[name] for name in wide_first for day in DAYS[name]}


Scope = Literal["person", "account", "address", "channel"]
"""Over what contacts are added up: a `person` is one consumer in one creditor's book, so this also
is person and creditor; `account` is one debt, `address` the number or mailbox, `channel` the way.
"""


Looks = tuple[Scope, frozenset[ContactStatus], frozenset[Channel], frozenset[Purpose], bool, bool]


class Counting(Part):
    """Which past contacts count."""

    count: Count = Count.PLACED
    channels: frozenset[Channel] = frozenset(Channel) - {Channel.LETTER}
    purposes: frozenset[Purpose] = CONTACTING
    places: frozenset[Place] = frozenset(Place)
    dials: frozenset[Dial] = frozenset(Dial)
    inbound: bool = False
    """Contacts that the person began count, too."""
    solicited: bool = True
    """Contacts that the person asked for, or agreed to, count, too."""
    scope: Scope = "person"

    @cached_property
    def looks(self) -> Looks:
        """The fields at which most contacts are told apart, read at once for a hundred contacts.

        The last says whether the others (places, ways to dial, solicited) make no difference.
        """
        plain = self.solicited and len(self.places) == len(Place) and len(self.dials) == len(Dial)
        statuses = COUNTS[self.count]
        return (self.scope, statuses, self.channels, self.purposes, self.inbound, plain)


class Cap(Rule):
    """At most `max` counted contacts in a window of calendar days, today included.

    In `days` consecutive days, or in the calendar month or week (from Monday) of the person.
    """

    kind: Literal["cap"]
    max: int = Field(ge=0)
    days: int | None = Field(default=None, ge=1, le=366)
    calendar: Literal["month", "week"] | None = None
    counts: Counting = Counting()
    consent_days: int | None = Field(default=None, ge=1, le=366)
    """Contacts do not count inside a consent given directly to us, from its day for so many days,
    unless it ended before; a conversation ends it (12 CFR 1006.14(b)(3)(i))."""

    @model_validator(mode="after")
    def _one_window(self) -> Self:
        if (self.days is None) == (self.calendar is None):
            raise ValueError("expected exactly one of days and calendar")
        return self


class Cooldown(Rule):
    """Silence for some calendar days after something happened."""

    kind: Literal["cooldown"]
    after: Counting | MilestoneKind
    """A counted contact, or a milestone of this debt or the person."""
    days: int = Field(ge=1, le=366)
    first_day: Literal["that day", "next day"] = "that day"
    """Which day is day 1. Contact is free again at midnight after the last."""

    @cached_property
    def silence(self) -> timedelta:
        """From the midnight with which the day of the trigger begins to the end of the last."""
        return timedelta(days=self.days + (self.first_day == "next day"))


class HoldRule(Rule):
    """These holds refuse contact for the purposes named."""

    kind: Literal["hold"]
    holds: frozenset[Hold] = Field(min_length=1)
    once: frozenset[Purpose] = frozenset()
    """Purposes that are allowed a single time about this debt."""


class OptOut(Rule):
    """A person's refusal of a channel binds."""

    kind: Literal["optout"]
    reaches: dict[Channel, frozenset[Channel]] = Field(default_factory=dict)
    """An opt-out of one channel that also closes others, for the ways to dial of this rule."""


class Require(Rule):
    """Something has to be true first: a consent, a check, a notice."""

    kind: Literal["require"]
    any: tuple[Condition, ...] = ()
    """At least one of these."""
    all: tuple[Condition, ...] = ()
    """Every one of these."""

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if not self.any and not self.all:
            raise ValueError("expected conditions under any or all")
        return self


class PlaceChannel(Rule):
    """Not through this channel, at this place, to this recipient or dialled in this way.

    It refuses whatever it binds. With `wishes`, it refuses what the person wished not to get.
    """

    kind: Literal["place_channel"]
    wishes: bool = False
    unreachable: bool = False
    """Refuses a channel for which we hold no usable address."""

    @model_validator(mode="after")
    def _one_meaning(self) -> Self:
        if self.wishes and self.unreachable:
            raise ValueError("expected wishes or unreachable, and not both: write two rules")
        return self


class ContentRule(Rule):
    """What a message must, or must not, say. Asked once it is written."""

    kind: Literal["content"]
    must_have: frozenset[Said] = frozenset()
    must_not: frozenset[Said] = frozenset()
    undisputed: bool = False
    """Must not ask for more than is owed apart from the parts that are held."""

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if not self.must_have and not self.must_not and not self.undisputed:
            raise ValueError("expected must_have, must_not or undisputed")
        return self


AnyRule = Annotated[
    Window | Cap | Cooldown | HoldRule | OptOut | Require | PlaceChannel | ContentRule,
    Field(discriminator="kind"),
]


class Disclosure(Part):
    """Words that a message must carry; they are put in by the pack, never by an author."""

    says: Said
    cite: str
    channels: frozenset[Channel]
    purposes: frozenset[Purpose] = CONTACTING
    first: bool = False
    """Only in the first communication about a debt, where it takes the place of `instead_of`."""
    instead_of: Said | None = None
    when: tuple[Condition, ...] = ()
    words: dict[str, str] = Field(min_length=1)
    """By language."""


class Period(Part):
    """A period that begins when something was sent, such as that of a validation notice.

    Receipt is assumed `receipt_days` after sending; with `business_days`, weekends and the days of
    `holidays` do not count. The last day is `days` calendar days after receipt.
    """

    id: str
    of: MilestoneKind
    ends: MilestoneKind
    receipt_days: int = Field(ge=0, le=60)
    business_days: bool = False
    weekend: tuple[Weekday, ...] = (Weekday.SAT, Weekday.SUN)
    holidays: tuple[str, ...] = ()
    days: int = Field(ge=1, le=366)
    says: str
    cite: str
    force: Force
    verified: Certainty
    source: str = ""


class Retention(Part):
    """How long records are kept after the last collection activity, or after they were made."""

    id: str
    keeps: Literal["evidence", "recordings"]
    years: int = Field(ge=1, le=30)
    after: Literal["last activity", "itself"]
    says: str
    cite: str
    force: Force
    verified: Certainty
    source: str = ""
