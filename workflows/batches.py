"""Many accounts at once: Temporal's batch jobs, and the workflow that sees an instruction through.

A batch job sends one signal to every workflow that a query finds, at the pace that the server's
batcher is set to, and is listed in Temporal's UI. It runs in the server: nobody has to wait for it.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from pydantic import BaseModel
from temporalio import workflow
from temporalio.api.batch.v1 import BatchOperationSignal
from temporalio.api.common.v1 import Payloads
from temporalio.api.enums.v1 import BatchOperationState
from temporalio.api.workflowservice.v1 import (
    DescribeBatchOperationRequest,
    StartBatchOperationRequest,
)
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from domain.bulk import BulkInstruction, BulkJob, BulkProgress, Where
from workflows import names
from workflows.runtime import RETRY

A_LOOK = timedelta(seconds=20)
"""Longer than anything that the telling waits for without a sign of life."""
OPEN = "WorkflowType = 'account' AND ExecutionStatus = 'Running'"


@workflow.defn(name="bulk")
class BulkWorkflow:
    """See to it that every account is told. The record knows who was, so it resumes."""

    @workflow.run
    async def run(self, job: BulkJob) -> BulkProgress:
        """Tell them; a crash goes on where it stopped."""
        told: BulkProgress = await workflow.execute_activity(
            "tell_all",
            job,
            result_type=BulkProgress,
            start_to_close_timeout=timedelta(hours=24),
            heartbeat_timeout=A_LOOK,
            retry_policy=RETRY,
            summary="tell every account of the instruction",
        )
        return told


async def begin(client: Client, instruction_id: str) -> None:
    """See to it that the accounts of an instruction are told; one under way is left to it.

    Those that it did not reach before are told again.
    """
    await _begin(client, instruction_id, WorkflowIDReusePolicy.ALLOW_DUPLICATE)


async def begin_once(client: Client, instruction_id: str) -> None:
    """See to it that the accounts of an instruction are told, if that did not come to its end yet.

    Whoever has not answered by then has it among its messages: to be told again would add to them.
    """
    with suppress(WorkflowAlreadyStartedError):
        await _begin(client, instruction_id, WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY)


async def _begin(client: Client, instruction_id: str, again: WorkflowIDReusePolicy) -> None:
    await client.start_workflow(
        "bulk",
        BulkJob(instruction_id=instruction_id),
        id=f"bulk/{instruction_id}",
        task_queue=names.TASK_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=again,
    )


@dataclass(frozen=True)
class Batch:
    """How far a batch job has come."""

    total: int
    done: int
    failed: int
    is_over: bool


async def signal_all(
    client: Client,
    job_id: str,
    query: str,
    signal: str,
    argument: BaseModel,
    *,
    why: str,
) -> None:
    """Have the server signal every workflow that the query finds; a job of that id is left to it.

    RPCError, RESOURCE_EXHAUSTED, while the server has another batch job under way. `why` stands in
    Temporal's UI, for all to read.
    """
    request = StartBatchOperationRequest(
        namespace=client.namespace,
        visibility_query=query,
        job_id=job_id,
        reason=why,
        signal_operation=BatchOperationSignal(
            signal=signal,
            input=Payloads(payloads=await client.data_converter.encode([argument])),
            identity=client.identity,
        ),
    )
    try:
        await client.workflow_service.start_batch_operation(request)
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise


async def batch(client: Client, job_id: str) -> Batch:
    """How far the batch job of that id has come."""
    found = await client.workflow_service.describe_batch_operation(
        DescribeBatchOperationRequest(namespace=client.namespace, job_id=job_id)
    )
    return Batch(
        total=found.total_operation_count,
        done=found.complete_operation_count,
        failed=found.failure_operation_count,
        is_over=found.state != BatchOperationState.BATCH_OPERATION_STATE_RUNNING,
    )


def query(where: Where) -> str:
    """Conditions in the words of Temporal's visibility; it may find more accounts than they do."""
    wanted = {
        names.CREDITOR.name: where.creditor,
        names.JOURNEY.name: where.journey,
        names.STAGE.name: where.stage,
        names.CURRENCY.name: where.currency,
    }
    found = [f"{name} = '{value}'" for name, value in wanted.items() if value is not None]
    if where.paused_by is not None:
        found.append(f"{names.HOLD.name} != 'none'")
    return " AND ".join([OPEN, *found])


class TemporalCrowd:
    """The way in to many workflows that leads to Temporal."""

    def __init__(self, client: Client) -> None:
        """Use this client."""
        self._client = client

    async def tell_all(self, where: str, told: BulkInstruction) -> None:
        """Have all that fit the conditions told, at the server's own pace; again is harmless."""
        why = f"{told.verb} {told.instruction_id}"
        found = query(Where.read(where))
        await signal_all(self._client, told.instruction_id, found, "instruct", told, why=why)

    async def is_under_way(self, instruction_id: str) -> bool:
        """Whether the server is still telling them."""
        return not (await batch(self._client, instruction_id)).is_over

    async def tell_one(self, workflow_id: str, told: BulkInstruction) -> None:
        """Tell one account; one that is over needs not be told."""
        handle = self._client.get_workflow_handle(workflow_id)
        try:
            await handle.signal("instruct", told)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
