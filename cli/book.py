"""The same figures from three books: the record, Temporal, and the providers' own log."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import httpx
from rich.table import Table
from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus

from cli.calling import caller
from storage import Database, counts
from storage.keys import ErasedError
from workflows import names
from workflows.messages import AccountState

AT_ONCE = 16


@dataclass(frozen=True)
class Line:
    """One figure in each book that can know it."""

    name: str
    record: str
    temporal: str | None = None
    providers: str | None = None
    least: bool = False
    """Whether the record may have more: in their own words people tell us, not the provider."""

    @property
    def agrees(self) -> bool:
        """Whether every book that knows the figure has the same."""
        others = [each for each in (self.temporal, self.providers) if each is not None]
        if self.least:
            return all(int(self.record) >= int(each) for each in others)
        return all(each == self.record for each in others)


@dataclass
class Workflows:
    """What all account workflows say of themselves, added up."""

    states: Counter[str] = field(default_factory=Counter)
    stages: Counter[str] = field(default_factory=Counter)
    holds: Counter[str] = field(default_factory=Counter)
    made: Counter[str] = field(default_factory=Counter)
    owed: dict[str, int] = field(default_factory=dict)
    unreadable: set[str] = field(default_factory=set)
    """Accounts of people who were erased: how each ended is known, and nothing else."""

    def add_unreadable(self, workflow_id: str, closure: str) -> None:
        """Count an account of which only its end can be read."""
        self.states[closure] += 1
        self.unreadable.add(workflow_id)

    def add(self, workflow_id: str, state: AccountState) -> None:
        """Count one account."""
        closure = state.closure.value if state.closure else "open"
        self.states[closure] += 1
        if state.closure is None:
            self.stages[state.stage or "none"] += 1
            self.holds.update(hold.value for hold in state.holds)
        self.made.update({channel.value: number for channel, number in state.made.items()})
        if closure != "recalled":
            self.owed[workflow_id] = state.balance.minor


async def ask_workflows(client: Client, looked_at: Callable[[], None] = lambda: None) -> Workflows:
    """Ask every account workflow for its state: open ones by query, closed ones by result."""
    told, places = Workflows(), asyncio.Semaphore(AT_ONCE)

    async def ask(execution: WorkflowExecution) -> None:
        async with places:
            try:
                told.add(execution.id, await _state(client, execution))
            except ErasedError:
                closure = execution.typed_search_attributes.get(names.STATE)
                told.add_unreadable(execution.id, closure or "open")
            looked_at()

    async with asyncio.TaskGroup() as group:
        for execution in (await _latest(client)).values():
            group.create_task(ask(execution))
    return told


async def _latest(client: Client) -> dict[str, WorkflowExecution]:
    """Every account's latest life: one that was opened again has ended before."""
    found = dict[str, WorkflowExecution]()
    query = 'WorkflowType="account" AND ExecutionStatus IN ("Running", "Completed")'
    async for execution in client.list_workflows(query):
        known = found.get(execution.id)
        if known is None or _order(known) < _order(execution):
            found[execution.id] = execution
    return found


def _order(execution: WorkflowExecution) -> tuple[bool, datetime]:
    """By which lives of one account follow each other: the one that runs comes last.

    A life that began in a time run ahead may begin later than the one after it.
    """
    return execution.close_time is None, execution.close_time or execution.start_time


async def _state(client: Client, execution: WorkflowExecution) -> AccountState:
    if execution.status is WorkflowExecutionStatus.COMPLETED:
        ended = client.get_workflow_handle(
            execution.id, run_id=execution.run_id, result_type=AccountState
        )
        result: AccountState = await ended.result()
        return result
    handle = client.get_workflow_handle(execution.id)
    answered: AccountState = await handle.query("state", result_type=AccountState)
    return answered


def compare(database: Database, told: Workflows, log: dict[str, object]) -> list[Line]:
    """Every figure, side by side."""
    with database.transaction() as session:
        states = counts.accounts_by_state(session)
        stages, holds = counts.open_by_stage(session), counts.standing_holds(session)
        messages = counts.messages_by_channel(session)
        collected = counts.collected_through_stripe(session)
        opted_out = counts.opted_out(session)
        owed = counts.owed_by_account(session)
        owed = {name: minor for name, minor in owed.items() if name not in told.unreadable}
        total = counts.ledger_sum(session)
        unsure = counts.contacts_by_status(session).get("unknown", 0)
    lines = [
        *_in_both("accounts", states, told.states),
        *_in_both("open in", stages, told.stages),
        *_in_both("on hold:", holds, told.holds),
    ]
    lines += [
        Line(
            f"{channel} accepted",
            str(messages.get(channel, 0)),
            None if unsure or told.unreadable else str(told.made.get(channel, 0)),
            str(_at(log, channel, "accepted")),
        )
        for channel in ("sms", "email")
    ]
    wrong = {name for name, minor in owed.items() if told.owed.get(name) != minor}
    return [
        *lines,
        Line("owed, minor units", str(sum(owed.values())), str(sum(told.owed.values()))),
        Line("accounts whose balances differ", "0", str(len(wrong))),
        Line("collected, minor units", _sums(collected), None, _moved(log)),
        Line(
            "opted out of sms",
            str(opted_out.get("sms", 0)),
            providers=str(_at(log, "opted_out")),
            least=True,
        ),
        Line("sum of the ledger", str(total), "0"),
    ]


def _in_both(what: str, record: Mapping[str, int], temporal: Mapping[str, int]) -> list[Line]:
    """A line for every name that either book has."""
    return [
        Line(f"{what} {name}", str(record.get(name, 0)), str(temporal.get(name, 0)))
        for name in sorted({*record, *temporal})
    ]


def _at(log: object, *path: str) -> object:
    for name in path:
        log = log.get(name) if isinstance(log, dict) else None
    return log


def _moved(log: dict[str, object]) -> str:
    """What came in at Stripe less what went back, before its fees, by currency."""
    sums = Counter[str]()
    balance = log.get("balance")
    for currency, told in balance.items() if isinstance(balance, dict) else ():
        sums[str(currency).upper()] += sum(told["by_category"].values())
    return _sums(sums)


def _sums(by_currency: dict[str, int]) -> str:
    return ", ".join(f"{name} {minor}" for name, minor in sorted(by_currency.items())) or "none"


async def provider_log(sandbox_url: str) -> dict[str, object]:
    """What the sandbox counted on its side of the wire, once all its webhooks have arrived."""
    async with caller(sandbox_url, timeout=120) as sandbox:
        await settle(sandbox)
        answer = (await sandbox.get("/control/log")).raise_for_status()
    log: dict[str, object] = answer.json()
    return log


async def settle(sandbox: httpx.AsyncClient) -> None:
    """Wait until every webhook has arrived, or was given up; a minute at most."""
    (await sandbox.post("/control/settle", params={"timeout": 60})).raise_for_status()


def table_of(lines: list[Line]) -> Table:
    """The lines as a table; a difference is marked."""
    table = Table("", "Postgres", "Temporal", "providers", "", title="Three books, one truth")
    for line in lines:
        table.add_row(
            line.name,
            line.record,
            line.temporal or "-",
            line.providers or "-",
            "agrees" if line.agrees else "[bold red]DIFFERS[/]",
        )
    return table
