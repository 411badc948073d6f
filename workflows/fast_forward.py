"""Move accounts ahead in time with the server's own per-workflow time skipping.

Timers fire in their order, activities run for real, and the account's clock stays ahead of the
wall's afterwards, across continue-as-new. Only a stack that says it may (`fast_forward`) does this.
"""

import asyncio
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from temporalio.api.common.v1 import (
    FastForwardConfig,
    TimeSkippingConfig,
    WorkflowExecution,
)
from temporalio.api.enums.v1 import FastForwardPollingResult
from temporalio.api.workflow.v1 import WorkflowExecutionOptions
from temporalio.api.workflowservice.v1 import (
    PollWorkflowExecutionTimeSkippingRequest,
    UpdateWorkflowExecutionOptionsRequest,
)
from temporalio.client import Client, WorkflowExecutionDescription
from temporalio.service import RPCError, RPCStatusCode

SKIPS = 100_000
"""Most skips in one go: a guard against endless retries, far above any journey's timers."""


CUT_OFF = frozenset({RPCStatusCode.CANCELLED, RPCStatusCode.UNAVAILABLE, RPCStatusCode.UNKNOWN})
"""The server closes connections that are some minutes old, with whatever is under way on them, and
may be away itself for a while: what it was asked as it died is cut off with a status unknown."""
ASK_AGAIN = 0.1
"""Seconds before a server that was away is asked again."""


class FastForwardError(RuntimeError):
    """The server could not carry a workflow to the time that was asked."""


async def fast_forward(
    client: Client,
    workflow_ids: Iterable[str],
    by: timedelta,
    *,
    at_once: int = 12,
    moved: Callable[[], None] = lambda: None,
) -> None:
    """Carry each workflow `by` ahead of its own time; returns when all have arrived or ended.

    `moved` is called after each. Workflows of one person belong into one call with a short step,
    so that the windows they share stay true. FastForwardError names the workflow that was stuck.
    """
    places = asyncio.Semaphore(at_once)

    async def one(workflow_id: str) -> None:
        async with places:
            await _carry(client, workflow_id, by)
            moved()

    async with asyncio.TaskGroup() as group:
        for workflow_id in workflow_ids:
            group.create_task(one(workflow_id))


async def _carry(client: Client, workflow_id: str, by: timedelta) -> None:
    name = uuid.uuid4().hex
    try:
        while not await _set_off(client, workflow_id, by, name):
            pass
        while not await _has_arrived(client, workflow_id, name):
            pass
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


async def _set_off(client: Client, workflow_id: str, by: timedelta, name: str) -> bool:
    """Ask for the fast-forward; whether it is under way."""
    duration = Duration()
    duration.FromTimedelta(by)
    request = UpdateWorkflowExecutionOptionsRequest(
        namespace=client.namespace,
        workflow_execution=WorkflowExecution(workflow_id=workflow_id),
        workflow_execution_options=WorkflowExecutionOptions(
            time_skipping_config=TimeSkippingConfig(
                enabled=True,
                max_session_skip_count=SKIPS,
                fast_forward_config=FastForwardConfig(id=name, duration=duration),
            )
        ),
        update_mask=FieldMask(paths=["time_skipping_config"]),
    )
    try:
        await client.workflow_service.update_workflow_execution_options(request)
    except RPCError as error:
        if error.status not in CUT_OFF:
            raise
        # Asked twice, it would carry twice as far: look whether the first was heard.
        return await _under_way(client, workflow_id) == name
    return True


async def _under_way(client: Client, workflow_id: str) -> str:
    described = await _described(client, workflow_id)
    info = described.raw_description.workflow_extended_info.time_skipping_info
    return info.fast_forward_info.fast_forward_id


async def _described(client: Client, workflow_id: str) -> WorkflowExecutionDescription:
    """What the server has of it, as soon as it answers."""
    while True:
        try:
            return await client.get_workflow_handle(workflow_id).describe()
        except RPCError as error:
            if error.status not in CUT_OFF:
                raise
            await asyncio.sleep(ASK_AGAIN)


async def _has_arrived(client: Client, workflow_id: str, name: str) -> bool:
    """Wait a while for the fast-forward to end; whether it has."""
    request = PollWorkflowExecutionTimeSkippingRequest(
        namespace=client.namespace,
        workflow_execution=WorkflowExecution(workflow_id=workflow_id),
        fast_forward_id=name,
    )
    try:
        answer = await client.workflow_service.poll_workflow_execution_time_skipping(request)
    except RPCError as error:
        if error.status not in CUT_OFF:
            raise
        await asyncio.sleep(ASK_AGAIN)
        return False
    result = answer.fast_forward_polling_result
    if result == FastForwardPollingResult.FAST_FORWARD_POLLING_RESULT_FAST_FORWARD_FAILED:
        if await _is_running(client, workflow_id):
            raise FastForwardError(f"{workflow_id}: {answer.failed_reason}")
        return True
    return result == FastForwardPollingResult.FAST_FORWARD_POLLING_RESULT_FAST_FORWARD_COMPLETED


async def _is_running(client: Client, workflow_id: str) -> bool:
    return (await _described(client, workflow_id)).close_time is None


async def time_of(client: Client, workflow_id: str) -> datetime | None:
    """The workflow's own time, where it has run ahead of the wall's; None where it has not."""
    described = await client.get_workflow_handle(workflow_id).describe()
    info = described.raw_description.workflow_extended_info
    if not info.HasField("time_skipping_info"):
        return None
    return info.time_skipping_info.current_time.ToDatetime()
