"""A house to act in: everything a test, a recording or a benchmark does to a running stack."""

import asyncio
import itertools
import os
import time
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta

import httpx
from sqlalchemy import select

from cli.acting import connect
from domain.time import local_date
from stack import stack_in_thread
from storage import Database, accounts, creditors, journal, ledger
from storage.tables import ContactRow, Decision
from workflows.fast_forward import fast_forward
from workflows.messages import AccountState
from workflows.names import workflow_id
from workflows.payloads import Sealed

QUICK = {
    "TAHSIL_TWILIO_LAG": "0.5",
    "TAHSIL_SENDGRID_LAG": "0.5",
    "TAHSIL_PROVIDER_PATIENCE": "4",
    "TAHSIL_SWEEP_EVERY": "2",
    "TWILIO_TIMEOUT_SECONDS": "3",
    "SENDGRID_TIMEOUT_SECONDS": "3",
    "STRIPE_TIMEOUT_SECONDS": "3",
}
"""Wall-clock spans that are minutes in production."""

LIMITS = httpx.Limits(keepalive_expiry=1)
"""Idle connections are closed by us first: a request on one that the server closes is lost."""

NUMBERS = itertools.count(1)


@contextmanager
def embedded_stack(data):
    """A stack of its own, with its data there, until the block ends."""
    environ = {**os.environ, **QUICK}
    with stack_in_thread(data, environ=environ, report=lambda _: None) as running:
        yield running


@asynccontextmanager
async def open_house(stack):
    """The way into a running stack, as the creditor Acme and as the sandbox's people."""
    client = await connect(stack.addresses)
    database = Database(stack.addresses.database_url)
    with database.transaction() as session:
        creditors.register(session, "acme", "Acme Bank")
        key = creditors.issue_key(session, "acme", "tests")
    headers = {"authorization": f"Bearer {key}"}
    async with (
        httpx.AsyncClient(
            base_url=stack.addresses.api_url, headers=headers, timeout=30, limits=LIMITS
        ) as api,
        httpx.AsyncClient(
            base_url=stack.addresses.sandbox_url, timeout=60, limits=LIMITS
        ) as sandbox,
    ):
        yield House(stack, client, database, api, sandbox)
        await sandbox.delete("/control/faults")
    codec = client.data_converter.payload_codec
    assert isinstance(codec, Sealed)
    codec.ring.close()
    database.close()


class House:
    """Everything a test does to the product, from outside."""

    def __init__(self, stack, client, database, api, sandbox):
        self.stack, self.client, self.database = stack, client, database
        self.api, self.sandbox = api, sandbox

    def placement(self, **changes):
        """A placement of a person of their own, on New York's time."""
        number = next(NUMBERS)
        consumer = {
            "reference": f"C{number}",
            "name": "Alex Morgan",
            "country": "US",
            "phone": f"+1404555{number:04d}",
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

    async def persona(self, address, kind):
        """Say what becomes of messages to an address."""
        answer = await self.sandbox.post(
            "/control/personas", json={"address": address, "kind": kind}
        )
        assert answer.is_success, answer.text

    async def faults_left(self):
        """How many faults still wait for a call."""
        return len((await self.sandbox.get("/control/faults")).json()["faults"])

    async def calls(self, provider, operation):
        """How often the providers were asked this so far."""
        asked = {"provider": provider, "operation": operation, "limit": 5000}
        answer = await self.sandbox.get("/control/requests", params=asked)
        return len(answer.json()["requests"])

    async def charges(self):
        """How many charges succeeded at Stripe so far, whosever they were."""
        return (await self.sandbox.get("/control/log")).json()["charges"]["succeeded"]["count"]

    async def kill_worker(self):
        """Kill the worker with no warning, and wait until another one polls."""
        await asyncio.to_thread(self.stack.kill, "workers")

    async def forward(self, *placed, days=0, hours=0):
        """Carry accounts ahead together, a day at a time, and let webhooks arrive."""
        left = days * 24 + hours
        while left > 0:
            step = min(24, left)
            ids = [account.workflow_id for account in placed]
            await fast_forward(self.client, ids, timedelta(hours=step))
            await self.settle()
            left -= step

    async def eventually(self, condition, *, within=20.0, saw=lambda: "nothing is said of it"):
        """Wait until the (async) condition gives something true, and give that.

        If it does not, `saw` says what was there in its place.
        """
        end = time.monotonic() + within
        while not (found := await condition()):
            assert time.monotonic() < end, f"{condition} not true in {within} s: {saw()}"
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

    async def ends(self, *, within=60.0):
        """Wait until the journey is over; gives its last state."""
        async with asyncio.timeout(within):
            return await self.handle.result()

    async def messages(self, to=None):
        """What the providers accepted for this person, oldest first."""
        found = []
        for address in [to] if to else filter(None, [self.phone, self.email]):
            answer = await self.house.sandbox.get("/control/messages", params={"to": address})
            found += [each for each in answer.json()["messages"] if not each["own"]]
        return sorted(found, key=lambda each: each["seq"])

    async def texts(self):
        """What Twilio accepted from us for this person."""
        found = await self.messages(self.phone)
        return [each for each in found if each["direction"] != "inbound"]

    async def mails(self):
        """What SendGrid accepted from us for this person."""
        found = await self.messages(self.email)
        return [each for each in found if each["direction"] != "inbound"]

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
            person = self.record().person_id
            rows = session.scalars(select(ContactRow).where(ContactRow.person_id == person))
            return [local_date(row.at, "America/New_York") for row in rows]

    async def is_on_plan(self):
        """Carry a fresh account ahead until a plan is accepted and its first instalment near."""
        await self.house.forward(self, hours=15)
        await self.says("PLAN")
        await self.house.forward(self, days=1)
        await self.pays(button="accept-plan")
        await self.reaches("on_plan")
        await self.house.forward(self, days=5)

    async def told_paid(self, minor, reference):
        """The creditor reports a payment made to them."""
        answer = await self.house.api.post(
            f"/v1/accounts/{self.id}/payments",
            json={"amount": {"minor": minor, "currency": "USD"}, "reference": reference},
        )
        assert answer.is_success, answer.text
        return answer.json()

    def movements(self):
        """The ledger: why money moved, and by how much what is owed changed."""
        with self.house.database.transaction() as session:
            found = ledger.movements(session, self.id)
            return [(each.cause, ledger.booked_amount(session, each.key)) for each in found]

    def contacts(self):
        """The rows of contacts about this account, oldest first."""
        with self.house.database.transaction() as session:
            query = select(ContactRow).where(ContactRow.account_id == self.id)
            return list(session.scalars(query.order_by(ContactRow.recorded_at)))

    def tale(self, what):
        """The details of the journal's lines of one kind."""
        return [detail for said, detail in self.story() if said == what]

    def record(self):
        """The account's row."""
        with self.house.database.transaction() as session:
            return accounts.by_id(session, self.id)
