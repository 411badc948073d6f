"""The sweeper: what could not be applied waits, and the record says why."""

import asyncio
from datetime import timedelta

from temporalio.testing import ActivityEnvironment

from activities.housekeeping import Housekeeping
from storage import inbox
from tests.api.record import FakeStripe


def sweep(database, door):
    hands = Housekeeping(database, door, FakeStripe())
    return asyncio.run(ActivityEnvironment().run(hands.sweep_inbox))


def test_an_event_that_cannot_be_applied_is_on_record_with_the_kind_of_its_error(database, door):
    with database.transaction() as session:
        row = inbox.store(session, "refund", "r1", "refund asked", {})
        row.recorded_at -= timedelta(minutes=1)

    assert sweep(database, door) == 0

    with database.transaction() as session:
        left = inbox.by_key(session, "refund:r1")
        assert left is not None
        assert (left.failure, left.applied_at) == ("KeyError", None)
