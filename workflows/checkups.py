"""A checkup of the house: whether a worker answers at all, and what the clocks say."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from domain.checkups import Clocks

AT_MOST = timedelta(seconds=10)


@workflow.defn(name="checkup")
class CheckupWorkflow:
    """Ask a worker for the time."""

    @workflow.run
    async def run(self) -> Clocks:
        """What Temporal's clock, a worker's and the record's say."""
        now = workflow.now()
        clocks: Clocks = await workflow.execute_activity(
            "read_clocks",
            result_type=Clocks,
            start_to_close_timeout=AT_MOST,
            retry_policy=RetryPolicy(maximum_attempts=1),
        )
        return clocks.model_copy(update={"temporal": now})
