"""A promise is kept by what came up to the end of its day where the consumer was."""

from datetime import UTC, date, datetime, timedelta

import pytest

from storage import accounts, ledger, promises
from storage.tables import Person
from tests.api.record import NOW, placement, record, usd

DUE = date(2026, 11, 25)
IN_TIME = datetime(2026, 11, 29, 5, 59, tzinfo=UTC)
"""A minute before the end of the last of three days of grace in Chicago."""
LATER = date(2026, 12, 24)


@pytest.mark.parametrize(
    ("moved_to", "at", "state"),
    [
        ("America/New_York", IN_TIME, "kept"),
        ("America/Los_Angeles", IN_TIME + timedelta(minutes=1), "broken"),
    ],
)
def test_its_day_ends_as_it_did_where_the_consumer_was_when_it_was_made(
    database, moved_to, at, state
):
    placed = placement(consumer={"region": "US-IL", "phone": None, "time_zone": "America/Chicago"})
    record(database, placed)
    with database.transaction() as session:
        account = accounts.by_id(session, placed.account_id)
        assert account
        promises.record(
            session, account, promise_id="p", minor=50_00, due=DUE, source="tests", at=NOW
        )
        session.get_one(Person, account.person_id).zones = [moved_to]
        ledger.pay(session, account.id, "k", usd(50_00), at=at)
        [made] = promises.of_account(session, account, LATER)

    assert made.state == state
