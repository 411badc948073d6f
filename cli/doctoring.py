"""`tahsil doctor`: find what is stuck or ill, and say the next step for each.

The record and Temporal's lists say which accounts are suspicious, and no more than `MOST` are read
and looked into unless it is asked for. What is found is judged by `workflows.ailments`.
"""

import asyncio
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from itertools import groupby
from typing import Any, TypeVar

import httpx
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, TaskID
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
Answer = TypeVar("Answer")


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
        suspects = await asyncio.to_thread(_look_at_record, database, seen, limits)
        bars.advance(record)
        client = await _client(addresses, seen)
        if client is None:
            seen.add(ailments.unheard(suspects, wall(), limits))
            return seen
        doctor = _Doctor(client, database, seen, limits, bars)
        await doctor.house(addresses)
        await doctor.compare(everything=everything)
        await doctor.accounts(suspects, everything=everything)
    return seen


def _look_at_record(database: Database, seen: Seen, limits: Limits) -> list[OpenAccount]:
    with database.transaction() as session:
        suspects = examining.suspects(session, limits.quiet, MOST)
        left = examining.left_in_inbox(session, limits.inbox)
        counts = examining.counts_by_stage(session)
        seen.add(_law(session, limits))
    seen.open = sum(number for _, _, number in counts)
    seen.add(ailments.inbox_ails(Backlog(*each) for each in left))
    seen.add(ailments.journeys_ail(counts, JOURNEYS))
    return suspects


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

    async def compare(self, *, everything: bool) -> None:
        """Compare record and Temporal: by numbers first, by ids where the numbers differ.

        Equal numbers may hide one that is missing beside one too many: `everything` finds those.
        """
        differing = [None] if everything else await self._differing()
        bar = self._bars.add_task("accounts and workflows compared", total=len(differing))
        lost, spare = dict[str, str](), set[str]()
        for creditor in differing:
            seem_lost, seem_spare = await self._one_sided(creditor)

            async def settle(workflow_id: str, known: Mapping[str, str] = seem_lost) -> None:
                """Visibility may lag, and things go on: ask again, of both."""
                since = await temporal.running_since(self._client, workflow_id)
                is_open = await self._ask(examining.is_open, workflow_id)
                if is_open and since is None:
                    lost[workflow_id] = known[workflow_id]
                if since and not is_open and not self._is_young(since):
                    spare.add(workflow_id)

            await temporal.each(sorted({*seem_lost, *seem_spare}), settle)
            self._bars.advance(bar)
        self._seen.add(ailments.not_running(lost, lost))
        self._seen.add(ailments.not_open(spare))

    async def _differing(self) -> list[str | None]:
        """Creditors who have not as many open accounts as workflows."""
        numbers = await self._ask(examining.open_by_creditor)
        if await temporal.number_running(self._client) == sum(numbers.values()):
            return []
        found = list[str | None]()

        async def count(creditor: str) -> None:
            if await temporal.number_running(self._client, creditor) != numbers[creditor]:
                found.append(creditor)

        await temporal.each(numbers, count)
        return found

    async def _one_sided(self, creditor: str | None) -> tuple[dict[str, str], list[str]]:
        """Who seems to be only on record, and which workflows only in Temporal; up to `MOST`."""
        lost, after = dict[str, str](), ""
        while len(lost) < MOST:
            ids = await self._ask(
                examining.open_ids, creditor, after, self._limits.waiting, temporal.A_PAGE
            )
            if not ids:
                break
            running = await temporal.running_among(self._client, list(ids))
            lost |= {each: account for each, account in ids.items() if each not in running}
            *_, after = ids
        spare = list[str]()
        async for page in temporal.running(self._client, creditor):
            spare += await self._ask(examining.not_open, page)
            if len(spare) >= MOST:
                break
        return lost, spare

    async def accounts(self, suspects: Sequence[OpenAccount], *, everything: bool) -> None:
        """Look into the suspicious ones, those that Temporal itself names first; or into all."""
        reported = await temporal.reported(self._client, MOST)
        bar = self._bars.add_task("accounts looked into", total=self._seen.open)
        if everything:
            after = ""
            while found := await self._ask(examining.page, after, MOST):
                await self._look_into_all(found, bar)
                after = found[-1].workflow_id
            return
        named = await self._ask(examining.called, reported)
        by_id = {each.workflow_id: each for each in [*named, *suspects]}
        first = sorted(by_id.values(), key=lambda each: _suspicion(each, reported, self._limits))
        self._bars.update(bar, total=len(first[:MOST]))
        await self._look_into_all(first[:MOST], bar)

    async def _look_into_all(self, accounts: Sequence[OpenAccount], bar: TaskID) -> None:
        by_id = {each.workflow_id: each for each in accounts}

        async def one(workflow_id: str) -> None:
            await self._look_into(by_id[workflow_id])
            self._bars.advance(bar)

        self._seen.add(ailments.unheard(accounts, wall(), self._limits))
        await temporal.each(by_id, one)
        self._seen.looked_into += len(by_id)

    async def _ask(self, question: Callable[..., Answer], *asked: object) -> Answer:
        """Ask the record, beside the loop."""

        def work() -> Answer:
            with self._database.transaction() as session:
                return question(session, *asked)

        return await asyncio.to_thread(work)

    def _is_young(self, at: datetime) -> bool:
        return wall() - at < self._limits.waiting

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


def _suspicion(account: OpenAccount, reported: Collection[str], limits: Limits) -> tuple[bool, ...]:
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
