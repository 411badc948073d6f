"""The checks find what is wrong: planted, one by one, in books that agree."""

import json
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest

from activities.paying import received
from domain.bulk import Bulk, Where
from domain.contacts import ContactStatus
from providers.charges import ACCOUNT
from sandbox import messages
from sandbox.messages import Message
from sandbox.store import Store
from storage import bulk, contacts
from storage.tables import Account
from tests.api.record import contact, placement, record, usd
from tests.chaos.checks import Checks

KEY = "c#1"


@pytest.fixture
def placed(database):
    """An account with one contact that left, and one payment through Stripe."""
    made = placement()
    record(database, made)
    contact(database, made, KEY)
    with database.transaction() as session:
        contacts.report(session, KEY, ContactStatus.DELIVERED, provider_id="SM1")
        account = session.get_one(Account, made.account_id)
        received(session, account, "stripe:pi_1", usd(5_000))
    return made


@pytest.fixture
def store(tmp_path, placed):
    """The same contact and the same payment, as the providers have them."""
    (tmp_path / "sandbox").mkdir()
    store = Store(tmp_path / "sandbox" / "sandbox.sqlite3")
    left(store, "SM1", KEY)
    charged(store, "pi_1", placed.account_id)
    yield store
    store.close()


def left(store, sid, key, text="Please pay."):
    back = f"https://tahsil.test/webhooks/twilio/status?{urlencode({'contact': key})}"
    message = Message(
        provider="twilio",
        id=sid,
        direction="outbound-api",
        sender="+14045550100",
        recipient="+14045550123",
        status="delivered",
        text=text,
        callback_url=back,
    )
    messages.write(store, message)


def charged(store, intent, account_id, *, charge=None, number=1):
    told = {ACCOUNT: account_id} | ({"charge": charge} if charge else {})
    taken = {"payment_intent": intent, "status": "succeeded", "amount": 5_000}
    put = "INSERT OR IGNORE INTO objects (kind, id, created, body) VALUES (?, ?, 0, ?)"
    store.run(put, "payment_intent", intent, json.dumps({"id": intent, "metadata": told}))
    store.run(put, "charge", f"ch_{intent}_{number}", json.dumps(taken))


def checks(database, tmp_path):
    stack = SimpleNamespace(addresses=None)
    chaos = SimpleNamespace(
        stack=stack, client=None, database=database, sandbox=None, asks=(), stuck=[], tell=str
    )
    return Checks(chaos, tmp_path, None)


def test_books_that_agree_give_no_findings(database, tmp_path, store):
    check = checks(database, tmp_path)

    assert [*check.messages(), *check.money()] == []


def test_a_message_that_left_twice_is_found(database, tmp_path, store):
    left(store, "SM2", KEY)

    assert list(checks(database, tmp_path).messages()) == [
        f"sent 2 times: {KEY}",
        "the same words 2 times to one address",
    ]


def test_a_message_that_nobody_has_on_record_is_found(database, tmp_path, store):
    left(store, "SM2", "c#9", "Something else.")

    assert list(checks(database, tmp_path).messages()) == ["sent, and not on record: c#9"]


def test_a_contact_that_never_left_is_found(database, tmp_path, store):
    store.run("DELETE FROM messages")

    assert list(checks(database, tmp_path).messages()) == [
        f"delivered on record, and never sent: {KEY}"
    ]


def test_a_charge_that_was_made_twice_is_found(database, tmp_path, store, placed):
    charged(store, "pi_1", placed.account_id, number=2)

    assert list(checks(database, tmp_path).money()) == ["charged 2 times: pi_1"]


def test_two_payments_for_one_charge_of_a_stored_card_are_found(database, tmp_path, store, placed):
    for intent in ("pi_2", "pi_3"):
        charged(store, intent, placed.account_id, charge="A1#4")
        with database.transaction() as session:
            account = session.get_one(Account, placed.account_id)
            received(session, account, f"stripe:{intent}", usd(5_000))

    assert list(checks(database, tmp_path).money()) == ["charge A1#4: 2 payments"]


def test_an_account_that_does_not_hear_of_an_instruction_is_found(database, tmp_path, placed):
    given = Bulk(id="bulk_1", verb="pause", where=Where(), reason="a flood", by="kim")
    with database.transaction() as session:
        bulk.give(session, given)
    told = ["instruction bulk_1: 1 accounts have not heard of it"]
    assert list(checks(database, tmp_path).untold()) == told
    with database.transaction() as session:
        bulk.take_part(session, placed.account_id, given.instruction)
    assert list(checks(database, tmp_path).untold()) == []


def test_a_payment_that_is_not_booked_is_found(database, tmp_path, store, placed):
    charged(store, "pi_2", placed.account_id)

    assert list(checks(database, tmp_path).money()) == ["pi_2: 5000 taken, None booked"]


def test_a_payment_that_was_never_taken_is_found(database, tmp_path, store):
    store.run("DELETE FROM objects")

    assert list(checks(database, tmp_path).money()) == ["pi_1: booked, and never taken"]


def test_a_webhook_that_was_given_up_is_found(database, tmp_path, store):
    store.run(
        "INSERT INTO deliveries (provider, topic, url, body, content_type, effects, lose_first,"
        " due, state, last_answer) VALUES ('stripe', 'refund.created', 'x', '', '', '[]', 0, 0,"
        " 'failed', '503')"
    )

    assert list(checks(database, tmp_path).webhooks()) == [
        "1 webhooks failed: stripe refund.created, 503"
    ]
