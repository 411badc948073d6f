"""Workers that die without warning: what was sent is not sent again, and nothing is lost."""

import asyncio

import pytest

from domain.accounts import Closure

pytestmark = [pytest.mark.stack, pytest.mark.anyio]

PATIENCE = 60
LONG = 5
"""Seconds for which a provider holds back an answer: longer than we listen for it."""


async def test_a_worker_killed_after_the_provider_took_a_message_sends_no_second_one(house):
    await house.fault(
        provider="twilio", operation="create_message", delay_seconds=LONG, when="after"
    )
    await house.fault(provider="sendgrid", operation="send_mail", delay_seconds=LONG, when="after")
    texted = await house.place()
    mailed = await house.place(consumer={"phone": None, "time_zone": "America/New_York"})
    ahead = asyncio.create_task(house.forward(texted, mailed, hours=15))

    async def both_are_sent():
        return await texted.messages() and await mailed.messages()

    await house.eventually(both_are_sent)
    await house.kill_worker()
    await asyncio.wait_for(ahead, PATIENCE)

    assert [len(await each.messages()) for each in (texted, mailed)] == [1, 1]
    assert [each.status for each in texted.contacts()] == ["delivered"]
    assert [each.status for each in mailed.contacts()] == ["delivered"]
    await house.forward(texted, days=4)
    assert len(await texted.messages()) == 2


async def test_a_worker_killed_before_the_provider_acted_sends_exactly_one_message(house):
    await house.fault(provider="twilio", operation="create_message", delay_seconds=2, drop=True)
    await house.fault(provider="twilio", operation="create_message", delay_seconds=2)
    lost_on_the_way, late = await house.place(), await house.place()
    ahead = asyncio.create_task(house.forward(lost_on_the_way, late, hours=15))

    async def both_calls_have_come():
        return await house.faults_left() == 0

    await house.eventually(both_calls_have_come)
    nothing_yet = [await lost_on_the_way.messages(), await late.messages()]
    await house.kill_worker()
    await asyncio.wait_for(ahead, PATIENCE)

    assert nothing_yet == [[], []]
    assert [len(await each.messages()) for each in (lost_on_the_way, late)] == [1, 1]
    assert await house.calls("twilio", "create_message") >= 3


async def test_a_worker_killed_while_it_charges_takes_the_money_once(house):
    account = await house.place()
    await account.is_on_plan()
    charged = await house.charges()
    await house.fault(
        provider="stripe", operation="confirm_payment", delay_seconds=LONG, when="after"
    )
    ahead = asyncio.create_task(house.forward(account, days=4))

    async def money_has_moved():
        return await house.charges() == charged + 1

    await house.eventually(money_has_moved)
    await house.kill_worker()
    await asyncio.wait_for(ahead, PATIENCE)

    assert await house.charges() == charged + 1
    assert account.movements() == [("placement", 20_000), ("payment", -5_000)]
    state = await account.reaches("on_plan")
    assert state.balance.minor == 15_000


async def test_accounts_that_wait_outlive_their_worker_and_hear_what_happened_meanwhile(house):
    waiting, paying = await house.place(), await house.place()
    await house.forward(waiting, paying, hours=15)
    before = await waiting.state()

    killing = asyncio.create_task(house.kill_worker())
    paid = await paying.told_paid(20_000, "BANK-1")
    await killing
    after = await waiting.state()
    closed = await paying.ends()
    await house.forward(waiting, days=4)

    assert after == before.model_copy(update={"at": after.at})
    assert len(await waiting.mails()) == 1
    assert paid["balance"]["minor"] == 0
    assert closed.closure is Closure.PAID_IN_FULL
