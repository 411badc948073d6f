"""How many contacts Postgres can reserve a second, against a bare insert of the same row.

A reservation is the first transaction of `reach_out`: the person's lock, the facts, the gate, the
words, the gate again with what they say, its verdict as a link of the chain, and the intent. The
disk's syncs are left out if there is memory to put the database in.

Most of it is work of the process that asks, so it is measured on one connection, on several threads
of one process, and on one process for each processor, as workers are. The last line is the race: of
fifty threads that want a contact with one person, exactly as many pass as the cap allows.
"""

import itertools
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial, wraps
from multiprocessing import get_context
from threading import Barrier
from typing import Any

from activities import contacts as activity
from activities.contacts import Clocks, Contacts, Patience
from compliance.laws import LAWS, shipped_id
from compliance.orders import ReachOut
from domain.accounts import Consumer, Placement
from domain.contacts import Channel, sms
from domain.money import Money
from providers.messages import Messages
from stack import stack_in_thread
from storage import Database, accounts, contacts, creditors, laws, looking
from storage.migrate import upgrade
from tests.stack.programs import open_directory, quick_disk

PEOPLE, EACH, THREADS, RACERS = 50, 20, 8, 50
NOON = datetime(2026, 11, 17, 17, 0, tzinfo=UTC)
NUMBERS, DAYS = itertools.count(), itertools.count(step=3)
PARTS: dict[str, tuple[Any, str]] = {
    "lock and read": (looking, "look"),
    "gate": (activity, "decide"),
    "render": (Messages, "render"),
    "write": (contacts, "decide"),
}
HANDS: list[Contacts] = []
"""What a process of its own reserves with."""


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
        accounts.record(session, placement, workflow_id=f"account/acme/A{number}", at=NOON)
    return placement


def order(placement: Placement, day: int) -> ReachOut:
    """A contact at noon of that day, which the gate allows."""
    key = f"account/acme/{placement.reference}#{next(NUMBERS)}"
    at = NOON + timedelta(days=day)
    return ReachOut(key=key, account_id=placement.account_id, at=at, message=sms("nudge"))


def per_second(
    work: Callable[[ReachOut], object], rows: list[list[ReachOut]], pool: Executor
) -> float:
    """Orders a second; whoever is free takes the orders of the next person."""
    began = time.perf_counter()
    list(pool.map(partial(in_turn, work), rows))
    return sum(map(len, rows)) / (time.perf_counter() - began)


def in_turn(work: Callable[[ReachOut], object], mine: list[ReachOut]) -> None:
    """Do one person's orders one after the other."""
    for each in mine:
        work(each)


def begin(url: str) -> None:
    """Make a process ready to reserve."""
    database = Database(url, pool_size=1)
    LAWS.fetch_from(laws.fetcher(database))
    HANDS.append(hands_on(database))


def reserve(wish: ReachOut) -> None:
    """Reserve in a process of its own."""
    reserve_with(HANDS[0], wish)


def reserve_with(hands: Contacts, wish: ReachOut) -> None:
    """Reserve a contact that the gate allows."""
    answer = hands._prepare(wish)  # noqa: SLF001 -- the part measured
    assert isinstance(answer, datetime), answer  # the lease for a call


def hands_on(database: Database) -> Contacts:
    """The activity, with nothing to send with."""
    carriers: Any = {Channel.SMS: None}
    return Contacts(
        database,
        carriers=carriers,
        messages=Messages(packs=LAWS.called(shipped_id())),
        clocks=Clocks(wall=lambda: NOON, fast_forward=True),
        patience=Patience(in_all=timedelta(minutes=1)),
        public_url="http://127.0.0.1",
    )


def measure(database: Database, crowd: list[Placement], hands: Contacts) -> None:
    """Print the rates on one connection and on several, and what a reservation spends."""

    def insert(wish: ReachOut) -> None:
        intent = contacts.Intent(wish, address="", link=wish.key, words="{}", tried_at=NOON)
        row = contacts.intent_row(intent, by_account[wish.account_id])
        with database.quick() as connection:
            connection.execute(contacts.INTENT, row, prepare=True)

    by_account = {each.account_id: each.person_id for each in crowd}
    mine = partial(reserve_with, hands)
    in_turn(mine, wishes(crowd[:1])[0])
    for threads in (1, THREADS):
        with ThreadPoolExecutor(threads) as pool:
            reserved = per_second(mine, wishes(crowd), pool)
            inserted = per_second(insert, wishes(crowd), pool)
        print(
            f"{threads} threads: {reserved:5.0f} reservations/s,"
            f" {inserted:5.0f} bare inserts/s, ratio {reserved / inserted:.2f}"
        )
    with timed() as spent, ThreadPoolExecutor(1) as pool:
        per_second(timing(mine, spent["in all"]), wishes(crowd), pool)
    for part, took in spent.items():
        print(f"  {part:14}{statistics.median(took) * 1e6:7.0f} µs")


def measure_processes(url: str, crowd: list[Placement]) -> None:
    """Print the rate of several processes, each with a connection of its own."""
    processes = os.cpu_count() or 1
    with ProcessPoolExecutor(processes, get_context("spawn"), begin, (url,)) as pool:
        per_second(reserve, wishes(crowd), pool)  # they start, and read the law
        reserved = per_second(reserve, wishes(crowd), pool)
    print(f"{processes} processes: {reserved:5.0f} reservations/s")


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


def race(someone: Placement, hands: Contacts) -> None:
    """Let many threads want a contact at one moment, and count those that pass."""
    start, day = Barrier(RACERS), next(DAYS)

    def try_for(wish: ReachOut) -> bool:
        start.wait()
        answer = hands._prepare(wish)  # noqa: SLF001 -- the part measured
        return isinstance(answer, datetime)

    with ThreadPoolExecutor(RACERS) as pool:
        passed = sum(pool.map(try_for, [order(someone, day) for _ in range(RACERS)]))
    print(f"{RACERS} threads for the one contact of a day: {passed} passed")


def wishes(crowd: list[Placement]) -> list[list[ReachOut]]:
    """Twenty contacts for each person, far enough apart to be allowed."""
    days = [next(DAYS) for _ in range(EACH)]
    return [[order(person, day) for day in days] for person in crowd]


def main() -> None:
    """Start a database of its own, and measure."""
    with (
        open_directory(quick_disk()) as folder,  # type: ignore[no-untyped-call]
        stack_in_thread(
            folder / "data", parts=["postgres"], report=lambda _: None, environ={}
        ) as stack,
    ):
        upgrade(stack.addresses.database_url)
        with closing(Database(stack.addresses.database_url, pool_size=THREADS)) as database:
            LAWS.fetch_from(laws.fetcher(database))
            with database.transaction() as session:
                creditors.register(session, "acme", "Acme Bank")
                laws.current(session)
            crowd, hands = [place(database, number) for number in range(PEOPLE)], hands_on(database)
            measure(database, crowd, hands)
            measure_processes(stack.addresses.database_url, crowd)
            race(crowd[0], hands)


if __name__ == "__main__":
    main()
