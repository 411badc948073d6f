"""How the cost of a contact grows: with contacts made, accounts of one person, idle accounts.

The first two are reservations on Postgres alone, in microseconds, in the middle of some forty.
The third starts a whole stack beside ever more accounts that have nothing to do for a year
(`python -m benchmarks.growth 1000 10000 50000`), and works the contacts of twenty live ones.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

from rich.progress import track
from sqlalchemy import text
from temporalio.client import Client

from benchmarks.accounts import contacts_of, fictional, forward, kilobytes, place, quiet
from benchmarks.bare import TASK_QUEUE
from benchmarks.reservations import NOON, AtHand, hands_on, order, reserve
from cli.acting import connect, new_creditor
from compliance.laws import LAWS
from domain.accounts import Consumer, Placement
from domain.money import Money
from stack import Stack, running_stack, stack_in_thread
from storage import Database, accounts, creditors, laws
from storage.migrate import upgrade
from tests.stack.programs import open_directory, quick_disk

MADE, OWED, SAMPLE = (10, 100, 1000), (1, 10, 50), 40
IDLE = (1000, 10_000)
LIVE, AT_ONCE, A_YEAR = 20, 12, timedelta(days=365)
EVERY = 3
"""Days between two contacts, so that each is allowed."""


def person(number: int, owed: int) -> list[Placement]:
    """A person and their accounts."""
    consumer = Consumer(
        reference=f"C{number}", name="Alex Morgan", country="US", phone=f"+1212555{100 + number:04}"
    )
    return [
        Placement(
            creditor="acme",
            reference=f"A{number}-{each}",
            balance=Money(minor=20_000, currency="USD"),
            due_on=NOON.date(),
            consumer=consumer,
        )
        for each in range(owed)
    ]


def record(database: Database, placements: list[Placement]) -> None:
    """Put accounts on record."""
    for each in placements:
        with database.transaction() as session:
            target = f"account/acme/{each.reference}"
            accounts.write(session, each, workflow_id=target, at=NOON)


def after(database: Database, placements: list[Placement], made: int) -> float:
    """Microseconds of one more contact, when some were made, with each account in turn."""
    hands, took = hands_on(database, AtHand), []
    for number in range(made + SAMPLE):
        wish = order(placements[number % len(placements)], number * EVERY)
        began = time.perf_counter()
        reserve(hands, wish)
        took.append(time.perf_counter() - began)
    return statistics.median(took[made:]) * 1e6


@contextmanager
def record_alone() -> Iterator[Database]:
    """A record of its own, with a creditor in it."""
    with (
        open_directory(quick_disk()) as folder,  # type: ignore[no-untyped-call]
        stack_in_thread(
            folder / "data", parts=["postgres"], report=lambda _: None, environ={}
        ) as stack,
    ):
        upgrade(stack.addresses.database_url)
        with closing(Database(stack.addresses.database_url)) as database:
            LAWS.fetch_from(laws.fetcher(database))
            with database.transaction() as session:
                creditors.register(session, "acme", "Acme Bank")
                laws.current(session)
            yield database


def grow_persons() -> None:
    """Print what a reservation costs people who were written to often, and who owe much."""
    with record_alone() as database:
        for number, made in enumerate(MADE):
            placements = person(number, owed=1)
            record(database, placements)
            held = size(database)
            took = after(database, placements, made)
            each = (size(database) - held) / (made + SAMPLE) / 1000
            print(
                f"{made:6} contacts made before  {took:8.0f} µs a reservation, {each:.1f} kB each"
            )
        for number, owed in enumerate(OWED, start=len(MADE)):
            placements = person(number, owed)
            record(database, placements)
            took = after(database, placements, made=100)
            print(f"{owed:6} accounts of one person{took:8.0f} µs a reservation")


def size(database: Database) -> int:
    """Bytes of the record on disk, indexes included."""
    with database.transaction() as session:
        held: int = session.scalar(text("SELECT pg_database_size(current_database())"))
    return held


COPIES = """
INSERT INTO {table} SELECT (jsonb_populate_record(row, jsonb_build_object({changes}))).*
FROM {table} row, generate_series(CAST(:first AS int), CAST(:last AS int)) n WHERE {which}
"""
"""One row of a table, many times, each with a name of its own."""
OWN_NAMES = "'id', 'idle-' || n, 'reference', 'idle-' || n"
TABLES = {
    "people": (OWN_NAMES, "row.id = (SELECT person_id FROM accounts WHERE id = :account)"),
    "accounts": (
        (
            f"{OWN_NAMES}, 'person_id', 'idle-' || n, 'workflow_id', 'bare/' || n,"
            " 'payment_reference', 'idle-' || n"
        ),
        "row.id = :account",
    ),
}


def record_idle(database: Database, account_id: str, numbers: range) -> None:
    """Put copies of an account on record, each of a person of its own."""
    with database.transaction() as session:
        for table, (changes, which) in TABLES.items():
            session.execute(
                text(COPIES.format(table=table, changes=changes, which=which)),
                {"account": account_id, "first": numbers.start, "last": numbers.stop - 1},
            )


async def start_idle(client: Client, numbers: range) -> None:
    """Start workflows that have nothing to do for a year."""
    places = asyncio.Semaphore(AT_ONCE)

    async def start(number: int) -> None:
        async with places:
            await client.start_workflow(
                "bare", id=f"bare/{number}", task_queue=TASK_QUEUE, start_delay=A_YEAR
            )

    for first in track(range(numbers.start, numbers.stop, 500), "idle accounts"):
        some = range(first, min(first + 500, numbers.stop))
        await asyncio.gather(*(start(each) for each in some))


async def work(stack: Stack, client: Client, database: Database, creditor: str) -> float:
    """Contacts a second of some live accounts."""
    addresses = stack.addresses
    await place(addresses, new_creditor(addresses, creditor, creditor), fictional(LIVE))
    await quiet(addresses)
    with database.transaction() as session:
        ids = [
            each
            for each in accounts.open_workflows(session)
            if each.startswith(f"account/{creditor}/")
        ]
    before, began = contacts_of(database), time.perf_counter()
    await forward(client, ids)
    return (contacts_of(database) - before) / (time.perf_counter() - began)


def megabytes(folder: Path) -> float:
    """What the files of a folder take."""
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file()) / 1e6


async def grow_idle(tiers: list[int]) -> None:
    """Print what a stack takes, and how fast it works, beside ever more idle accounts."""
    with open_directory(quick_disk()) as folder:  # type: ignore[no-untyped-call]
        data = folder / "data"
        async with running_stack(data, report=lambda _: None) as stack:
            client = await connect(stack.addresses)
            with closing(Database(stack.addresses.database_url)) as database:
                await work(stack, client, database, "warm")
                with database.transaction() as session:
                    target = accounts.open_workflows(session)[0]
                    found = accounts.by_reference(session, *target.split("/")[1:])
                assert found is not None
                done = 0
                for tier in [0, *tiers]:
                    record_idle(database, found.id, range(done, tier))
                    began = time.perf_counter()
                    await start_idle(client, range(done, tier))
                    started = (tier - done) / (time.perf_counter() - began)
                    rate = await work(stack, client, database, f"tier-{tier}")
                    server = kilobytes(stack.process_ids("temporal")) / 1000
                    print(
                        f"{tier:6} idle accounts ({started:.0f}/s started): {rate:.1f} contacts/s,"
                        f" server {server:.0f} MB, on disk {megabytes(data):.0f} MB"
                    )
                    done = tier


if __name__ == "__main__":
    grow_persons()
    asyncio.run(grow_idle([int(each) for each in sys.argv[1:]] or list(IDLE)))
