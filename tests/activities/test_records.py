"""What is written of a workflow's own news: once, whatever became of the answer."""

import pytest

from activities.records import Records
from domain.accounts import Hold
from domain.orders import RecordHolds
from domain.people import StandingHold
from storage import accounts, people
from storage.tables import Account, InstructedAccount, Instruction
from tests.api.record import NOW, placement, record


@pytest.fixture
def placed(database):
    made = placement()
    record(database, made)
    return made.account_id


def tell(database, account_id, number, **what):
    order = RecordHolds(key=f"account/acme/A#ui-{number}", account_id=account_id, at=NOW, **what)
    Records(database).record_holds(order)


def standing(database, account_id):
    with database.transaction() as session:
        return people.standing_holds(session, account_id)


def pause(database, account_id):
    """As the creditor does, through the API."""
    with database.transaction() as session:
        accounts.place_hold(session, account_id, Hold.PAUSE, reason="a complaint")


def test_a_hold_that_was_placed_since_is_not_lifted_by_the_same_order_again(database, placed):
    pause(database, placed)
    tell(database, placed, 1, lifted=(Hold.PAUSE,))
    assert standing(database, placed) == ()
    pause(database, placed)
    tell(database, placed, 1, lifted=(Hold.PAUSE,))

    assert standing(database, placed) == (Hold.PAUSE,)
    tell(database, placed, 2, lifted=(Hold.PAUSE,))
    assert standing(database, placed) == ()


def test_a_hold_that_was_lifted_since_is_not_placed_by_the_same_order_again(database, placed):
    order = {"placed": (StandingHold(hold=Hold.DISPUTE),)}
    tell(database, placed, 1, **order)
    with database.transaction() as session:
        accounts.lift_hold(session, placed, Hold.DISPUTE)
    tell(database, placed, 1, **order)

    assert standing(database, placed) == ()


def test_what_somebody_ordered_in_temporal_is_on_record_as_carried_out(database, placed):
    tell(database, placed, 1, recalled=True)

    with database.transaction() as session:
        told = session.get_one(Instruction, "account/acme/A#ui-1")
        member = session.get_one(InstructedAccount, (told.id, placed))
        recalled = session.get_one(Account, placed).recalled_at
    assert (told.verb, told.given_by) == ("recall", "in Temporal's UI")
    assert member.told_at is not None
    assert recalled is not None
