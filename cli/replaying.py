"""`tahsil replay --open`: play open accounts' runs again, on the code of this working tree."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table
from temporalio.client import Client, WorkflowHistory
from temporalio.worker import Replayer

from cli.acting import connect
from cli.builds import Group, all_open, groups
from cli.demo import progress_bars
from cli.records import open_record
from stack import Addresses
from workers.runner import WORKFLOWS, read_laws_from, runner

EVENT = re.compile(r"HistoryEvent\(id: (\d+), (\w+)\)")
"""How the SDK names the event that the code did not expect."""


@dataclass
class Replayed:
    """What became of the accounts of one group."""

    group: Group
    good: int = 0
    stops: Counter[str] = field(default_factory=Counter)
    """Where runs stopped that did not go the same way again."""

    @property
    def number(self) -> int:
        """How many were played again."""
        return self.good + self.stops.total()


async def replay_open(addresses: Addresses, sample: int | None, console: Console) -> bool:
    """Replay up to `sample` runs of each group, or all if None; whether all went the same way."""
    client = await connect(addresses)
    with open_record(addresses) as database, progress_bars(console) as progress:
        read_laws_from(database)
        done = await _replayed(client, await groups(client, all_open()), sample, progress)
    console.print(_table(done))
    stopped = [each for each in done if each.stops]
    for each in stopped:
        console.print(_told(each), highlight=False, soft_wrap=True)
    if not stopped:
        console.print(f"{sum(each.group.number for each in done)} open accounts can go on")
    return not stopped


async def _replayed(
    client: Client, found: Sequence[Group], sample: int | None, progress: Progress
) -> list[Replayed]:
    replayer = Replayer(
        workflows=WORKFLOWS,
        workflow_runner=runner(),
        data_converter=client.data_converter,
        build_id="working-tree",
    )
    total = sum(min(each.number, sample or each.number) for each in found)
    task = progress.add_task("replayed", total=total)
    return [await _group(client, replayer, each, sample, (progress, task)) for each in found]


async def _group(
    client: Client,
    replayer: Replayer,
    group: Group,
    sample: int | None,
    bar: tuple[Progress, TaskID],
) -> Replayed:
    done = Replayed(group)
    async with replayer.workflow_replay_iterator(_runs(client, group, sample)) as results:
        async for each in results:
            if each.replay_failure is None:
                done.good += 1
            else:
                done.stops[_where(each.replay_failure)] += 1
            bar[0].advance(bar[1])
    return done


def _runs(client: Client, group: Group, sample: int | None) -> AsyncIterator[WorkflowHistory]:
    return client.list_workflows(group.query, limit=sample).map_histories()


def _where(failure: Exception) -> str:
    """Where a run stopped: at an event of its history, or with an error of ours."""
    found = EVENT.search(str(failure))
    if found is None:
        return str(failure).splitlines()[0]
    return f"event {found[1]} ({found[2]})"


def _table(done: Sequence[Replayed]) -> Table:
    table = Table("journey", "stage", "build")
    for name in ("open", "replayed", "stopped"):
        table.add_column(name, justify="right")
    for each in done:
        group = each.group
        numbers = (group.number, each.number, each.stops.total())
        table.add_row(group.journey, group.stage, group.build, *map(str, numbers))
    return table


def _told(each: Replayed) -> str:
    """A mismatch in one line."""
    where, number = each.stops.most_common(1)[0]
    return (
        f"{each.group}: stopped at {where} in {number} of {each.number} replayed; "
        f"{each.group.number} open accounts are there"
    )
