"""How many contacts Postgres can reserve a second, against a bare insert of the same row.

A reservation is the first transaction of `reach_out`: the person's lock, the facts, the gate, its
verdict and the intent. The disk's syncs are left out if there is memory to put the database in.
"""

import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

from activities.contacts import Clocks, Contacts, Patience
from compliance import load_packs
from compliance.orders import ReachOut
from domain.accounts import Consumer, Placement
from domain.contacts import Channel, sms
from domain.money import Money
from providers.messages import Messages
from stack import stack_in_thread
from storage import Database, accounts, contacts, creditors, people
from storage.migrate import upgrade
from storage.session import lock_account
from tests.stack.programs import open_directory, quick_disk

PEOPLE, EACH, THREADS = 50, 20, 8
NOON = datetime(2026, 11, 17, 17, 0, tzinfo=UTC)
NUMBERS, DAYS = itertools.count(), itertools.count(step=3)


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
    work: Callable[[ReachOut], object], rows: list[list[ReachOut]], threads: int
) -> float:
    """Orders a second; each thread takes one person's orders after the other's."""
    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda mine: [work(each) for each in mine], rows))
    return sum(map(len, rows)) / (time.perf_counter() - began)


def measure(database: Database) -> None:
    """Print the rates on one connection and on several."""
    packs = load_packs()
    carriers: Any = {Channel.SMS: None}  # nothing is sent here
    hands = Contacts(
        database,
        packs=packs,
        carriers=carriers,
        messages=Messages(packs=packs),
        clocks=Clocks(wall=lambda: NOON, fast_forward=True),
        patience=Patience(in_all=timedelta(minutes=1)),
        public_url="http://127.0.0.1",
    )

    def reserve(wish: ReachOut) -> None:
        with database.transaction() as session:
            lock_account(session, wish.account_id)
            answer = hands._prepare(session, wish)  # noqa: SLF001 -- the part measured
        assert isinstance(answer, datetime), answer  # the lease for a call

    def insert(wish: ReachOut) -> None:
        with database.transaction() as session:
            person = people.person_of(session, wish.account_id)
            contacts.intend(session, wish, person, address=person.phone or "", link=wish.key)

    crowd = [place(database, number) for number in range(PEOPLE)]
    for threads in (1, THREADS):
        reserved = per_second(reserve, wishes(crowd), threads)
        inserted = per_second(insert, wishes(crowd), threads)
        print(
            f"{threads} connections: {reserved:5.0f} reservations/s,"
            f" {inserted:5.0f} bare inserts/s, ratio {reserved / inserted:.2f}"
        )


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
            with database.transaction() as session:
                creditors.register(session, "acme", "Acme Bank")
            measure(database)


if __name__ == "__main__":
    main()
