"""What an audit reads: people and what was known of them when, contacts, and the provider's list.

Two clocks run. `at` is the account's time, which rules speak of; accounts that are worked in fast
motion run ahead of the wall. `wall` and `known_from` are the wall's, and tell what was known before
what. Where nothing runs ahead they are the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALL_WEEK = frozenset(WEEKDAYS)


@dataclass(frozen=True, slots=True)
class Wish:
    """How a person wants to be contacted, by their own clock."""

    days: frozenset[str] = ALL_WEEK
    opens: time | None = None
    closes: time | None = None
    never: frozenset[str] = frozenset()
    only: frozenset[str] = frozenset()
    not_at: frozenset[str] = frozenset()
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """Who and where a person was, as known from a moment on."""

    zones: tuple[str, ...]
    country: str
    regions: tuple[str, ...] = ()
    residence_zones: tuple[str, ...] = ()
    language: str = "en"
    actor: str | None = None
    sector: str | None = None
    wishes: tuple[Wish, ...] = ()
    unreachable: frozenset[str] = frozenset()
    known_from: datetime | None = None
    """None: from the beginning."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An opt-out, or that an address is dead: of one channel or all, of one address or any."""

    known_from: datetime
    known_to: datetime | None = None
    channel: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class HeldFrom:
    """A hold, on one account or on all of the person's."""

    hold: str
    known_from: datetime
    known_to: datetime | None = None
    account: str | None = None
    starts: date | None = None
    ends: date | None = None
    part: int | None = None


@dataclass(frozen=True, slots=True)
class Milestone:
    """Something that happened once: a notice sent, a consent given."""

    kind: str
    at: datetime
    known_from: datetime
    account: str | None = None
    channels: frozenset[str] = frozenset()
    direct: bool = True
    until: datetime | None = None


@dataclass(slots=True)
class Contact:
    """One attempt to reach a person, or one of theirs to reach us."""

    key: str
    account: str
    channel: str
    at: datetime
    wall: datetime
    purpose: str = "demand"
    status: str = "sent"
    inbound: bool = False
    address: str = ""
    place: str = "unknown"
    recipient: str = "consumer"
    dial: str = "manual"
    debts: tuple[str, ...] = ()
    solicited: bool = False
    text: str | None = None
    """The words that reached the provider; None if nobody can read them, as in a call."""
    currency: str | None = None
    demanded: int | None = None
    """Minor units that were asked for by the decision, or taken by a debit."""
    balance: int | None = None
    """Minor units that were owed by the decision."""
    owed: int | None = None
    """The same by the ledger."""
    law: str | None = None
    """The law that the decision went by; None: the one in force then."""
    allowed: bool = True
    """Whether some decision on record allowed it."""
    unasked: bool = False
    """A call that people of ours made, and about which nobody asked the gate: it needs no decision,
    and is held against the law like every other."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What somebody wrote to us, in their own words."""

    key: str
    account: str
    channel: str
    words: str
    wall: datetime
    refusals: Sequence[Refusal] = ()
    """What is on record of the writer and of their addresses."""


@dataclass(slots=True)
class Person:
    """A consumer in one creditor's book, with all that was known and done."""

    id: str
    creditor: str = ""
    creditor_name: str = ""
    profiles: Sequence[Profile] = ()
    """Oldest first."""
    optouts: Sequence[Refusal] = ()
    dead: Sequence[Refusal] = ()
    """Addresses that were known not to work."""
    holds: Sequence[HeldFrom] = ()
    milestones: Sequence[Milestone] = ()
    contacts: Sequence[Contact] = ()


@dataclass(frozen=True, slots=True)
class Over:
    """From when on an account was over: paid, closed or recalled."""

    since: datetime
    why: str
    own_time: bool = False
    """Whether that is the account's time and not the wall's."""


@dataclass(frozen=True, slots=True)
class Send:
    """A message that a provider got."""

    id: str
    channel: str
    to: str
    text: str
    at: datetime
    key: str | None = None
    """The contact's key, where the provider was given it."""


@dataclass(frozen=True, slots=True)
class Link:
    """A decision as it stands in the chain of its account, without its text, which is long."""

    account: str
    seq: int
    contact: str
    previous: str
    hash: str
    """As it was written."""
    told: str
    """As it follows from the text."""
    contradiction: str | None = None
    """What the row says otherwise than the text."""
    law: str = ""
    recorded_at: datetime | None = None
    slept: bool = False
    """It is a wait that the account had slept through before it was written down."""


@dataclass(slots=True)
class Book:
    """Everything that an audit needs."""

    laws: dict[str, str]
    """Law texts by id."""
    law_changes: Sequence[tuple[datetime | None, str]] = ()
    """From when on (by the wall) which law was in force, oldest first."""
    people: Sequence[Person] = ()
    over: Mapping[str, Sequence[Over]] = field(default_factory=dict)
    """Accounts on which nothing may be demanded any more, and why."""
    sends: Sequence[Send] | None = None
    """What the providers got; None if nobody asked them."""
    chain: Sequence[Link] = ()
    heard: Sequence[Heard] = ()
    by_provider: bool = False
    """Judge by the time at which the provider got a message: where nothing runs ahead of the wall,
    that is when the person was contacted."""
    overlap: timedelta = timedelta(0)
    """How far apart two writings may be on the wall and still count as made at the same time."""
