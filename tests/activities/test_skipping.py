"""Giving up a step on a real record: nothing that may have left is forgotten or tried again."""

from dataclasses import replace

import pytest

from activities.skipping import Skipping
from compliance.orders import Reached
from compliance.skips import Skip, SkipCharge, SkipContact
from domain.contacts import ContactStatus
from domain.orders import Charge, ChargeStatus
from storage import contacts, journal, payments
from storage.tables import Instruction
from tests.activities.test_reaching import NOON, Post, hands_on, order, placed, slept
from tests.api.record import usd

pytestmark = pytest.mark.stack

SKIP = Skip(instruction_id="skip-1", reason="ticket 4711", by="kim")


class Broken(Post):
    """A carrier that sends, and then has a defect."""

    def send(self, envelope):
        super().send(envelope)
        raise RuntimeError("a defect")


@pytest.fixture
def post():
    return Post()


def skip(database, given):
    return Skipping(database).skip_contact(SkipContact(order=given, skip=SKIP)).status


def story(database, made):
    with database.transaction() as session:
        return [line.what for line in journal.lines(session, made.account_id)]


def test_a_contact_that_never_began_is_given_up_and_no_late_attempt_sends_it(database, post):
    made = placed(database)
    given = order(made, waits=(slept(),))

    for _ in range(2):
        assert skip(database, given) is ContactStatus.UNAVAILABLE
    reached = hands_on(database, post).reach_out(given)

    assert isinstance(reached, Reached)
    assert (reached.status, post.sent) == (ContactStatus.UNAVAILABLE, [])
    assert story(database, made).count("skip") == 1
    with database.transaction() as session:
        assert [row.verdict for row in contacts.decisions(session, made.account_id)] == ["wait"]
        known = session.get_one(Instruction, "skip-1")
        assert (known.reason, known.given_by, known.detail) == (
            "ticket 4711",
            "kim",
            {"step": given.key},
        )


def test_a_contact_that_may_have_left_counts_and_is_never_sent_again(database):
    made, broken = placed(database), Broken()
    given = order(made)
    with pytest.raises(RuntimeError, match="a defect"):
        hands_on(database, broken).reach_out(given)

    assert skip(database, given) is ContactStatus.UNKNOWN
    reached = hands_on(database, broken).reach_out(given)
    assert (reached.status, len(broken.sent)) == (ContactStatus.UNKNOWN, 1)
    assert "sms unknown" in story(database, made)


def test_a_contact_that_was_made_stays_made(database, post):
    made = placed(database)
    given = order(made)
    hands_on(database, post).reach_out(given)
    assert skip(database, given) is ContactStatus.SENT


def charge(made):
    return Charge(
        key=f"account/acme/{made.reference}#1", account_id=made.account_id, at=NOON, amount=usd(500)
    )


def give_up(database, given):
    return Skipping(database).skip_charge(SkipCharge(order=given, skip=SKIP))


def test_a_charge_that_never_began_is_given_up_for_good(database):
    made = placed(database)
    charged = give_up(database, charge(made))
    assert (charged.status, charged.balance) == (ChargeStatus.UNAVAILABLE, 20_000)
    with database.transaction() as session:
        assert payments.charge_by_key(session, charge(made).key).status == payments.GIVEN_UP


def test_a_charge_that_may_have_been_taken_is_looked_up_before_any_other(database):
    made = placed(database)
    with database.transaction() as session:
        payments.begin_charge(session, charge(made)).intent_id = "pi_1"
    assert give_up(database, charge(made)).status is ChargeStatus.UNAVAILABLE
    later = replace(charge(made), key="later")
    with database.transaction() as session:
        row = payments.begin_charge(session, later)
        assert [each.intent_id for each in payments.competing(session, row)] == ["pi_1"]
    assert "skip" in story(database, made)
