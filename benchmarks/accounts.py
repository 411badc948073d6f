"""Accounts against bare workflows on one server: placing them, their memory, their contacts.

Accounts are placed through the API as a file, and then fast-forwarded through their first stage of
three contacts, with the sandbox as providers. Bare workflows (a timer and an activity that does
nothing, three times) are started and fast-forwarded in the same way. Memory is what the second half
of the accounts adds: the first warms the worker up.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from rich.progress import Progress
from temporalio.client import Client

from benchmarks.bare import TASK_QUEUE, bare_worker
from cli.acting import connect, new_creditor
from cli.book import settle
from cli.placing import Placing
from simulation.portfolio import generate
from stack import Addresses, Stack, running_stack
from storage import Database, accounts, counts
from tests.stack.programs import open_directory, quick_disk
from workflows.fast_forward import fast_forward

AT_ONCE = 12
DAYS = 9


async def start_bare(client: Client, numbers: range) -> list[str]:
    """Start bare workflows, as many at once as the API starts accounts."""
    places = asyncio.Semaphore(AT_ONCE)

    async def start(name: str) -> str:
        async with places:
            return (await client.start_workflow("bare", id=name, task_queue=TASK_QUEUE)).id

    return await asyncio.gather(*(start(f"bare/{each}") for each in numbers))


def fictional(number: int) -> list[bytes]:
    """Placements of the standard journey, a line each."""
    today = datetime.now(UTC).date()  # noqa: TID251 -- placed today
    rows = generate(7, accounts=number, people=number, today=today)
    return [json.dumps(row.placement | {"journey": "standard"}).encode() + b"\n" for row in rows]


async def place(addresses: Addresses, key: str, lines: list[bytes]) -> None:
    """Place fictional accounts through the API."""
    with Progress(disable=True) as silent:
        await Placing(addresses.api_url, key).place(lines, silent)


async def quiet(addresses: Addresses) -> None:
    """Wait until the sandbox has told all it has to tell."""
    async with httpx.AsyncClient(base_url=addresses.sandbox_url, timeout=120) as sandbox:
        await settle(sandbox)


def kilobytes(pids: Iterable[int]) -> float:
    """The memory that these processes have for themselves, as Linux tells it."""
    rows = [row for pid in pids for row in Path(f"/proc/{pid}/status").read_text().splitlines()]
    return sum(float(row.split()[1]) for row in rows if row.startswith("RssAnon"))


async def forward(client: Client, ids: Sequence[str]) -> None:
    """Nine days, a day at a time."""
    for _ in range(DAYS):
        await fast_forward(client, ids, timedelta(days=1), at_once=AT_ONCE)


def contacts_of(database: Database) -> int:
    """Messages that were accepted so far."""
    with database.transaction() as session:
        return sum(counts.messages_by_channel(session).values())


async def measure(stack: Stack, number: int) -> None:
    """Print the rates and the memory, and their ratios."""
    addresses, half = stack.addresses, number // 2
    client, database = await connect(addresses), Database(addresses.database_url)
    key, lines = new_creditor(addresses, "bench", "Bench"), fictional(number)
    await place(addresses, key, lines[:half])
    await quiet(addresses)
    memory, began = kilobytes(stack.process_ids("workers")), time.perf_counter()
    await place(addresses, key, lines[half:])
    placed = (number - half) / (time.perf_counter() - began)
    await quiet(addresses)
    ours = (kilobytes(stack.process_ids("workers")) - memory) / (number - half)
    before, began = contacts_of(database), time.perf_counter()
    with database.transaction() as session:
        ids = accounts.open_workflows(session)
    await forward(client, ids)
    worked = (contacts_of(database) - before) / (time.perf_counter() - began)
    database.close()
    async with bare_worker(client):
        ids = await start_bare(client, range(half))
        memory, began = kilobytes([os.getpid()]), time.perf_counter()
        ids += await start_bare(client, range(half, number))
        started = (number - half) / (time.perf_counter() - began)
        bare = (kilobytes([os.getpid()]) - memory) / (number - half)
        began = time.perf_counter()
        await forward(client, ids)
        stepped = 2 * number / (time.perf_counter() - began)
    print(f"placed    {placed:6.1f}/s, bare starts {started:6.1f}/s, ratio {placed / started:.2f}")
    print(f"memory    {ours:6.1f} kB an account, bare {bare:6.1f} kB a workflow, in the worker")
    print(f"contacts  {worked:6.1f}/s, bare steps  {stepped:6.1f}/s, ratio {worked / stepped:.2f}")


async def main(number: int) -> None:
    """Start a stack of its own, and measure."""
    with open_directory(quick_disk()) as folder:  # type: ignore[no-untyped-call]
        async with running_stack(folder / "data", report=lambda _: None) as stack:
            await measure(stack, number)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
