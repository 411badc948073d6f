"""The sweeper: what could not be applied waits, and the record says why."""

import asyncio
from datetime import timedelta

from temporalio.testing import ActivityEnvironment

from activities.housekeeping import Housekeeping
from domain.bulk import Bulk, Where
from journeys import present_name
from storage import bulk, inbox
from storage.tables import Instruction
from tests.api.record import FakeStripe, placement, record


def sweep(database, door):
    hands = Housekeeping(database, door, FakeStripe(), present_name)
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


def test_an_instruction_for_many_that_nobody_handed_over_is_told_by_the_sweep(database, door):
    """Whoever gave it was killed between the record and Temporal."""
    record(database, placement())
    given = Bulk(id="bulk_1", verb="recall", where=Where(), reason="the contract ended", by="kim")
    with database.transaction() as session:
        bulk.give(session, given)
    sweep(database, door)
    assert door.bulks == []  # it is still in the hands of whoever gives it
    with database.transaction() as session:
        session.get_one(Instruction, given.id).recorded_at -= timedelta(minutes=1)
    sweep(database, door)
    assert door.bulks == [given.id]
