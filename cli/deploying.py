"""`tahsil deploy`: make a build current, move the accounts that can, and say who is left."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from google.protobuf.empty_pb2 import Empty
from google.protobuf.field_mask_pb2 import FieldMask
from rich.console import Console
from rich.progress import Progress
from temporalio.api.batch.v1 import BatchOperationReset
from temporalio.api.common.v1 import ResetOptions
from temporalio.api.deployment.v1 import WorkerDeploymentVersion
from temporalio.api.workflow.v1 import (
    PostResetOperation,
    VersioningOverride,
    WorkflowExecutionOptions,
)
from temporalio.api.workflowservice.v1 import StartBatchOperationRequest
from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from cli.acting import connect
from cli.builds import Group, all_open, groups, on_build, on_other_builds
from cli.demo import progress_bars
from stack import Addresses
from workers.versions import NOT_SEEN_YET, current_build, make_current
from workflows import names
from workflows.batches import batch, signal_all
from workflows.messages import NewBuild

LOOK_AGAIN = 0.2
"""Seconds between two looks at how far the server has come."""
ANSWER = timedelta(seconds=5)
"""For an account to say how it stands; without a worker of its build it never does."""
ASKED = 2
"""Accounts of each stage that are asked before their build is taken for gone."""
SILENCE = frozenset(
    {
        RPCStatusCode.CANCELLED,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.FAILED_PRECONDITION,  # no worker has asked for its tasks of late
    }
)
"""What the server says when no worker answers an account's query."""
PROBLEMS = "TemporalReportedProblems"
"""The server's own list of what makes workflow tasks fail, once one has failed some times."""
MISFIT = "cause=WorkflowTaskFailedCauseNonDeterministicError"
"""Among them: the code does not fit the history."""
LISTED = "a minute"
"""How soon, at most: the server waits for the fifth attempt (measured: 50 s)."""
LONGEST = timedelta(days=45)
"""No stage lasts longer, but for holds, which stop its clock."""
STILL = 5.0
"""Seconds without a change after which those who are left will stay."""


@dataclass(frozen=True)
class Deployment:
    """What is asked of a deployment."""

    build: str | None = None
    """None: the one that is current, or none where workers have no versions."""
    rescue: bool = False
    """Whether accounts that cannot go on begin their stage again: those of builds without a worker,
    on this one; and those whose history does not fit the code, with or without versions."""
    patience: float = 60.0
    """Seconds to wait for a worker of the build, and then for the accounts to move."""


async def deploy(addresses: Addresses, asked: Deployment, console: Console) -> bool:
    """Make the build current and move the accounts to it; whether none is left elsewhere.

    Without versions there is nothing to make current, and only the rescue to do.
    """
    client = await connect(addresses)
    current = await current_build(client)
    build = asked.build or current
    if build is None:
        return await _rescue_in_place(client, asked, console)
    await _make_current(client, build, asked.patience, has_versions=current is not None)
    console.print(f"build {build} is current: accounts and stages begin on it")
    with progress_bars(console) as progress:
        mover = _Mover(client, build, asked.patience, progress)
        await mover.nudge(build)
        if asked.rescue:
            await mover.rescue_abandoned(build)
            await mover.rescue_misfits()
    left = await groups(client, on_other_builds(build))
    for each in left:
        console.print(f"  {each.number} in {each}", highlight=False)
    console.print(_told(left), highlight=False, soft_wrap=True)
    return not left


async def _rescue_in_place(client: Client, asked: Deployment, console: Console) -> bool:
    """Rescue where workers have no versions; whether none is left whose history does not fit."""
    if not asked.rescue:
        raise ValueError(
            "the workers here have no versions, and go on with every account: nothing is to be "
            "deployed. Accounts whose history does not fit their code: --rescue"
        )
    with progress_bars(console) as progress:
        mover = _Mover(client, None, asked.patience, progress)
        number = await mover.rescue_misfits()
    left = (await client.count_workflows(misfits())).count
    told = f"{number} accounts begin their stage again on the code of the workers"
    if left:
        told = f"{told}; {left} are left: does that code fit? tahsil doctor"
    if not number:
        told = f"{told}: none is listed. One is {LISTED} after its first failure: ask again then"
    console.print(told, highlight=False, soft_wrap=True)
    return not left


def misfits() -> str:
    """A query that finds open accounts whose code does not fit their history."""
    return f"{all_open()} AND {PROBLEMS} = '{MISFIT}'"


async def _make_current(client: Client, build: str, patience: float, *, has_versions: bool) -> None:
    try:
        await make_current(client, build, patience=timedelta(seconds=patience))
    except RPCError as error:
        if error.status not in NOT_SEEN_YET:
            raise
        here = "" if has_versions else ". Workers without versions need none: --rescue alone"
        raise LookupError(
            f"no worker of build {build!r} is known: start one with "
            f"TAHSIL_BUILD={build}, and without TAHSIL_ONE_BUILD, first{here}"
        ) from error


def _told(left: list[Group]) -> str:
    number = sum(each.number for each in left)
    if not number:
        return "no account is on another build: workers of others can go"
    return (
        f"still on another build: {number}. They end their stage where it began, within "
        f"{LONGEST.days} days (holds stop that clock): keep its workers till then, and deploy "
        "again to look. Are its workers gone for good? --rescue"
    )


class _Mover:
    """Moves accounts to a build that is current, if there are builds, by the server's batch jobs.

    In a rescue a run begins again from its input: that is all that it knows, and what it did has
    keys, so that nothing is done twice.
    """

    def __init__(
        self, client: Client, build: str | None, patience: float, progress: Progress
    ) -> None:
        self._client = client
        self._build = build
        self._patience = patience
        self._progress = progress

    async def nudge(self, build: str) -> None:
        """Wake every sleeper on another build: those that can go on exactly do so at once."""
        others, newer = on_other_builds(build), NewBuild(build=build)

        async def start(job: str) -> None:
            why = f"build {newer.build} is current"
            await signal_all(self._client, job, others, "nudge", newer, why=why)

        await self._job("nudged", others, start)
        await self._until_still(others)

    async def rescue_abandoned(self, build: str) -> None:
        """Begin the stages again, on this build, of accounts whose build nobody works any more."""
        for each in await self._abandoned(build):
            await self._reset(on_build(each), "no worker of its build")

    async def rescue_misfits(self) -> int:
        """Begin the stages again of accounts whose history does not fit the code; how many."""
        number = (await self._client.count_workflows(misfits())).count
        await self._reset(misfits(), "its history does not fit the code")
        return number

    async def _abandoned(self, build: str) -> list[str]:
        """Builds of which no account answers."""
        found = await groups(self._client, on_other_builds(build))
        return [
            other
            for other in dict.fromkeys(each.build for each in found)
            if await self._is_silent(each for each in found if each.build == other)
        ]

    async def _is_silent(self, build: Iterable[Group]) -> bool:
        """Whether none of several accounts of a build answers; not asked are those that are ill."""
        asked = [
            self._answers(each.id, each.run_id)
            for group in build
            async for each in self._client.list_workflows(
                f"{group.query} AND {PROBLEMS} IS NULL", limit=ASKED
            )
        ]
        return bool(asked) and not any(await asyncio.gather(*asked))

    async def _answers(self, workflow_id: str, run_id: str) -> bool:
        """Whether a worker takes a question to it, be the answer that it cannot tell yet."""
        handle = self._client.get_workflow_handle(workflow_id, run_id=run_id)
        try:
            await handle.query("state", rpc_timeout=ANSWER)
        except WorkflowQueryFailedError:
            return True
        except RPCError as error:
            if error.status not in {*SILENCE, RPCStatusCode.NOT_FOUND}:
                raise
            return error.status is RPCStatusCode.NOT_FOUND  # somebody has just ended it
        return True

    def _onto_the_build(self) -> list[PostResetOperation]:
        """What to do with a run that was begun again: nothing, where there are no versions."""
        if self._build is None:
            return []
        version = WorkerDeploymentVersion(deployment_name=names.DEPLOYMENT, build_id=self._build)
        here = VersioningOverride.OneTimeOverride(target_deployment_version=version)
        options = WorkflowExecutionOptions(versioning_override=VersioningOverride(one_time=here))
        moved = PostResetOperation.UpdateWorkflowOptions(
            workflow_execution_options=options,
            update_mask=FieldMask(paths=["versioning_override"]),
        )
        return [PostResetOperation(update_workflow_options=moved)]

    async def _reset(self, query: str, why: str) -> None:
        """Begin runs again from their input."""
        reset = BatchOperationReset(
            identity=self._client.identity,
            options=ResetOptions(first_workflow_task=Empty()),
            post_reset_operations=self._onto_the_build(),
        )

        async def start(job: str) -> None:
            await self._client.workflow_service.start_batch_operation(
                StartBatchOperationRequest(
                    namespace=self._client.namespace,
                    job_id=job,
                    visibility_query=query,
                    reason=f"{why}: to build {self._build}" if self._build else why,
                    reset_operation=reset,
                )
            )

        await self._job("rescued", query, start)
        await self._until_still(query)

    async def _job(self, name: str, query: str, start: Callable[[str], Awaitable[None]]) -> None:
        """See a batch job through, if it has anything to do."""
        total = (await self._client.count_workflows(query)).count
        task = self._progress.add_task(name, total=total)
        if not total:
            return
        job = f"{name}-{uuid.uuid4().hex}"
        await _begun(lambda: start(job))
        while True:
            told = await batch(self._client, job)
            self._progress.update(task, completed=told.done + told.failed)
            if told.is_over:
                return
            await asyncio.sleep(LOOK_AGAIN)

    async def _until_still(self, query: str) -> None:
        """Wait until none is left, or until no more has left for a while."""
        end, left = time.monotonic() + self._patience, -1
        still_since = time.monotonic()
        while left and time.monotonic() < min(end, still_since + STILL):
            now = (await self._client.count_workflows(query)).count
            if now != left:
                left, still_since = now, time.monotonic()
            await asyncio.sleep(LOOK_AGAIN)


async def _begun(start: Callable[[], Awaitable[None]]) -> None:
    """Start a batch job as soon as the server has no other under way."""
    while True:
        try:
            return await start()
        except RPCError as error:
            if error.status is not RPCStatusCode.RESOURCE_EXHAUSTED:
                raise
        await asyncio.sleep(LOOK_AGAIN)
