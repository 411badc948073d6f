"""`tahsil bulk`: one instruction for many accounts, by conditions.

First the record, for all of them in one transaction; then whatever was about to leave is waited
for; only then it is said that nothing leaves any more. The journeys are told by a workflow that
goes on by itself, also if this command is broken off.
"""

import asyncio
import getpass
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from temporalio.client import Client

from cli.acting import connect
from cli.demo import progress_bars
from cli.records import open_record
from domain.bulk import AT_ONCE, Bulk, BulkProgress, BulkVerb, Where
from journeys import JOURNEYS, present_name
from stack import Addresses
from storage import Database, bulk
from workflows.batches import begin

LOOK = 2.0
"""Seconds between two looks at how far it has come."""


@dataclass(frozen=True)
class Asked:
    """What the command was asked."""

    verb: BulkVerb
    where: str
    reason: str
    by: str | None = None
    journey: str | None = None
    instruction_id: str | None = None


async def show_found(addresses: Addresses, asked: Asked, console: Console) -> None:
    """The dry run: print how many accounts it would concern, by creditor, journey and stage."""
    with open_record(addresses) as database, database.transaction() as session:
        rows = bulk.found(session, _checked(asked))
    table = Table("creditor", "journey", "stage", "accounts")
    for creditor, journey, stage, number in rows:
        table.add_row(creditor, journey, stage or "not entered yet", str(number))
    console.print(table)
    total = sum(row[3] for row in rows)
    console.print(f"{total} accounts would be told to {asked.verb}; nothing was done")


async def instruct_many(addresses: Addresses, asked: Asked, console: Console) -> bool:
    """Give the instruction and see it through; whether it has reached every account.

    One that was given before goes on only by its id: what was said then may be out of date.
    """
    with open_record(addresses, pool_size=2) as database:
        given, before = await asyncio.to_thread(_given, database, asked)
        how_far = await asyncio.to_thread(_put_on_record, database, given)
        console.print(f"{given.id}: {how_far.accounts} accounts, on record", highlight=False)
        if before is not None:
            console.print(
                f"not all have heard of {before}, the same. To go on with that: --id {before}"
            )
        if given.verb in AT_ONCE:
            await _fence(database, given, how_far, console)
        client = await connect(addresses)
        await begin(client, given.id)
        how_far = await _follow(client, database, given.id, console)
    if how_far.left:
        console.print(
            f"{how_far.left} accounts have not answered. On record it stands; they take it in once "
            f"they can. To tell them again: --id {given.id}. `tahsil doctor` says what they "
            "suffer from."
        )
    else:
        console.print(f"{how_far.accounts} accounts were told to {given.verb}")
    return not how_far.left


def _checked(asked: Asked) -> Where:
    """The conditions; ValueError unless they, and the journey, can be."""
    if (asked.journey is not None) != (asked.verb is BulkVerb.SWITCH):
        raise ValueError("expected --to JOURNEY with `switch`, and with nothing else")
    if asked.journey is not None and present_name(asked.journey) is None:
        raise ValueError(
            f"no journey is called {asked.journey!r}; there are {', '.join(sorted(JOURNEYS))}"
        )
    return Where.read(asked.where)


def _given(database: Database, asked: Asked) -> tuple[Bulk, str | None]:
    """What is given, and the id of the same one of before that has not reached all."""
    where = _checked(asked)
    given = Bulk(
        id=asked.instruction_id or f"bulk_{secrets.token_hex(8)}",
        verb=asked.verb,
        where=where,
        reason=asked.reason,
        by=asked.by or getpass.getuser(),
        journey=asked.journey and present_name(asked.journey),
    )
    with database.transaction() as session:
        before = bulk.unfinished(session, given.verb, where)
    return given, before if asked.instruction_id is None else None


def _put_on_record(database: Database, given: Bulk) -> BulkProgress:
    with database.transaction() as session:
        return bulk.give(session, given)


async def _fence(database: Database, given: Bulk, how_far: BulkProgress, console: Console) -> None:
    with progress_bars(console) as bars:
        bar = bars.add_task("accounts: nothing is about to leave", total=how_far.accounts)
        await asyncio.to_thread(
            bulk.fence, database, given.id, lambda number: bars.advance(bar, number)
        )
    console.print(await asyncio.to_thread(_promise, database, given.id, how_far.accounts))


def _promise(database: Database, instruction_id: str, accounts: int) -> str:
    """For whom nothing leaves: of an instruction of before, something may be undone since."""
    with database.transaction() as session:
        standing = bulk.standing(session, instruction_id)
    promise = f"from now on nothing leaves for these {standing} accounts"
    undone = accounts - standing
    return f"{promise}; for {undone} others it was undone since" if undone else promise


async def _follow(
    client: Client, database: Database, instruction_id: str, console: Console
) -> BulkProgress:
    """Show how far it comes, until the workflow that tells them is done."""

    def look() -> BulkProgress:
        with database.transaction() as session:
            return bulk.progress(session, instruction_id)

    handle = client.get_workflow_handle(f"bulk/{instruction_id}")
    with progress_bars(console) as bars:
        bar = bars.add_task("accounts told", total=(await asyncio.to_thread(look)).accounts)

        async def show() -> None:
            bars.update(bar, completed=(await asyncio.to_thread(look)).told)

        await _meanwhile(handle.result(), show)
        await show()
    return await asyncio.to_thread(look)


async def _meanwhile(work: Awaitable[object], show: Callable[[], Awaitable[None]]) -> None:
    """Wait for it, and show again and again how far it is."""
    waiting = asyncio.ensure_future(work)
    while not waiting.done():
        await asyncio.wait([waiting], timeout=LOOK)
        await show()
    await waiting
