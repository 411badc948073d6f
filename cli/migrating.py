"""`tahsil migrate`: move accounts from one stage to another, where the journey goes on.

First the record: what was said, why, by whom, and for which accounts. Then each account's workflow
is told, which needs no worker: one that is away hears of it when it is back. Whoever has moved is
found in the new stage, so the command may be broken off and run again as often as one likes.
"""

import asyncio
import getpass
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from temporalio.service import RPCError

from cli.acting import connect
from cli.demo import progress_bars
from cli.planning_changes import deployed
from cli.records import open_record
from compliance.sentences import plural
from domain.events import StageMoved
from engine import Journey
from journeys import journey_called
from simulation.outlines import Outline
from stack import Addresses
from storage import Database, moving
from storage.moving import Left, Move
from workflows.door import TemporalDoor

AT_ONCE = 12
"""Accounts that are told at a time."""
LOOK = 0.3
"""Seconds between two looks at how many are left."""
STILL = 10.0
"""Seconds without one that moves, after which those who are left are not waited for."""

WORDS = re.compile(r"([a-z0-9-]+):(\w+)=(?:([a-z0-9-]+):)?(\w+)")
EXPECTED = "expected JOURNEY:STAGE=STAGE or JOURNEY:STAGE=JOURNEY:STAGE"


@dataclass(frozen=True)
class Asked:
    """What the command was asked."""

    words: str
    where: str | None = None
    reason: str | None = None
    by: str | None = None


async def show_concerned(addresses: Addresses, asked: Asked, console: Console) -> None:
    """The dry run: print whose accounts would be moved, by creditor."""
    with open_record(addresses) as database:
        move = await checked(addresses, database, asked)
        with database.transaction() as session:
            rows = moving.concerned(session, move)
    table = Table("creditor", "in the stage", "answering somebody first")
    for row in rows:
        table.add_row(row.creditor, str(row.parked), str(row.answering))
    console.print(table)
    total = sum(row.parked + row.answering for row in rows)
    console.print(f"{plural(total, 'account')} would be moved, {move}; nothing was done")


async def migrate(addresses: Addresses, asked: Asked, console: Console) -> bool:
    """Move the accounts; whether none is left but those who answer somebody first."""
    if not asked.reason:
        raise ValueError("no reason: say --reason, in words that name no consumer")
    with open_record(addresses, pool_size=2) as database:
        move = await checked(addresses, database, asked)
        with database.transaction() as session:
            by = asked.by or getpass.getuser()
            given = moving.give(session, move, reason=asked.reason, by=by)
        parked, answering = _still(database, given, move)
        if not parked + answering:
            console.print(f"nobody is left to be moved, {move}", highlight=False)
            return True
        console.print(f"{plural(parked + answering, 'account')}, on record as {given}")
        await _tell_all(TemporalDoor(await connect(addresses)), database, given, move, console)
        left, later = await _follow(database, given, move, console)
    for line in _told(parked + answering - left - later, left, later):
        console.print(line, highlight=False, soft_wrap=True)
    return not left


def _told(moved: int, left: int, later: int) -> Iterable[str]:
    yield f"{plural(moved, 'account')} moved"
    if later:
        yield f"{plural(later, 'account')} answering somebody first: they move when that is over"
    if left:
        yield (
            f"{plural(left, 'account')} not yet: no worker of their build is there, or it is older"
            " than this command. They were told, and move when they can; run it again to see"
        )


# what is asked


async def checked(addresses: Addresses, database: Database, asked: Asked) -> Move:
    """The move that is asked for. ValueError or LookupError if it cannot be."""
    try:
        label, running = await deployed(addresses, database)
    except LookupError:
        return read_move(asked, None)
    move = read_move(asked, running)
    found = running.find(move.to_journey)
    if found is None or found.find(move.to_stage) is None:
        raise ValueError(
            f"{label}, has no {move.to_journey}:{move.to_stage}: deploy the code that has it first"
        )
    return move


def read_move(asked: Asked, running: Outline | None) -> Move:
    """The move by its words; `running` is what is deployed, for stages that the code has no more.

    A stage or journey that was renamed may be given by any of its names.
    """
    match = WORDS.fullmatch(asked.words)
    if match is None:
        raise ValueError(f"{asked.words!r}: {EXPECTED}")
    journey, stage, to_journey, to_stage = match.groups()
    target = journey_called(to_journey or journey)
    goal = target.stage(to_stage)
    journeys, stages, asides = _left_names(journey, stage, running)
    if goal.is_aside or stage in asides:
        name = goal.name if goal.is_aside else stage
        raise ValueError(
            f"{name} answers what people say and goes back by itself: name stages of their own"
        )
    if target.name in journeys and goal.name in stages:
        raise ValueError(f"{asked.words}: that is one stage")
    return Move(journeys, stages, target.name, goal.name, asides, _creditor(asked.where))


def _left_names(
    journey: str, stage: str, running: Outline | None
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Names of the journey and of the stage that are left, and of the asides in that journey."""
    known, was = _known(journey), running.find(journey) if running else None
    asides = {*(was.asides if was else ())}
    if known is None:
        return (journey,), (stage,), tuple(sorted(asides))
    asides.update(name for each in known.stages if each.is_aside for name in each.names)
    found = known.find(stage)
    names = found.names if found is not None and found.name == stage else (stage,)
    return known.names, names, tuple(sorted(asides))


def _known(journey: str) -> Journey | None:
    try:
        return journey_called(journey)
    except LookupError:
        return None


def _creditor(where: str | None) -> str | None:
    if where is None:
        return None
    name, _, value = (part.strip() for part in where.partition("="))
    if name != "creditor" or not value:
        raise ValueError(f"--where {where}: expected creditor=SLUG")
    return value


# how it is done


def _still(database: Database, given: str, move: Move) -> tuple[int, int]:
    with database.transaction() as session:
        moving.settle(session, given, move)
        return moving.still(session, given, move)


async def _tell_all(
    door: TemporalDoor, database: Database, given: str, move: Move, console: Console
) -> None:
    total = sum(_still(database, given, move))
    with progress_bars(console) as progress:
        bar = progress.add_task("accounts told", total=total)

        async def tell(account: Left) -> None:
            try:
                await door.tell(account.workflow_id, _news(given, account, move))
            except RPCError:
                return  # it is told by the same command, run again
            progress.advance(bar)

        after = ""
        while page := await asyncio.to_thread(_page, database, given, move, after):
            await _each(page, tell)
            after = page[-1].account_id


def _page(database: Database, given: str, move: Move, after: str) -> list[Left]:
    with database.transaction() as session:
        return moving.left(session, given, move, after=after)


def _news(given: str, account: Left, move: Move) -> StageMoved:
    return StageMoved(
        event_id=f"{given}:{account.visit}",
        journey=account.journey,
        stage=account.stage,
        to_journey=move.to_journey,
        to_stage=move.to_stage,
    )


async def _each(several: Iterable[Left], act: Callable[[Left], Awaitable[None]]) -> None:
    """Do it for each, some at a time."""
    waiting = iter(several)

    async def work() -> None:
        for each in waiting:
            await act(each)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work())


async def _follow(database: Database, given: str, move: Move, console: Console) -> tuple[int, int]:
    """Wait until those in the stage have left it, or do so no more; how many are left."""
    parked, answering = await asyncio.to_thread(_still, database, given, move)
    with progress_bars(console) as progress:
        bar = progress.add_task("accounts moved", total=parked)
        first, waited = parked, 0.0
        while parked and waited < STILL:
            await asyncio.sleep(LOOK)
            waited += LOOK
            before = parked
            parked, answering = await asyncio.to_thread(_still, database, given, move)
            if parked < before:
                waited = 0.0
                progress.update(bar, completed=first - parked)
    return parked, answering
