"""Reconciling every night, or now: read Stripe's books, compare, and hear what was missed."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from domain.reconciling import Compare, Compared, ReadBooks, Reconcile
from workflows.runtime import RETRY

ONE_PAGE = timedelta(seconds=60)
"""Longer than Stripe may take for a page, or the database for its first row."""
A_NIGHT = timedelta(hours=20)
"""After this the rest is left to the next night."""
ATTEMPTS = RetryPolicy(maximum_attempts=3)


@workflow.defn(name="reconcile")
class ReconcileWorkflow:
    """Hold the ledger against Stripe's books."""

    @workflow.run
    async def run(self, job: Reconcile) -> Compared:
        """Read, compare, and if it is asked for, hear what was missed and compare again."""
        found = await self._compare(job)
        if not job.hear:
            return found
        heard: int = await workflow.execute_activity(
            "hear_missing",
            found.reconciliation_id,
            result_type=int,
            start_to_close_timeout=timedelta(hours=1),
            heartbeat_timeout=ONE_PAGE,
            retry_policy=RETRY,
            schedule_to_close_timeout=A_NIGHT,
            summary="fetch and apply the events that were missed",
        )
        if not heard:
            return found
        return (await self._compare(job)).model_copy(update={"heard": heard})

    async def _compare(self, job: Reconcile) -> Compared:
        now = workflow.now()
        await workflow.execute_activity(
            "read_books",
            ReadBooks(until=now),
            start_to_close_timeout=A_NIGHT,
            schedule_to_close_timeout=A_NIGHT,
            heartbeat_timeout=ONE_PAGE,
            retry_policy=RETRY,
            summary="read what is new in Stripe's books",
        )
        compared: Compared = await workflow.execute_activity(
            "compare_books",
            Compare(since=job.since, until=job.until or now, read_until=now),
            result_type=Compared,
            start_to_close_timeout=timedelta(hours=4),
            heartbeat_timeout=ONE_PAGE,
            retry_policy=ATTEMPTS,
            summary="hold the ledger against them",
        )
        return compared
