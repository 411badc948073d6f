"""A portfolio is worked for weeks while parts are killed and providers fail."""

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import httpx

from cli.acting import connect
from cli.demo import Demo, Size
from cli.desk import Desk
from simulation.consumers import Consumers
from simulation.portfolio import generate
from stack import Stack
from storage import bulk
from tests.chaos.people import GONE, Crowd, Patient, patient, patiently
from tests.chaos.schedule import Kill
from workers.clock import wall
from workflows.fast_forward import fast_forward
from workflows.payloads import Sealed

STEP = timedelta(days=1)
PAUSED_EVERY = 4
"""Days: in between the journeys have to get on."""
A_DAY_WITHIN = 120.0
"""Seconds after which something hangs, or the machine has too much else to do."""
SPANS = {
    "TAHSIL_TWILIO_LAG": "2",
    "TAHSIL_SENDGRID_LAG": "2",
    "TAHSIL_PROVIDER_PATIENCE": "10",
    "TAHSIL_SWEEP_EVERY": "2",
    "TWILIO_TIMEOUT_SECONDS": "3",
    "SENDGRID_TIMEOUT_SECONDS": "3",
    "STRIPE_TIMEOUT_SECONDS": "3",
}
"""Wall-clock spans that are minutes in production. A time-out and a lag together outlast the
longest delay among the faults: what is listed later than that may go out twice (decision 2)."""


@dataclass(frozen=True)
class Asked:
    """How much of it there is to be."""

    seed: int = 1
    accounts: int = 200
    days: int = 30

    @property
    def people(self):
        """Some owe several debts, so that their accounts race for the same slots."""
        return max(1, self.accounts * 3 // 4)


@dataclass
class Chaos:
    """One run on a stack of its own."""

    stack: Stack
    asked: Asked
    say: Callable[[str], None]
    began: float = field(default_factory=time.monotonic)
    stuck: list[str] = field(default_factory=list)
    """Days that did not end."""
    paused: str | None = None
    """The instruction by which many accounts are paused at present."""

    def tell(self, what):
        """Say it with the seconds since the run began."""
        self.say(f"{time.monotonic() - self.began:6.1f} s  {what}")

    @asynccontextmanager
    async def opened(self):
        """Everybody at their places."""
        addresses, size = self.stack.addresses, self.asked
        self.client = await connect(addresses)
        demo = Demo(
            addresses,
            self.stack.environment,
            self.client,
            Size(size.seed, size.accounts, size.people, size.days),
        )
        self.database, self.demo = demo.database, demo
        self.asks = Patient(), Patient()
        headers = {"authorization": f"Bearer {demo.new_key()}"}
        async with (
            patient(addresses.api_url, self.asks[0], headers=headers) as self.api,
            patient(addresses.api_url, self.asks[1]) as self.web,
            patient(addresses.sandbox_url, Patient()) as self.sandbox,
        ):
            yield
        codec = self.client.data_converter.payload_codec
        assert isinstance(codec, Sealed)
        codec.ring.close()
        self.database.close()

    async def run(self, plan):
        """Place, then live through the days of the plan."""
        rows = generate(
            self.asked.seed,
            accounts=self.asked.accounts,
            people=self.asked.people,
            today=wall().date(),
        )
        lines = await asyncio.to_thread(lambda: b"".join(self.demo._with_cards(rows)))
        self.tell(f"{len(rows)} accounts of {self.asked.people} people")
        people, today = Consumers(self.asked.seed), wall().date()
        self.crowd = Crowd(people, self.database, self.sandbox, self.web, today)
        self.desk = Desk(people, self.database, self.api, self.web, self.sandbox)
        try:
            for day, troubles in enumerate(plan):
                async with asyncio.timeout(A_DAY_WITHIN), asyncio.TaskGroup() as group:
                    for each in troubles:
                        group.create_task(self._happen(day, each))
                    group.create_task(self._live(day, today, lines if day == 0 else None))
        except TimeoutError:
            self.stuck.append(f"day {day} was not over after {A_DAY_WITHIN:.0f} s")
        await self.sandbox.delete("/control/faults")

    async def _live(self, day, today, lines):
        if lines is not None:
            await self._place(lines)
        await self._operate(day)
        await self.crowd.work(day)
        with suppress(*GONE, httpx.HTTPStatusError):  # the agent goes home: tomorrow is a day, too
            await self.desk.work(day, today + timedelta(days=day))
        await fast_forward(self.client, await patiently(self.demo.open_ones), STEP)

    async def _operate(self, day):
        """Now and then many are paused, and one is let go on, which may not have heard yet.

        The next day the others are let go on, too.
        """
        if self.paused is not None:
            await self._instruct("resume", f"paused-by={self.paused}")
            self.paused = None
            return
        if day % PAUSED_EVERY != 1:
            return
        self.paused = (await self._instruct("pause", "stage=reminders"))["id"]
        for each in await patiently(partial(self._one_of_them, self.paused)):
            await self.api.post(f"/v1/accounts/{each}/resume", json={})

    async def _instruct(self, verb, where):
        asked = {"verb": verb, "where": where, "reason": "a flood in the region"}
        told = await self.api.post("/v1/bulk", json=asked)
        assert told.status_code == httpx.codes.ACCEPTED, told.text
        self.tell(f"{verb} {told.json()['accounts']} accounts")
        return told.json()

    def _one_of_them(self, instruction):
        with self.database.transaction() as session:
            return [each for each, _ in bulk.untold(session, instruction, limit=1)]

    async def _place(self, lines):
        headers = {"content-type": "application/x-ndjson"}
        sent = await self.api.post("/v1/placements", content=lines, headers=headers)
        assert sent.status_code == httpx.codes.ACCEPTED, sent.text
        status = sent.json()
        while status["status"] != "finished":
            await asyncio.sleep(0.2)
            status = (await self.api.get(f"/v1/placements/{status['id']}")).json()
        self.tell(f"placed: {json.dumps(status['outcomes'])}")

    async def _happen(self, day, trouble):
        if isinstance(trouble, Kill):
            await asyncio.sleep(trouble.after)
            self.tell(f"day {day:2}  {trouble}")
            await self.stack.kill(trouble.part)
            self.tell(f"day {day:2}  {trouble.part} is back")
        else:
            self.tell(f"day {day:2}  {trouble}")
            answer = await self.sandbox.post("/control/faults", json=trouble.said)
            answer.raise_for_status()
