"""Everything is lost but a backup, the keys and the world outside; and life goes on from there."""

import asyncio
import io
import shutil
from collections import Counter
from urllib.parse import parse_qs, urlsplit

import pytest
from rich.console import Console

from cli.reconciling import reconcile, window
from cli.showing import compared
from domain.accounts import Closure
from stack import backup, stack_in_thread
from stack.backup import BackupError
from tests.house import Account, embedded_stack, open_house
from workers.clock import wall

pytestmark = [pytest.mark.long, pytest.mark.anyio]


def lose(data):
    """The disk with the record and Temporal's file burns; the providers and the keys do not."""
    shutil.rmtree(data / "postgres")
    shutil.rmtree(data / "temporal")


async def sent(house):
    """How often each contact reached a provider, and what it reached whom with."""
    told = (await house.sandbox.get("/control/messages", params={"limit": 5000})).json()
    ours = [each for each in told["messages"] if each["direction"] != "inbound" and not each["own"]]
    return Counter(
        each["args"].get("contact") or parse_qs(urlsplit(each["callback_url"]).query)["contact"][0]
        for each in ours
    )


async def before_the_loss(house, data, folder):
    """Three lives; the backup is made in the middle of two, and before the third begins."""
    paying, silent = await house.place(), await house.place()
    await house.forward(paying, silent, hours=15)
    manifest = await asyncio.to_thread(backup.back_up, house.stack.addresses, data, folder)
    await paying.pays()
    assert (await paying.ends()).closure is Closure.PAID_IN_FULL
    await house.forward(silent, days=4)
    late = await house.place()
    await house.forward(late, hours=15)
    lives = [paying, silent, late]
    assert [len(await each.messages()) for each in lives] == [1, 2, 1]
    return manifest, lives


async def after_the_loss(house, lives):
    """Providers are asked for what was paid, the creditor places again, and time goes on."""
    paying, silent, late = (Account(house, each.placement, {"id": each.id}) for each in lives)
    assert paying.movements() == [("placement", 20_000)]
    job = window(None, None, hear=True)
    assert await reconcile(house.stack.addresses, job, Console(file=io.StringIO()))
    assert (await paying.ends()).closure is Closure.PAID_IN_FULL
    await house.place(**late.placement)
    await house.forward(silent, late, days=4)
    assert [len(await each.messages()) for each in (paying, silent, late)] == [1, 2, 2]
    assert late.contacts()[0].status == "sent"


async def test_after_a_restore_nothing_is_sent_twice_and_what_was_paid_since_is_found(data):
    folder = data.parent / "backup"
    with embedded_stack(data) as running:
        async with open_house(running) as house:
            manifest, lives = await before_the_loss(house, data, folder)
    with pytest.raises(BackupError, match="is there already"):
        backup.check_place(data)

    lose(data)
    backup.check_place(data)
    with stack_in_thread(data, parts=["postgres"], environ={}, report=lambda _: None) as running:
        backup.load_record(folder, running.addresses.database_url)
    assert backup.put_back(folder, data, wall()) == manifest

    with embedded_stack(data) as running:
        async with open_house(running) as house:
            await after_the_loss(house, lives)
            assert max((await sent(house)).values()) == 1
            assert [
                line.name for line in await compared(running.addresses) if not line.agrees
            ] == []
