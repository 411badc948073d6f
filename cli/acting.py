"""What the commands on a running stack do."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
from pydantic import TypeAdapter
from rich.console import Console
from rich.table import Table
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from cli.demo import progress_bars
from cli.placing import Placing
from cli.spans import span
from domain.accounts import Slug
from domain.money import Money
from stack import Addresses
from storage import Database, accounts, creditors, journal, ledger
from storage.tables import Account
from workflows.fast_forward import fast_forward
from workflows.messages import AccountState

STEP = timedelta(days=1)
TYPES = {".csv": "text/csv", ".jsonl": "application/x-ndjson", ".ndjson": "application/x-ndjson"}


async def connect(addresses: Addresses) -> Client:
    """A client of the stack's Temporal server."""
    return await Client.connect(addresses.temporal_address, data_converter=pydantic_data_converter)


def new_creditor(addresses: Addresses, slug: str, name: str) -> str:
    """Register a creditor; returns an API key that is shown only now."""
    TypeAdapter(Slug).validate_python(slug)
    database = Database(addresses.database_url)
    with database.transaction() as session:
        creditors.register(session, slug, name)
        key = creditors.issue_key(session, slug, "cli")
    database.close()
    return key


async def place_file(addresses: Addresses, file: Path, key: str, console: Console) -> int:
    """Place a file through the API; prints every refused row and returns how many there were."""
    kind = TYPES.get(file.suffix.lower())
    if kind is None:
        raise ValueError(f"{file.name}: expected a name that ends in {', '.join(sorted(TYPES))}")
    with progress_bars(console) as progress:
        status = await Placing(addresses.api_url, key).place(_lines(file), progress, kind)
    outcomes = ", ".join(f"{number} {name}" for name, number in status["outcomes"].items())
    console.print(f"placement {status['id']}: {outcomes}", highlight=False)
    refused = int(status["outcomes"].get("refused", 0)) + int(status["outcomes"].get("conflict", 0))
    if refused:
        await _print_refused(addresses, key, status["id"], console)
    return refused


def _lines(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        yield from opened


async def _print_refused(addresses: Addresses, key: str, placement: str, console: Console) -> None:
    headers = {"authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=addresses.api_url, headers=headers) as api:
        for outcome in ("refused", "conflict"):
            got = await api.get(f"/v1/placements/{placement}/rows", params={"outcome": outcome})
            for row in got.raise_for_status().json()["rows"]:
                console.print(f"row {row['number']} {row['reference'] or ''}: {row['errors']}")


async def show_account(addresses: Addresses, name: str, console: Console) -> None:
    """Print an account and its story."""
    database = Database(addresses.database_url)
    with database.transaction() as session:
        account = find(database, name)
        balance = Money(minor=ledger.balance(session, account.id), currency=account.currency)
        lines = journal.lines(session, account.id, limit=1000)
    table = Table("account's time (UTC)", "what", "detail", title=f"{account.id} {balance}")
    for line in lines:
        at = line.at or line.recorded_at
        said = ", ".join(f"{k} {v}" for k, v in line.detail.items() if v is not None)
        table.add_row(f"{at:%Y-%m-%d %H:%M}", line.what, said)
    console.print(table)
    console.print(f"journey {account.journey}, stage {account.stage}, {account.closure or 'open'}")
    if account.closure is None:
        await _print_next(await connect(addresses), account.workflow_id, console)
    database.close()


async def _print_next(client: Client, workflow_id: str, console: Console) -> None:
    handle = client.get_workflow_handle(workflow_id)
    state: AccountState = await handle.query("state", result_type=AccountState)
    when = f"{state.next.until:%Y-%m-%d %H:%M} UTC" if state.next.until else "now"
    console.print(f"next: {when}: {state.next.why}")


async def forward(addresses: Addresses, name: str, by: str, console: Console) -> None:
    """Carry a person's open accounts ahead, a day at a time, so that they stay together."""
    left = span(by)
    if not addresses.may_skip_time:
        raise ValueError("time is not skipped here: a provider is live, or Temporal is not ours")
    database = Database(addresses.database_url)
    account, client = find(database, name), await connect(addresses)
    steps = -(-left // STEP)
    with progress_bars(console) as progress:
        task = progress.add_task("days", total=steps)
        while left > timedelta():
            with database.transaction() as session:
                together = accounts.open_workflows(session, account.person_id)
            await fast_forward(client, together, min(STEP, left))
            left -= STEP
            progress.advance(task)
    database.close()
    await asyncio.to_thread(console.print, f"{len(together)} open accounts moved by {by}")


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
