"""Record a history of every stage of every journey.

`python -m tests.workflows.record_histories` starts a stack, plays the stories below on it and
writes Temporal's own history of each stage to the folder of the present version in
tests/histories/; those of other versions are left alone. Everybody in them is fictional. It takes a
few minutes. With names of cases (`standard.skipped`) it adds those, and leaves the rest.
"""

import asyncio
import itertools
import json
import re
import socket
import sys
from collections.abc import Sequence
from datetime import timedelta

import stripe
from google.protobuf.message import Message
from sqlalchemy import select
from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowExecutionStatus, WorkflowHistory

from compliance.laws import shipped_id, shipped_text
from compliance.skips import Skip
from domain.bulk import BulkInstruction
from domain.contacts import ContactStatus
from domain.contracts import Contract, HardshipTerms
from domain.events import (
    HardshipDeclared,
    InstalmentFailed,
    MeansStated,
    PaymentReversed,
    PlanEnded,
    TaskDone,
)
from domain.time import local_date
from journeys import JOURNEYS
from storage import contracts, plans
from storage.tables import ContactRow, Task
from tests.house import embedded_stack, open_house
from tests.stack.programs import open_directory, quick_disk
from tests.workflows import histories
from workflows.messages import Heard

WHOLE = (WorkflowExecutionStatus.COMPLETED, WorkflowExecutionStatus.CONTINUED_AS_NEW)
FAILS_LATER = "4000000000000341"
"""Stripe's test card that can be stored, and fails when it is charged."""

SOON_OVER = HardshipTerms(deferral_days=8, most_deferrals=1)
"""A breathing space that is short enough to be played to its end."""

AT_ONCE = 16
"""Stories that are played beside each other."""

PEOPLE = itertools.count()


class Story:
    """One account of one fictional person, and what happens to it."""

    def __init__(self, house, journey, account):
        self.house, self.journey, self.account = house, journey, account

    @property
    def is_hardship(self):
        return self.journey == "hardship"

    @property
    def to_the_first_instalment(self):
        return 32 if self.is_hardship else 10

    async def days(self, number):
        await self.house.forward(self.account, days=number)

    async def goes_on_until(self, stage):
        """A day at a time, so that a stage of few days is not passed by."""
        while (await self.account.state()).stage != stage:
            await self.days(1)

    async def hears(self, kind, **told):
        """The workflow hears of something that the record would have told it."""
        event = kind(event_id=f"{kind.__name__} of {self.account.id}", **told)
        await self.account.handle.signal("hear", Heard(event=event))

    async def is_seen_to(self):
        """A person of ours does what the account was handed over for."""

        async def waiting():
            with self.house.database.transaction() as session:
                handed = select(Task.key).where(Task.account_id == self.account.id)
                return session.scalars(handed.where(Task.done_at.is_(None))).all()

        for task in await self.house.eventually(waiting):
            done = TaskDone(event_id=f"done:{task}", task=task)
            await self.account.handle.signal("hear", Heard(event=done))

    async def is_offered_a_plan(self):
        if self.is_hardship:
            await self.hears(MeansStated, monthly=50_00)
        else:
            await self.account.says("PLAN")
        await self.days(2)

    async def accepts_a_plan(self, **card):
        await self.is_offered_a_plan()
        await self.account.pays(button="accept-plan", **card)
        await self.account.reaches("on_plan")

    async def breaks_a_plan(self):
        """Every try within the grace fails, too."""
        await self.accepts_a_plan(card=FAILS_LATER)
        await self.goes_on_until("broken_plan")

    async def holds(self, expected):
        """Wait until these holds stand."""

        async def so():
            return (await self.account.state()).holds == expected

        await self.house.eventually(so)

    async def is_under_way(self, step):
        return (await self.account.state()).under_way == step

    def poison(self, key):
        """Words that nobody can read stand where a contact begins."""
        with self.house.database.transaction() as session:
            session.add(
                ContactRow(
                    key=key,
                    account_id=self.account.id,
                    person_id=self.account.record().person_id,
                    channel="sms",
                    message="nudge",
                    purpose="demand",
                    address=self.account.phone,
                    status=ContactStatus.INTENDED,
                    words={},
                    at=self.account.record().at,
                )
            )


async def silence(story):
    """Nobody answers."""
    await story.days(65)


async def a_plan_is_kept(story):
    """The first instalment is paid."""
    await story.accepts_a_plan()
    await story.days(story.to_the_first_instalment)


async def a_new_card_mends_a_plan(story):
    """An instalment fails; the consumer gives another card."""
    await story.breaks_a_plan()
    await story.account.pays(button="card")
    await story.account.reaches("on_plan")


async def a_plan_breaks_for_good(story):
    """An instalment fails, and nothing comes of the call and of the fresh offer."""
    await story.breaks_a_plan()
    await story.days(30)


async def a_plan_is_given_up(story):
    """The consumer gives up a plan that they had agreed to."""
    await story.accepts_a_plan()
    with story.house.database.transaction() as session:
        plan = plans.current(session, story.account.id)
    assert plan is not None
    await story.hears(PlanEnded, plan_id=plan.plan_id)
    await story.days(5)


async def a_payment_goes_back(story):
    """A bank takes a payment back."""
    await story.hears(PaymentReversed)
    await story.is_seen_to()
    await story.days(9)


async def a_plan_rests(story):
    """A bank takes back what was paid for a plan, and nobody restarts it for a month."""
    await story.accepts_a_plan()
    await story.hears(PaymentReversed)
    await story.is_seen_to()
    await story.days(45)


async def a_charge_fails_late(story):
    """A bank returns a debit of before."""
    await story.hears(InstalmentFailed, number=1)
    await story.days(3)


async def hardship(story):
    """The consumer cannot pay at present."""
    await story.hears(HardshipDeclared)
    await story.days(1)


async def a_promise(story):
    """The consumer names a day, which passes."""
    state = await story.account.state()
    day = local_date(state.at, "America/New_York") + timedelta(days=4)
    await story.account.says(f"I will pay on {day}")
    await story.days(10)


async def a_claim(story):
    """The consumer says that it is paid."""
    await story.account.says("PAID")
    await story.is_seen_to()
    await story.days(9)


async def a_call_is_wanted(story):
    """The consumer asks for a person."""
    await story.account.says("CALL ME")
    await story.is_seen_to()
    await story.days(5)


async def paid(story):
    """The consumer pays while the account waits."""
    if story.is_hardship:  # it has sent no link yet
        await story.account.told_paid(20_000, f"BANK-{story.account.id}")
    else:
        await story.account.pays()
    await story.account.handle.result()


async def hold(story):
    """The clock is stopped by the creditor, goes on, and the stage ends."""
    for verb in ("pause", "resume"):
        answer = await story.house.api.post(f"/v1/accounts/{story.account.id}/{verb}", json={})
        assert answer.is_success, answer.text
        await story.days(2)
    await story.days(20)


async def hold_in_temporal(story):
    """Somebody disputes for the consumer in Temporal's UI, and lifts it there."""
    for verb, order in (("dispute", "ui-1"), ("resume", "ui-2")):
        instruction = {"instruction_id": order, "hold": "dispute"}
        await story.account.handle.execute_update(verb, instruction)
        await story.days(2)
    await story.days(20)


async def recall(story):
    """The creditor takes the account back."""
    answer = await story.house.api.post(f"/v1/accounts/{story.account.id}/recall", json={})
    assert answer.is_success, answer.text
    await story.account.handle.result()


async def switched(story):
    """Somebody sends the account on another journey in Temporal's UI."""
    order = {
        "instruction_id": "ui-3",
        "journey": "standard" if story.is_hardship else "hardship",
    }
    await story.account.handle.execute_update("switch_journey", order)
    await story.days(1)


async def opt_out(story):
    """The consumer wants no more texts."""
    await story.account.says("STOP")
    await story.days(25)


async def instructed(story):
    """Operations pause many accounts, this one among them, and let them go on."""
    for verb, hold in (("pause", ("pause",)), ("resume", ())):
        told = BulkInstruction(instruction_id=f"ui-{verb}", verb=verb, reason="a fire", by="ops")
        await story.account.handle.signal("instruct", told)
        await story.holds(hold)
        await story.days(2)
    await story.days(20)


async def skipped(story):
    """The second contact fails for ever, and operations go past it."""
    step = f"{story.account.workflow_id}#2"
    story.poison(step)
    going = asyncio.create_task(story.days(20))
    await story.house.eventually(lambda: story.is_under_way(step), within=40)
    skip = Skip(instruction_id="ui-skip", reason="a broken row", by="ops", step=step)
    await story.account.handle.execute_update("skip_step", skip)
    await going


STAGES = (
    *(silence, a_plan_is_kept, a_new_card_mends_a_plan, a_plan_breaks_for_good),
    *(a_plan_is_given_up, a_plan_rests, a_charge_fails_late, a_payment_goes_back, hardship),
    *(a_promise, a_claim, a_call_is_wanted),
)
"""Stories which lead through every stage of every journey; each stage's fullest run is kept."""

CASES = (paid, hold, hold_in_temporal, recall, switched, opt_out)
"""Stories of which the first stage is kept under the story's own name."""

ONCE = (instructed, skipped)
"""Such stories that are the same in every journey: kept of `standard` alone."""


async def play(house, journey, story, places):
    """Play one story in its turn: too many at once, and a worker takes long to answer."""
    async with places:
        return await played(house, journey, story)


async def played(house, journey, story):
    """Place an account, let the first contact be made, and let the story happen."""
    number = next(PEOPLE)
    consumer = {
        "reference": f"C{number}",
        "name": "Alex Morgan",
        "phone": f"+1404555{100 + number:04d}",
        "email": f"alex{number}@example.com",
        "stored_card": stored_card(house.stack.environment),
    }
    account = await house.place(
        reference=f"{story.__name__}-{number}", journey=journey, consumer=consumer
    )
    await house.forward(account, days=1)
    await story(Story(house, journey, account))
    return story, await runs(house.client, account)


def stored_card(environment):
    """A card at the sandbox that fails when it is charged."""
    client = stripe.StripeClient(
        environment["STRIPE_API_KEY"], base_addresses={"api": environment["STRIPE_BASE_URL"]}
    )
    customer = client.v1.customers.create({})
    card = client.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    return {"customer": customer.id, "payment_method": card.id}


async def runs(client, account):
    """The histories of an account's stages that are over, oldest first."""
    ended = []
    async for each in client.list_workflows(f'WorkflowId="{account.workflow_id}"'):
        if each.status in WHOLE:
            handle = client.get_workflow_handle(each.id, run_id=each.run_id)
            history = await handle.fetch_history()
            for event in history.events:
                await open_payloads(event, client.data_converter.payload_codec)
            ended.append(history)
    return sorted(ended, key=lambda history: history.events[0].event_time.ToDatetime())


async def open_payloads(message, codec):
    """Put every encrypted payload within a message in plain text: the keys are gone tomorrow."""
    if isinstance(message, Payload):
        (opened,) = await codec.decode([message])
        message.CopyFrom(opened)
        return
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            within = value.values()
        else:
            within = value if isinstance(value, Sequence) else [value]
        for each in within:
            if isinstance(each, Message):
                await open_payloads(each, codec)


def journey_and_stage(history):
    """Which stage of which journey a run was, by its own input."""
    payload = history.events[0].workflow_execution_started_event_attributes.input.payloads[0]
    leg = json.loads(payload.data)
    return leg["journey"], leg["stage"] or JOURNEYS[leg["journey"]].first.name


def chosen(played):
    """The histories to keep, by the name of their file."""
    kept: dict[str, WorkflowHistory] = {}
    for story, ended in played:
        for history in ended:
            name = ".".join(journey_and_stage(history))
            if story in (*CASES, *ONCE):
                kept.setdefault(f"{name.split('.')[0]}.{story.__name__}", history)
            elif name not in kept or len(history.events) > len(kept[name].events):
                kept[name] = history
    return kept


def write(folder, name, history):
    """One event a line, so that a difference can be read; what names this machine is left out."""
    lines = ",\n".join(json.dumps(event) for event in history.to_json_dict()["events"])
    process = rf"\d+@{re.escape(socket.gethostname())}(-[0-9a-f]{{32}})?"
    events = re.sub(process, "recorded", lines)
    (folder / f"{name}.json").write_text(f'{{"events": [\n{events}\n]}}\n', "utf-8")


TOLD = [
    *((journey, story) for journey in JOURNEYS for story in (*STAGES, *CASES)),
    *(("standard", story) for story in ONCE),
]
"""Every story, with the journey that it is told of."""


async def record(stack, folder, names):
    """Play the stories, all or those of that name, and write to the folder what is kept."""
    told = [each for each in TOLD if not names or f"{each[0]}.{each[1].__name__}" in names]
    async with open_house(stack) as house:
        with house.database.transaction() as session:
            contracts.agree(session, "acme", Contract(hardship=SOON_OVER))
        places = asyncio.Semaphore(AT_ONCE)
        stories = await asyncio.gather(*(play(house, *each, places) for each in told))
    kept = chosen(stories)
    if not names:
        clear(folder, kept)
    laws = folder / "laws"
    laws.mkdir(parents=True, exist_ok=True)
    # The laws that the recorded accounts went by: a replay reads the same rules.
    (laws / f"{shipped_id()}.json").write_text(shipped_text(), "utf-8")
    for name, history in kept.items():
        if not names or name in names:
            write(folder, name, history)
    histories.put_on_list(folder)
    print(f"{len(kept)} histories in {folder}")  # noqa: T201 -- it is a command


def clear(folder, kept):
    """Take away what this version recorded before; fails if a stage was never played."""
    for journey in JOURNEYS.values():
        missing = [
            each.name for each in journey.stages if f"{journey.name}.{each.name}" not in kept
        ]
        assert not missing, f"{journey.name}: no story leads to {', '.join(missing)}"
    for old in folder.rglob("*.json"):
        old.unlink()


if __name__ == "__main__":
    recordings = histories.to_record(histories.version())
    with open_directory(quick_disk()) as folder, embedded_stack(folder / "data") as stack:
        asyncio.run(record(stack, recordings, sys.argv[1:]))
