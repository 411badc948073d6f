"""Placing the rows of a file: a few at once, each once, and what became of each written down.

Runs where an account's workflow can be reached, and may be stopped anywhere: a row that is settled
is not touched again, and placing a row twice finds the first.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial

from activities.doors import AccountClosed, DifferentPlacement, Door
from domain.accounts import Placement, differences
from storage import Database, accounts, placements
from storage.tables import PlacementRow

IN_FLIGHT = 12
"""Starts under way at once: more only wait for each other in Temporal's database."""
PAGE = 200


@dataclass(frozen=True)
class Settled:
    """What became of a row."""

    outcome: str
    errors: tuple[dict[str, str], ...] = ()


Look = Callable[[Placement], Settled | None]


async def place_rows(
    database: Database,
    door: Door,
    placement_id: str,
    *,
    present_name: Callable[[str], str | None],
    in_flight: int = IN_FLIGHT,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Place every row of a file that waits. `progress` hears how many are done, row by row.

    `present_name` is what a journey is called now that has, or had, a name.
    """
    free, done = asyncio.Semaphore(in_flight), 0
    look = partial(_on_record, database, present_name)

    async def place(row: PlacementRow, placement: Placement) -> None:
        nonlocal done
        try:
            settled = await _placed(look, door, placement)
            await asyncio.to_thread(_settle, database, row, placement, settled)
        finally:
            free.release()
        done += 1
        progress(done)

    async with asyncio.TaskGroup() as group:
        async for row in _waiting(database, placement_id):
            await free.acquire()
            group.create_task(place(row, Placement.model_validate(row.placement)))
    await asyncio.to_thread(_finish, database, placement_id)


async def _waiting(database: Database, placement_id: str) -> AsyncIterator[PlacementRow]:
    """The rows that wait, a page at a time, so that a file of any size fits."""
    after = 0
    while page := await asyncio.to_thread(_page, database, placement_id, after):
        for row in page:
            yield row
        after = page[-1].number


async def _placed(look: Look, door: Door, placement: Placement) -> Settled:
    if (known := await asyncio.to_thread(look, placement)) is not None:
        return known
    try:
        await door.begin(placement)
    except (DifferentPlacement, AccountClosed):
        found = await asyncio.to_thread(look, placement)
        return found or Settled(placements.CONFLICT, (_conflict(()),))
    return Settled(placements.PLACED)


def _on_record(
    database: Database, present_name: Callable[[str], str | None], placement: Placement
) -> Settled | None:
    """What the record says of a placement, if the account is in it already."""
    with database.transaction() as session:
        recorded = accounts.placed_as(session, placement.creditor, placement.reference)
    if recorded is None:
        return None
    differing = differences(placement, recorded, present_name)
    if differing:
        return Settled(placements.CONFLICT, (_conflict(differing),))
    return Settled(placements.ALREADY_PLACED)


def _conflict(differing: tuple[str, ...]) -> dict[str, str]:
    named = ", ".join(differing) or "some fields"
    return {
        "pointer": "/reference",
        "detail": f"this account is placed already, and {named} differ",
        "expected": "the same data, or a reference of its own for another account",
    }


def _page(database: Database, placement_id: str, after: int) -> list[PlacementRow]:
    with database.transaction() as session:
        return placements.waiting(session, placement_id, after=after, limit=PAGE)


def _settle(database: Database, row: PlacementRow, placement: Placement, settled: Settled) -> None:
    known = settled.outcome in {placements.PLACED, placements.ALREADY_PLACED}
    with database.transaction() as session:
        placements.settle(
            session,
            row.placement_id,
            row.number,
            settled.outcome,
            account_id=placement.account_id if known else None,
            errors=settled.errors,
        )


def _finish(database: Database, placement_id: str) -> None:
    with database.transaction() as session:
        placements.finish(session, placement_id)
