"""What Temporal says of how a house is doing, asked for with bounded work.

Lists come from visibility, which may lag by a moment; whatever is then said of an account comes
from its run. Words of failures are encrypted and are not read: their kinds say enough.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType, TaskQueueType, WorkflowTaskFailedCause
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    DescribeWorkflowExecutionRequest,
    DescribeWorkflowExecutionResponse,
    GetWorkflowExecutionHistoryRequest,
)
from temporalio.client import Client, WorkflowFailureError
from temporalio.service import RPCError, RPCStatusCode

from domain.checkups import Clocks
from workflows import names
from workflows.ailments import Doing, Queue, Run, ScheduleSeen

AT_ONCE = 12
"""Questions to the server at a time: more make it no quicker."""
A_PAGE = 1000
"""Workflows in one answer of the server: it gives no more."""
PATIENCE = timedelta(seconds=15)
RUNNING = "WorkflowType = 'account' AND ExecutionStatus = 'Running'"
REPORTED = f"{RUNNING} AND TemporalReportedProblems IS NOT NULL"
ILL = "ExecutionStatus IN ('Failed', 'TimedOut', 'Terminated')"
QUEUES = {
    "workflow": TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    "activity": TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
}


async def number_running(client: Client, creditor: str | None = None) -> int:
    """How many accounts' workflows run: a creditor's, or all."""
    return (await client.count_workflows(_of(creditor))).count


async def running(client: Client, creditor: str | None = None) -> AsyncIterator[list[str]]:
    """Ids of the accounts' workflows that run, a page at a time: a creditor's, or all."""
    pages = client.list_workflows(_of(creditor), page_size=A_PAGE)
    while True:
        await pages.fetch_next_page()
        yield [each.id for each in pages.current_page or ()]
        if not pages.next_page_token:
            return


def _of(creditor: str | None) -> str:
    if creditor is None:
        return RUNNING
    return f"{RUNNING} AND WorkflowId STARTS_WITH '{names.workflow_id(creditor, '')}'"


async def running_among(client: Client, workflow_ids: Sequence[str]) -> set[str]:
    """Those of them that run."""
    asked = ", ".join(f"'{each}'" for each in workflow_ids)
    query = f"{RUNNING} AND WorkflowId IN ({asked})"
    return {each.id async for each in client.list_workflows(query, page_size=A_PAGE)}


async def reported(client: Client, most: int) -> list[str]:
    """Ids of some of which the server itself says that their workflow tasks fail."""
    found = client.list_workflows(REPORTED, page_size=A_PAGE, limit=most)
    return [each.id async for each in found]


async def running_since(client: Client, workflow_id: str) -> datetime | None:
    """When its run began, if it is under way at this very moment."""
    try:
        described = await client.get_workflow_handle(workflow_id).describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return None
    return described.start_time if described.close_time is None else None


async def run_of(client: Client, workflow_id: str, account_id: str, *, deep: bool) -> Run | None:
    """The run of an account's workflow; None if there is none. `deep` reads its history, too.

    The history of a run in which something fails is read anyway.
    """
    try:
        found = await client.workflow_service.describe_workflow_execution(
            DescribeWorkflowExecutionRequest(
                namespace=client.namespace,
                execution=WorkflowExecution(workflow_id=workflow_id),
            )
        )
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return None
    info = found.workflow_execution_info
    if info.HasField("close_time"):
        return None
    tries = [each.attempt for each in found.pending_activities]
    tries.append(found.pending_workflow_task.attempt)
    history = list[HistoryEvent]()
    if deep or max(tries) > 1:
        history = await _history(client, workflow_id)
    return _run(account_id, found, history)


async def _history(client: Client, workflow_id: str) -> list[HistoryEvent]:
    """The events of its run: some dozens, as a run is one stage."""
    events, token = list[HistoryEvent](), b""
    while True:
        page = await client.workflow_service.get_workflow_execution_history(
            GetWorkflowExecutionHistoryRequest(
                namespace=client.namespace,
                execution=WorkflowExecution(workflow_id=workflow_id),
                next_page_token=token,
            )
        )
        events += page.history.events
        token = page.next_page_token
        if not token:
            return events


def _run(
    account_id: str, found: DescribeWorkflowExecutionResponse, history: list[HistoryEvent]
) -> Run:
    task, info = found.pending_workflow_task, found.workflow_execution_info
    pending = found.HasField("pending_workflow_task")
    return Run(
        account_id=account_id,
        task_attempt=max(task.attempt, 1) if pending else 0,
        task_since=_instant(task.original_scheduled_time) if pending else None,
        task_failure=_task_failure(history) if pending else None,
        build=info.versioning_info.deployment_version.build_id or None,
        doing=tuple(_doing(each, history) for each in found.pending_activities),
        timers=_timers(history) if history else None,
    )


def _instant(told: Timestamp) -> datetime:
    return told.ToDatetime(tzinfo=UTC)


def _doing(pending: PendingActivityInfo, history: Iterable[HistoryEvent]) -> Doing:
    since = next(
        (
            _instant(event.event_time)
            for event in history
            if event.activity_task_scheduled_event_attributes.activity_id == pending.activity_id
        ),
        None,
    )
    return Doing(pending.activity_type.name, pending.attempt, _kind(pending), since)


def _kind(pending: PendingActivityInfo) -> str | None:
    """The kind of the last failure: an exception's name, or that it took too long."""
    if not pending.HasField("last_failure"):
        return None
    failure = pending.last_failure
    if failure.HasField("server_failure_info") and failure.HasField("cause"):
        failure = failure.cause  # it was longer than the server keeps: this is its beginning
    if failure.HasField("application_failure_info"):
        return failure.application_failure_info.type
    return failure.WhichOneof("failure_info")


def _task_failure(history: Iterable[HistoryEvent]) -> str | None:
    """Why the last workflow task failed, unless one was completed since."""
    why = None
    for event in history:
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
            why = None
        elif event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
            cause = event.workflow_task_failed_event_attributes.cause
            why = WorkflowTaskFailedCause.Name(cause).removeprefix("WORKFLOW_TASK_FAILED_CAUSE_")
    return why


def _timers(history: Iterable[HistoryEvent]) -> int:
    """How many timers have been started and are neither over nor given up."""
    started = set[str]()
    for event in history:
        match event.event_type:
            case EventType.EVENT_TYPE_TIMER_STARTED:
                started.add(event.timer_started_event_attributes.timer_id)
            case EventType.EVENT_TYPE_TIMER_FIRED:
                started.discard(event.timer_fired_event_attributes.timer_id)
            case EventType.EVENT_TYPE_TIMER_CANCELED:
                started.discard(event.timer_canceled_event_attributes.timer_id)
    return len(started)


async def queues(client: Client) -> list[Queue]:
    """Our task queue, by what is asked of it."""
    return [await _queue(client, kind, type_) for kind, type_ in QUEUES.items()]


async def _queue(client: Client, kind: str, type_: TaskQueueType.ValueType) -> Queue:
    found = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=names.TASK_QUEUE),
            task_queue_type=type_,
            report_stats=True,
        )
    )
    return Queue(
        kind=kind,
        waiting=found.stats.approximate_backlog_count,
        age=found.stats.approximate_backlog_age.ToTimedelta(),
        pollers=len(found.pollers),
    )


async def schedules(client: Client, now: datetime) -> list[ScheduleSeen]:
    """The schedules that a worker keeps."""
    since = (now - timedelta(days=1)).isoformat()
    return [await _schedule(client, name, since) for name in (names.SWEEPER, names.RECONCILER)]


async def _schedule(client: Client, name: str, since: str) -> ScheduleSeen:
    try:
        found = await client.get_schedule_handle(name).describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return ScheduleSeen(name, found=False)
    query = f"WorkflowId STARTS_WITH '{name}' AND {ILL} AND CloseTime > '{since}'"
    failed = await client.count_workflows(query)
    return ScheduleSeen(name, paused=found.schedule.state.paused, failed=failed.count)


async def clocks(client: Client) -> Clocks | None:
    """What the clocks say, by way of a worker; None if no worker answers."""
    try:
        told: Clocks = await client.execute_workflow(
            "checkup",
            id=f"checkup/{uuid.uuid4().hex}",
            task_queue=names.TASK_QUEUE,
            result_type=Clocks,
            execution_timeout=PATIENCE,
        )
    except WorkflowFailureError:
        return None
    return told


async def each(ids: Iterable[str], ask: Callable[[str], Awaitable[None]]) -> None:
    """Ask for each, some at a time."""
    waiting = iter(list(ids))

    async def work() -> None:
        for one in waiting:
            await ask(one)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work())
