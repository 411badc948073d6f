"""Run one stage of a journey to what follows it."""

from engine.accounts import Laws, OpenAccount
from engine.journeys import Journey
from engine.progress import Progress
from engine.runtime import Runtime
from engine.stages import Next, Stage


async def attempt(
    journey: Journey,
    stage: Stage,
    progress: Progress,
    runtime: Runtime,
    *,
    laws: Laws,
    workflow_id: str,
) -> Next:
    """Play `stage` and return the stage that follows, or the end."""
    account = OpenAccount(journey, stage, progress, runtime, laws=laws, workflow_id=workflow_id)
    return await account.played()
