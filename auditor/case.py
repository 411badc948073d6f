"""One contact under examination, with what was known and what had happened when it was made."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from auditor.book import Contact, HeldFrom, Milestone, Person, Profile, Refusal
from auditor.law import Condition, Law, Rule, Tally

NOTHING_LEFT = frozenset({"rejected", "refused", "unavailable"})
"""Statuses of attempts of which nothing left the house."""

DEBIT = "debit"
"""The purpose of a contact that is none: money was taken, or was to be."""

PAID = "paid"
"""The status of a debit that came to its end. Laws count those that failed."""

_IN_FLIGHT = frozenset({"placed", "connected", "could have left a message", "contact made"})
FATES: dict[str, frozenset[str]] = {
    "busy": frozenset({"placed"}),
    "not in service": frozenset({"placed"}),
    "voicemail full": frozenset({"placed", "connected"}),
    "no answer": frozenset({"placed", "connected", "could have left a message"}),
    "voicemail, no message": frozenset({"placed", "connected", "could have left a message"}),
    "dropped": _IN_FLIGHT | {"delivered"},
    "wrong party": _IN_FLIGHT,
    "undelivered": _IN_FLIGHT,
    "voicemail": _IN_FLIGHT | {"delivered"},
    "intended": _IN_FLIGHT | {"delivered"},
    "sent": _IN_FLIGHT | {"delivered"},
    "delivered": _IN_FLIGHT | {"delivered"},
    "unknown": _IN_FLIGHT | {"delivered"},
    "conversation": _IN_FLIGHT | {"delivered", "conversation"},
    PAID: frozenset(),
}
"""What each fate of an attempt is, in the words in which laws count. What is not known counts."""

HALF_A_DAY, A_MONTH = timedelta(hours=12), timedelta(days=30)
"""How long a reply answers: where a rule asks to wait, and where one asks for silence."""

_NOTHING: frozenset[str] = frozenset()


@lru_cache(maxsize=2_000)
def zone(name: str) -> ZoneInfo:
    """An IANA time zone."""
    return ZoneInfo(name)


class Story:
    """A person's contacts in the order of their own time, and the days they fell on."""

    def __init__(self, person: Person, overlap: timedelta) -> None:
        """Sort what happened; attempts of which nothing left are no part of it."""
        self.person = person
        self.overlap = overlap
        self.contacts = sorted(
            (each for each in person.contacts if each.status not in NOTHING_LEFT),
            key=lambda each: (each.at, each.wall, each.key),
        )
        self.profiles = sorted(person.profiles, key=_known_from)
        self._known = [_known_from(each) for each in self.profiles]
        self._days: dict[str, list[int]] = {}
        self.milestones: dict[str, list[Milestone]] = {}
        for each in person.milestones:
            self.milestones.setdefault(each.kind, []).append(each)

    def days(self, zone_name: str) -> list[int]:
        """The ordinal of the date of every contact in a zone."""
        found = self._days.get(zone_name)
        if found is None:
            place = zone(zone_name)
            found = [each.at.astimezone(place).toordinal() for each in self.contacts]
            self._days[zone_name] = found
        return found

    def profile(self, wall: datetime) -> Profile | None:
        """What was known of the person at a moment."""
        number = bisect_right(self._known, wall)
        return self.profiles[number - 1] if number else None


_LONG_AGO = datetime(1900, 1, 1, tzinfo=UTC)


def _known_from(profile: Profile) -> datetime:
    return profile.known_from or _LONG_AGO


class Case:
    """One contact that we began, ready to be held against rules."""

    __slots__ = (
        "_holds",
        "_locals",
        "contact",
        "index",
        "law",
        "profile",
        "story",
        "today",
        "zones",
    )

    def __init__(self, story: Story, index: int, profile: Profile, law: Law) -> None:
        """Look at one of the person's contacts by one law."""
        self.story = story
        self.index = index
        self.contact: Contact = story.contacts[index]
        self.profile = profile
        self.law = law
        self.zones = profile.zones
        self.today = [story.days(name)[index] for name in self.zones]
        self._locals: dict[str, datetime] = {}
        self._holds: list[HeldFrom] | None = None

    def local(self, zone_name: str) -> datetime:
        """What the clock on the wall said there."""
        found = self._locals.get(zone_name)
        if found is None:
            found = self._locals[zone_name] = self.contact.at.astimezone(zone(zone_name))
        return found

    def ages(self, then: datetime) -> list[int]:
        """How many midnights lay between an instant and the contact, in each zone."""
        return [
            today - then.astimezone(zone(name)).toordinal()
            for name, today in zip(self.zones, self.today, strict=True)
        ]

    # what was known

    def stood(self, known_from: datetime, known_to: datetime | None) -> bool:
        """Whether a fact stood against the contact; what was written in the same moment did not."""
        wall, overlap = self.contact.wall, self.story.overlap
        return known_from + overlap <= wall and (known_to is None or wall < known_to - overlap)

    def refusals(self, listed: Sequence[Refusal]) -> Iterator[Refusal]:
        """Opt-outs, or dead addresses, that were known and not taken back."""
        return (each for each in listed if self.stood(each.known_from, each.known_to))

    @property
    def holds(self) -> list[HeldFrom]:
        """Holds on the account that stood on that day in some zone."""
        if self._holds is None:
            first, last = min(self.today), max(self.today)
            self._holds = [
                each
                for each in self.story.person.holds
                if each.account in (None, self.contact.account)
                and self.stood(each.known_from, each.known_to)
                and (each.starts is None or last >= each.starts.toordinal())
                and (each.ends is None or first <= each.ends.toordinal())
            ]
        return self._holds

    def milestones(self, kind: str, channel: str, *, against: bool) -> Iterator[Milestone]:
        """What of that kind counted then, for this debt and channel.

        What speaks against the contact has to have been known before it; what speaks for it may
        have been written down in the same moment.
        """
        contact, overlap = self.contact, self.story.overlap
        wall = contact.wall - overlap if against else contact.wall + overlap
        for each in self.story.milestones.get(kind, ()):
            if (
                each.account in (None, contact.account)
                and (not each.channels or channel in each.channels)
                and each.at <= contact.at
                and each.known_from <= wall
                and (each.until is None or contact.at < each.until)
            ):
                yield each

    def met(self, condition: Condition) -> bool:
        """Whether the facts were as a condition says."""
        if condition.hold is not None:
            return any(each.hold == condition.hold and each.part is None for each in self.holds)
        channel = condition.channel or self.contact.channel
        for each in self.milestones(condition.milestone or "", channel, against=False):
            if condition.direct and not each.direct:
                continue
            ages = self.ages(each.at)
            if condition.within is not None and max(ages) > condition.within:
                continue
            if condition.older is not None and min(ages) <= condition.older:
                continue
            return True
        return False

    def speaks(self, rule: Rule) -> bool:
        """Whether the facts let a rule bind this contact."""
        if rule.when and not all(self.met(each) for each in rule.when):
            return False
        if rule.unless and any(self.met(each) for each in rule.unless):
            return False
        soon = HALF_A_DAY if rule.kind in {"window", "cap", "cooldown"} else A_MONTH
        return not (rule.unless_answering and self.answers(soon))

    def answers(self, within: timedelta) -> bool:
        """Whether this is our one reply to what the person began, by the same channel."""
        if self.contact.purpose != "reply":
            return False
        contacts, channel = self.story.contacts, self.contact.channel
        for number in range(self.index - 1, -1, -1):
            other = contacts[number]
            if other.channel == channel and other.purpose != DEBIT:
                fresh = self.contact.at - other.at < within
                return other.inbound and fresh and other.status != "conversation"
        return False

    # what had happened

    def matches(self, tally: Tally, other: Contact) -> bool:
        """Whether another contact is one of those that are added up."""
        return (
            tally.count in FATES.get(other.status, _NOTHING)
            and other.channel in tally.channels
            and other.purpose in tally.purposes
            and (tally.inbound or not other.inbound)
            and (tally.solicited or not other.solicited)
            and other.place in tally.places
            and other.dial in tally.dials
            and self._in_scope(tally.scope, other)
        )

    def _in_scope(self, scope: str, other: Contact) -> bool:
        if scope == "person":
            return True
        if scope == "account":
            return concerns(other, self.contact.account)
        if scope == "channel" or not self.contact.address:
            return other.channel == self.contact.channel
        return other.address == self.contact.address

    def earlier(self, tally: Tally, zone_name: str, first_day: int) -> Iterator[int]:
        """Numbers of contacts before this one, from a day on, that are added up; latest first."""
        days, contacts = self.story.days(zone_name), self.story.contacts
        number = self.index - 1
        while number >= 0 and days[number] >= first_day:
            if self.matches(tally, contacts[number]):
                yield number
            number -= 1


def concerns(contact: Contact, account: str) -> bool:
    """Whether an account was a subject of the contact."""
    return account == contact.account or account in contact.debts
