"""Providers that fail: one message goes out or none, never two, and the journey goes on."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.contacts import Channel
from domain.time import local_date
from storage.tables import AddressFact

pytestmark = [pytest.mark.stack, pytest.mark.anyio]

LATER = {"webhook": "delay", "delay_seconds": 4, "times": 2}
"""Reports come only after the retry, which so has to ask the provider's own list."""


async def test_a_text_whose_answer_was_lost_is_found_at_twilio_and_not_sent_again(house):
    await house.fault(provider="twilio", operation="create_message", drop=True, when="after")
    await house.fault(provider="twilio", **LATER)
    asked = await house.calls("twilio", "list_messages")
    account = await house.place()

    await house.forward(account, hours=15)

    assert len(await account.messages()) == 1
    assert [each.status for each in account.contacts()] == ["delivered"]
    assert await house.calls("twilio", "list_messages") > asked


async def test_an_e_mail_whose_answer_was_lost_is_found_at_sendgrid_and_not_sent_again(house):
    await house.fault(provider="sendgrid", operation="send_mail", drop=True, when="after")
    await house.fault(provider="sendgrid", **LATER)
    asked = await house.calls("sendgrid", "find_activity")
    account = await house.place(consumer={"phone": None, "time_zone": "America/New_York"})

    await house.forward(account, hours=15)

    assert len(await account.messages()) == 1
    assert [each.status for each in account.contacts()] == ["delivered"]
    assert await house.calls("sendgrid", "find_activity") > asked


@pytest.mark.parametrize("operation", ["create_payment", "confirm_payment"])
async def test_a_charge_whose_answer_was_lost_takes_the_money_once(house, operation):
    account = await house.place()
    await account.is_on_plan()
    charged = await house.charges()
    await house.fault(provider="stripe", operation=operation, drop=True, when="after")

    await house.forward(account, days=4)

    assert await house.faults_left() == 0
    assert await house.charges() == charged + 1
    assert account.movements() == [("placement", 20_000), ("payment", -5_000)]
    assert [each["amount"] for each in account.tale("payment")] == ["USD 50.00"]


async def test_a_message_goes_out_once_after_errors_and_a_time_out(house):
    create = {"provider": "twilio", "operation": "create_message"}
    await house.fault(**create, status=500, times=2)
    await house.fault(**create, delay_seconds=4, when="after")
    account = await house.place()

    await house.forward(account, hours=15)
    after_troubles = len(await account.messages())
    await house.forward(account, days=4)

    assert await house.faults_left() == 0
    assert after_troubles == 1
    assert [each["message"] for each in account.tale("email delivered")] == ["nudge"]
    assert len(await account.texts()) == 1


async def test_a_provider_that_stays_down_is_passed_over_for_the_next_channel_within_days(house):
    await house.fault(provider="twilio", status=503, times=-1)
    account = await house.place()

    await house.forward(account, days=3)

    assert [each.status for each in account.contacts()] == ["unavailable", "delivered"]
    assert await account.texts() == []
    assert len(await account.mails()) == 1


async def test_a_message_whose_fate_stays_unknown_is_counted_and_never_sent_again(house):
    await house.fault(provider="twilio", status=500, times=-1)
    account = await house.place()

    await house.forward(account, hours=15)
    state = await account.state()
    await house.sandbox.delete("/control/faults")
    calls = await house.calls("twilio", "create_message")
    await house.forward(account, days=4)

    assert [each.status for each in account.contacts()] == ["unknown", "delivered"]
    assert state.made == {Channel.SMS: 1}
    assert await house.calls("twilio", "create_message") == calls
    assert await account.texts() == []
    assert len(await account.mails()) == 1


async def test_a_charge_while_stripe_stays_down_ends_with_a_person_of_ours(house):
    account = await house.place()
    await account.is_on_plan()
    await house.fault(provider="stripe", operation="create_payment", status=500, times=-1)

    await house.forward(account, days=9)

    assert len(account.tale("charge unavailable")) == 1
    assert account.tale("handed over")
    assert account.movements() == [("placement", 20_000)]
    assert (await account.state()).stage == "on_plan"


async def test_a_number_unsubscribed_at_twilio_is_opted_out_and_e_mail_goes_on(house):
    placement = house.placement()
    phone = placement["consumer"]["phone"]
    await house.persona(phone, "unsubscribed")
    tried = await house.calls("twilio", "create_message")
    account = await house.place(**placement)

    await house.forward(account, days=14)

    assert account.contacts()[0].status == "rejected"
    assert account.contacts()[0].error_code == "21610"
    assert await house.calls("twilio", "create_message") == tried + 1
    assert Channel.SMS in (await account.state()).opted_out
    with house.database.transaction() as session:
        facts = session.scalars(select(AddressFact).where(AddressFact.address == phone)).all()
    assert [fact.fact for fact in facts] == ["opted out"]
    assert len(await account.mails()) >= 2


async def test_after_a_hard_bounce_the_journey_goes_on_by_text_as_soon_as_it_may(house):
    placement = house.placement()
    email = placement["consumer"]["email"]
    await house.persona(email, "hard_bounce")
    account = await house.place(**placement)

    while not await account.mails():
        await house.forward(account, days=1)
    # News that overtook its contact is applied by the wall's clock, whatever the account's.
    await house.eventually(lambda: has_bounced(account))
    await house.eventually(lambda: has_gone_on(account))
    await house.forward(account, days=3)

    by_text, bounced, again_by_text, *_ = account.contacts()
    assert [by_text.channel, bounced.channel, again_by_text.channel] == ["sms", "email", "sms"]
    assert bounced.status == "undelivered"
    morning_after = local_date(bounced.at, "America/New_York") + timedelta(days=1)
    assert local_date(again_by_text.at, "America/New_York") == morning_after
    with house.database.transaction() as session:
        facts = session.scalars(select(AddressFact).where(AddressFact.address == email)).all()
    assert [fact.fact for fact in facts] == ["dead"]


async def has_gone_on(account):
    """Its journey has heard of the bounce: the next text waits for its hour, or was sent."""
    return (await account.state()).parked is not None or len(account.contacts()) > 2


async def has_bounced(account):
    return any(row.status == "undelivered" for row in account.contacts())
