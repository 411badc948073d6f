"""Placements on record: each written once, with all that a new account begins with."""

import pytest
from sqlalchemy import func, select

from activities.records import Records
from domain.accounts import Hold
from domain.orders import RecordPlacement
from storage import accounts, ledger
from storage.tables import Account, HoldRow, JournalRow, LedgerEntry, Person
from tests.api.record import NOW, placement

pytestmark = pytest.mark.stack

CARD = {"stored_card": {"customer": "cus_1", "payment_method": "pm_1"}}


def write(database, placed):
    with database.transaction() as session:
        return accounts.write(session, placed, workflow_id=f"w/{placed.reference}", at=NOW)


def person(database, placed):
    with database.transaction() as session:
        return session.get_one(Person, placed.person_id)


def test_an_account_is_written_once_with_what_is_owed(database):
    placed = placement()
    first, again = write(database, placed), write(database, placed)

    assert (first.is_new, again.is_new) == (True, False)
    with database.transaction() as session:
        account = session.get_one(Account, placed.account_id)
        assert accounts.recorded_placement(account) == placed
        assert accounts.placed_as(session, "acme", placed.reference) == placed
        assert accounts.placed_as(session, "acme", "another") is None
        assert ledger.version(session, account.id) == 1
        assert ledger.balance(session, account.id) == placed.balance.minor
        assert session.scalar(select(func.sum(LedgerEntry.minor))) == 0
        [told] = session.scalars(select(JournalRow).where(JournalRow.account_id == account.id))
        assert (told.what, told.at, told.detail) == (
            "placed",
            NOW,
            {"balance": placed.balance.minor},
        )


@pytest.mark.parametrize(
    ("said", "revision"), [({"name": "Another Name"}, 0), ({"locale": "ar"}, 1), ({}, 0)]
)
def test_what_is_said_of_a_person_anew_is_a_change_if_rules_ask_about_it(database, said, revision):
    first = placement()
    same = {"reference": first.consumer.reference} | first.consumer.model_dump(
        include={"name", "country", "locale", "phone", "email"}
    )
    later = placement(consumer=same | said)
    write(database, first)
    write(database, later)

    known = person(database, later)
    assert (known.revision, known.name) == (revision, later.consumer.name)
    assert known.locale == later.consumer.locale


def test_a_card_that_comes_later_is_kept_and_one_that_is_not_named_again_stays(database):
    first = placement()
    same = {"reference": first.consumer.reference}
    for each in (first, placement(consumer=same | CARD), placement(consumer=same)):
        write(database, each)

    known = person(database, first)
    assert (known.stripe_customer, known.payment_method) == ("cus_1", "pm_1")
    assert known.card is None


def test_a_new_account_begins_with_the_holds_of_its_person_and_tells_them(database):
    first = placement()
    write(database, first)
    with database.transaction() as session:
        accounts.place_hold(session, first.account_id, Hold.HARDSHIP, reason="they said so")
    later = placement(consumer={"reference": first.consumer.reference})
    order = RecordPlacement(
        key="k", account_id=later.account_id, at=NOW, placement=later, workflow_id="w/later"
    )
    found = Records(database).record_placement(order)

    assert [each.hold for each in found.facts.holds] == [Hold.HARDSHIP]
    assert Records(database).record_placement(order) == found
    with database.transaction() as session:
        held = select(func.count()).where(HoldRow.account_id == later.account_id)
        assert session.scalar(held) == 1
