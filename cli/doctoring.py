"""`tahsil doctor`: find what is stuck or ill, and say the next step for each.

The record and Temporal's lists say which accounts are suspicious; those are looked into first, and
no more than `MOST` unless it is asked for. What is found is judged by `workflows.ailments`.
"""

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from itertools import groupby
from typing import Any

import httpx
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table
from sqlalchemy.orm import Session
from temporalio.client import Client

from cli.acting import connect, keyring
from cli.calling import caller
from cli.demo import progress_bars
from cli.records import open_record
from compliance.laws import LAWS, shipped_id
from journeys import JOURNEYS
from stack import Addresses
from storage import Database, examining, laws
from storage.examining import OpenAccount
from storage.keys import UnreadableError
from storage.master_keys import MasterKeyError
from workers.clock import wall
from workflows import ailments
from workflows import examining as temporal
from workflows.ailments import Ailment, Backlog, Clock, Finding, Limits
from workflows.door import TemporalDoor

MOST = 1000
"""Accounts that are looked into one by one, the most suspicious first."""
EXAMPLES = 3
"""Subjects that are named of one kind of finding."""


@dataclass
class Seen:
    """What was looked into, and what was found."""

    findings: list[Finding]
    open: int = 0
    looked_into: int = 0

    def add(self, found: Iterable[Finding]) -> None:
        """Keep these, too."""
        self.findings.extend(found)


async def examine(
    addresses: Addresses,
    console: Console,
    errors: Console,
    *,
    everything: bool = False,
    as_json: bool = False,
    limits: Limits | None = None,
) -> bool:
    """Look into everything and print what was found; whether all is well."""
    seen = await look(
        addresses, errors if as_json else console, everything=everything, limits=limits or Limits()
    )
    if as_json:
        console.print_json(json.dumps(as_data(seen), default=str))
    else:
        show(seen, console)
    return not seen.findings


async def look(addresses: Addresses, console: Console, *, everything: bool, limits: Limits) -> Seen:
    """All that ails the house."""
    seen = Seen([])
    with (
        open_record(addresses, pool_size=temporal.AT_ONCE) as database,
        progress_bars(console) as bars,
    ):
        record = bars.add_task("the record", total=1)
        opened = await asyncio.to_thread(_look_at_record, database, seen, limits)
        bars.advance(record)
        client = await _client(addresses, seen)
        if client is not None:
            doctor = _Doctor(client, database, seen, limits, bars)
            await doctor.house(addresses)
            await doctor.accounts(opened, everything=everything)
    return seen


def _look_at_record(database: Database, seen: Seen, limits: Limits) -> list[OpenAccount]:
    with database.transaction() as session:
        opened = examining.open_accounts(session)
        left = examining.left_in_inbox(session, limits.inbox)
        counts = examining.counts_by_stage(session)
        seen.add(_law(session, limits))
    seen.open = len(opened)
    seen.add(ailments.inbox_ails(Backlog(*each) for each in left))
    seen.add(ailments.journeys_ail(counts, JOURNEYS))
    seen.add(ailments.unheard(opened, wall(), limits))
    return opened


def _law(session: Session, limits: Limits) -> list[Finding]:
    in_force = laws.latest(session) or shipped_id()
    calendars = list(LAWS.called(in_force).calendars.values())
    return list(ailments.law_ails(in_force, shipped_id(), calendars, wall(), limits))


async def _client(addresses: Addresses, seen: Seen) -> Client | None:
    """A client that can read what Temporal holds; None, with a finding, if the keys do not fit."""
    try:
        with closing(keyring(addresses)) as ring:
            await ring.check()
    except (MasterKeyError, UnreadableError) as error:
        step = "give this process, and every other, the master keys of this record: docs/privacy.md"
        seen.add([Finding(Ailment.KEYS, "master keys", str(error), step)])
        return None
    return await connect(addresses)


class _Doctor:
    """Looks at a running house through Temporal."""

    def __init__(
        self, client: Client, database: Database, seen: Seen, limits: Limits, bars: Progress
    ) -> None:
        self._client, self._database = client, database
        self._seen, self._limits, self._bars = seen, limits, bars

    async def house(self, addresses: Addresses) -> None:
        """Clocks, queues and schedules."""
        bar = self._bars.add_task("clocks, queues, schedules", total=4)

        async def step(found: Iterable[Finding]) -> None:
            self._seen.add(found)
            self._bars.advance(bar)

        await step(ailments.queues_ail(await temporal.queues(self._client), self._limits))
        await step(ailments.schedules_ail(await temporal.schedules(self._client, wall())))
        await step(ailments.clocks_ail(await self._clocks(), self._limits))
        await step(await _api(addresses.api_url, self._limits))

    async def _clocks(self) -> list[Clock]:
        """Those of Temporal, a worker and the record; none if no worker answers."""
        before = wall()
        told = await temporal.clocks(self._client)
        after = wall()
        if told is None:
            return []
        asked = {"Temporal": told.temporal, "worker": told.worker, "PostgreSQL": told.record}
        return [
            Clock(whose, says, before, after) for whose, says in asked.items() if says is not None
        ]

    async def accounts(self, opened: Sequence[OpenAccount], *, everything: bool) -> None:
        """Compare record and Temporal, then look into the suspicious ones."""
        carried = await self._compare(opened)
        reported = set(await temporal.reported(self._client))
        here = [each for each in opened if each.workflow_id in carried]
        here.sort(key=lambda each: _suspicion(each, reported, self._limits))
        chosen = here if everything else here[:MOST]
        bar = self._bars.add_task("accounts looked into", total=len(chosen))
        by_id = {each.workflow_id: each for each in chosen}

        async def one(workflow_id: str) -> None:
            await self._look_into(by_id[workflow_id])
            self._bars.advance(bar)

        await temporal.each(by_id, one)
        self._seen.looked_into = len(chosen)

    async def _compare(self, opened: Sequence[OpenAccount]) -> set[str]:
        """Ids of the workflows that run; those that are on one side only are findings."""
        bar = self._bars.add_task("workflows listed", total=len(opened))
        carried = set[str]()
        async for workflow_id in temporal.running(self._client):
            carried.add(workflow_id)
            self._bars.advance(bar)
        accounts = {each.workflow_id: each.id for each in opened}
        lost, spare = set[str](), set[str]()

        async def settle(workflow_id: str) -> None:
            """Visibility may lag, and things go on: ask again, of both."""
            runs = await temporal.is_running(self._client, workflow_id)
            if runs:
                carried.add(workflow_id)
            is_open = await asyncio.to_thread(self._is_open, workflow_id)
            if is_open and not runs:
                lost.add(workflow_id)
            if runs and not is_open:
                spare.add(workflow_id)

        young = {each.workflow_id for each in opened if self._is_young(each.recorded_at)}
        await temporal.each(sorted((accounts.keys() ^ carried) - young), settle)
        self._seen.add(ailments.not_running(lost, accounts))
        self._seen.add(ailments.not_open(spare))
        return carried

    def _is_young(self, at: datetime) -> bool:
        return wall() - at < self._limits.waiting

    def _is_open(self, workflow_id: str) -> bool | None:
        with self._database.transaction() as session:
            return examining.is_open(session, workflow_id)

    async def _look_into(self, account: OpenAccount) -> None:
        is_quiet = ailments.is_quiet(account, self._limits)
        run = await temporal.run_of(
            self._client, account.workflow_id, account.id, deep=is_quiet or account.ended
        )
        if run is None:
            return
        found = list(ailments.run_ails(run, wall(), self._limits, held=account.held))
        self._seen.add(found)
        if is_quiet and not found and not await self._is_parked(account.workflow_id):
            self._seen.add([ailments.quiet(account)])

    async def _is_parked(self, workflow_id: str) -> bool:
        """Whether it waits for the first lawful moment of a contact, as it says itself."""
        state = await TemporalDoor(self._client).state(workflow_id)
        return state is not None and state.parked is not None


def _suspicion(account: OpenAccount, reported: set[str], limits: Limits) -> tuple[bool, ...]:
    """To sort by: what is most likely to be stuck comes first."""
    return (
        account.workflow_id not in reported,
        account.doing_since is None,
        not account.ended,
        account.stage is not None,
        not ailments.is_quiet(account, limits),
    )


async def _api(url: str, limits: Limits) -> list[Finding]:
    """Whether the API can work, and the clock of the machine that answers for it."""
    async with caller(url, timeout=10) as api:
        before = wall()
        try:
            told = await api.get("/readyz")
        except httpx.RequestError as error:
            return list(ailments.api_ails({"it": f"does not answer ({type(error).__name__})"}))
        after = wall()
    ails = list(ailments.api_ails(told.json() if told.is_error else {}))
    if said := told.headers.get("date"):
        clock = Clock("API", parsedate_to_datetime(said), before, after)
        ails += ailments.clocks_ail([clock], limits)
    return ails


def as_data(seen: Seen) -> dict[str, Any]:
    """The findings for programs."""
    return {
        "open": seen.open,
        "looked_into": seen.looked_into,
        "findings": [asdict(each) for each in seen.findings],
    }


def show(seen: Seen, console: Console) -> None:
    """Print the findings, those of a kind together, and how far we looked."""
    key: Callable[[Finding], tuple[str, str]] = lambda each: (each.ailment, each.next_step)  # noqa: E731
    table = Table("what", "where", "since (UTC)", "next step", show_lines=True)
    for (ailment, _), group in groupby(sorted(seen.findings, key=key), key):
        table.add_row(ailment, *_row(list(group)))
    if seen.findings:
        console.print(table)
    console.print(
        f"{len(seen.findings)} findings; {seen.looked_into} of {seen.open} open accounts were "
        "looked into one by one" + (": --all does all" if seen.looked_into < seen.open else ""),
        highlight=False,
    )


def _row(found: list[Finding]) -> tuple[str, str, str]:
    named = [f"{each.subject}: {each.says}" for each in found[:EXAMPLES]]
    if len(found) > EXAMPLES:
        named.append(f"and {len(found) - EXAMPLES} more")
    since = min((each.since for each in found if each.since), default=None)
    when = f"{since:%Y-%m-%d %H:%M}" if since else ""
    return escape("\n".join(named)), when, escape(found[0].next_step)
