"""What leaves for Temporal is closed with the right key, and opens while that key lives."""

import json
import traceback

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import (
    ActivitySerializationContext,
    WorkflowSerializationContext,
)
from temporalio.exceptions import ApplicationError
from temporalio.worker import Replayer

from compliance.laws import LAWS
from storage.keys import UnreadableError, erase
from storage.master_keys import MasterKeys
from tests.api.record import placement
from tests.workflows import histories
from tests.workflows.record_histories import open_payloads
from workers.runner import WORKFLOWS, runner
from workflows.messages import Leg
from workflows.names import workflow_id
from workflows.payloads import ENCRYPTED, KeyRing, Sealed, sealed

pytestmark = pytest.mark.anyio

MASTER = bytes(32)
HISTORY = histories.latest() / "standard.reminders.json"


@pytest.fixture
def rings(database, database_url):
    """As many processes as are asked for, on one record."""
    opened = []

    def ring():
        opened.append(KeyRing(database_url, MasterKeys([MASTER])))
        return opened[-1]

    yield ring
    for each in opened:
        each.close()


@pytest.fixture
def placed():
    return placement()


def flow(placed):
    return WorkflowSerializationContext(
        namespace="default", workflow_id=workflow_id(placed.creditor, placed.reference)
    )


def order(placed):
    """Of an activity of the same account."""
    return ActivitySerializationContext(
        namespace="default",
        activity_id="1",
        activity_type="reach_out",
        activity_task_queue="accounts",
        workflow_id=workflow_id(placed.creditor, placed.reference),
        workflow_type="account",
        is_local=False,
    )


async def test_a_placement_is_closed_with_its_persons_key_and_opens_in_another_process(
    rings, placed
):
    ring, leg = rings(), Leg(placement=placed, journey="standard")
    await ring.belongs(placed)
    mine = sealed(ring)

    (payload,) = await mine.with_context(flow(placed)).encode([leg])
    (result,) = await mine.with_context(order(placed)).encode([leg])

    assert payload.metadata["encoding"] == ENCRYPTED
    assert payload.metadata["key-id"] == result.metadata["key-id"]
    shown = payload.SerializeToString()
    for told in (placed.consumer.name, placed.consumer.phone, placed.consumer.email, "json"):
        assert told.encode() not in shown
    assert await sealed(rings()).decode([payload], [Leg]) == [leg]


async def test_the_same_twice_looks_different(rings):
    first, second = [(await sealed(ring).encode(["same"]))[0] for ring in (rings(), rings())]

    assert first.metadata["key-id"] == second.metadata["key-id"]
    assert first.data != second.data


async def test_what_is_not_encrypted_is_left_as_it_is_and_asks_for_no_key(tmp_path):
    nowhere = KeyRing("postgresql+psycopg://nobody@127.0.0.1:1/none", MasterKeys([MASTER]))
    plain = await pydantic_data_converter.encode([{"instruction_id": "ops-1"}, None])

    assert await sealed(nowhere).decode(plain) == [{"instruction_id": "ops-1"}, None]


async def test_workflows_have_a_codec_of_their_own_and_one_converter_between_them(placed):
    nowhere = KeyRing("postgresql+psycopg://nobody@127.0.0.1:1/none", MasterKeys([MASTER]))
    whole = sealed(nowhere)
    mine, other = whole.with_context(flow(placed)), whole.with_context(flow(placement()))

    codecs = [each.payload_codec for each in (whole, mine, other)]
    assert all(isinstance(each, Sealed) for each in codecs)
    assert len({each.workflow for each in codecs if isinstance(each, Sealed)}) == len(codecs)
    assert whole.payload_converter is mine.payload_converter is other.payload_converter
    assert whole.payload_converter_class() is whole.payload_converter_class()


async def test_once_the_persons_key_is_erased_nobody_can_read_the_account(rings, database, placed):
    ring = rings()
    await ring.belongs(placed)
    payloads = await sealed(ring).with_context(flow(placed)).encode([placed])
    other = placement(reference="OTHER")
    await ring.belongs(other)
    others = await sealed(ring).with_context(flow(other)).encode([other])

    with database.transaction() as session:
        erase(session, placed.person_id)

    with pytest.raises(UnreadableError, match="was erased"):
        await sealed(rings()).decode(payloads)
    assert await sealed(rings()).decode(others, [type(other)]) == [other]


async def test_a_payload_that_was_changed_is_refused(rings):
    ring = rings()
    (payload,) = await sealed(ring).encode(["words"])
    changed = Payload(metadata=dict(payload.metadata), data=payload.data[:-1] + b"\0")

    with pytest.raises(UnreadableError, match="was changed since"):
        await sealed(ring).decode([changed])


def fails():
    raise ApplicationError("cannot reach Zephyrine", "+14045550199", type="Unreachable")


async def test_a_failure_tells_nothing_and_opens_with_message_details_and_trace(rings, placed):
    ring = rings()
    await ring.belongs(placed)
    mine = sealed(ring).with_context(flow(placed))
    told, failure = Failure(), Failure()
    try:
        fails()
    except ApplicationError as error:
        traced = "".join(traceback.format_tb(error.__traceback__))
        await mine.encode_failure(error, told)
    failure.CopyFrom(told)

    opened = await sealed(rings()).decode_failure(failure)

    assert told.message == "Encoded failure"
    for secret in (b"Zephyrine", b"+14045550199", b"test_payloads"):
        assert secret not in told.SerializeToString()
    assert isinstance(opened, ApplicationError)
    assert (opened.message, opened.details) == ("cannot reach Zephyrine", ("+14045550199",))
    assert told_trace(failure).split() == traced.split()


def told_trace(opened):
    return json.loads(opened.encoded_attributes.data)["stack_trace"]


def deep(more):
    """Fail far below, by two ways in turn: a trace leaves out what repeats itself."""
    return deeper(more - 1) if more else fails()


def deeper(more):
    return deep(more)


async def test_the_longest_trace_leaves_a_failure_that_the_server_keeps(rings, placed):
    ring = rings()
    await ring.belongs(placed)
    mine, told = sealed(ring).with_context(flow(placed)), Failure()
    try:
        deep(60)
    except ApplicationError as error:
        await mine.encode_failure(error, told)

    assert told.ByteSize() < 4096
    await sealed(rings()).decode_failure(told)
    assert told_trace(told).startswith("…")
    assert "in fails" in told_trace(told)


async def test_histories_of_before_replay_with_encryption_switched_on(rings, monkeypatch):
    monkeypatch.setattr(LAWS, "_fetch", histories.laws().get)
    told = json.loads(HISTORY.read_text("utf-8"))
    began = told["events"][0]["workflowExecutionStartedEventAttributes"]
    replayer = Replayer(
        workflows=WORKFLOWS,
        workflow_runner=runner(),
        data_converter=sealed(rings()),
        build_id="replay",
        debug_mode=True,  # reading a law on a busy machine may take longer than a task may
    )

    await replayer.replay_workflow(WorkflowHistory.from_json(began["workflowId"], told))


async def test_a_history_is_recorded_in_plain_text(rings, placed):
    ring = rings()
    await ring.belongs(placed)
    (name,) = await sealed(ring).with_context(flow(placed)).encode(["Alex"])
    event = HistoryEvent()
    began = event.workflow_execution_started_event_attributes
    began.input.payloads.append(name)
    began.memo.fields["who"].CopyFrom(name)
    began.memo.fields["plain"].data = b"1"

    await open_payloads(event, sealed(rings()).payload_codec)

    assert [each.data for each in began.input.payloads] == [b'"Alex"']
    assert {key: began.memo.fields[key].data for key in began.memo.fields} == {
        "who": b'"Alex"',
        "plain": b"1",
    }
