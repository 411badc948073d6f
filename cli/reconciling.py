"""What `tahsil reconcile` does: hold the ledger against Stripe's books, and say what differs."""

import asyncio
from datetime import UTC, date, datetime, time, timedelta

from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import WorkflowAlreadyStartedError

from api.services import wall
from cli.acting import connect
from cli.demo import progress_bars
from cli.records import open_record
from domain.money import figure
from domain.reconciling import TOLD, Compared, Difference, Reconcile, Why
from stack import Addresses
from storage import reconciling
from workflows import names

A_DAY = timedelta(days=1)
LOOK = 0.5
"""Seconds between two looks at how far it has come."""
BY_HAND = f"{names.RECONCILER}-now"
SAYS = {"read_books": "lines read", "compare_books": "payments compared"}
SHOWN = 200


def window(since: datetime | None, until: datetime | None, *, hear: bool) -> Reconcile:
    """From the first of two days to the end of the last, both in UTC; of today, to this moment.

    ValueError for days that have not begun, and for a last day before the first.
    """
    today = wall().date()
    for option, day in (("--since", since), ("--until", until)):
        if day is not None and day.date() > today:
            raise ValueError(
                f"{option} {day:%Y-%m-%d}: that day has not begun in UTC; give {today} or a day"
                f" before it, or leave {option} out"
            )
    if since and until and since > until:
        raise ValueError("--since is after --until: expected the earlier day first")
    last = until.date() if until else today
    return Reconcile(
        since=since and _midnight(since.date()),
        until=_midnight(last + A_DAY) if last < today else None,
        hear=hear,
    )


def _midnight(on: date) -> datetime:
    return datetime.combine(on, time(), UTC)


async def reconcile(addresses: Addresses, job: Reconcile, console: Console) -> bool:
    """Compare now and print every difference with its cause; whether the books agree."""
    client = await connect(addresses)
    try:
        handle = await client.start_workflow(
            names.RECONCILER, job, id=BY_HAND, task_queue=names.TASK_QUEUE, result_type=Compared
        )
    except WorkflowAlreadyStartedError:
        raise RuntimeError("a reconciliation is under way: wait until it is over") from None
    with progress_bars(console) as progress:
        result = await _result(client, handle, progress)
    with open_record(addresses) as database, database.transaction() as session:
        found = reconciling.found_in(session, result.reconciliation_id)
    _print(result, found, console)
    return not result.alarms


async def _result(
    client: Client, handle: WorkflowHandle[object, Compared], progress: Progress
) -> Compared:
    bars = {name: progress.add_task(says, total=None) for name, says in SAYS.items()}
    waiting = asyncio.create_task(handle.result())
    while not (await asyncio.wait({waiting}, timeout=LOOK))[0]:
        await _show(client, handle, progress, bars)
    try:
        return waiting.result()
    except WorkflowFailureError as failure:
        raise RuntimeError(f"it could not be done: {_root(failure)}") from failure


def _root(error: BaseException) -> BaseException:
    return _root(error.__cause__) if error.__cause__ else error


async def _show(
    client: Client,
    handle: WorkflowHandle[object, Compared],
    progress: Progress,
    bars: dict[str, TaskID],
) -> None:
    """Move the bars to where the last heartbeats were."""
    described = await handle.describe()
    for pending in described.raw_description.pending_activities:
        bar = bars.get(pending.activity_type.name)
        told = await client.data_converter.decode(pending.heartbeat_details.payloads)
        if bar is not None and told:
            progress.update(bar, completed=told[0])


def _print(result: Compared, found: list[Difference], console: Console) -> None:
    if result.heard:
        console.print(f"{result.heard} events that were missed are applied now", highlight=False)
    if found:
        console.print(table_of(found))
    for why in sorted({each.why for each in found}):
        console.print(f"[bold]{why}[/]: {TOLD[why].what}; {TOLD[why].then}.", highlight=False)
    for currency, sums in result.sums.items():
        parts = (
            f"{name} {currency} {figure(sums[key], currency)}"
            for name, key in (
                ("at Stripe", "at_stripe"),
                ("in the ledger", "in_ledger"),
                ("Stripe's fees", "fees"),
            )
        )
        console.print(", ".join(parts), highlight=False)
    young = result.causes.get(Why.TIMING, 0)
    apart = f", {young} too young to say" if young else ""
    console.print(
        f"{result.payments} payments compared: {result.alarms or 'no'} differences{apart}",
        highlight=False,
    )


def table_of(found: list[Difference]) -> Table:
    """The differences, those to look at first."""
    table = Table("cause", "account", "at Stripe", "in the ledger", "Stripe's line", "movement")
    for each in sorted(found, key=lambda each: not each.why.alarms)[:SHOWN]:
        table.add_row(
            each.why if each.why.alarms else f"[dim]{each.why}[/]",
            each.account_id or "-",
            _amount(each.at_provider, each.currency),
            _amount(each.in_ledger, each.currency),
            each.line or "-",
            each.key or "-",
        )
    missing = len(found) - SHOWN
    if missing > 0:
        table.caption = f"and {missing:,} more"
    return table


def _amount(minor: int | None, currency: str) -> str:
    return "-" if minor is None else f"{currency} {figure(minor, currency)}"
