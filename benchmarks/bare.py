"""The bare things: a workflow with nothing of ours in it, and a worker for it alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

TASK_QUEUE = "bare"


@activity.defn
async def nothing() -> None:
    """Do nothing."""


@workflow.defn(name="bare")
class Bare:
    """A timer and an activity, three times: what a stage of three contacts is to Temporal."""

    @workflow.run
    async def run(self) -> None:
        """Do nothing three times, three days apart."""
        for _ in range(3):
            await workflow.execute_activity(nothing, start_to_close_timeout=timedelta(seconds=10))
            await workflow.sleep(timedelta(days=3))


@asynccontextmanager
async def bare_worker(client: Client) -> AsyncIterator[None]:
    """A worker for the bare workflow, in this process."""
    async with Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[Bare],
        activities=[nothing],
        workflow_runner=UnsandboxedWorkflowRunner(),
        build_id="bare",
    ):
        yield
