"""Accounts against bare workflows, on one server: how fast they are placed, and work contacts.

Accounts are placed through the API as a file, and then fast-forwarded through their first stage of
three contacts, with the sandbox as providers. Bare workflows (a timer and an activity that does
nothing, three times) are started and fast-forwarded in the same way.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import httpx
from rich.progress import Progress
from temporalio.client import Client

from benchmarks.bare import TASK_QUEUE, bare_worker
from cli.acting import connect, new_creditor
from cli.book import settle
from cli.placing import Placing
from simulation.portfolio import generate
from stack import Addresses, running_stack
from storage import Database, accounts, counts
from tests.stack.programs import open_directory, quick_disk
from workflows.fast_forward import fast_forward

AT_ONCE = 12
DAYS = 9


async def start_bare(client: Client, number: int) -> list[str]:
    """Start bare workflows, as many at once as the API starts accounts."""
    places = asyncio.Semaphore(AT_ONCE)

    async def start(name: str) -> str:
        async with places:
            return (await client.start_workflow("bare", id=name, task_queue=TASK_QUEUE)).id

    return await asyncio.gather(*(start(f"bare/{each}") for each in range(number)))


async def place(addresses: Addresses, number: int) -> None:
    """Place fictional accounts of the standard journey through the API."""
    key = new_creditor(addresses, "bench", "Bench")
    today = datetime.now(UTC).date()  # noqa: TID251 -- placed today
    rows = generate(7, accounts=number, people=number, today=today)
    lines = [json.dumps(row.placement | {"journey": "standard"}).encode() + b"\n" for row in rows]
    with Progress(disable=True) as silent:
        await Placing(addresses.api_url, key).place(lines, silent)


async def forward(client: Client, ids: Sequence[str]) -> None:
    """Nine days, a day at a time."""
    for _ in range(DAYS):
        await fast_forward(client, ids, timedelta(days=1), at_once=AT_ONCE)


def contacts_of(database: Database) -> int:
    """Messages that were accepted so far."""
    with database.transaction() as session:
        return sum(counts.messages_by_channel(session).values())


async def measure(addresses: Addresses, number: int) -> None:
    """Print both rates, and their ratios."""
    client, database = await connect(addresses), Database(addresses.database_url)
    began = time.perf_counter()
    await place(addresses, number)
    placed = number / (time.perf_counter() - began)
    async with httpx.AsyncClient(base_url=addresses.sandbox_url, timeout=120) as sandbox:
        await settle(sandbox)
    before, began = contacts_of(database), time.perf_counter()
    with database.transaction() as session:
        ids = accounts.open_workflows(session)
    await forward(client, ids)
    worked = (contacts_of(database) - before) / (time.perf_counter() - began)
    database.close()
    async with bare_worker(client):
        began = time.perf_counter()
        ids = await start_bare(client, number)
        started = number / (time.perf_counter() - began)
        began = time.perf_counter()
        await forward(client, ids)
        stepped = 2 * number / (time.perf_counter() - began)
    print(f"placed    {placed:6.1f}/s, bare starts {started:6.1f}/s, ratio {placed / started:.2f}")
    print(f"contacts  {worked:6.1f}/s, bare steps  {stepped:6.1f}/s, ratio {worked / stepped:.2f}")


async def main(number: int) -> None:
    """Start a stack of its own, and measure."""
    with open_directory(quick_disk()) as folder:  # type: ignore[no-untyped-call]
        async with running_stack(folder / "data", report=lambda _: None) as stack:
            await measure(stack.addresses, number)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
