"""How long a worker takes to rebuild an account from its history, after a crash or a deployment.

Each stage is a run of its own, so an account costs the replay of the stage that it is in, and never
of its whole journey: that is every recorded stage of the standard one, one after the other. A bare
workflow of timers and activities alone, replayed in the same way, stands beside it.
"""

import asyncio
import json
import statistics
import time
from collections.abc import AsyncIterator
from datetime import timedelta

from temporalio.client import Client, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from benchmarks.bare import Bare, bare_worker
from compliance.laws import LAWS
from journeys import JOURNEYS
from stack import running_stack
from tests.stack.programs import open_directory, quick_disk
from tests.workflows import histories
from workers.runner import WORKFLOWS, runner
from workflows.fast_forward import fast_forward

JOURNEY = "standard"
ROUNDS, COPIES = 5, 10
DAYS = 9
"""What the bare workflow sleeps in all."""


def recorded(stage: str) -> WorkflowHistory:
    """The recorded run of a stage."""
    told = json.loads((histories.latest() / f"{JOURNEY}.{stage}.json").read_text("utf-8"))
    began = told["events"][0]["workflowExecutionStartedEventAttributes"]
    return WorkflowHistory.from_json(began["workflowId"], told)


async def milliseconds(replayer: Replayer, history: WorkflowHistory) -> float:
    """One replay, in the middle of several rounds; what starting a worker costs is shared."""

    async def one_round() -> float:
        began = time.perf_counter()
        await replayer.replay_workflows(copies(history))
        return (time.perf_counter() - began) / COPIES * 1000

    return statistics.median([await one_round() for _ in range(ROUNDS)])


async def copies(history: WorkflowHistory) -> AsyncIterator[WorkflowHistory]:
    """The same history again and again."""
    for _ in range(COPIES):
        yield history


async def bare_history(client: Client) -> WorkflowHistory:
    """A bare workflow's run."""
    async with bare_worker(client):
        handle = await client.start_workflow("bare", id="bare/0", task_queue="bare")
        await fast_forward(client, [handle.id], timedelta(days=DAYS))
        await handle.result()
    return await handle.fetch_history()


async def main() -> None:
    """Print the time of each stage, of the whole journey, and of the bare workflow."""
    LAWS.fetch_from(histories.laws().get)
    ours = Replayer(
        workflows=WORKFLOWS,
        workflow_runner=runner(),
        data_converter=pydantic_data_converter,
        build_id="bench",
    )
    journey, events = 0.0, 0
    for stage in JOURNEYS[JOURNEY].stages:
        history = recorded(stage.name)
        took = await milliseconds(ours, history)
        print(f"{stage.name:20} {len(history.events):4} events {took:6.1f} ms")
        journey, events = journey + took, events + len(history.events)
    print(f"{'the whole journey':20} {events:4} events {journey:6.1f} ms")
    with open_directory(quick_disk()) as folder:  # type: ignore[no-untyped-call]
        async with running_stack(
            folder / "data", parts=["temporal"], report=lambda _: None
        ) as stack:
            client = await Client.connect(stack.addresses.temporal_address)
            history = await bare_history(client)
    bare = Replayer(workflows=[Bare], workflow_runner=UnsandboxedWorkflowRunner(), build_id="bench")
    took, number = await milliseconds(bare, history), len(history.events)
    print(f"{'a bare workflow':20} {number:4} events {took:6.1f} ms")
    ratio = (journey / events) / (took / number)
    print(f"an event of ours costs {ratio:.1f} times a bare one")


if __name__ == "__main__":
    asyncio.run(main())
