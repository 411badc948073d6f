import asyncio
from datetime import timedelta

import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from activities.doors import AccountClosed
from domain.events import CardStored
from stack import stack_in_thread
from tests.api.record import placement
from tests.stack.programs import open_directory, quick_disk
from workflows import door as doors
from workflows.messages import Instruction
from workflows.names import workflow_id

pytestmark = pytest.mark.stack

NEWS = CardStored(event_id="evt_1")
ORDER = Instruction(instruction_id="1", recorded=True)


@pytest.fixture(scope="module")
def temporal():
    """A Temporal server for which nobody works."""
    with (
        open_directory(quick_disk()) as folder,
        stack_in_thread(
            folder / "data", parts=["temporal"], report=lambda _: None, environ={}
        ) as running,
    ):
        yield running.addresses.temporal_address


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(doors, "PATIENCE", timedelta(seconds=0.3))
    monkeypatch.setattr(doors, "GLANCE", timedelta(seconds=0.3))


def through(address, ask):
    """What comes of asking through a door to that server."""

    async def connected():
        client = await Client.connect(address, data_converter=pydantic_data_converter)
        return await ask(doors.TemporalDoor(client))

    return asyncio.run(connected())


def test_without_a_worker_placing_and_instructing_say_so_and_news_waits(temporal):
    placed = placement()
    target = workflow_id("acme", placed.reference)
    for _ in range(2):
        with pytest.raises(doors.NotYet, match="no worker"):
            through(temporal, lambda door: door.begin(placed))
    with pytest.raises(doors.NotYet, match="no worker"):
        through(temporal, lambda door: door.instruct(target, "pause", ORDER))
    assert through(temporal, lambda door: door.state(target)) is None
    through(temporal, lambda door: door.tell(target, NEWS))


def test_a_workflow_that_is_over_needs_no_news_and_takes_no_instruction(temporal):
    placed = placement()
    target = workflow_id("acme", placed.reference)

    async def end(address=temporal):
        client = await Client.connect(address, data_converter=pydantic_data_converter)
        with pytest.raises(doors.NotYet):
            await doors.TemporalDoor(client).begin(placed)
        await client.get_workflow_handle(target).terminate()

    asyncio.run(end())
    through(temporal, lambda door: door.tell(target, NEWS))
    with pytest.raises(AccountClosed):
        through(temporal, lambda door: door.instruct(target, "recall", ORDER))
    with pytest.raises(AccountClosed):
        through(temporal, lambda door: door.begin(placed))


def test_a_file_is_handed_on_once_while_it_is_under_way(temporal):
    for _ in range(2):
        through(temporal, lambda door: door.place_file("plc_1"))
