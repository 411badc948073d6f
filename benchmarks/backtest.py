"""A whole portfolio in virtual time: how fast, how much memory, against SimPy, and where time goes.

`python -m benchmarks.backtest 100000` lives the portfolio that the budget speaks of; without a
number it is 20,000 accounts. Times are CPU time, so that others on the machine disturb them less;
the load of the machine is printed, because they still do.
"""

import math
import os
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from types import FrameType
from typing import Any

from simpy import Environment, Event, Timeout
from simpy.events import URGENT, EventPriority

from compliance import PersonFacts, load_packs
from domain.accounts import Consumer
from journeys import JOURNEYS, journey_called
from simulation.behaviour import Model
from simulation.happenings import Happening, What
from simulation.households import Household
from simulation.lives import NEVER, Life
from simulation.placing import facts_of
from simulation.portfolio import AREA_CODES, LATENESS, MEDIAN, SEVERAL, SPREAD, SUBSCRIPTIONS
from simulation.running import Variant, run
from simulation.world import Account, Person

ACCOUNTS, SLICE = 20_000, 1_000
DAYS, SEED = 180, 7
START = datetime(2026, 11, 17, 15, tzinfo=UTC)
"""A Tuesday, 10:00 in New York."""

BUDGET = "budget: 100,000 accounts in 60 s on one core and 500 MB; kernel at least 0.5 of SimPy"
PACKS, MODEL = load_packs(), Model(SEED)
EVERY = 0.001
"""Seconds of CPU time between two looks at where the time goes."""

A_TICK = timedelta(microseconds=1)
"""SimPy counts in these."""


# the portfolio


def people(accounts: int) -> Iterator[Person]:
    """A portfolio of the demo's make-up, one person at a time: nobody is kept."""
    dice, homes = Random(SEED), [_home(code) for code in AREA_CODES]
    placed = number = 0
    while placed < accounts:
        number += 1
        several = dice.choice((2, 2, 2, 3, 4)) if dice.random() < SEVERAL else 1
        owed = min(accounts - placed, several)
        debts = tuple(_account(placed + each, dice) for each in range(owed))
        yield Person(f"p{number}", homes[number % len(homes)], debts)
        placed += owed


def _home(code: str) -> PersonFacts:
    """What the gate knows of somebody with a number of this area."""
    consumer = {
        "reference": "p",
        "name": "Somebody",
        "country": "US",
        "phone": f"+1{code}5550100",
        "email": "somebody@example.com",
    }
    return facts_of(Consumer.model_validate(consumer))


def _account(number: int, dice: Random) -> Account:
    subscribes = dice.random() < SUBSCRIPTIONS
    ((_, first, last),) = dice.choices(LATENESS, [share for share, _, _ in LATENESS])
    minor = max(1_500, min(500_000, round(math.exp(dice.gauss(math.log(MEDIAN), SPREAD)))))
    return Account(
        account_id=f"acc_{number:06d}",
        journey="subscription" if subscribes else "standard",
        balance=minor // 5 if subscribes else minor,
        currency="USD",
        due_on=(START - timedelta(days=dice.randint(first, last))).date(),
        has_card=subscribes,
    )


class Counts:
    """How often each kind of thing happened: no tally could do less."""

    def __init__(self) -> None:
        """Nothing has happened yet."""
        self.seen: Counter[What] = Counter()

    def person(self, person: Person, lives: Sequence[Sequence[Happening]]) -> None:
        """Count what happened to one person."""
        del person
        for life in lives:
            self.seen.update([each.what for each in life])

    def merge(self, other: "Counts") -> None:
        """Add what another has counted."""
        self.seen.update(other.seen)


def whole(accounts: int, processes: int) -> Counts:
    """Live them all."""
    return run(
        people(accounts),
        [Variant("as it is", JOURNEYS)],
        behaviour=MODEL,
        packs=PACKS,
        start=START,
        days=DAYS,
        new_tally=Counts,
        processes=processes,
    )


def measure(accounts: int, processes: int) -> Counts:
    """Print how long they take, with how much memory."""
    who = resource.RUSAGE_SELF if processes == 1 else resource.RUSAGE_CHILDREN
    wall, before = time.perf_counter(), resource.getrusage(who)
    counts = whole(accounts, processes)
    wall, after = time.perf_counter() - wall, resource.getrusage(who)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    events = counts.seen.total()
    print(
        f"{processes} process{'es' * (processes > 1)}: {accounts:,} accounts, {events:,} happenings"
        f" ({counts.seen[What.CONTACT]:,} contacts) in {cpu:.1f} s of CPU, {wall:.1f} s by the"
        f" wall: {accounts / cpu:,.0f} accounts and {events / cpu:,.0f} happenings a second of CPU,"
        f" {cpu / accounts * 1e5:.0f} s for 100,000; at most {after.ru_maxrss // 1024} MB"
    )
    return counts


# the same lives on two kernels


class Noting(Household):
    """Ours, noting when its kernel lets something happen: something told, or a pause over."""

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 -- as Household has it
        self.told_at: list[datetime] = []
        self.woken_at: list[datetime] = []
        super().__init__(*arguments, **named)

    def _foresee(self, at: datetime, work: Callable[[], None]) -> None:
        super()._foresee(at, partial(self._noted, work))

    def _noted(self, work: Callable[[], None]) -> None:
        self.told_at.append(self.now)
        work()

    def _goes_on(self) -> bool:
        told = len(self.told_at)
        goes_on = super()._goes_on()
        if goes_on and len(self.told_at) == told:
            self.woken_at.append(self.now)
        return goes_on


class OnSimPy(Household):
    """The same lives, engine, gate and behaviour, on SimPy's queue.

    Lean SimPy: no process and no condition, but a timeout with a callback for each thing that lies
    ahead and for each pause. A pause that was cut short stays in the queue and does nothing.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 -- as Household has it
        self._env = Environment()
        self._asleep: dict[Life, datetime] = {}
        super().__init__(*arguments, **named)

    def live(self) -> None:
        """Let everything happen that lies ahead."""
        for life in self._lives:
            life.begin()
        self._sleep()
        self._env.run(until=ticks(self._last) + 1)
        for life in self._lives:
            life.rest()

    def _foresee(self, at: datetime, work: Callable[[], None]) -> None:
        self._schedule(at, URGENT, lambda _: self._let(at, work))

    def _schedule(self, at: datetime, priority: int, work: Callable[[Event], None]) -> None:
        happens = Event(self._env)
        happens._ok, happens._value = True, None  # noqa: SLF001 -- as SimPy's Timeout does
        happens.callbacks.append(work)
        self._env.schedule(happens, EventPriority(priority), max(0, ticks(at) - self._env.now))

    def _let(self, at: datetime, work: Callable[[], None]) -> None:
        self.now = max(self.now, at)
        work()
        self._sleep()

    def _sleep(self) -> None:
        """Have every pause end in time that is not in the queue yet."""
        for number, life in enumerate(self._lives, start=URGENT + 1):
            until = life.until
            if until <= self._last and self._asleep.get(life) != until:
                self._asleep[life] = until
                self._schedule(until, number, partial(self._wake, life, until))

    def _wake(self, life: Life, until: datetime, _: Event) -> None:
        if life.until == until:
            del self._asleep[life]
            self._let(until, life.go_on)


class Sleeper:
    """Sleeps from one instant to the next, and does nothing."""

    def __init__(self, instants: Sequence[datetime]) -> None:
        self._instants = iter(instants)
        self.begin()

    def begin(self) -> None:
        """Sleep until the next instant."""
        self.until = next(self._instants, NEVER)

    go_on = begin

    def rest(self) -> None:
        """Stop."""


class Bare(Household):
    """Our kernel with nothing to do."""

    def __init__(self, told: Sequence[datetime], woken: Sequence[datetime]) -> None:
        self.now, self._last = START, START + timedelta(days=DAYS)
        self._ahead, self._foreseen = [], 0
        for at in told:
            self._foresee(at, nothing)
        self._lives = [Sleeper(woken)]  # type: ignore[list-item]


def nothing() -> None:
    """Do nothing."""


def bare_simpy(told: Sequence[int], woken: Sequence[int]) -> None:
    """SimPy with nothing to do: a timeout for what is told, a process that sleeps."""
    env = Environment()
    for at in told:
        Timeout(env, at).callbacks.append(lambda _: nothing())

    def sleeper() -> Generator[Event, Any, None]:
        for at in woken:
            yield env.timeout(at - env.now)

    env.process(sleeper())
    env.run()


def ticks(at: datetime) -> int:
    """An instant in microseconds from the start: what SimPy counts in here."""
    return (at - START) // A_TICK


def lived(kind: type[Household], person: Person) -> tuple[list[Happening], Any]:
    """A person's life on a kernel, and the household that had it."""
    happened: list[Happening] = []
    home = kind(
        person,
        journey_called=journey_called,
        behaviour=MODEL,
        packs=PACKS,
        start=START,
        last=START + timedelta(days=DAYS),
        tell=happened.append,
        reasons=False,
    )
    home.live()
    return happened, home


def live_all(kind: type[Household], crowd: Sequence[Person]) -> None:
    """Live everybody on a kernel."""
    for person in crowd:
        lived(kind, person)


def idle_here(noted: Sequence[Noting]) -> None:
    """Let as much happen at the same instants, and nothing come of it."""
    for each in noted:
        Bare(each.told_at, each.woken_at).live()


def idle_on_simpy(counted: Sequence[tuple[list[int], list[int]]]) -> None:
    """The same on SimPy, which is given what it counts in."""
    for told, woken in counted:
        bare_simpy(told, woken)


def best(rounds: int, *works: Callable[[], object]) -> list[float]:
    """The shortest CPU time of each, taken in turns so that all meet the same machine."""
    took = [math.inf] * len(works)
    for _ in range(rounds):
        for number, work in enumerate(works):
            began = time.process_time()
            work()
            took[number] = min(took[number], time.process_time() - began)
    return took


def compare(crowd: Sequence[Person]) -> None:
    """Print our rate of events against SimPy's: on the same lives, and with nothing to do."""
    noted = [lived(Noting, person)[1] for person in crowd]
    same = sum(lived(OnSimPy, each)[0] == lived(Household, each)[0] for each in crowd)
    events = sum(len(each.told_at) + len(each.woken_at) for each in noted)
    real = best(3, partial(live_all, Household, crowd), partial(live_all, OnSimPy, crowd))
    counted = [([*map(ticks, each.told_at)], [*map(ticks, each.woken_at)]) for each in noted]
    bare = best(5, partial(idle_here, noted), partial(idle_on_simpy, counted))
    print(f"SimPy lives {same:,} of {len(crowd):,} people to the very same happenings")
    for what, (ours, simpys) in (("the same lives", real), ("nothing to do", bare)):
        print(
            f"{what}: {events:,} events, {events / ours:,.0f} a second here and"
            f" {events / simpys:,.0f} on SimPy: {simpys / ours:.2f} of its rate"
        )


# where the time goes

PARTS = (
    ("/compliance/", "gate"),
    ("/engine/", "engine"),
    ("/journeys/", "journeys"),
    ("/simulation/behaviour", "behaviour"),
    ("/simulation/running", "tally and the rest"),
    ("/benchmarks/", "tally and the rest"),
    ("/simulation/", "world"),
)
"""Whose time it is, by the innermost of these files at work: domain/ works for its callers."""

KERNEL = frozenset({"live", "_goes_on", "_foresee", "expect", "later"})


@contextmanager
def sampled() -> Iterator[Counter[str]]:
    """Look where the program is, a thousand times in a second of its CPU time."""
    seen: Counter[str] = Counter()

    def look(_: int, frame: FrameType | None) -> None:
        seen[_whose(frame)] += 1

    before = signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
    try:
        yield seen
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _whose(frame: FrameType | None) -> str:
    while frame is not None:
        code = frame.f_code
        if code.co_filename.endswith("households.py") and code.co_name in KERNEL:
            return "kernel"
        for path, part in PARTS:
            if path in code.co_filename:
                return part
        frame = frame.f_back
    return "tally and the rest"


def main() -> None:
    """Print speed and memory, on one process and on two; the comparison; and the shares."""
    accounts = int(sys.argv[1]) if len(sys.argv) > 1 else ACCOUNTS
    print(f"{BUDGET}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with sampled() as seen:
        counts = measure(accounts, 1)
    looks = seen.total()
    print(", ".join(f"{part} {n / looks:.0%}" for part, n in seen.most_common()))
    if measure(accounts, 2).seen != counts.seen:
        raise RuntimeError("two processes counted something else than one")
    compare(list(people(SLICE)))
    print(f"load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
