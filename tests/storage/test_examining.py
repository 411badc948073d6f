"""What the record says of who is stuck."""

from datetime import timedelta

import pytest
from sqlalchemy import func, update

from domain.accounts import Closure, Hold
from domain.contacts import ContactStatus
from domain.ledger import paid
from storage import accounts, creditors, examining, inbox, ledger, tasks
from storage.tables import Account, ContactRow, Task
from tests.api.record import NOW, placement, record

QUIET = timedelta(days=14)


@pytest.fixture
def made(database):
    one = placement()
    record(database, one)
    return one


def suspects(database, most=10):
    with database.transaction() as session:
        return examining.suspects(session, QUIET, most)


def only(database):
    [found] = suspects(database)
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
        assert examining.page(session, "", 10) == []
        assert examining.is_open(session, "account/acme/nobody") is None


def test_what_waits_for_a_person_is_seen_until_it_is_done(database, made):
    with database.transaction() as session:
        accounts.hand_over(session, "task", made.account_id, "read it", at=NOW)
        accounts.hand_over(session, "forgotten", made.account_id, "read that", at=NOW)
        long_ago = func.now() - examining.FORGOTTEN - timedelta(days=1)
        session.execute(update(Task).where(Task.key == "forgotten").values(recorded_at=long_ago))
    assert only(database).asked
    with database.transaction() as session:
        account = session.get_one(Account, made.account_id)
        tasks.see_to(session, account, ["task"], by=tasks.Doer("acme", of_house=False), at=NOW)
    assert not only(database).asked


def test_the_most_suspicious_are_read_first_and_no_more_than_asked_for(database):
    """One with an intent before one that is paid, before one that never began, before the quiet."""
    made = {
        name: placement(reference=name)
        for name in ("a-well", "b-quiet", "c-new", "d-paid", "e-doing")
    }
    for each in made.values():
        record(database, each)
    ids = {name: each.account_id for name, each in made.items()}
    contact(database, made["a-well"], ContactStatus.SENT, at=func.now() - timedelta(days=1))
    contact(database, made["e-doing"], ContactStatus.INTENDED)
    with database.transaction() as session:
        ledger.book(session, ids["d-paid"], paid("p1", made["d-paid"].balance, {}))
        begun = update(Account).where(Account.id != ids["c-new"])
        session.execute(begun.values(stage="reminders"))
        session.execute(update(Account).values(at=func.now() - timedelta(days=15)))

    order = [ids[name] for name in ("e-doing", "d-paid", "c-new", "b-quiet", "a-well")]
    for most in range(1, 6):
        assert {each.id for each in suspects(database, most)} == set(order[:most])


def test_open_accounts_are_paged_counted_and_asked_for_by_their_workflows(database):
    one, two, over = (placement(reference=name) for name in ("A1", "A2", "A3"))
    for each in (one, two, over):
        record(database, each)
    workflow = {each: f"account/acme/{each.reference}" for each in (one, two, over)}
    with database.transaction() as session:
        creditors.register(session, "other", "Other Bank")
        accounts.close(session, over.account_id, Closure.PAID_IN_FULL, at=NOW)
        session.execute(update(Account).values(recorded_at=func.now() - timedelta(hours=1)))
        assert [each.id for each in examining.page(session, workflow[one], 5)] == [two.account_id]
        assert [each.id for each in examining.called(session, [workflow[one], "account/x"])] == [
            one.account_id
        ]
        assert examining.open_by_creditor(session) == {"acme": 2, "other": 0}

        def ids(creditor, after="", older=timedelta(minutes=2)):
            return list(examining.open_ids(session, creditor, after, older, 10))

        assert ids(None) == ids("acme") == [workflow[one], workflow[two]]
        assert ids("other") == ids("acme", older=timedelta(hours=2)) == []
        assert ids("acme", after=workflow[one]) == [workflow[two]]
        asked = [workflow[one], workflow[over], "account/acme/nobody"]
        assert examining.not_open(session, asked) == asked[1:]


def test_news_is_counted_by_where_it_came_from_once_it_is_old(database, made):
    with database.transaction() as session:
        for number in range(2):
            row = inbox.store(session, "stripe", f"evt-{number}", "charge.failed", {})
            row.recorded_at = func.now() - timedelta(hours=number)
        session.flush()
        [(provider, topic, number, _)] = examining.left_in_inbox(session, timedelta(minutes=5))
        assert (provider, topic, number) == ("stripe", "charge.failed", 1)
        assert examining.counts_by_stage(session) == [("standard", None, 1)]
