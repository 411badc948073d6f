"""What operations do to a running stack: many accounts at once, one past a step that fails.

And what `tahsil doctor` finds: every sickness here is planted in a running house.
"""

import asyncio
import io
import json
import subprocess
from datetime import timedelta

import httpx
import pytest
from rich.console import Console
from sqlalchemy import func, select, text, update

from cli.bulk import Asked, instruct_many, show_found
from cli.doctoring import examine
from cli.skipping import skip_step
from domain.accounts import Closure, Hold
from domain.bulk import BulkInstruction, BulkVerb
from domain.contacts import ContactStatus
from stack.temporal import _binary as program
from storage import creditors
from storage.tables import Account as Row
from storage.tables import ContactRow, Instruction
from tests.house import Account
from workflows import names
from workflows.ailments import Limits
from workflows.batches import batch
from workflows.examining import running_among
from workflows.fast_forward import fast_forward
from workflows.messages import AccountState

pytestmark = [pytest.mark.stack, pytest.mark.anyio]

WHY = "the mail merge names the wrong creditor"


class Words:
    """What a command prints."""

    def __init__(self):
        self._printed = io.StringIO()
        self.console = Console(file=self._printed, width=200)

    def __str__(self):
        return " ".join(self._printed.getvalue().split())


async def placed_by(house, creditor, number):
    """Accounts of a creditor of their own: conditions find no others."""
    with house.database.transaction() as session:
        creditors.register(session, creditor, "Bulk Bank")
        headers = {"authorization": f"Bearer {creditors.issue_key(session, creditor, 'tests')}"}
    accounts = []
    for _ in range(number):
        made = house.placement()
        answer = await house.api.post("/v1/accounts", json=made, headers=headers)
        assert answer.status_code == httpx.codes.CREATED, answer.text
        account = Account(house, made, answer.json())
        account.workflow_id = names.workflow_id(creditor, made["reference"])
        account.handle = house.client.get_workflow_handle(
            account.workflow_id, result_type=AccountState
        )
        accounts.append(account)
    return accounts


async def tell(house, verb, where, **more):
    """`tahsil bulk`: what it printed; fails unless all accounts have done it."""
    words, asked = Words(), Asked(BulkVerb(verb), where, WHY, by="kim", **more)
    assert await instruct_many(house.stack.addresses, asked, words.console)
    return str(words)


async def test_many_accounts_are_paused_switched_resumed_and_recalled_on_record(house):
    accounts = await placed_by(house, "bulk-bank", 3)
    addresses, where = house.stack.addresses, "creditor=bulk-bank and stage=reminders"
    words = Words()
    await show_found(addresses, Asked(BulkVerb.PAUSE, where, ""), words.console)
    assert "3 accounts would be told to pause; nothing was done" in str(words)

    said = await tell(house, "pause", where)
    instruction = said.partition(":")[0]
    assert "from now on nothing leaves for these 3 accounts" in said
    for account in accounts:
        assert (await account.state()).holds == (Hold.PAUSE,)
        assert ("told to pause", {"instruction": instruction}) in account.story()
    assert (await batch(house.client, instruction)).done == 3

    said = await tell(house, "switch", "creditor=bulk-bank", journey="invoice")
    assert "3 accounts were told to switch" in said
    await tell(house, "resume", f"paused-by={instruction}")
    state = await accounts[0].reaches("friendly")
    assert (state.journey, state.holds) == ("invoice", ())
    await tell(house, "recall", "creditor=bulk-bank")
    assert (await accounts[0].ends()).closure is Closure.RECALLED
    with house.database.transaction() as session:
        asked = session.scalars(select(Instruction).where(Instruction.reason == WHY)).all()
    assert {each.given_by for each in asked} == {"kim"}


async def test_an_instruction_that_somebody_sends_in_temporal_is_written_down_before_it_counts(
    house,
):
    account = await house.place()
    told = BulkInstruction(instruction_id=f"ui-{account.id}", verb="pause", reason=WHY, by="lee")
    for _ in range(2):
        await account.handle.signal("instruct", told)
    await house.eventually(lambda: held(account))
    assert account.tale("hold placed") == [{"hold": "pause", "instruction": f"ui-{account.id}"}]
    found = (await account.handle.describe()).typed_search_attributes
    assert (found[names.HOLD], names.NEXT_CONTACT_AT in found) == ("pause", False)


async def held(account):
    return (await account.state()).holds == (Hold.PAUSE,)


class Ward:
    """Accounts of which each is ill in its own way, until they are taken away again."""

    def __init__(self, house, accounts):
        self.house = house
        names_ = ("failing", "lost", "spare", "odd", "gone", "quiet")
        self.of = dict(zip(names_, accounts, strict=True))
        self.stray = f"{self.of['odd'].workflow_id}-stray"

    def __getattr__(self, name):
        return self.of[name]

    async def fall_ill(self):
        """Plant every sickness."""
        poison(self.house.database, self.failing)
        await self.lost.handle.terminate("planted")
        await self.house.client.start_workflow(
            "account", {"journey": "nowhere"}, id=self.stray, task_queue=names.TASK_QUEUE
        )
        self.set(self.spare, closure="referred", closed_at=func.now())
        self.set(self.odd, workflow_id=self.stray)
        self.set(self.gone, stage="a_stage_of_before")
        with self.house.database.transaction() as session:
            age = text("update contacts set at = at - interval '20 days' where account_id = :id")
            session.execute(age, {"id": self.quiet.id})
            session.execute(
                text("update accounts set at = at - interval '20 days' where id = :id"),
                {"id": self.quiet.id},
            )
        await self.house.client.get_schedule_handle(names.RECONCILER).pause(note="planted")

    async def is_cleared(self):
        """Let all of them end well: other tests compare the books."""
        heal(self.house.database, self.failing)
        await self.house.client.get_schedule_handle(names.RECONCILER).unpause()
        await self.house.client.get_workflow_handle(self.stray).terminate("planted")
        self.set(self.odd, workflow_id=self.odd.workflow_id)
        self.set(self.spare, closure=None, closed_at=None)
        if (await self.lost.handle.describe()).close_time is not None:
            await asyncio.to_thread(reset, self.house, self.lost)
        for account in self.of.values():
            answer = await self.house.api.post(f"/v1/accounts/{account.id}/recall", json={})
            assert answer.is_success, answer.text
            await account.ends()

    def set(self, account, **values):
        with self.house.database.transaction() as session:
            session.execute(update(Row).where(Row.id == account.id).values(**values))


def poison(database, account):
    """Words that nobody can read stand where the account's second contact begins."""
    with database.transaction() as session:
        person = session.get_one(Row, account.id).person_id
        session.add(
            ContactRow(
                key=f"{account.workflow_id}#2",
                account_id=account.id,
                person_id=person,
                channel="sms",
                message="nudge",
                purpose="demand",
                address=account.phone,
                status=ContactStatus.INTENDED,
                words={},
                at=func.now(),
            )
        )


def heal(database, account):
    """Nothing is tried for ever, whatever a test came to."""
    with database.transaction() as session:
        poisoned = update(ContactRow).where(ContactRow.key == f"{account.workflow_id}#2")
        session.execute(poisoned.values(status=ContactStatus.UNKNOWN))


@pytest.fixture
async def ward(house):
    accounts = [await house.place() for _ in range(6)]
    opened = Ward(house, accounts)
    yield opened
    await opened.is_cleared()


async def examined(house, **limits):
    """What `tahsil doctor --json` says, by what it is about."""
    words = Words()
    quick = Limits(attempts=2, waiting=timedelta(seconds=0.1), **limits)
    healthy = await examine(
        house.stack.addresses, words.console, words.console, as_json=True, limits=quick
    )
    said = json.loads(str(words)[str(words).index("{") :])
    assert healthy == (not said["findings"])
    return {(each["ailment"], each["subject"]): each for each in said["findings"]}


def reset(house, account):
    """The next step that the doctor says for an account whose workflow was terminated."""
    asked = ["workflow", "reset", "-w", account.workflow_id, "-t", "LastWorkflowTask"]
    where = ["--reason", "ticket 4711", "--address", house.stack.addresses.temporal_address]
    subprocess.run([program(), *asked, *where], check=True, capture_output=True, timeout=20)


async def test_the_doctor_finds_every_sickness_and_a_failing_contact_is_skipped(house, ward):
    """What may have left counts as a contact, and is never sent."""
    failing = ward.failing
    await house.forward(ward.quiet, days=1)
    longest = [names.workflow_id("c" * 40, f"{number:064}") for number in range(999)]
    asked = [ward.quiet.workflow_id, *longest]
    assert await running_among(house.client, asked) == {ward.quiet.workflow_id}
    await ward.fall_ill()
    carried = asyncio.create_task(
        fast_forward(house.client, [failing.workflow_id], timedelta(days=12))
    )

    saw: list[object] = []

    async def both_fail():
        assert not carried.done(), carried.result()
        found = await examined(house)
        saw[:] = [{each: found[each]["says"] for each in found}, await failing.state()]
        fails = found.get(("activity fails", failing.id))
        # At first it only asks the provider whether the message left.
        is_poisoned = fails is not None and "ValidationError" in fails["says"]
        ill = is_poisoned and ("workflow task fails", ward.odd.id) in found
        return found if ill else None

    found = await house.eventually(both_fail, within=90, saw=lambda: (saw, failing.story()))
    assert "reach_out fails: attempt" in found["activity fails", failing.id]["says"]
    assert found["activity fails", failing.id]["since"]
    assert "WORKFLOW_WORKER_UNHANDLED_FAILURE" in found["workflow task fails", ward.odd.id]["says"]
    assert found.keys() >= {
        ("open, and no workflow", ward.lost.id),
        ("a workflow, and not open", ward.spare.workflow_id),
        ("a workflow, and not open", ward.odd.workflow_id),
        ("journey is gone", "standard.a_stage_of_before"),
        ("schedule", names.RECONCILER),
        ("no contact for long", ward.quiet.id),
    }
    kinds = {kind for kind, _ in found}
    assert not kinds & {"clocks differ", "keys", "law", "work piles up"}

    await asyncio.to_thread(reset, house, ward.lost)
    assert (await ward.lost.reaches("reminders")).account_id == ward.lost.id

    step, words = (await failing.state()).under_way, Words()
    await skip_step(house.stack.addresses, failing.id, WHY, "kim", words.console)
    await carried
    assert f"{step} was given up" in str(words)
    [skipped] = failing.tale("skip")
    with house.database.transaction() as session:
        assert session.get_one(ContactRow, step).status == ContactStatus.UNKNOWN
        known = session.get_one(Instruction, skipped["instruction"])
        assert (known.verb, known.reason, known.given_by) == ("skip", WHY, "kim")
    assert failing.tale("sms unknown")[0]["contact"] == step
    assert (await failing.state()).under_way is None
    with pytest.raises(ValueError, match="nothing is under way; it waits"):
        await skip_step(house.stack.addresses, failing.id, WHY, "kim", words.console)
