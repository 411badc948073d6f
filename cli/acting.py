"""What the commands on a running stack do."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.progress import Progress
from sqlalchemy.orm import Session
from temporalio.client import Client

from api.schemas import DecisionLine, JournalLine
from api.views import account_view, timeline
from cli.book import settle
from cli.calling import caller
from cli.demo import progress_bars
from cli.placing import Placing
from cli.spans import span
from cli.telling import standing_of, story_of
from compliance.facts import Actor, Sector
from domain.accounts import Slug
from stack import Addresses
from storage import Database, accounts, creditors
from storage.master_keys import VARIABLE, MasterKeys
from storage.tables import Account
from workflows.door import TemporalDoor
from workflows.fast_forward import fast_forward
from workflows.payloads import KeyRing, sealed

STEP = timedelta(days=1)
TYPES = {".csv": "text/csv", ".jsonl": "application/x-ndjson", ".ndjson": "application/x-ndjson"}


async def connect(addresses: Addresses) -> Client:
    """A client of the stack's Temporal server."""
    return await Client.connect(
        addresses.temporal_address,
        namespace=addresses.temporal_namespace,
        data_converter=sealed(keyring(addresses)),
    )


def keyring(addresses: Addresses) -> KeyRing:
    """The keys to what Temporal holds. MasterKeyError if this process was not given them."""
    given = None if addresses.master_key_file else os.environ.get(VARIABLE)
    return KeyRing(addresses.database_url, MasterKeys.read(given, addresses.master_key_file))


def new_creditor(
    addresses: Addresses,
    slug: str,
    name: str,
    actor: Actor = Actor.AGENCY,
    sector: Sector | None = None,
) -> str:
    """Register a creditor; returns an API key that is shown only now."""
    try:
        TypeAdapter(Slug).validate_python(slug)
    except ValidationError:
        raise ValueError(
            f"{slug!r}: expected small letters, digits and dashes, 40 at most"
        ) from None
    with closing(Database(addresses.database_url)) as database, database.transaction() as session:
        creditors.register(session, slug, name, actor=actor, sector=sector)
        return creditors.issue_key(session, slug, "cli")


async def place_file(addresses: Addresses, file: Path, key: str, console: Console) -> int:
    """Place a file through the API; prints every refused row and returns how many there were."""
    kind = TYPES.get(file.suffix.lower())
    if kind is None:
        raise ValueError(f"{file.name}: expected a name that ends in {', '.join(sorted(TYPES))}")
    with progress_bars(console) as progress:
        status = await Placing(addresses.api_url, key).place(_lines(file), progress, kind)
    found = status["outcomes"]
    outcomes = ", ".join(f"{number} {name}" for name, number in found.items() if number)
    console.print(f"{status['rows']} rows: {outcomes}  ({status['id']})", highlight=False)
    refused = [outcome for outcome in ("refused", "conflict") if found.get(outcome)]
    async with _caller(addresses, key) as api:
        for outcome in refused:
            async for row in _rows(api, status["id"], outcome):
                console.print(_what_is_wrong(row), highlight=False, markup=False, soft_wrap=True)
    return sum(int(found[outcome]) for outcome in refused)


def _lines(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        yield from opened


def _caller(addresses: Addresses, key: str) -> httpx.AsyncClient:
    headers = {"authorization": f"Bearer {key}"}
    return caller(addresses.api_url, headers=headers, timeout=60)


async def _rows(
    api: httpx.AsyncClient, placement: str, outcome: str
) -> AsyncIterator[dict[str, Any]]:
    """The rows of one outcome, a page at a time."""
    after: int | None = 0
    while after is not None:
        asked: dict[str, str | int] = {"outcome": outcome, "after": after, "limit": 1000}
        got = await api.get(f"/v1/placements/{placement}/rows", params=asked)
        page = got.raise_for_status().json()
        for row in page["rows"]:
            yield row
        after = page["next"]


def _what_is_wrong(row: dict[str, Any]) -> str:
    """A refused row in one line: where it stands, and what is wrong with each field."""
    named = f", {row['reference']}" if row["reference"] else ""
    return f"line {row['row']}{named}: {faults_told(row['errors']) or row['outcome']}"


def faults_told(errors: Iterable[Mapping[str, str]]) -> str:
    """What is wrong with an account's fields, in one line, as the API has it."""
    return "; ".join(
        f"{fault['pointer'] or 'the row'}: {fault['detail']}"
        + (f" (expected {fault['expected']})" if fault.get("expected") else "")
        for fault in errors
    )


async def show_account(addresses: Addresses, name: str, console: Console) -> None:
    """Print how an account stands, and its story."""
    with closing(Database(addresses.database_url)) as database:
        account = find(database, name)
        with database.transaction() as session:
            view, lines = account_view(session, account), list(_story(session, account))
    step = None
    if view.closure is None:
        door = TemporalDoor(await connect(addresses))
        state = await door.state(account.workflow_id)
        step = state.next if state else None
    console.print(standing_of(view, account.creditor_id, step), highlight=False)
    console.print(story_of(lines, account.currency))


def _story(session: Session, account: Account) -> Iterator[JournalLine | DecisionLine]:
    after: str | None = "0.0"
    while after is not None:
        page = timeline(session, account, after, limit=500)
        yield from page.lines
        after = page.next


async def forward(addresses: Addresses, name: str | None, by: str, console: Console) -> None:
    """Carry open accounts ahead: those of a person, or all if `name` is None.

    They go a day at a time, so that they stay together and hear of each other's news.
    """
    left = span(by)
    if not addresses.may_skip_time:
        raise ValueError("time is not skipped here: a provider is live, or Temporal is not ours")
    with closing(Database(addresses.database_url)) as database, progress_bars(console) as progress:
        person = find(database, name).person_id if name else None
        last = await _forward(addresses, left, progress, lambda: open_ones(database, person))
    console.print(f"moved by {by}; {last} accounts were open on the last day")


async def _forward(
    addresses: Addresses, left: timedelta, progress: Progress, together: Callable[[], list[str]]
) -> int:
    """Move those who are open, day by day; returns how many they were on the last day."""
    client, open_today = await connect(addresses), list[str]()
    days = progress.add_task("days", total=-(-left // STEP))
    moved = progress.add_task("accounts today", total=None)
    async with caller(addresses.sandbox_url, timeout=120) as sandbox:
        while left > timedelta():
            open_today = await asyncio.to_thread(together)
            progress.reset(moved, total=len(open_today))
            step = min(STEP, left)
            await fast_forward(client, open_today, step, moved=lambda: progress.advance(moved))
            await settle(sandbox)
            left -= step
            progress.advance(days)
    return len(open_today)


def open_ones(database: Database, person: str | None) -> list[str]:
    """Workflow ids of open accounts: a person's, or all."""
    with database.transaction() as session:
        return accounts.open_workflows(session, person)


def find(database: Database, name: str) -> Account:
    """The account called `acc_…` or `CREDITOR/REFERENCE`; LookupError if there is none."""
    creditor, _, reference = name.partition("/")
    with database.transaction() as session:
        found = (
            accounts.by_reference(session, creditor, reference)
            if reference
            else accounts.by_id(session, name)
        )
    if found is None:
        raise LookupError(f"no account {name!r}: give its id (acc_…) or CREDITOR/REFERENCE")
    return found
