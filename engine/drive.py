"""Run one stage of a journey to what follows it."""

from collections.abc import Sequence

from compliance import Pack
from engine.accounts import Diverted, OpenAccount
from engine.journeys import Journey
from engine.progress import Progress
from engine.runtime import Runtime
from engine.safeguards import ending
from engine.stages import Next, Stage


async def attempt(
    journey: Journey,
    stage: Stage,
    progress: Progress,
    runtime: Runtime,
    *,
    packs: Sequence[Pack],
    workflow_id: str,
) -> Next:
    """Play `stage` and return the stage that follows, or the end.

    A safeguard has the last word: money that arrives in the very moment in which a stage gives up
    still closes the account as paid.
    """
    progress.visits[stage.name] = progress.visits.get(stage.name, 0) + 1
    account = OpenAccount(journey, stage, progress, runtime, packs=packs, workflow_id=workflow_id)
    try:
        following = await stage.attempt(account)
    except Diverted as diverted:
        following = diverted.to
    return ending(progress) or following
