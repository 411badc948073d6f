"""What Temporal's server writes to its disk tells nothing of a person.

Values that nobody could miss go through every way into Temporal, and then its database file, with
what is not yet folded into it, is searched for each of them, in every spelling.
"""

import asyncio
import base64
import re
from datetime import timedelta

import httpx
import pytest
from temporalio import activity, workflow
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker
from typer.testing import CliRunner

from activities.subjects import erase as erase_person
from cli.acting import connect
from cli.book import ask_workflows
from cli.main import app
from evidence import check, export, read_record
from storage.keys import UnreadableError
from workers.clock import wall

pytestmark = [pytest.mark.stack, pytest.mark.anyio]

NAME, PHONE, EMAIL = "Zephyrine Quillfeather", "+14045550987", "zephyrine.q@example.org"
BALANCE = "918273645"
SECRETS = (
    *(NAME, "Quillfeather", PHONE, PHONE[2:], "555-0987", EMAIL, "zephyrine.q"),
    *(BALANCE, "9182736.45", "9,182,736.45"),
)
TELLING = "telling"
QUICK = timedelta(seconds=10)


def spellings(text):
    """The bytes by which a text could be recognised, whatever it is wrapped in."""
    raw = text.encode()
    yield raw.lower()
    yield text.encode("utf-16-le").lower()
    yield raw.hex().encode()
    for shift in range(3):  # in base64 it depends on what stands before
        inner = base64.b64encode(b"\0" * shift + raw).rstrip(b"=")
        yield inner[-(-shift * 4 // 3) : -1].lower()


def found(folder, *texts):
    """Which of the texts Temporal's server has on its disk."""
    files = sorted((folder / "temporal").glob("temporal.db*"))
    stored = b"".join(file.read_bytes() for file in files).lower()
    assert len(stored) > 100_000
    return [text for text in texts if any(each in stored for each in spellings(text))]


def proof(house, account):
    """What a check finds in an account's file of evidence."""
    record = read_record(house.database, account.id)
    return check(export(record, exported_at=wall()).data)


@pytest.fixture
def tahsil(stack, stack_data):
    """Runs a command on the stack; gives what it printed."""

    def run(*words, exit_code=0, data=True):
        where = ["--data", str(stack_data)] if data else []
        command = [*map(str, words), *where]
        result = CliRunner().invoke(app, command, env={"COLUMNS": "200"})
        assert result.exit_code == exit_code, result.output
        return result.output.strip()

    return run


@activity.defn
async def fails(secret):
    activity.heartbeat(secret)
    raise ApplicationError(f"cannot reach {secret}", secret, type="Unreachable")


@workflow.defn
class Tells:
    """Says a secret wherever Temporal lets it."""

    @workflow.init
    def __init__(self, secret):
        self.secret, self.heard = secret, False

    @workflow.run
    async def run(self, secret):
        workflow.upsert_memo({"upserted": secret})
        workflow.set_current_details(secret)
        await workflow.wait_condition(lambda: self.heard, timeout=60, timeout_summary=secret)
        await workflow.execute_activity(
            fails,
            secret,
            start_to_close_timeout=QUICK,
            retry_policy=RetryPolicy(maximum_attempts=2),
            summary=secret,
        )

    @workflow.signal
    def hear(self, secret):
        self.heard = True

    @workflow.update
    def repeat(self, secret):
        return secret

    @workflow.query
    def ask(self, secret):
        return secret


@workflow.defn
class Stumbles:
    """Breaks with a secret in its message, which fails the workflow's task."""

    @workflow.run
    async def run(self, secret):
        raise RuntimeError(secret)


@pytest.fixture
async def telling(house):
    """A worker for what says secrets, with the house's own way of talking to Temporal."""
    async with Worker(
        house.client,
        task_queue=TELLING,
        workflows=[Tells, Stumbles],
        activities=[fails],
        workflow_runner=UnsandboxedWorkflowRunner(),
        build_id=TELLING,
    ):
        yield


async def told(client, secret):
    """Say the secret in everything that a workflow can be told and can answer."""
    handle = await client.start_workflow(
        Tells.run,
        secret,
        id=f"telling-{len(secret)}",
        task_queue=TELLING,
        memo={"started": secret},
        static_summary=secret,
        static_details=secret,
    )
    assert await handle.query(Tells.ask, secret) == secret
    assert await handle.execute_update(Tells.repeat, secret) == secret
    await handle.signal(Tells.hear, secret)
    return handle


async def stumbled(client, secret):
    """A workflow's task that failed with the secret."""
    handle = await client.start_workflow(
        Stumbles.run, secret, id=f"stumbling-{len(secret)}", task_queue=TELLING
    )
    async for event in handle.fetch_history_events(wait_new_event=True):
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
            await handle.terminate()
            return event.workflow_task_failed_event_attributes.failure
    raise AssertionError("its task did not fail")


async def test_an_accounts_life_leaves_nothing_readable_in_temporals_database(house, stack_data):
    account = await house.place(
        balance={"minor": int(BALANCE), "currency": "USD"},
        consumer={"name": NAME, "phone": PHONE, "email": EMAIL},
    )
    await house.fault(provider="twilio", operation="create_message", status=500, times=2)

    await house.forward(account, hours=15)
    await account.says(f"I am {NAME}, write to {EMAIL}")
    with pytest.raises(WorkflowUpdateFailedError):
        await account.handle.execute_update(
            "switch_journey", {"instruction_id": NAME, "journey": "quillfeather"}
        )
    await account.told_paid(100, "BANK-1")
    await house.api.post(f"/v1/accounts/{account.id}/recall", json={})
    closed = await account.ends()

    assert await account.texts()
    assert closed.balance.minor == int(BALANCE) - 100
    assert found(stack_data, *SECRETS) == []


async def test_logs_name_nobody_whatever_goes_wrong(house, stack_data):
    account = await house.place(consumer={"name": NAME, "phone": PHONE, "email": EMAIL})
    await house.api.post("/v1/accounts", json={"consumer": {"name": NAME, "phone": EMAIL}})
    await house.api.post("/v1/accounts", content=f'{{"{PHONE}": {NAME}')
    await house.api.get(f"/v1/people/{NAME}", params={"phone": PHONE})
    await house.fault(provider="twilio", operation="create_message", status=503, times=-1)
    await account.handle.signal("hear", {"event": {"kind": NAME, "phone": PHONE}})
    await house.forward(account, days=2)

    logs = {name: (stack_data / "logs" / f"{name}.log").read_text() for name in ("workers", "api")}
    assert "Failed deserializing signal input" in logs["workers"]
    assert "Completing activity as failed" in logs["workers"]
    assert [name for name in logs for each in SECRETS if each in logs[name]] == []


async def test_a_person_is_shown_and_erased_and_the_proof_still_holds(house, tahsil, tmp_path):
    account = await house.place(consumer={"name": NAME, "phone": PHONE, "email": EMAIL})
    reference = account.placement["consumer"]["reference"]
    of, file = f"acme/{reference}", tmp_path / "held.json"
    await house.forward(account, hours=15)
    await account.says(f"{NAME} is away")
    assert "recall them" in tahsil("person", "erase", of, exit_code=2)
    await house.api.post(f"/v1/accounts/{account.id}/recall", json={})
    await account.ends()
    before = proof(house, account)

    shown = tahsil("person", "export", of, "-o", file)
    kept = tahsil("person", "erase", of, exit_code=1)
    later = wall() + timedelta(days=4 * 366)
    erased = await asyncio.to_thread(erase_person, house.database, "acme", reference, later)

    assert f"in {file}" in shown
    assert file.stat().st_mode & 0o077 == 0
    assert NAME in file.read_text()
    assert "12 CFR 1006.100(a)" in kept
    assert erased.complete
    after = proof(house, account)
    assert (after.sound, after.head, after.decisions) == (True, before.head, before.decisions)
    assert after.decisions > 0
    nobody = await connect(house.stack.addresses)
    with pytest.raises(UnreadableError, match="was erased"):
        await nobody.get_workflow_handle(account.workflow_id).result()
    books = await ask_workflows(nobody)
    assert account.workflow_id in books.unreadable
    assert books.states["recalled"] >= 1


def test_keys_are_counted_and_replaced_while_everything_runs(tahsil):
    assert "anew" in tahsil("keys", "rotate", "--creditor", "acme")

    assert re.search(r"creditor .* master_[0-9a-f]{12}", tahsil("keys", "show"))
    assert len(base64.b64decode(tahsil("keys", "new", data=False))) == 32


def test_temporals_ui_knows_where_to_have_payloads_opened(stack):
    settings = httpx.get(f"{stack.addresses.temporal_ui_url}/api/v1/settings").json()

    endpoint = settings["Codec"]["Endpoint"]
    opened = httpx.post(f"{endpoint}/decode", json={"payloads": []})
    refused = httpx.post(f"{stack.addresses.api_url}/codec/decode", json={"payloads": []})
    assert endpoint.startswith(f"{stack.addresses.api_url}/codec/")
    assert (opened.status_code, refused.status_code) == (200, 401)


async def test_whatever_a_workflow_says_is_unreadable_on_disk_and_readable_to_us(
    house, telling, stack_data
):
    handle = await told(house.client, NAME)
    with pytest.raises(WorkflowFailureError) as failed:
        await handle.result()
    failure = await stumbled(house.client, NAME)

    assert found(stack_data, NAME) == []
    told_why = failed.value.cause.__cause__
    assert isinstance(told_why, ApplicationError)
    assert (told_why.message, told_why.details) == (f"cannot reach {NAME}", (NAME,))
    assert failure.message == "Encoded failure"
    assert str(await house.client.data_converter.decode_failure(failure)) == f"RuntimeError: {NAME}"


async def test_the_search_finds_what_is_not_encrypted(house, stack_data):
    plain = await Client.connect(house.stack.addresses.temporal_address)
    handle = await plain.start_workflow(
        "nobody works on it", id="plain", task_queue="nobody", memo={"told": "Plain Jane"}
    )
    await handle.terminate()

    assert found(stack_data, "Plain Jane", "Hidden Jane") == ["Plain Jane"]
