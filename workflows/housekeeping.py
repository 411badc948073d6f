"""Workflows that belong to no single account: placing a file, sweeping the inbox."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from domain.orders import PlacementJob
from workflows.runtime import RETRY

ONE_ROW = timedelta(seconds=15)
"""Longer than the placing of one row may take; a crash is noticed after it."""
ONE_EVENT = timedelta(seconds=30)
"""Longer than the provider may take to answer about one event."""
SWEEP = timedelta(minutes=10)
"""After this the rest is left to the next sweep."""


@workflow.defn(name="placement")
class PlacementWorkflow:
    """Place every waiting row of a file. The record knows which rows are done, so it resumes."""

    @workflow.run
    async def run(self, job: PlacementJob) -> None:
        """Place the rows; a crash goes on where it stopped."""
        await workflow.execute_activity(
            "place_file",
            job,
            start_to_close_timeout=timedelta(hours=24),
            heartbeat_timeout=ONE_ROW,
            retry_policy=RETRY,
            summary="place the rows that are waiting",
        )


@workflow.defn(name="sweep-inbox")
class SweepInbox:
    """Finish provider events that were stored and not applied: somebody crashed in between."""

    @workflow.run
    async def run(self) -> int:
        """Sweep once; the schedule comes again."""
        swept: int = await workflow.execute_activity(
            "sweep_inbox",
            result_type=int,
            start_to_close_timeout=SWEEP,
            heartbeat_timeout=ONE_EVENT,
            retry_policy=RetryPolicy(maximum_attempts=1),
        )
        return swept
