"""The way in to accounts' workflows from outside: place, instruct, tell and ask."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Literal

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import Priority, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.doors import AccountClosed, DifferentPlacement
from domain.accounts import Placement
from domain.events import AnyEvent, BalanceChanged
from domain.orders import PlacementJob
from storage.reopening import Reopened
from workflows.batches import begin_once
from workflows.fast_forward import FastForwardError, fast_forward, time_of
from workflows.messages import AccountState, Heard, Instruction, Leg, PlacedAgain
from workflows.names import TASK_QUEUE, workflow_id
from workflows.payloads import own
from workflows.reopening import leg_of

PATIENCE = timedelta(seconds=10)
"""For an answer that needs a worker; without one the record alone must do."""
GLANCE = timedelta(seconds=2)
"""For an answer that is good to have and can be done without."""
TROUBLE = (WorkflowAlreadyStartedError, WorkflowUpdateRPCTimeoutOrCancelledError, RPCError)
AWAY = frozenset(
    {
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.UNKNOWN,  # the connection broke with the question on it
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.FAILED_PRECONDITION,
    }
)

Verb = Literal["pause", "resume", "dispute", "recall"]


class NotYet(Exception):  # noqa: N818 -- it passes by itself
    """The workflow has not taken it in: it is still writing the record, or no worker answers."""


class TemporalDoor:
    """The door that leads to Temporal."""

    def __init__(self, client: Client, *, fast_forward: bool = False) -> None:
        """Use this client; it needs the data converter of `workflows.payloads`.

        `fast_forward` says that accounts of this stack may be run ahead of the wall.
        """
        self._client = client
        self._fast_forward = fast_forward

    async def begin(self, placement: Placement) -> None:
        """Start the account's workflow, or find it; returns once the account is on record.

        DifferentPlacement or AccountClosed if it was placed before; NotYet if no worker answers.
        """
        await own(self._client, placement)
        start: WithStartWorkflowOperation[object, AccountState] = WithStartWorkflowOperation(
            "account",
            Leg(placement=placement, journey=placement.journey),
            id=workflow_id(placement.creditor, placement.reference),
            task_queue=TASK_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            static_summary=f"{placement.journey} journey for {placement.creditor}",
            priority=turn_of(placement.creditor),
        )
        try:
            await self._client.execute_update_with_start_workflow(
                "placed",
                PlacedAgain(placement=placement),
                start_workflow_operation=start,
                result_type=AccountState,
                rpc_timeout=PATIENCE,
            )
        except WorkflowUpdateFailedError as error:
            raise _refusal(error) from error
        except TROUBLE as error:
            with suppress(*TROUBLE, asyncio.CancelledError):
                await start.workflow_handle()  # it fails too, and asyncio wants that to be seen
            raise _trouble(error) from error

    async def instruct(self, target: str, verb: Verb, instruction: Instruction) -> AccountState:
        """Give an instruction whose facts are on record. AccountClosed or NotYet."""
        handle = self._client.get_workflow_handle(target)
        try:
            state: AccountState = await handle.execute_update(
                verb, instruction, result_type=AccountState, rpc_timeout=PATIENCE
            )
        except WorkflowUpdateFailedError as error:
            raise _refusal(error) from error
        except TROUBLE as error:
            raise _trouble(error) from error
        return state

    async def tell(self, target: str, event: AnyEvent) -> None:
        """Hand an event to a workflow; one that is over, or never was, needs no news."""
        handle = self._client.get_workflow_handle(target)
        try:
            await handle.signal("hear", Heard(event=event))
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise

    async def reopen(self, reopened: Reopened, news: AnyEvent) -> None:
        """Start the account's workflow again, from the record as it stands; or find it running."""
        await self._client.start_workflow(
            "account",
            leg_of(reopened, news),
            id=reopened.workflow_id,
            task_queue=TASK_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            static_summary=f"{reopened.journey} journey, opened again",
            priority=turn_of(reopened.placement.creditor),
            # A run that is just closing hears of it, too, and goes on in place of ending.
            start_signal="hear",
            start_signal_args=[Heard(event=_owed(reopened))],
        )
        if self._fast_forward:
            await self._carry(reopened)

    async def _carry(self, reopened: Reopened) -> None:
        """Carry an account that was run ahead to where it was: its journey waits for that."""
        handle = self._client.get_workflow_handle(reopened.workflow_id)
        if await time_of(self._client, handle.id) is None:
            by = reopened.at - (await handle.describe()).start_time
            if by > timedelta(0):
                await self._moved(handle.id, by)

    async def _moved(self, target: str, by: timedelta) -> None:
        """Move it ahead. Of several that heard of it at once, the one that asks last does."""
        try:
            await fast_forward(self._client, [target], by)
        except* (RPCError, FastForwardError):
            if await time_of(self._client, target) is None:
                raise

    async def state(self, target: str) -> AccountState | None:
        """The account as its workflow sees it; None while nobody can say."""
        handle = self._client.get_workflow_handle(target)
        try:
            state: AccountState = await handle.query(
                "state", result_type=AccountState, rpc_timeout=GLANCE
            )
        except (WorkflowQueryFailedError, WorkflowQueryRejectedError, RPCError):
            return None
        return state

    async def begin_bulk(self, instruction_id: str) -> None:
        """See to it that the accounts of an instruction for many are told; again is harmless."""
        try:
            await begin_once(self._client, instruction_id)
        except RPCError as error:
            raise _trouble(error) from error

    async def place_file(self, placement_id: str) -> None:
        """See to it that the rows of a file are placed; a file under way is left to it."""
        try:
            await self._client.start_workflow(
                "placement",
                PlacementJob(placement_id=placement_id),
                id=f"placement/{placement_id}",
                task_queue=TASK_QUEUE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            )
        except RPCError as error:
            raise _trouble(error) from error


def turn_of(creditor: str) -> Priority:
    """Creditors take turns where there is a queue, however many accounts one of them has in it.

    An account's runs and activities inherit it. A server that was not told to be fair
    (`matching.enableFairness`) ignores it.
    """
    return Priority(fairness_key=creditor)


def _owed(reopened: Reopened) -> BalanceChanged:
    recorded = reopened.recorded
    return BalanceChanged(
        event_id=f"reopened:{recorded.version}",
        version=recorded.version,
        balance=recorded.balance,
        cause="reversal",
    )


def _refusal(error: WorkflowUpdateFailedError) -> Exception:
    cause = error.cause
    kind = cause.type if isinstance(cause, ApplicationError) else None
    match kind:
        case "DifferentPlacement":
            return DifferentPlacement()
        case "AccountClosed":
            return AccountClosed()
        case "NotRecorded":
            return NotYet("the account's workflow is still writing the record")
        case "AcceptedUpdateCompletedWorkflow":
            return AccountClosed()
        case _:
            return NotYet(f"the workflow refused it ({kind or type(cause).__name__})")


def _trouble(error: Exception) -> Exception:
    """What to raise for a call that no worker answered, or that found no workflow."""
    match error:
        case WorkflowAlreadyStartedError():
            return AccountClosed()
        case WorkflowUpdateRPCTimeoutOrCancelledError():
            return NotYet("no worker answered in time")
        case RPCError(status=RPCStatusCode.NOT_FOUND | RPCStatusCode.ALREADY_EXISTS):
            return AccountClosed()
        case RPCError(status=status) if status in AWAY:
            return NotYet(f"Temporal did not answer in time ({status.name})")
        case _:
            return error
