"""What the record says of who is stuck."""

from datetime import timedelta

import pytest
from sqlalchemy import func

from domain.accounts import Closure, Hold
from domain.contacts import ContactStatus
from domain.ledger import paid
from storage import accounts, examining, inbox, ledger
from storage.tables import ContactRow
from tests.api.record import NOW, placement, record

pytestmark = pytest.mark.stack


@pytest.fixture
def made(database):
    one = placement()
    record(database, one)
    return one


def only(database):
    with database.transaction() as session:
        [found] = examining.open_accounts(session)
        return found


def contact(database, made, status, *, at=NOW):
    with database.transaction() as session:
        session.add(
            ContactRow(
                key=f"{made.reference}-{status}",
                account_id=made.account_id,
                person_id=made.person_id,
                channel="sms",
                message="nudge",
                purpose="demand",
                address="+12125550100",
                status=status,
                at=at,
            )
        )


def test_a_fresh_account_is_open_with_nothing_said_of_it(database, made):
    found = only(database)
    assert (found.id, found.stage, found.contacted_at) == (made.account_id, None, None)
    assert (found.held, found.agreed, found.ended, found.doing_since) == (False, False, False, None)
    assert found.present >= found.at


def test_the_last_contact_counts_only_if_something_left_and_an_intent_is_under_way(database, made):
    contact(database, made, ContactStatus.SENT, at=NOW - timedelta(days=3))
    contact(database, made, ContactStatus.UNAVAILABLE)
    assert only(database).contacted_at == NOW - timedelta(days=3)
    assert only(database).doing_since is None
    contact(database, made, ContactStatus.INTENDED)
    assert only(database).doing_since is not None


def test_holds_and_payments_are_seen_and_closed_accounts_are_not(database, made):
    with database.transaction() as session:
        accounts.place_hold(session, made.account_id, Hold.PAUSE, reason="test")
        ledger.book(session, made.account_id, paid("p1", made.balance, {}))
    assert (only(database).held, only(database).ended) == (True, True)
    with database.transaction() as session:
        assert examining.is_open(session, only(database).workflow_id)
        accounts.close(session, made.account_id, Closure.PAID_IN_FULL, at=NOW)
        assert examining.open_accounts(session) == []
        assert examining.is_open(session, "account/acme/nobody") is None


def test_news_is_counted_by_where_it_came_from_once_it_is_old(database, made):
    with database.transaction() as session:
        for number in range(2):
            row = inbox.store(session, "stripe", f"evt-{number}", "charge.failed", {})
            row.recorded_at = func.now() - timedelta(hours=number)
        session.flush()
        [(provider, topic, number, _)] = examining.left_in_inbox(session, timedelta(minutes=5))
        assert (provider, topic, number) == ("stripe", "charge.failed", 1)
        assert examining.counts_by_stage(session) == [("standard", None, 1)]
