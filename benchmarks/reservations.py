"""How many contacts Postgres can reserve a second, against a bare insert of the same row.

A reservation is the first transaction of `reach_out`: the person's lock, the facts, the gate, its
verdict as a link of the chain, and the intent, committed. The words are at hand; what it comes to
with rendering them is printed beside it. The disk's syncs are left out if there is memory to put
the database in.

Clients and server share the processors, so what counts is the CPU that one reservation takes of
both. The last line is the race: of fifty threads that want a contact with one person, exactly as
many pass as the cap allows.
"""

import itertools
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial, wraps
from multiprocessing import get_context
from pathlib import Path
from threading import Barrier
from typing import Any

from activities import contacts as activity
from activities.contacts import Clocks, Contacts, Patience
from compliance.laws import LAWS, shipped_id
from compliance.orders import ReachOut
from domain.accounts import Consumer, Placement
from domain.contacts import Channel, sms
from domain.money import Money
from providers.messages import Messages, Rendered
from stack import stack_in_thread
from storage import Database, accounts, contacts, creditors, laws, looking
from storage.migrate import upgrade
from tests.stack.programs import open_directory, quick_disk

PEOPLE, EACH, RACERS = 48, 20, 50
ROUNDS = 5
"""Other work on the machine slows one round and not the next: the best of them is told, too."""
PROCESSORS = os.cpu_count() or 1
CREWS = ((1, 1), (PROCESSORS, 1), (PROCESSORS, 2))
"""How many processes, and how many connections of each."""
NOON = datetime(2026, 11, 17, 17, 0, tzinfo=UTC)
NUMBERS, DAYS = itertools.count(), itertools.count(step=3)
INTENT = """
insert into contacts (
    key, account_id, person_id, channel, message, purpose, link, at, tried_at, address, status,
    words
) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', 'intended', '{}')"""
PARTS: dict[str, tuple[Any, str]] = {
    "lock and read": (looking, "look"),
    "gate": (activity, "decide"),
    "render": (Messages, "render"),
    "write": (contacts, "decide"),
}
WORK: dict[str, Callable[[ReachOut], object]] = {}
"""What a process can do with an order."""


class AtHand(Messages):
    """Messages whose words are at hand once they were written."""

    _before: Rendered | None = None

    def render(self, *what: Any, **more: Any) -> Rendered:  # noqa: ANN401 -- all of one message
        """The words that were written first."""
        self._before = self._before or super().render(*what, **more)
        return self._before


@dataclass(frozen=True)
class Share:
    """What one process did: when, and the seconds of CPU that it took."""

    began: float
    ended: float
    cpu: float


@dataclass(frozen=True, order=True)
class Pace:
    """How a crew worked: orders a second, and the microseconds of CPU that each took."""

    rate: float
    client: float
    server: float

    def __str__(self) -> str:
        both = self.client + self.server
        return f"{self.rate:5.0f}/s ({self.client:.0f} + {self.server:.0f} = {both:.0f} µs of CPU)"


def place(database: Database, number: int) -> Placement:
    """Put a person with one account on record."""
    person = Consumer(
        reference=f"C{number}", name="Alex Morgan", country="US", phone=f"+12125550{100 + number}"
    )
    placement = Placement(
        creditor="acme",
        reference=f"A{number}",
        balance=Money(minor=20_000, currency="USD"),
        due_on=NOON.date(),
        consumer=person,
    )
    with database.transaction() as session:
        accounts.write(session, placement, workflow_id=f"account/acme/A{number}", at=NOON)
    return placement


def order(placement: Placement, day: int) -> ReachOut:
    """A contact at noon of that day, which the gate allows."""
    key = f"account/acme/{placement.reference}#{next(NUMBERS)}"
    at = NOON + timedelta(days=day)
    return ReachOut(key=key, account_id=placement.account_id, at=at, message=sms("nudge"))


def wishes(crowd: list[Placement]) -> list[list[ReachOut]]:
    """Twenty contacts for each person, far enough apart to be allowed."""
    days = [next(DAYS) for _ in range(EACH)]
    return [[order(person, day) for day in days] for person in crowd]


def hands_on(database: Database, messages: type[Messages]) -> Contacts:
    """The activity, with nothing to send with."""
    carriers: Any = {Channel.SMS: None}
    return Contacts(
        database,
        carriers=carriers,
        messages=messages(packs=LAWS.called(shipped_id())),
        clocks=Clocks(wall=lambda: NOON, fast_forward=True),
        patience=Patience(in_all=timedelta(minutes=1)),
        public_url="http://127.0.0.1",
    )


def begin(url: str, threads: int, whose: dict[str, str]) -> None:
    """Make a process ready to work; `whose` has the person of each account."""
    database = Database(url, pool_size=threads)
    LAWS.fetch_from(laws.fetcher(database))
    WORK["insert"] = partial(insert, database, whose)
    WORK["reserve"] = partial(reserve, hands_on(database, AtHand))
    WORK["render too"] = partial(reserve, hands_on(database, Messages))


def reserve(hands: Contacts, wish: ReachOut) -> None:
    """Reserve a contact that the gate allows."""
    answer = hands._prepare(wish)  # noqa: SLF001 -- the part measured
    assert isinstance(answer, datetime), answer  # the lease for a call


def insert(database: Database, whose: dict[str, str], wish: ReachOut) -> None:
    """Write the intent alone."""
    channel, message, purpose = wish.message.channel, wish.message.name, wish.message.purpose
    row = (wish.key, wish.account_id, whose[wish.account_id], channel.value, message, purpose.value)
    with database.quick() as line:
        line.ask((INTENT, (*row, wish.key, wish.at, NOON)), last=True)


def work(what: str, threads: int, rows: list[list[ReachOut]]) -> Share:
    """Do the orders of some people, on several threads, each person's in turn."""

    def in_turn(mine: list[ReachOut]) -> None:
        for each in mine:
            WORK[what](each)

    began, spent = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(in_turn, rows))
    return Share(began, time.perf_counter(), time.process_time() - spent)


@dataclass(frozen=True)
class Crew:
    """Processes that work at once, each with some connections."""

    pool: ProcessPoolExecutor
    processes: int
    threads: int
    database: Database
    crowd: list[Placement]

    def paces(self, what: str) -> list[Pace]:
        """How they did twenty orders for everybody, in each round, the slowest first."""
        self._do(what)  # they warm up
        return sorted(self._pace(what) for _ in range(ROUNDS))

    def _pace(self, what: str) -> Pace:
        spent = self._server()
        shares = self._do(what)
        server = sum(after - spent.get(each, 0) for each, after in self._server().items())
        number = len(self.crowd) * EACH
        took = max(each.ended for each in shares) - min(each.began for each in shares)
        client = sum(each.cpu for each in shares)
        return Pace(number / took, client / number * 1e6, server / number * 1e6)

    def _do(self, what: str) -> list[Share]:
        rows = wishes(self.crowd)
        split = [rows[each :: self.processes] for each in range(self.processes)]
        return list(self.pool.map(partial(work, what, self.threads), split))

    def _server(self) -> dict[int, float]:
        """Seconds of CPU that Postgres' processes took so far, as Linux tells it."""
        with self.database.quick() as line:
            pids = [pid for (pid,) in line.execute("select pid from pg_stat_activity")]
        times = {each: Path(f"/proc/{each}/schedstat").read_text().split() for each in pids}
        return {each: int(times[each][0]) / 1e9 for each in pids}


def measure(database: Database, url: str, crowd: list[Placement]) -> None:
    """Print the rates of crews, with the CPU of each order here and in Postgres."""
    whose = {each.account_id: each.person_id for each in crowd}
    for processes, threads in CREWS:
        known = (url, threads, whose)
        with ProcessPoolExecutor(processes, get_context("spawn"), begin, known) as pool:
            crew = Crew(pool, processes, threads, database, crowd)
            print(f"{processes} processes, {threads} connections each: here + in Postgres")
            for what in ("reserve", "render too", "insert"):
                paces = crew.paces(what)
                print(f"  {what:11} {paces[-1]} at best, {paces[ROUNDS // 2]} in the middle")


def measure_parts(crowd: list[Placement]) -> None:
    """Print what a reservation spends its time on."""
    with timed() as spent:
        work("render too", 1, wishes(crowd))
    for part, took in spent.items():
        print(f"  {part:14}{statistics.median(took) * 1e6:7.0f} µs")


def timing(work: Callable[..., Any], spent: list[float]) -> Callable[..., Any]:
    """The same work, with a note of how long each call took."""

    @wraps(work)
    def timed_work(*args: object, **more: object) -> object:
        began = time.perf_counter()
        try:
            return work(*args, **more)
        finally:
            spent.append(time.perf_counter() - began)

    return timed_work


@contextmanager
def timed() -> Iterator[dict[str, list[float]]]:
    """Note how long each part of a reservation takes, until the block ends."""
    spent: dict[str, list[float]] = defaultdict(list)
    real = {part: getattr(owner, name) for part, (owner, name) in PARTS.items()}
    for part, (owner, name) in PARTS.items():
        setattr(owner, name, timing(real[part], spent[part]))
    try:
        yield spent
    finally:
        for part, (owner, name) in PARTS.items():
            setattr(owner, name, real[part])


def race(database: Database, someone: Placement) -> None:
    """Let many threads want a contact at one moment, and count those that pass."""
    start, day, hands = Barrier(RACERS), next(DAYS), hands_on(database, Messages)

    def try_for(wish: ReachOut) -> bool:
        start.wait()
        answer = hands._prepare(wish)  # noqa: SLF001 -- the part measured
        return isinstance(answer, datetime)

    with ThreadPoolExecutor(RACERS) as pool:
        passed = sum(pool.map(try_for, [order(someone, day) for _ in range(RACERS)]))
    print(f"{RACERS} threads for the one contact of a day: {passed} passed")


def main() -> None:
    """Start a database of its own, and measure."""
    with (
        open_directory(quick_disk()) as folder,  # type: ignore[no-untyped-call]
        stack_in_thread(
            folder / "data", parts=["postgres"], report=lambda _: None, environ={}
        ) as stack,
    ):
        url = stack.addresses.database_url
        upgrade(url)
        with closing(Database(url)) as database:
            LAWS.fetch_from(laws.fetcher(database))
            with database.transaction() as session:
                creditors.register(session, "acme", "Acme Bank")
                laws.current(session)
            crowd = [place(database, number) for number in range(PEOPLE)]
            measure(database, url, crowd)
            begin(url, 1, {})
            measure_parts(crowd)
            race(database, crowd[0])


if __name__ == "__main__":
    main()
