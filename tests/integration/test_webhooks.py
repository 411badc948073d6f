"""Webhooks that come twice, late, in the wrong order, forged or not at all."""

import asyncio
import base64
import json
import time
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import func, select, text
from stripe import WebhookSignature
from twilio.request_validator import RequestValidator

from domain.accounts import Closure
from domain.contacts import Channel
from storage.session import lock_account
from storage.tables import ContactRow, InboxRow, JournalRow, Plan

pytestmark = [pytest.mark.stack, pytest.mark.anyio]

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


@pytest.mark.parametrize("bent", ["duplicate", "reorder", "lose_first"])
async def test_stripes_webhooks_end_the_same_however_they_come(house, bent):
    await house.fault(provider="stripe", webhook=bent, times=-1)
    account = await house.place()

    await account.is_on_plan()
    await house.forward(account, days=4)
    midway = await account.reaches("on_plan")
    await account.pays()
    closed = await account.ends()
    await house.settle()

    assert (midway.balance.minor, midway.version) == (15_000, 2)
    assert closed.closure is Closure.PAID_IN_FULL
    assert (closed.balance.minor, closed.version) == (0, 3)
    payments = [("payment", -5_000), ("payment", -15_000)]
    assert account.movements() == [("placement", 20_000), *payments]
    assert len(account.tale("closed")) == len(account.tale("plan accepted")) == 1
    assert account.record().closure == "paid in full"
    with house.database.transaction() as session:
        query = select(func.count()).select_from(Plan).where(Plan.account_id == account.id)
        assert session.scalar(query) == 1


async def test_part_payments_racing_a_change_of_stage_add_up(house):
    account = await house.place()
    await house.forward(account, hours=15)

    await asyncio.gather(
        account.says("PLAN"),
        *(account.told_paid(500, f"PART-{number}") for number in range(20)),
        account.told_paid(500, "PART-0"),
    )
    state = await account.reaches("plan_offer")

    async def all_are_heard():
        return (await account.state()).version == 21

    await house.eventually(all_are_heard)
    assert (await account.state()).balance.minor == 10_000
    assert sum(minor for _, minor in account.movements()) == 10_000
    assert state.closure is None
    await account.told_paid(10_000, "REST")
    assert (await account.ends()).closure is Closure.PAID_IN_FULL


async def test_a_forged_webhook_is_refused_and_changes_nothing(house):
    account = await house.place()
    await house.forward(account, hours=15)
    before = _rows(house)

    answers = [
        await house.api.post(path, content=body, headers=headers)
        for path, body, headers in _forgeries(house, account)
    ]

    assert [answer.status_code for answer in answers] == [403] * len(answers)
    assert _rows(house) == before
    state = await account.state()
    assert (state.balance.minor, state.opted_out, state.closure) == (20_000, (), None)


def _rows(house):
    """How many rows the inbox and the journal have."""
    with house.database.transaction() as session:
        return [
            session.scalar(select(func.count()).select_from(table))
            for table in (InboxRow, JournalRow)
        ]


def _forgeries(house, account):
    """Webhooks that would do harm: unsigned, signed by others, or changed after signing."""
    secrets, here = house.stack.environment, house.stack.addresses.api_url
    now = int(time.time())

    texts = "/webhooks/twilio/messages"
    stop = {"MessageSid": "SM1", "From": account.phone, "Body": "STOP", "OptOutType": "STOP"}
    for url, fields, token in [
        (here + texts, stop, "a guess"),
        (here + texts, stop | {"Body": "hello"}, secrets["TWILIO_AUTH_TOKEN"]),
        ("https://elsewhere.example" + texts, stop, secrets["TWILIO_AUTH_TOKEN"]),
    ]:
        signature = RequestValidator(token).compute_signature(url, fields)
        headers = {"content-type": FORM, "x-twilio-signature": signature}
        yield texts, urlencode(stop), headers
    yield texts, urlencode(stop), {"content-type": FORM}
    report = {"MessageSid": "SM1", "MessageStatus": "failed"}
    yield "/webhooks/twilio/status?contact=x", urlencode(report), {"content-type": FORM}

    bounce = json.dumps([{"event": "bounce", "sg_event_id": "1", "contact": "x"}])
    key = ec.generate_private_key(ec.SECP256R1())
    signed = key.sign(f"{now}{bounce}".encode(), ec.ECDSA(hashes.SHA256()))
    signature = {
        "x-twilio-email-event-webhook-signature": base64.b64encode(signed).decode(),
        "x-twilio-email-event-webhook-timestamp": str(now),
    }
    for path in ("/webhooks/sendgrid/events", "/webhooks/sendgrid/inbound"):
        yield path, bounce, {"content-type": JSON}
        yield path, bounce, {"content-type": JSON} | signature

    paid = json.dumps(_payment_of(account, "pi_forged"))
    real = secrets["STRIPE_WEBHOOK_SECRET"]
    for said, secret, at in [
        (paid, "whsec_guess", now),
        (paid.replace("20000", "1"), real, now),
        (paid, real, now - 3600),
    ]:
        signature = WebhookSignature.generate_signature_header(said, secret, at)
        yield "/webhooks/stripe", paid, {"content-type": JSON, "stripe-signature": signature}
    yield "/webhooks/stripe", paid, {"content-type": JSON}


def _refund_of(intent):
    """Stripe's event of a refund; it does not say whose the payment was."""
    charge = {
        "object": "charge",
        "id": f"ch_{intent}",
        "payment_intent": intent,
        "amount": 20_000,
        "amount_refunded": 20_000,
        "currency": "usd",
        "metadata": {},
    }
    return {
        "id": f"evt_{intent}",
        "object": "event",
        "type": "charge.refunded",
        "created": int(time.time()),
        "data": {"object": charge},
    }


def _payment_of(account, intent):
    """Stripe's event of a payment in full."""
    return {
        "id": f"evt_{intent}",
        "object": "event",
        "type": "payment_intent.succeeded",
        "created": int(time.time()),
        "data": {
            "object": {
                "object": "payment_intent",
                "id": intent,
                "status": "succeeded",
                "amount": 20_000,
                "amount_received": 20_000,
                "currency": "usd",
                "metadata": {"account_id": account.id},
            }
        },
    }


async def test_events_stored_and_not_applied_are_finished_by_the_sweeper(house):
    paying, leaving = await house.place(), await house.place()
    await house.forward(paying, leaving, hours=15)
    paid = _payment_of(paying, "pi_swept")
    stop = {"MessageSid": "SM2", "From": leaving.phone, "Body": "STOP", "OptOutType": "STOP"}
    early = _refund_of("pi_not_heard_of_yet")
    crashed = timedelta(minutes=1)
    with house.database.transaction() as session:
        stored = session.scalar(select(func.now()))
        for number in range(120):  # more than a page of events whose time has not come
            row = InboxRow(id=f"stripe:early-{number}", provider="stripe", topic="t")
            row.payload, row.recorded_at = early, stored - 2 * crashed
            session.add(row)
        for name, said in [("stripe:swept", paid), ("twilio-message:SM2", stop)]:
            provider = name.partition(":")[0]
            row = InboxRow(id=name, provider=provider, topic="t", payload=said)
            row.recorded_at = stored - crashed
            session.add(row)

    closed = await paying.ends()

    async def has_left():
        return Channel.SMS in (await leaving.state()).opted_out

    await house.eventually(has_left)
    assert closed.closure is Closure.PAID_IN_FULL
    assert paying.movements() == [("placement", 20_000), ("payment", -20_000)]

    async def both_are_marked():
        with house.database.transaction() as session:
            names = ["stripe:swept", "twilio-message:SM2"]
            marked = select(InboxRow.applied_at).where(InboxRow.id.in_(names))
            return all(session.scalars(marked).all())

    assert await house.eventually(both_are_marked)
    with house.database.transaction() as session:
        still_early = select(InboxRow).where(InboxRow.id.startswith("stripe:early-"))
        kept = session.scalars(still_early).all()
        assert {row.applied_at for row in kept} == {None}
        for row in kept:
            session.delete(row)


async def test_nothing_leaves_after_a_payment_has_been_acknowledged(house):
    placed = await asyncio.gather(*(house.place() for _ in range(20)))
    await house.forward(*placed, hours=15)

    late = await asyncio.gather(*(_race(house, *each) for each in enumerate(placed)))

    assert late == [[]] * 20
    assert [account.record().closure for account in placed] == ["paid in full"] * 20


async def _race(house, number, account):
    """Pay while a reminder falls due; gives what left after the payment was acknowledged."""
    ahead = asyncio.create_task(house.forward(account, days=4))

    async def is_due():
        return ahead.done() or account.decisions("allow")[1:]

    async def is_intended():
        return ahead.done() or account.contacts()[1:]

    async def is_heard():
        return ahead.done() or (await account.state()).next.why != first

    first = (await account.state()).next.why
    moment = [None, is_heard, is_due, is_intended][number % 4]
    if moment is not None:
        await house.eventually(moment)
    await account.told_paid(20_000, "BANK-1")
    acknowledged = time.time()
    await account.ends()
    await ahead
    return [each for each in await account.messages() if each["accepted"] > acknowledged]


async def test_a_payment_between_the_intent_and_the_call_stops_the_message(house):
    account = await house.place()
    await house.forward(account, hours=15)

    with house.database.transaction() as session:
        lock_account(session, account.id)  # both come to wait for the person, one after the other
        ahead = asyncio.create_task(house.forward(account, days=4))
        await house.eventually(lambda: _waiting(house, 1))
        paying = asyncio.create_task(account.told_paid(20_000, "BANK-1"))
        await house.eventually(lambda: _waiting(house, 2))
    await paying
    await account.ends()
    await ahead

    assert [each.status for each in account.contacts()] == ["delivered", "refused"]
    assert len(await account.messages()) == 1


async def _waiting(house, number):
    """Whether so many wait for a person's lock."""
    with house.database.transaction() as session:
        waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
        return session.scalar(text(waiting)) == number


async def test_a_stop_on_a_number_that_a_family_shares_ends_texts_to_all_of_it(house):
    first = await house.place()
    shared = {"phone": first.phone}
    second = await house.place(consumer=shared)
    assert first.record().person_id != second.record().person_id
    await house.forward(first, second, hours=15)
    before = len(await first.texts())

    await first.says("STOP")

    async def both_have_heard():
        states = [await each.state() for each in (first, second)]
        return all(Channel.SMS in state.opted_out for state in states)

    await house.eventually(both_have_heard)
    await house.forward(first, second, days=13)
    assert before == 2
    assert len(await first.texts()) == before
    assert await first.mails()
    assert await second.mails()
    with house.database.transaction() as session:
        by_text = select(ContactRow).where(ContactRow.address == first.phone)
        assert len(session.scalars(by_text).all()) == before
