"""`tahsil deploy`: make a build current, move the accounts that can, and say who is left."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
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
from cli.builds import Group, groups, on_build, on_other_builds
from cli.demo import progress_bars
from stack import Addresses
from workers.versions import NOT_SEEN_YET, make_current
from workflows import names
from workflows.batches import batch, signal_all
from workflows.messages import NewBuild

LOOK_AGAIN = 0.2
"""Seconds between two looks at how far the server has come."""
ANSWER = timedelta(seconds=5)
"""For an account to say how it stands; without a worker of its build it never does."""
LONGEST = timedelta(days=45)
"""No stage lasts longer, but for holds, which stop its clock."""
STILL = 5.0
"""Seconds without a change after which those who are left will stay."""


@dataclass(frozen=True)
class Deployment:
    """What is asked of a deployment."""

    build: str
    rescue: bool = False
    """Whether accounts of builds without a worker begin their stage again on this one."""
    patience: float = 60.0
    """Seconds to wait for a worker of the build, and then for the accounts to move."""


async def deploy(addresses: Addresses, asked: Deployment, console: Console) -> bool:
    """Make the build current and move the accounts to it; whether none is left elsewhere."""
    client = await connect(addresses)
    await _make_current(client, asked)
    console.print(f"build {asked.build} is current: accounts and stages begin on it")
    with progress_bars(console) as progress:
        mover = _Mover(client, asked, progress)
        await mover.nudge()
        if asked.rescue:
            await mover.rescue()
    left = await groups(client, on_other_builds(asked.build))
    for each in left:
        console.print(f"  {each.number} in {each}", highlight=False)
    console.print(_told(left), highlight=False, soft_wrap=True)
    return not left


async def _make_current(client: Client, asked: Deployment) -> None:
    try:
        await make_current(client, asked.build, patience=timedelta(seconds=asked.patience))
    except RPCError as error:
        if error.status not in NOT_SEEN_YET:
            raise
        raise LookupError(
            f"no worker of build {asked.build!r} is known: start one with "
            f"TAHSIL_BUILD={asked.build}, and without TAHSIL_ONE_BUILD, first"
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
    """Moves accounts to a build that is current, by batch jobs of the server."""

    def __init__(self, client: Client, asked: Deployment, progress: Progress) -> None:
        self._client = client
        self._asked = asked
        self._progress = progress

    async def nudge(self) -> None:
        """Wake every sleeper on another build: those that can go on exactly do so at once."""
        others, newer = on_other_builds(self._asked.build), NewBuild(build=self._asked.build)

        async def start(job: str) -> None:
            why = f"build {newer.build} is current"
            await signal_all(self._client, job, others, "nudge", newer, why=why)

        await self._job("nudged", others, start)
        await self._until_still(others)

    async def rescue(self) -> None:
        """Begin the stages again, on this build, of accounts whose build nobody works any more.

        A run's input is all that it knows, and what it did has keys: nothing is done twice.
        """
        for each in await self._abandoned():
            await self._reset(on_build(each))

    async def _abandoned(self) -> list[str]:
        """Builds of which no account answers."""
        found = await groups(self._client, on_other_builds(self._asked.build))
        return [
            build
            for build in dict.fromkeys(each.build for each in found)
            if not await self._answers(next(each for each in found if each.build == build))
        ]

    async def _answers(self, group: Group) -> bool:
        async for each in self._client.list_workflows(group.query, limit=1):
            handle = self._client.get_workflow_handle(each.id, run_id=each.run_id)
            try:
                await handle.query("state", rpc_timeout=ANSWER)
            except (RPCError, WorkflowQueryFailedError):
                return False
        return True

    async def _reset(self, query: str) -> None:
        """Begin runs again from their input, on this build."""
        version = WorkerDeploymentVersion(
            deployment_name=names.DEPLOYMENT, build_id=self._asked.build
        )
        here = VersioningOverride.OneTimeOverride(target_deployment_version=version)
        options = WorkflowExecutionOptions(versioning_override=VersioningOverride(one_time=here))
        moved = PostResetOperation.UpdateWorkflowOptions(
            workflow_execution_options=options,
            update_mask=FieldMask(paths=["versioning_override"]),
        )
        reset = BatchOperationReset(
            identity=self._client.identity,
            options=ResetOptions(first_workflow_task=Empty()),
            post_reset_operations=[PostResetOperation(update_workflow_options=moved)],
        )

        async def start(job: str) -> None:
            await self._client.workflow_service.start_batch_operation(
                StartBatchOperationRequest(
                    namespace=self._client.namespace,
                    job_id=job,
                    visibility_query=query,
                    reason=f"no worker of its build: to build {self._asked.build}",
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
        end, left = time.monotonic() + self._asked.patience, -1
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
