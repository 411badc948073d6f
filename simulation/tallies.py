"""Counting simulated lives: whole numbers only, in memory that does not grow with the portfolio.

People are counted in a hundred groups, by a hash of their reference. A group holds sums, and
nobody's life. Everything that a report says comes from these sums; how far it may be off comes from
leaving out one group after another (see `simulation.comparing`). Whole numbers add up to the same
in any order, so that any number of processes gives the same report.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Self
from zlib import crc32

from domain.accounts import PAID_UP
from domain.contacts import COUNTED, Channel, ContactStatus
from simulation.deeds import Deed
from simulation.happenings import Happening, What
from simulation.people import Account, Person

GROUPS = 100
"""So many estimates, each without one group, tell an interval to about 7 % of its width."""

WEEK = timedelta(days=7)
OPEN = "open"
"""Where an account stands that no closure has ended."""

PAID, ARRANGED, NOT_DUE = "paid", "on a plan", "not due"
BUCKETS = ("1-30", "31-60", "61-90", "over 90")
"""Days past due."""

BROKEN, ON_PLAN = "broken_plan", "on_plan"
"""Stages of every journey that has plans: their names are stored for ever."""

ENDED_WELL = frozenset(each.value for each in PAID_UP)
ACCEPTED = frozenset({Deed.ACCEPTS_PLAN.value, Deed.ACCEPTS_BY_HAND.value})
OF_PEOPLE = frozenset({Deed.OPTS_OUT.value, Deed.STOPS.value})
"""Deeds that concern all accounts of a person: people are counted, not accounts."""
LEFT = frozenset(each.value for each in COUNTED)
VOICE = f"{Channel.VOICE.value} "
TALKED = ContactStatus.CONVERSATION.value

PEOPLE, ACCOUNTS, PLACED = "people", "accounts", "placed"
MOST = "most contacts in 7 days"
PLANS, KEPT, BROKE, RECOVERED = "plans", "plans kept", "plans broken", "plans recovered"
RESOLVED, BY_THEMSELVES = "resolved", "resolved by themselves"

Key = str | tuple[str, str] | tuple[str, int]
Counts = defaultdict[Key, int]
"""Sums by what is counted: one of the names above, or a kind and a name or day of that kind."""


def month_ends(start: datetime, days: int) -> list[tuple[datetime, date]]:
    """The months that end within the horizon: the instant in UTC, and the last day."""
    found, day = list[tuple[datetime, date]](), start.astimezone(UTC).date()
    while True:
        day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        edge = datetime(day.year, day.month, 1, tzinfo=UTC)
        if edge > start + timedelta(days=days):
            return found
        found.append((edge, day - timedelta(days=1)))


def bucket(days_past_due: int) -> str:
    """The bucket of so many days past due."""
    if days_past_due < 1:
        return NOT_DUE
    return BUCKETS[min((days_past_due - 1) // 30, len(BUCKETS) - 1)]


class Tallies:
    """What happened under each variant: sums by group, and the most of what has a most."""

    def __init__(self, variants: int, *, start: datetime, days: int) -> None:
        """Begin with nothing, for lives of that horizon."""
        self.groups: list[list[Counts]] = [
            [defaultdict(int) for _ in range(GROUPS)] for _ in range(variants)
        ]
        self.peaks = [0] * variants
        """The most contacts that anybody had within 7 days."""
        self._start = start
        self._ends = month_ends(start, days)

    def person(self, person: Person, lives: Sequence[Sequence[Happening]]) -> None:
        """Count one person's lives, one for each variant, each in the order of time."""
        number = crc32(person.reference.encode()) % GROUPS
        for variant, life in enumerate(lives):
            watch = _Watch(person, self.groups[variant][number], self._start, self._ends)
            watch.see(life)
            self.peaks[variant] = max(self.peaks[variant], watch.finish())

    def merge(self, other: Self) -> None:
        """Add what another has counted."""
        for mine, theirs in zip(self.groups, other.groups, strict=True):
            for counts, more in zip(mine, theirs, strict=True):
                for key, number in more.items():
                    counts[key] += number
        self.peaks = [max(both) for both in zip(self.peaks, other.peaks, strict=True)]


class _Fate:
    """What has become of an account so far."""

    __slots__ = ("account", "begun", "broke", "closure", "did", "is_kept", "stood", "touched")

    def __init__(self, account: Account) -> None:
        self.account = account
        self.closure = OPEN
        self.begun = self.broke = self.is_kept = self.touched = False
        self.stood = ""
        """Where it stood at the last month's end."""
        self.did: set[str] = set()

    def stands(self, day: date) -> str:
        """Where it stands at the end of that day."""
        if self.closure in ENDED_WELL:
            return PAID
        return ARRANGED if self.is_kept else bucket((day - self.account.due_on).days)


class _Watch:
    """Watches one life of a person, and counts."""

    __slots__ = ("_at", "_counts", "_ends", "_fates", "_made", "_start")

    def __init__(
        self,
        person: Person,
        counts: Counts,
        start: datetime,
        ends: Sequence[tuple[datetime, date]],
    ) -> None:
        self._counts = counts
        self._start = start
        self._ends: Iterator[tuple[datetime, date]] = iter(ends)
        self._fates = {each.account_id: _Fate(each) for each in person.accounts}
        self._made: list[datetime] = []

    def see(self, life: Sequence[Happening]) -> None:
        """Count what happens, in the order of time."""
        end = next(self._ends, None)
        for each in life:
            while end is not None and each.at >= end[0]:
                self._month_ends(end[1])
                end = next(self._ends, None)
            seen = _SEEN.get(each.what)
            if seen is not None:
                seen(self, each, self._fates[each.account])
        while end is not None:
            self._month_ends(end[1])
            end = next(self._ends, None)

    def finish(self) -> int:
        """Count what is known at the end; gives the most contacts within 7 days."""
        counts, most = self._counts, self._most()
        counts[PEOPLE] += 1
        counts[MOST] += most
        for deed in OF_PEOPLE:
            counts["person did", deed] += any(deed in fate.did for fate in self._fates.values())
        for fate in self._fates.values():
            counts[ACCOUNTS] += 1
            counts[PLACED] += fate.account.balance
            counts["ended", fate.closure] += 1
            self._count_plan(fate)
            if fate.closure in ENDED_WELL or fate.begun:
                counts[RESOLVED] += 1
                counts[BY_THEMSELVES] += not fate.touched
        return most

    def _count_plan(self, fate: _Fate) -> None:
        if fate.begun:
            mended = fate.is_kept or fate.closure in ENDED_WELL
            self._counts[PLANS] += 1
            self._counts[BROKE] += fate.broke
            self._counts[KEPT] += mended and not fate.broke
            self._counts[RECOVERED] += mended and fate.broke

    def _most(self) -> int:
        made, most, first = self._made, 0, 0
        for last, at in enumerate(made):
            while at - made[first] >= WEEK:
                first += 1
            most = max(most, last - first + 1)
        return most

    def _month_ends(self, day: date) -> None:
        for fate in self._fates.values():
            stands = fate.stands(day)
            if fate.stood:
                self._counts[f"from {fate.stood}", stands] += 1
            fate.stood = stands

    def _day(self, happening: Happening) -> int:
        return (happening.at - self._start).days

    def stage(self, happening: Happening, fate: _Fate) -> None:
        """A stage begins: a plan that breaks, or goes on, is told by its name."""
        fate.closure = OPEN
        if happening.detail == BROKEN and fate.begun:
            fate.broke, fate.is_kept = True, False
        elif happening.detail == ON_PLAN:
            fate.is_kept = fate.begun

    def waited(self, happening: Happening, _: _Fate) -> None:
        """The law lets a contact wait."""
        self._counts["waited", happening.rule] += 1

    def refused(self, happening: Happening, _: _Fate) -> None:
        """The law refuses a contact."""
        self._counts["refused", happening.rule] += 1

    def contact(self, happening: Happening, fate: _Fate) -> None:
        """A contact was tried: one that left us counts."""
        if happening.status not in LEFT:
            return
        self._made.append(happening.at)
        self._counts["contact", happening.detail] += 1
        if happening.detail.startswith(VOICE):
            talked = happening.status == TALKED
            self._counts["talked" if talked else "rang", self._day(happening)] += 1
            fate.touched = fate.touched or talked

    def did(self, happening: Happening, fate: _Fate) -> None:
        """The consumer did something: each account counts once for each deed."""
        deed = happening.detail
        if deed not in fate.did:
            fate.did.add(deed)
            self._counts["did", deed] += 1
        if deed in ACCEPTED:
            fate.begun = fate.is_kept = True

    def paid(self, happening: Happening, _: _Fate) -> None:
        """Money came."""
        self._counts["collected", self._day(happening)] += happening.minor

    def reversed(self, happening: Happening, _: _Fate) -> None:
        """Money went back."""
        self._counts["collected", self._day(happening)] -= happening.minor

    def handed(self, happening: Happening, fate: _Fate) -> None:
        """A person of ours was asked."""
        fate.touched = True
        self._counts["asked", happening.detail] += 1
        self._counts["tasks", self._day(happening)] += 1

    def closed(self, happening: Happening, fate: _Fate) -> None:
        """The journey is over."""
        fate.closure = happening.detail


_SEEN: dict[What, Callable[[_Watch, Happening, _Fate], None]] = {
    What.STAGE: _Watch.stage,
    What.WAITED: _Watch.waited,
    What.REFUSED: _Watch.refused,
    What.CONTACT: _Watch.contact,
    What.DID: _Watch.did,
    What.PAID: _Watch.paid,
    What.REVERSED: _Watch.reversed,
    What.HANDED: _Watch.handed,
    What.CLOSED: _Watch.closed,
}
