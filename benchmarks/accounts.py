"""Accounts against bare workflows on one server: placing them, their memory, their contacts.

Accounts are placed through the API as a file. Those that placing is measured by are invoices that
are not due for long: nobody is contacted about them, whatever the hour. Others are fast-forwarded
through their first stage of three contacts, with the sandbox as providers. Bare workflows (an
activity that does nothing and a timer, three times) are started and fast-forwarded in the same way.
Memory is what the second half of the accounts adds: the first warms the worker up.
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


def fictional(number: int, **changes: str) -> list[bytes]:
    """Placements of the standard journey, unless changed, a line each."""
    today = datetime.now(UTC).date()  # noqa: TID251 -- placed today
    rows = generate(7, accounts=number, people=number, today=today)
    made = (row.placement | {"journey": "standard"} | changes for row in rows)
    return [json.dumps(each).encode() + b"\n" for each in made]


def not_due(number: int) -> list[bytes]:
    """Placements that have nothing to do for a fortnight but to wait, a line each."""
    due = datetime.now(UTC).date() + timedelta(days=60)  # noqa: TID251 -- placed today
    return fictional(number, journey="invoice", due_on=due.isoformat())


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


def cpu(pids: Iterable[int]) -> float:
    """Milliseconds that these processes have worked, as Linux tells it in ticks."""
    ticks = [Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13] for pid in pids]
    return sum(int(each) for row in ticks for each in row) * 1000 / os.sysconf("SC_CLK_TCK")


async def forward(client: Client, ids: Sequence[str]) -> None:
    """Nine days, a day at a time."""
    for _ in range(DAYS):
        await fast_forward(client, ids, timedelta(days=1), at_once=AT_ONCE)


def contacts_of(database: Database) -> int:
    """Messages that were accepted so far."""
    with database.transaction() as session:
        return sum(counts.messages_by_channel(session).values())


async def measure(stack: Stack, number: int) -> None:
    """Print the rates, the CPU and the memory, and their ratios."""
    addresses, half = stack.addresses, number // 2
    client, database = await connect(addresses), Database(addresses.database_url)
    key, lines = new_creditor(addresses, "bench", "Bench"), fictional(number)
    await place(addresses, key, lines[:half])
    await quiet(addresses)
    memory = kilobytes(stack.process_ids("workers"))
    await place(addresses, key, lines[half:])
    await quiet(addresses)
    ours = (kilobytes(stack.process_ids("workers")) - memory) / (number - half)
    before, began = contacts_of(database), time.perf_counter()
    with database.transaction() as session:
        ids = accounts.open_workflows(session)
    await forward(client, ids)
    worked = (contacts_of(database) - before) / (time.perf_counter() - began)
    database.close()
    key, lines = new_creditor(addresses, "later", "Later"), not_due(number)
    placing, began = spent(stack), time.perf_counter()
    await place(addresses, key, lines)
    placed = number / (time.perf_counter() - began)
    placing = {name: (took - placing[name]) / number for name, took in spent(stack).items()}
    async with bare_worker(client):
        ids = await start_bare(client, range(half))
        memory, starting, began = kilobytes([os.getpid()]), spent(stack), time.perf_counter()
        ids += await start_bare(client, range(half, number))
        started = (number - half) / (time.perf_counter() - began)
        server = (spent(stack)["temporal"] - starting["temporal"]) / (number - half)
        bare = (kilobytes([os.getpid()]) - memory) / (number - half)
        began = time.perf_counter()
        await forward(client, ids)
        stepped = 2 * number / (time.perf_counter() - began)
    told = ", ".join(f"{name} {took:.0f}" for name, took in placing.items())
    print(f"placed    {placed:6.1f}/s, bare starts {started:6.1f}/s, ratio {placed / started:.2f}")
    print(f"CPU, ms   {told} an account placed; temporal {server:.0f} a bare start")
    print(f"memory    {ours:6.1f} kB an account, bare {bare:6.1f} kB a workflow, in the worker")
    print(f"contacts  {worked:6.1f}/s, bare steps  {stepped:6.1f}/s, ratio {worked / stepped:.2f}")


def spent(stack: Stack) -> dict[str, float]:
    """Milliseconds of CPU so far, by part of the stack."""
    return {part: cpu(stack.process_ids(part)) for part in ("workers", "temporal", "api")}


async def main(number: int) -> None:
    """Start a stack of its own, and measure."""
    with open_directory(quick_disk()) as folder:  # type: ignore[no-untyped-call]
        async with running_stack(folder / "data", report=lambda _: None) as stack:
            await measure(stack, number)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
