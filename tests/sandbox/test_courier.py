"""What the courier of webhooks does when it is broken off."""

import asyncio

import pytest

from sandbox.credentials import load_credentials
from sandbox.store import Store
from sandbox.webhooks import Courier, Delivery, enqueue
from sandbox.world import World

pytestmark = pytest.mark.anyio


async def test_a_webhook_broken_off_before_it_began_is_not_waited_for(tmp_path):
    """A reset may meet a delivery in the very moment between its start and its first line."""
    world = World(
        Store(tmp_path / "sandbox.sqlite3"), load_credentials(tmp_path), "http://app.test"
    )
    courier = Courier(world, lambda _: 0)
    # Without an address it needs no app: it goes out with the first look at the queue.
    enqueue(world.store, Delivery("twilio", "sms.status", "", b""))
    carrying = asyncio.create_task(courier.run())
    await asyncio.sleep(0)

    world.store.forget()
    await courier.abandon()

    assert await courier.settled(timeout_seconds=1)
    carrying.cancel()
    await asyncio.gather(carrying, return_exceptions=True)
