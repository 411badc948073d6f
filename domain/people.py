"""What is known and wished of a person: facts that rules ask for. No names, no addresses."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from domain.accounts import Hold
from domain.contacts import Channel, Place
from domain.time import local_date, local_instant

RegionCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3}|[A-Z0-9]{3})$")]
"""An ISO 3166-2 subdivision such as US-NY, or a UN/LOCODE without its space such as USNYC."""


class Weekday(StrEnum):
    """Days by the consumer's calendar."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


WEEK = tuple(Weekday)
"""In the order of `date.weekday()`."""


class Wish(BaseModel):
    """How the person wants to be contacted, in their own wall-clock time. Every wish binds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: tuple[Weekday, ...] = WEEK
    """The days that `opens` and `closes` speak of."""
    opens: time | None = None
    """Not before this time on those days."""
    closes: time | None = None
    """Not from this time on, on those days."""
    never: tuple[Weekday, ...] = ()
    """Not at all on these days."""
    only: tuple[Channel, ...] = ()
    """No other channels than these; empty asks for nothing."""
    not_at: tuple[Place, ...] = ()
    """Not at these places, such as work."""
    until: date | None = None
    """The last day on which it binds; without one it binds until it is taken back."""

    @field_validator("opens", "closes")
    @classmethod
    def _on_the_wall(cls, clock: time | None) -> time | None:
        if clock is not None and clock.tzinfo is not None:
            raise ValueError("expected a wall-clock time without a zone, such as 12:00")
        return clock


class MilestoneKind(StrEnum):
    """A dated fact that some rule asks for."""

    DUE = "due"
    """The debt fell due."""
    ASSIGNED = "assigned"
    """The debt was handed to us."""
    VALIDATION_SENT = "validation notice sent"
    VALIDATION_ENDS = "validation period ends"
    """Its last day."""
    NOTICE_SENT = "written notice sent"
    """The written notice that a place wants before any other contact."""
    VERIFICATION_SENT = "verification sent"
    WROTE = "wrote to us"
    """The person wrote to us about the debt from the address of this channel."""
    CONSENT = "consent"
    """The person agreed to be contacted on these channels."""
    AUTHORISATION = "written authorisation"
    """In writing and signed, or similarly authenticated."""
    NUMBER_CHECKED = "reassigned number checked"
    DEBIT_NOTICE = "debit notice sent"
    CREDIT_CARD = "credit card charged"
    """What is charged is a credit card, as Stripe says, and no account of the person's."""
    TIME_BARRED = "time-barred"
    """The time to sue for the debt is over."""
    FURNISHED_NOTICE = "told before furnishing"
    IDENTITY_CHECKED = "identity checked"
    ABANDONED = "abandoned call"


class Milestone(BaseModel):
    """Something that happened on a day and matters to rules: a notice sent, a consent given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: MilestoneKind
    at: AwareDatetime
    account_id: str | None = None
    """The debt it concerns; None concerns the person, and so all of them."""
    channels: tuple[Channel, ...] = ()
    """The channels it concerns; empty concerns all."""
    direct: bool = True
    """Given to us. What a creditor was given does not travel (12 CFR 1006.6(b)(4)(i))."""
    until: AwareDatetime | None = None
    """It counts before this instant only: a consent for less time, or one that was taken back."""


FOR_EVER = 9999
"""A last day in this year is no last day: somebody has to lift the hold."""


class StandingHold(BaseModel):
    """A reason for which nothing leaves, on the days on which it stands."""

    model_config = ConfigDict(frozen=True)

    hold: Hold
    starts: date | None = None
    """Its first day where the consumer is; None: it stands already."""
    ends: date | None = None
    """Its last day; None: until it is lifted."""
    part: int | None = Field(default=None, gt=0)
    """Minor units that it concerns, of the debt; None: all of it."""

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.starts and self.ends and self.ends < self.starts:
            raise ValueError("ends must not be before starts")
        return self

    def stands(self, at: datetime, zones: Sequence[str]) -> bool:
        """Whether `at` is one of its days, in any zone where the person may be."""
        if self.starts is None and self.ends is None:
            return True
        today = [local_date(at, name) for name in zones]
        begun = self.starts is None or max(today) >= self.starts
        return begun and (self.ends is None or min(today) <= self.ends)

    def next_change(self, at: datetime, zones: Sequence[str]) -> datetime | None:
        """The first instant after `at` at which it begins or is over by itself."""
        over = self.ends + timedelta(days=1) if self.ends and self.ends.year < FOR_EVER else None
        changes = [
            local_instant(day, time(0), name)
            for day in (self.starts, over)
            if day is not None and day.year >= at.year
            for name in zones
        ]
        return min((each for each in changes if each > at), default=None)


class Profile(BaseModel):
    """What stands in the record about a person, as far as rules ask. `revision` grows with it."""

    model_config = ConfigDict(frozen=True)

    revision: int = 0
    country: str
    regions: tuple[RegionCode, ...] = ()
    """Region and town beside the country, as far as known: ("US-NY", "USNYC")."""
    zones: tuple[str, ...] = Field(min_length=1)
    """Where the person may be. Without one, no rule could bind, so one is asked for."""
    residence_zones: tuple[str, ...] = ()
    """The zones of the stated address alone; empty: nothing better than `zones` is known."""
    language: str = "en"
    wishes: tuple[Wish, ...] = ()
    milestones: tuple[Milestone, ...] = ()
