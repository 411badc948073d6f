"""Instructions for many accounts: each is told, and what it was told is on record."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import ParamSpec, Protocol, TypeVar

from temporalio import activity

from domain.bulk import BulkInstruction, BulkJob, BulkProgress, TakePart
from storage import Database, bulk
from storage.session import lock_account

P = ParamSpec("P")
R = TypeVar("R")

LOOK, LONGEST = timedelta(seconds=0.5), timedelta(seconds=4)
"""Between two looks at how far it has come: at first, and when it takes long."""
BEAT = timedelta(seconds=5)
"""Between two signs of life: several in each heartbeat time-out, however long a look takes."""
A_MOMENT, PATIENCE = timedelta(seconds=5), timedelta(seconds=60)
"""Without any progress; after that the rest is told directly, or left to another command."""


class Crowd(Protocol):
    """The way in to many workflows; `workflows.batches` has the one that leads to Temporal."""

    async def tell_all(self, where: str, told: BulkInstruction) -> None:
        """Have all that fit the conditions told, at the server's own pace; again is harmless."""

    async def is_under_way(self, instruction_id: str) -> bool:
        """Whether the server is still telling them."""

    async def tell_one(self, workflow_id: str, told: BulkInstruction) -> None:
        """Tell one account; one that is over needs not be told."""


class Bulks:
    """Activities that carry out instructions for many."""

    def __init__(self, database: Database, crowd: Crowd) -> None:
        """Work on this record, and tell these workflows."""
        self._database = database
        self._crowd = crowd

    @activity.defn
    def take_part(self, order: TakePart) -> bool:
        """Write that the account was told; whether it has to carry the instruction out."""
        with self._database.transaction() as session:
            lock_account(session, order.account_id)
            return bulk.take_part(session, order.account_id, order.instruction)

    @activity.defn
    async def tell_all(self, job: BulkJob) -> BulkProgress:
        """Have every account of an instruction told; returns how far that came.

        The server's batch job tells those that it finds by the conditions. An account that has left
        its stage since is not among them any more: whoever has not answered is then told directly.
        """
        conditions, told = await beating(self._given, job.instruction_id)
        await self._crowd.tell_all(conditions, told)
        while await self._crowd.is_under_way(job.instruction_id):
            activity.heartbeat()
            await asyncio.sleep(LOOK.total_seconds())
        how_far = await self._until_told(job.instruction_id, idle=A_MOMENT)
        if how_far.left:
            await beating(self._release, job.instruction_id)
            await self._tell_the_rest(told)
            how_far = await self._until_told(job.instruction_id, idle=PATIENCE)
        if how_far.left:
            await beating(self._release, job.instruction_id)
            how_far = await beating(self._progress, job.instruction_id)
        return how_far

    async def _tell_the_rest(self, told: BulkInstruction) -> None:
        after = ""
        while page := await beating(self._untold, told.instruction_id, after):
            for _, workflow in page:
                await self._crowd.tell_one(workflow, told)
                activity.heartbeat()
            after, _ = page[-1]

    async def _until_told(self, instruction_id: str, *, idle: timedelta) -> BulkProgress:
        """Wait for the answers, until none has come for so long."""
        clock = asyncio.get_running_loop().time
        pause, since = LOOK, clock()
        before = await beating(self._progress, instruction_id)
        while before.left and clock() - since < idle.total_seconds():
            activity.heartbeat()
            await asyncio.sleep(pause.total_seconds())
            now = await beating(self._progress, instruction_id)
            if now.left != before.left:
                since = clock()
            pause, before = min(2 * pause, LONGEST), now
        return before

    def _given(self, instruction_id: str) -> tuple[str, BulkInstruction]:
        with self._database.transaction() as session:
            given = bulk.by_id(session, instruction_id)
            if given is None or given.conditions is None:
                raise LookupError(f"no instruction {instruction_id} to many on record")
            told = {"instruction_id": given.id, "verb": given.verb} | given.detail
            return given.conditions, BulkInstruction.model_validate(told)

    def _untold(self, instruction_id: str, after: str) -> list[tuple[str, str]]:
        with self._database.transaction() as session:
            return bulk.untold(session, instruction_id, after=after)

    def _progress(self, instruction_id: str) -> BulkProgress:
        with self._database.transaction() as session:
            return bulk.progress(session, instruction_id)

    def _release(self, instruction_id: str) -> None:
        with self._database.transaction() as session:
            bulk.release(session, instruction_id)


async def beating(work: Callable[P, R], *args: P.args, **named: P.kwargs) -> R:
    """Do it in a thread, and say meanwhile that this activity is alive."""
    doing = asyncio.ensure_future(asyncio.to_thread(work, *args, **named))
    while not doing.done():
        activity.heartbeat()
        await asyncio.wait([doing], timeout=BEAT.total_seconds())
    return doing.result()
