"""What a backtest measures: every figure of a report is a ratio of what was counted.

`docs/backtest.md` says how each is worked out, and how to read it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from domain.money import exponent
from simulation.costs import Costs
from simulation.deeds import Deed
from simulation.tallies import (
    ACCOUNTS,
    ARRANGED,
    BROKE,
    BUCKETS,
    BY_THEMSELVES,
    ENDED_WELL,
    KEPT,
    MOST,
    PAID,
    PEOPLE,
    PLACED,
    PLANS,
    RECOVERED,
    RESOLVED,
    Counts,
)

ALL = "all"
ANSWERED, UNANSWERED = "answered", "not answered"
SATURDAY = 5


class Unit(StrEnum):
    """What a figure is in."""

    SHARE = "share"
    """From 0 to 1."""
    COLLECTED = "of money"
    """Money for money: below 0 if more went back than came."""
    PER_ACCOUNT = "per account"
    PER_PERSON = "per person"
    MONEY = "money per account"
    """In whole units of the portfolio's currency."""
    MINUTES = "minutes"
    PER_DAY = "per working day"
    COUNT = "count"


class Good(StrEnum):
    """Which way is better, if one is."""

    UP = "up"
    DOWN = "down"
    NEITHER = "neither"


class Part(StrEnum):
    """Parts of a report."""

    MONEY = "Money"
    AGEING = "Ageing"
    PLANS = "Payment plans"
    CONTACTS = "Contacts"
    PEOPLE = "What people do"
    LAW = "The law"
    WORK = "Work for people of ours"
    COST = "Cost"


class Metric(NamedTuple):
    """Something that is measured."""

    name: str
    """As files and thresholds call it."""
    part: Part
    unit: Unit
    good: Good
    title: str
    says: str


def _of_money() -> Iterator[Metric]:
    part = Part.MONEY
    yield Metric(
        *("collected", part, Unit.COLLECTED, Good.UP),
        *("Collected", "of the balance that was placed, by the last day"),
    )
    yield Metric(
        *("collected-by-day", part, Unit.COLLECTED, Good.UP),
        *("Collected by day", "of the balance that was placed, by the end of the day"),
    )
    yield Metric(
        *("cured", part, Unit.SHARE, Good.UP),
        *("Cured", "accounts that ended paid in full or settled"),
    )
    yield Metric(
        *("ended", part, Unit.SHARE, Good.NEITHER),
        *("How accounts stand", "accounts by how they stand on the last day"),
    )
    part = Part.AGEING
    yield Metric(
        *("rolled", part, Unit.SHARE, Good.DOWN),
        *("Rolled on", "of accounts in the bucket at a month's end: a later one at the next"),
    )
    yield Metric(
        *("brought-back", part, Unit.SHARE, Good.UP),
        *("Brought back", "of accounts in the bucket at a month's end: paid or on a plan then"),
    )


def _of_plans_and_contacts() -> Iterator[Metric]:
    part = Part.PLANS
    yield Metric(
        *("plans", part, Unit.SHARE, Good.UP), *("Plans begun", "accounts that began a plan")
    )
    yield Metric(
        *("plans-kept", part, Unit.SHARE, Good.UP),
        *("Plans kept", "of plans begun: never broken, and paid or under way on the last day"),
    )
    yield Metric(
        *("plans-broken", part, Unit.SHARE, Good.DOWN),
        *("Plans broken", "of plans begun: an instalment stayed away at some time"),
    )
    yield Metric(
        *("plans-recovered", part, Unit.SHARE, Good.UP),
        *("Plans recovered", "of plans broken: paid or under way again on the last day"),
    )
    part = Part.CONTACTS
    yield Metric(
        *("contacts", part, Unit.PER_ACCOUNT, Good.DOWN),
        *("Contacts", "contacts that left us, for each account"),
    )
    yield Metric(
        *("messages", part, Unit.PER_ACCOUNT, Good.NEITHER),
        *("Messages", "contacts that left us, for each account, by message"),
    )
    yield Metric(
        *("most-in-7-days", part, Unit.PER_PERSON, Good.DOWN),
        *("Most in 7 days", "the most contacts that a person had within 7 days, on average"),
    )
    yield Metric(
        *("peak-in-7-days", part, Unit.COUNT, Good.DOWN),
        *("Peak in 7 days", "the most contacts that anybody had within 7 days"),
    )


def _of_people_and_law() -> Iterator[Metric]:
    part = Part.PEOPLE
    yield Metric(
        *("self-service", part, Unit.SHARE, Good.UP),
        *("Self-service", "of accounts paid, settled or on a plan: without a person of ours"),
    )
    yield Metric(
        *("opted-out", part, Unit.SHARE, Good.DOWN),
        *("Opted out", "people who opted out of a channel"),
    )
    yield Metric(
        *("stopped", part, Unit.SHARE, Good.DOWN),
        *("Stopped all contact", "people who asked us to cease"),
    )
    yield Metric(
        *("complaints", part, Unit.SHARE, Good.DOWN),
        *("Complaints", "accounts about which somebody complained"),
    )
    yield Metric(
        *("disputes", part, Unit.SHARE, Good.DOWN), *("Disputes", "accounts that were disputed")
    )
    yield Metric(
        *("did", part, Unit.SHARE, Good.NEITHER),
        *("All that people did", "accounts about which somebody did this at least once"),
    )
    part = Part.LAW
    yield Metric(
        *("refused", part, Unit.PER_ACCOUNT, Good.DOWN),
        *("Refused", "contacts that the law refused, for each account"),
    )
    yield Metric(
        *("waited", part, Unit.PER_ACCOUNT, Good.NEITHER),
        *("Made to wait", "waits that the law asked for, for each account"),
    )


def _of_work_and_cost() -> Iterator[Metric]:
    part = Part.WORK
    yield Metric(
        *("tasks", part, Unit.PER_ACCOUNT, Good.DOWN),
        *("Tasks", "what was handed to a person of ours, for each account"),
    )
    yield Metric(
        *("tasks-per-day", part, Unit.PER_DAY, Good.DOWN),
        *("Tasks a day", "tasks on a working day with this portfolio, on average"),
    )
    yield Metric(
        *("calls", part, Unit.PER_ACCOUNT, Good.DOWN),
        *("Calls", "calls that a person of ours made, for each account"),
    )
    yield Metric(
        *("work", part, Unit.MINUTES, Good.DOWN),
        *("Work", "minutes of work, for each account"),
    )
    yield Metric(
        *("work-by-day", part, Unit.MINUTES, Good.NEITHER),
        *("Work by day", "minutes of work that come on the working day, in all"),
    )
    yield Metric(
        *("agents", part, Unit.COUNT, Good.DOWN),
        *("Agents", "agents who keep the service level with this portfolio"),
    )
    part = Part.COST
    yield Metric(
        *("cost", part, Unit.MONEY, Good.DOWN),
        *("Cost", "contacts and people's time, for each account"),
    )
    yield Metric(
        *("cost-of-collecting", part, Unit.COLLECTED, Good.DOWN),
        *("Cost of collecting", "of what was collected"),
    )
    yield Metric(
        *("net", part, Unit.COLLECTED, Good.UP),
        *("Collected less cost", "of the balance that was placed"),
    )


METRICS = {
    each.name: each
    for each in (
        *_of_money(),
        *_of_plans_and_contacts(),
        *_of_people_and_law(),
        *_of_work_and_cost(),
    )
}
"""Every metric by its name, in the order of a report."""


class Ratio(NamedTuple):
    """A figure, as so much of so much."""

    much: float
    of: float

    @property
    def value(self) -> float | None:
        """The figure; None where there is nothing of which it could be a part."""
        return self.much / self.of if self.of else None


Name = tuple[str, str]
"""A metric, and what of it: a day, a bucket, a rule; empty for the metric as a whole."""
Figures = dict[Name, Ratio]


class _Sums:
    """Counts, put in order: what stands alone, and what is counted by kind."""

    def __init__(self, counts: Counts) -> None:
        self.alone: dict[str, int] = {}
        self.kinds: dict[str, dict[str | int, int]] = {}
        for key, number in counts.items():
            if isinstance(key, str):
                self.alone[key] = number
            else:
                self.kinds.setdefault(key[0], {})[key[1]] = number

    def __getitem__(self, name: str) -> int:
        return self.alone.get(name, 0)

    def of(self, kind: str, name: str | int) -> int:
        """How many of a kind have that name, or fall on that day."""
        return self.kinds.get(kind, {}).get(name, 0)

    def named(self, kind: str) -> list[tuple[str, int]]:
        """All of a kind by name, in the order of names."""
        return sorted((str(name), number) for name, number in self.kinds.get(kind, {}).items())

    def all(self, kind: str) -> int:
        """All of a kind together."""
        return sum(self.kinds.get(kind, {}).values())


@dataclass(frozen=True)
class Measure:
    """How a portfolio's counts are measured."""

    start: datetime
    days: int
    currency: str
    people: int
    """In the whole portfolio: what comes in a day is told for all of them."""
    costs: Costs

    @property
    def knows_costs(self) -> bool:
        """Whether there are prices in the portfolio's currency."""
        return self.costs.currency == self.currency

    def figures(self, counts: Counts) -> Figures:
        """Every figure of these counts."""
        sums, found = _Sums(counts), Figures()
        for several in (
            self._money(sums),
            _ageing(sums),
            _plans(sums),
            _contacts(sums),
            _people(sums),
            _law(sums),
            self._work(sums),
            self._cost(sums),
        ):
            found.update(several)
        return found

    def _money(self, sums: _Sums) -> Iterator[tuple[Name, Ratio]]:
        placed, accounts, so_far = sums[PLACED], sums[ACCOUNTS], 0
        for day in range(self.days + 1):
            so_far += sums.of("collected", day)
            yield ("collected-by-day", str(day)), Ratio(so_far, placed)
        yield ("collected", ""), Ratio(so_far, placed)
        yield ("cured", ""), Ratio(sum(sums.of("ended", each) for each in ENDED_WELL), accounts)
        for closure, number in sums.named("ended"):
            yield ("ended", closure), Ratio(number, accounts)

    def _work(self, sums: _Sums) -> Iterator[tuple[Name, Ratio]]:
        accounts = sums[ACCOUNTS]
        yield ("tasks", ALL), Ratio(sums.all("asked"), accounts)
        for reason, number in sums.named("asked"):
            yield ("tasks", reason), Ratio(number, accounts)
        on_a_day = sums.all("asked") * self.people / len(self.working_days)
        yield ("tasks-per-day", ""), Ratio(on_a_day, sums[PEOPLE])
        for said, kind in ((ANSWERED, "talked"), (UNANSWERED, "rang")):
            yield ("calls", said), Ratio(sums.all(kind), accounts)
        work = self._minutes(sums)
        yield ("work", ""), Ratio(sum(work.values()), accounts)
        for day, minutes in work.items():
            yield ("work-by-day", day.isoformat()), Ratio(minutes * self.people, sums[PEOPLE])

    def _minutes(self, sums: _Sums) -> dict[date, float]:
        """Minutes of work by working day: what comes on a weekend waits for Monday."""
        minutes, work = self.costs.minutes, dict.fromkeys(self.working_days, 0.0)
        each_takes = (("tasks", minutes.task), ("talked", minutes.talk), ("rang", minutes.ring))
        for kind, figure in each_takes:
            for number, day in enumerate(self._working):
                work[day] += sums.of(kind, number) * float(figure.is_)
        return work

    @cached_property
    def working_days(self) -> Sequence[date]:
        """Mondays to Fridays, up to the one on which the last day's work can be done."""
        return tuple(dict.fromkeys(self._working))

    @cached_property
    def _working(self) -> Sequence[date]:
        """For each day of the horizon, the working day on which its work is begun."""
        first = self.start.date()
        return [_working_day(first + timedelta(days=number)) for number in range(self.days + 1)]

    def _cost(self, sums: _Sums) -> Iterator[tuple[Name, Ratio]]:
        """What it costs, in whole units; nothing where there are no prices in the currency."""
        if not self.knows_costs:
            return
        major, accounts = 10.0 ** exponent(self.currency), sums[ACCOUNTS]
        prices = {channel.value: float(each.is_) for channel, each in self.costs.contacts.items()}
        parts = {
            channel: number * prices.get(channel, 0.0)
            for channel, number in _by_channel(sums).items()
        }
        hours = sum(self._minutes(sums).values()) / 60
        parts["people's time"] = hours * float(self.costs.hour.is_)
        cost, collected = sum(parts.values()), sums.all("collected") / major
        yield ("cost", ALL), Ratio(cost, accounts)
        for part, each in parts.items():
            yield ("cost", part), Ratio(each, accounts)
        yield ("cost-of-collecting", ""), Ratio(cost, max(collected, 0.0))
        yield ("net", ""), Ratio(collected - cost, sums[PLACED] / major)


def _ageing(sums: _Sums) -> Iterator[tuple[Name, Ratio]]:
    for number, name in enumerate(BUCKETS):
        later = BUCKETS[number + 1 :] or BUCKETS[-1:]
        to = {each: sums.of(f"from {name}", each) for each in (*BUCKETS, ARRANGED, PAID)}
        began = sum(to.values())
        yield ("rolled", name), Ratio(sum(to[each] for each in later), began)
        yield ("brought-back", name), Ratio(to[ARRANGED] + to[PAID], began)


def _plans(sums: _Sums) -> Iterator[tuple[Name, Ratio]]:
    begun, broken = sums[PLANS], sums[BROKE]
    yield ("plans", ""), Ratio(begun, sums[ACCOUNTS])
    yield ("plans-kept", ""), Ratio(sums[KEPT], begun)
    yield ("plans-broken", ""), Ratio(broken, begun)
    yield ("plans-recovered", ""), Ratio(sums[RECOVERED], broken)


def _contacts(sums: _Sums) -> Iterator[tuple[Name, Ratio]]:
    accounts = sums[ACCOUNTS]
    yield ("contacts", ALL), Ratio(sums.all("contact"), accounts)
    for channel, number in _by_channel(sums).items():
        yield ("contacts", channel), Ratio(number, accounts)
    for message, number in sums.named("contact"):
        yield ("messages", message), Ratio(number, accounts)
    yield ("most-in-7-days", ""), Ratio(sums[MOST], sums[PEOPLE])


def _by_channel(sums: _Sums) -> dict[str, int]:
    found = dict[str, int]()
    for message, number in sums.named("contact"):
        channel = message.partition(" ")[0]
        found[channel] = found.get(channel, 0) + number
    return found


def _people(sums: _Sums) -> Iterator[tuple[Name, Ratio]]:
    accounts, people = sums[ACCOUNTS], sums[PEOPLE]
    yield ("self-service", ""), Ratio(sums[BY_THEMSELVES], sums[RESOLVED])
    yield ("opted-out", ""), Ratio(sums.of("person did", Deed.OPTS_OUT.value), people)
    yield ("stopped", ""), Ratio(sums.of("person did", Deed.STOPS.value), people)
    yield ("complaints", ""), Ratio(sums.of("did", Deed.COMPLAINS.value), accounts)
    yield ("disputes", ""), Ratio(sums.of("did", Deed.DISPUTES.value), accounts)
    for deed, number in sums.named("did"):
        yield ("did", deed), Ratio(number, accounts)


def _law(sums: _Sums) -> Iterator[tuple[Name, Ratio]]:
    for kind in ("refused", "waited"):
        yield (kind, ALL), Ratio(sums.all(kind), sums[ACCOUNTS])
        for rule, number in sums.named(kind):
            yield (kind, rule), Ratio(number, sums[ACCOUNTS])


def _working_day(day: date) -> date:
    return day + timedelta(days=7 - day.weekday()) if day.weekday() >= SATURDAY else day


def in_order(names: Iterable[Name]) -> list[Name]:
    """Names of figures in the order of a report: metrics as listed, days as they come."""
    rank = {name: number for number, name in enumerate(METRICS)}

    def place(name: Name) -> tuple[int, bool, int, str]:
        metric, of = name
        if metric == "collected-by-day":
            return rank[metric], False, int(of), ""
        buckets = BUCKETS.index(of) if of in BUCKETS else 0
        return rank[metric], of != ALL, buckets, of

    return sorted(set(names), key=place)
