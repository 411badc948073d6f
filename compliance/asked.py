"""A question to the gate while it is being answered: facts, a candidate moment, and short cuts.

What costs time here is calendars, so every date is worked out once.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from operator import attrgetter

from compliance.facts import ContactRequest, PastContact, PersonFacts
from compliance.rules import Cap, Condition, Cooldown, Counting, Rule, Scope, Window
from domain.accounts import Hold
from domain.contacts import Channel, ContactStatus, Place, Purpose
from domain.people import Milestone, MilestoneKind, StandingHold
from domain.time import local_instant, zone

MIDNIGHT = time(0)
_AT = attrgetter("at")

HORIZON = timedelta(days=35)
"""How far ahead the gate looks for a lawful instant before it gives up and says so."""

LONGEST_WISH = timedelta(days=400)
"""So far it looks where a wish ends later: one for longer has to be taken back by somebody."""

A_WEEK = timedelta(days=7)

ANSWER_AT_ONCE, ANSWER_WITHIN = timedelta(hours=12), timedelta(days=30)
"""For how long a reply answers what the person wrote: in the same night where a rule would make it
wait, and as long as a question may take where one would refuse it. Our policy: the law gives no
number."""


instant_of = lru_cache(maxsize=65_536)(local_instant)
"""As `local_instant`, remembered: everybody's days begin and end at the same few instants."""


class Asked:
    """A request with the facts, looked at from one candidate moment."""

    __slots__ = ("_began", "_wall", "at", "contacts", "facts", "request", "zones")

    def __init__(self, request: ContactRequest, facts: PersonFacts, at: datetime) -> None:
        """Look at the question from `at`."""
        self.request = request
        self.facts = facts
        self.at = at
        self.contacts = facts.contacts
        self.zones = facts.zones
        self._began = at
        self._wall: dict[str, tuple[date, time]] = {}

    def move(self, at: datetime) -> None:
        """Look at it from another moment."""
        self.at = at
        self._wall = {}

    @property
    def limit(self) -> datetime:
        """How far ahead a lawful instant is looked for."""
        return self._began + _horizon(self.facts, self._began)

    # calendars

    def wall(self, zone_name: str) -> tuple[date, time]:
        """The date and the time of the candidate moment in that zone."""
        found = self._wall.get(zone_name)
        if found is None:
            local = self.at.astimezone(zone(zone_name))
            found = self._wall[zone_name] = (local.date(), local.time())
        return found

    def today(self, zone_name: str) -> date:
        """The date of the candidate moment in that zone."""
        return self.wall(zone_name)[0]

    def days(self) -> tuple[date, ...]:
        """The dates of the candidate moment: two, where midnight lies between the zones."""
        if len(self.zones) == 1:
            return (self.wall(self.zones[0])[0],)
        return tuple(sorted({self.today(name) for name in self.zones}))

    def days_since(self, then: datetime) -> list[int]:
        """How many midnights lie between then and now, in each zone."""
        return [(self.today(name) - then.astimezone(zone(name)).date()).days for name in self.zones]

    def is_over(self, last_day: date) -> bool:
        """Whether that day has ended in every zone."""
        return all(self.today(name) > last_day for name in self.zones)

    # facts

    def counted(self, counting: Counting, start: datetime) -> Sequence[PastContact]:
        """Contacts from `start` on that count, oldest first.

        Scope first, because it leaves fewest: of a hundred contacts each further look tells.
        """
        if not self.contacts:
            return ()
        scope, statuses, channels, purposes, inbound, plain = counting.looks
        since = self.contacts
        if since[0].at < start:
            since = since[bisect_left(since, start, key=_AT) :]
        found = [
            each
            for each in self._in_scope(scope, since)
            if each.status in statuses
            and each.channel in channels
            and each.purpose in purposes
            and (inbound or not each.inbound)
        ]
        return found if plain else [each for each in found if _fits(counting, each)]

    def _in_scope(self, scope: Scope, contacts: Sequence[PastContact]) -> Sequence[PastContact]:
        """Those of the contacts over which a limit adds up."""
        if scope == "person":
            return contacts
        if scope == "account":
            debt = self.request.account_id  # as `about` says it, without a call for each contact
            return [each for each in contacts if each.account_id == debt or debt in each.debts]
        channel = self.request.channel
        used = self.facts.addresses.get(channel)
        if scope == "channel" or used is None:
            return [each for each in contacts if each.channel is channel]
        return [each for each in contacts if each.address == used]

    def milestones(self, kind: MilestoneKind, condition: Condition) -> Iterator[Milestone]:
        """What of that kind counts now, for this debt and channel."""
        return (each for each in self._noted(kind, condition) if each.at <= self.at)

    def _noted(self, kind: MilestoneKind, condition: Condition) -> Iterator[Milestone]:
        """As `milestones`, with those that are yet to come."""
        channel = condition.channel or self.request.channel
        for each in self.facts.milestones:
            if (
                each.kind is kind
                and each.account_id in (None, self.request.account_id)
                and (not each.channels or channel in each.channels)
                and (each.until is None or self.at < each.until)
                and (each.direct or not condition.direct)
            ):
                yield each

    def holds(self, kinds: Collection[Hold]) -> list[StandingHold]:
        """Holds of these kinds that stand now."""
        return [each for each in self.facts.standing(self.at) if each.hold in kinds]

    def meets(self, condition: Condition) -> bool:
        """Whether the facts are as the condition says."""
        if condition.hold is not None:
            return bool(self.holds({condition.hold}))
        if condition.milestone is None:
            return False
        if condition.every:
            noted = list(self._noted(condition.milestone, condition))
            return bool(noted) and all(
                each.at <= self.at and self._in_time(each, condition) for each in noted
            )
        return any(
            self._in_time(each, condition)
            for each in self.milestones(condition.milestone, condition)
        )

    def _in_time(self, milestone: Milestone, condition: Condition) -> bool:
        within, older = condition.within_days, condition.older_than_days
        if within is None and older is None:
            return True
        days = self.days_since(milestone.at)
        return (within is None or max(days) <= within) and (older is None or min(days) > older)

    def binds(self, rule: Rule) -> bool:
        """Whether the facts let the rule speak: its `when`, `unless` and `unless_answering`."""
        return not (
            (rule.when and not all(map(self.meets, rule.when)))
            or (rule.unless and any(map(self.meets, rule.unless)))
            or (rule.unless_answering and self.answering(rule))
        )

    def answering(self, rule: Rule) -> bool:
        """Whether this is the first reply, on the same channel, to what the person just wrote.

        12 CFR 1006 Supplement I, comment 6(b)(1)-2, and 1006.14(h)(2)(ii). A conversation was
        answered while it lasted.
        """
        if self.request.purpose is not Purpose.REPLY:
            return False
        same = (
            each
            for each in reversed(self.contacts)
            if each.channel is self.request.channel and each.at <= self.at
        )
        latest = next(same, None)
        within = ANSWER_AT_ONCE if isinstance(rule, Window | Cap | Cooldown) else ANSWER_WITHIN
        return (
            latest is not None
            and latest.inbound
            and latest.status is not ContactStatus.CONVERSATION
            and self.at - latest.at < within
        )


def _horizon(facts: PersonFacts, at: datetime) -> timedelta:
    """A month and some days; longer where a wish that stands ends later by itself."""
    if not facts.wishes:
        return HORIZON
    ends = [wish.until for wish in facts.wishes if wish.until is not None]
    if not ends:
        return HORIZON
    until = timedelta(days=(max(ends) - at.date()).days) + A_WEEK
    return min(max(HORIZON, until), LONGEST_WISH)


def _fits(counting: Counting, contact: PastContact) -> bool:
    """Whether place, way to dial and the person's asking for it are those that count.

    A call that rang nobody knows where counts at every place.
    """
    return (
        (
            contact.place in counting.places
            or (contact.place is Place.UNKNOWN and contact.channel is Channel.VOICE)
        )
        and contact.dial in counting.dials
        and (counting.solicited or not contact.solicited)
    )
