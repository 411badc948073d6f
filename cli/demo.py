"""The demo: a generated portfolio is placed, contacted, answered, paid and closed, as you watch.

Everything is real but the providers and the people: accounts go in through the public API,
simulated consumers answer through the sandbox as people would, and Temporal skips the time between.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import httpx
import stripe
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from temporalio.client import Client

from cli.calling import caller
from cli.crowd import Crowd
from cli.desk import CONTRACT, Desk
from cli.placing import Placing
from simulation.consumers import Consumers
from simulation.portfolio import Fictional, generate
from stack import Addresses
from storage import Database, accounts, contracts, creditors
from workflows.fast_forward import fast_forward

CREDITOR, CREDITOR_NAME = "northwind", "Northwind Credit"
STEP = timedelta(days=1)


@dataclass(frozen=True)
class Size:
    """How big the demo is."""

    seed: int
    accounts: int
    people: int
    days: int


@dataclass(frozen=True)
class Worked:
    """What people did in the demo: consumers with their messages, and an agent with the phone."""

    consumers: Counter[str]
    desk: Counter[str]


class Demo:
    """One demonstration on a running stack."""

    def __init__(
        self, addresses: Addresses, environment: Mapping[str, str], client: Client, size: Size
    ) -> None:
        """Take over a running stack."""
        self._addresses = addresses
        self._environment = environment
        self._client = client
        self._size = size
        self.database = Database(addresses.database_url)

    async def run(self, console: Console) -> Worked:
        """Place the portfolio and work it for the days; return what people did."""
        rows = generate(
            self._size.seed,
            accounts=self._size.accounts,
            people=self._size.people,
            today=_today(),
        )
        key = await asyncio.to_thread(self.new_key)
        lines = await asyncio.to_thread(lambda: list(self._with_cards(rows)))
        with progress_bars(console) as progress:
            await Placing(self._addresses.api_url, key).place(lines, progress)
            return await self._work(progress, key)

    def new_key(self) -> str:
        """An API key for the demo's creditor."""
        with self.database.transaction() as session:
            creditors.register(session, CREDITOR, CREDITOR_NAME)
            contracts.agree(session, CREDITOR, CONTRACT)
            creditors.revoke_keys(session, CREDITOR, "demo")
            return creditors.issue_key(session, CREDITOR, "demo")

    def _with_cards(self, rows: list[Fictional]) -> Iterator[bytes]:
        """Rows as JSON Lines; a subscription's card is stored at Stripe first."""
        cards: dict[str, dict[str, str]] = {}
        with httpx.Client(base_url=self._addresses.sandbox_url, timeout=60) as sandbox:
            for row in rows:
                holder = row.placement["consumer"]["reference"]
                if row.card is not None and holder not in cards:
                    cards[holder] = self._stored(sandbox, row.card, holder)
        for row in rows:
            consumer = row.placement["consumer"]
            card = cards.get(consumer["reference"])
            told = {**consumer, "stored_card": card} if card else consumer
            yield json.dumps({**row.placement, "consumer": told}).encode() + b"\n"

    def _stored(self, sandbox: httpx.Client, number: str, holder: str) -> dict[str, str]:
        """A card that its holder has stored on a page of Stripe's: nobody else's has that name."""
        secret, base = self._environment["STRIPE_API_KEY"], self._environment["STRIPE_BASE_URL"]
        sessions = stripe.StripeClient(secret, base_addresses={"api": base}).v1.checkout.sessions
        page = sessions.create(
            {
                "mode": "setup",
                "currency": "usd",
                "customer_creation": "always",
                "success_url": self._addresses.api_url,
            }
        )
        card = {"card": number, "holder": holder}
        sandbox.post(f"/control/checkout/{page.id}/pay", json=card).raise_for_status()
        done = sessions.retrieve(page.id, {"expand": ["setup_intent"]})
        method = getattr(done.setup_intent, "payment_method", None)
        return {"customer": str(done.customer), "payment_method": str(method)}

    async def _work(self, progress: Progress, key: str) -> Worked:
        task, began = progress.add_task("days worked", total=self._size.days), _today()
        async with (
            caller(self._addresses.sandbox_url, timeout=120) as sandbox,
            caller(self._addresses.api_url, timeout=60) as web,
            caller(self._addresses.api_url, timeout=60, headers=_as(key)) as api,
        ):
            people = Consumers(self._size.seed)
            crowd = Crowd(people, self.database, sandbox, web, began)
            desk = Desk(people, self.database, api, web, sandbox)
            for day in range(self._size.days):
                await crowd.work(day)
                await desk.work(day, began + timedelta(days=day))
                await fast_forward(self._client, await asyncio.to_thread(self.open_ones), STEP)
                progress.advance(task)
            await crowd.work(self._size.days)
        return Worked(crowd.did, desk.did)

    def open_ones(self) -> list[str]:
        """Workflow ids of the accounts that are open."""
        with self.database.transaction() as session:
            return accounts.open_workflows(session)


def _as(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def _today() -> date:
    return datetime.now(UTC).date()  # noqa: TID251 -- the demo begins today


@contextmanager
def progress_bars(console: Console) -> Iterator[Progress]:
    """Bars for long work, with counts and the time it has taken."""
    columns = (
        TextColumn("{task.description:<18}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        yield progress
