"""One embedded stack for the whole run, and a house to act in: real servers, real SDKs."""

import asyncio
import itertools
import os
import time
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from domain.time import local_date
from stack import stack_in_thread
from storage import Database, accounts, creditors, journal
from storage.tables import ContactRow, Decision
from tests.stack.programs import open_directory, quick_disk
from workflows.fast_forward import fast_forward
from workflows.messages import AccountState
from workflows.names import workflow_id

QUICK = {
    "TAHSIL_TWILIO_LAG": "0.5",
    "TAHSIL_SENDGRID_LAG": "0.5",
    "TAHSIL_PROVIDER_PATIENCE": "4",
    "TAHSIL_SWEEP_EVERY": "2",
}
"""Wall-clock spans that are minutes in production."""

NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="session")
def stack():
    with open_directory(quick_disk()) as folder:
        environ = {**os.environ, **QUICK}
        with stack_in_thread(folder / "data", environ=environ, report=lambda _: None) as running:
            yield running


@pytest.fixture
async def house(stack):
    client = await Client.connect(
        stack.addresses.temporal_address, data_converter=pydantic_data_converter
    )
    database = Database(stack.addresses.database_url)
    with database.transaction() as session:
        creditors.register(session, "acme", "Acme Bank")
        key = creditors.issue_key(session, "acme", "tests")
    headers = {"authorization": f"Bearer {key}"}
    async with (
        httpx.AsyncClient(base_url=stack.addresses.api_url, headers=headers, timeout=30) as api,
        httpx.AsyncClient(base_url=stack.addresses.sandbox_url, timeout=60) as sandbox,
    ):
        yield House(stack, client, database, api, sandbox)
        await sandbox.delete("/control/faults")
    database.close()


class House:
    """Everything a test does to the product, from outside."""

    def __init__(self, stack, client, database, api, sandbox):
        self.stack, self.client, self.database = stack, client, database
        self.api, self.sandbox = api, sandbox

    def placement(self, **changes):
        """A placement of a person of their own, in New York."""
        number = next(NUMBERS)
        consumer = {
            "reference": f"C{number}",
            "name": "Alex Morgan",
            "country": "US",
            "phone": f"+1212555{number:04d}",
            "email": f"consumer{number}@example.com",
        }
        consumer |= changes.pop("consumer", {})
        return {
            "reference": f"A{number}",
            "journey": "standard",
            "balance": {"minor": 20_000, "currency": "USD"},
            "due_on": "2026-10-01",
            "consumer": consumer,
        } | changes

    async def place(self, **changes):
        """Place an account through the API; gives an Account."""
        placement = self.placement(**changes)
        answer = await self.api.post("/v1/accounts", json=placement)
        assert answer.status_code == httpx.codes.CREATED, answer.text
        return Account(self, placement, answer.json())

    async def settle(self):
        """Wait until every webhook has been answered, or given up."""
        answer = await self.sandbox.post("/control/settle", params={"timeout": 30})
        assert answer.json()["settled"], answer.text

    async def fault(self, **fault):
        """Switch a fault on at the providers."""
        answer = await self.sandbox.post("/control/faults", json=fault)
        assert answer.is_success, answer.text

    async def forward(self, *placed, days=0, hours=0):
        """Carry accounts ahead together, a day at a time, and let webhooks arrive."""
        left = days * 24 + hours
        while left > 0:
            step = min(24, left)
            ids = [account.workflow_id for account in placed]
            await fast_forward(self.client, ids, timedelta(hours=step))
            await self.settle()
            left -= step

    async def eventually(self, condition, *, within=20.0):
        """Wait until the (async) condition gives something true, and give that."""
        end = time.monotonic() + within
        while not (found := await condition()):
            assert time.monotonic() < end, f"{condition} did not come true in {within} s"
            await asyncio.sleep(0.02)
        return found


class Account:
    """One placed account, seen through every window there is."""

    def __init__(self, house, placement, answer):
        self.house, self.placement = house, placement
        self.id = answer["id"]
        self.workflow_id = workflow_id("acme", placement["reference"])
        self.phone = placement["consumer"].get("phone")
        self.email = placement["consumer"].get("email")
        self.handle = house.client.get_workflow_handle(self.workflow_id, result_type=AccountState)

    async def state(self):
        return await self.handle.query("state", result_type=AccountState)

    async def messages(self, to=None):
        """What the providers accepted for this person, oldest first."""
        found = []
        for address in [to] if to else [self.phone, self.email]:
            answer = await self.house.sandbox.get("/control/messages", params={"to": address})
            found += [each for each in answer.json()["messages"] if not each["own"]]
        return sorted(found, key=lambda each: each["seq"])

    async def link(self):
        """The code of the newest message's link."""
        newest = (await self.messages())[-1]
        return next(link for link in newest["links"] if "/p/" in link).rsplit("/", 1)[-1]

    async def says(self, words):
        """The consumer sends a text."""
        answer = await self.house.sandbox.post(
            "/control/sms/inbound", json={"from": self.phone, "body": words}
        )
        assert answer.is_success, answer.text
        await self.house.settle()

    async def pays(self, card="4242424242424242", button="pay"):
        """The consumer opens the newest link, presses a button and pays."""
        session = await self.opens(button)
        answer = await self.house.sandbox.post(
            f"/control/checkout/{session}/pay", json={"card": card}
        )
        assert answer.is_success, answer.text
        return answer.json()

    async def opens(self, button):
        """The consumer presses a button on the page of the newest link; gives the session."""
        page = await self.house.api.post(f"/p/{await self.link()}/{button}")
        assert page.status_code == httpx.codes.SEE_OTHER, page.text
        return httpx.URL(page.headers["location"]).path.rsplit("/", 1)[-1]

    def story(self):
        """The journal's lines."""
        with self.house.database.transaction() as session:
            return [(line.what, line.detail) for line in journal.lines(session, self.id)]

    async def reaches(self, stage):
        """Wait until the account is in this stage; gives its state there."""

        async def there():
            state = await self.state()
            return state if state.stage == stage else None

        return await self.house.eventually(there)

    def decisions(self, verdict):
        """The gate's verdicts of one kind about this account."""
        with self.house.database.transaction() as session:
            query = select(Decision).where(Decision.account_id == self.id)
            return list(session.scalars(query.where(Decision.verdict == verdict)))

    def days_of_contacts(self):
        """The New York dates on which this person was contacted, about whichever account."""
        with self.house.database.transaction() as session:
            person = accounts.by_id(session, self.id).person_id
            rows = session.scalars(select(ContactRow).where(ContactRow.person_id == person))
            return [local_date(row.at, "America/New_York") for row in rows]

    def record(self):
        """The account's row."""
        with self.house.database.transaction() as session:
            return accounts.by_id(session, self.id)
