"""When an event of Stripe's happened, by the account's time."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from activities.stripe_accounts import by_the_account
from storage.tables import Account
from tests.api.record import NOW, contact, placement, record


@pytest.mark.parametrize("ahead", [False, True])
def test_a_contact_made_since_it_was_heard_dates_no_event_unless_the_account_is_ahead_of_the_wall(
    database, ahead
):
    placed = placement()
    record(database, placed)
    with database.transaction() as session:
        wall = session.execute(select(func.now())).scalar_one()
    latest = wall + timedelta(days=1) if ahead else wall - timedelta(minutes=5)
    contact(database, placed, at=latest)
    with database.transaction() as session:
        account = session.get_one(Account, placed.account_id)
        heard = wall - timedelta(minutes=20)
        at = by_the_account(session, account, NOW, {}, heard=heard)
    assert at == (latest if ahead else NOW)
