"""Every account of an instruction is told: by the batch job, or directly."""

import asyncio
import threading
from datetime import timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from activities import bulk as activity
from activities.bulk import Bulks, beating
from domain.accounts import Closure
from domain.bulk import Bulk, BulkJob, BulkVerb, TakePart, Where
from storage import accounts as records
from storage import bulk
from tests.api.record import NOW, placement, record
from workflows.names import workflow_id

pytestmark = pytest.mark.stack

GIVEN = Bulk(
    id="bulk_1",
    verb=BulkVerb.SWITCH,
    where=Where(creditor="acme"),
    reason="a flood in the region",
    by="kim",
    journey="hardship",
)


class FakeCrowd:
    """Accounts that answer when they are told; a batch job that finds some of them."""

    def __init__(self, database, accounts, *, batch, deaf=()):
        self.hands, self.accounts = Bulks(database, self), accounts
        self.batch, self.deaf, self.looks = batch, deaf, 0
        self.directly = []

    async def tell_all(self, where, told):
        self.where = where
        for workflow in self.batch:
            await self._tell(workflow, told)

    async def is_under_way(self, instruction_id):
        self.looks += 1
        return self.looks < 3

    async def tell_one(self, workflow_id, told):
        self.directly.append(workflow_id)
        await self._tell(workflow_id, told)

    async def _tell(self, workflow_id, told):
        if workflow_id not in self.deaf:
            account_id = self.accounts[workflow_id]
            order = TakePart(key="k", account_id=account_id, at=NOW, instruction=told)
            await asyncio.to_thread(self.hands.take_part, order)


@pytest.fixture
def accounts(database, monkeypatch):
    """Three accounts by their workflows' ids, and an instruction that concerns them."""
    for wait in ("LOOK", "LONGEST", "A_MOMENT", "PATIENCE"):
        monkeypatch.setattr(activity, wait, timedelta())
    made = [placement() for _ in range(3)]
    for each in made:
        record(database, each)
    with database.transaction() as session:
        bulk.give(session, GIVEN)
    in_order = sorted(made, key=lambda each: each.account_id)
    return {workflow_id("acme", each.reference): each.account_id for each in in_order}


def tell(crowd):
    job = BulkJob(instruction_id=GIVEN.id)
    return asyncio.run(ActivityEnvironment().run(crowd.hands.tell_all, job))


def test_whom_the_batch_job_found_is_told_once_and_the_others_directly(database, accounts):
    first, *others = accounts
    crowd = FakeCrowd(database, accounts, batch=[first])
    how_far = tell(crowd)
    assert (how_far.accounts, how_far.left) == (3, 0)
    assert (crowd.where, crowd.directly) == ("creditor=acme", others)


def test_if_all_answer_nobody_is_told_twice(database, accounts):
    crowd = FakeCrowd(database, accounts, batch=list(accounts))
    assert tell(crowd).left == 0
    assert crowd.directly == []


def test_who_does_not_answer_is_left_to_another_command(database, accounts):
    deaf = list(accounts)[2]
    crowd = FakeCrowd(database, accounts, batch=[], deaf=[deaf])
    assert tell(crowd).left == 1
    crowd.deaf = ()
    assert tell(crowd).left == 0


def test_who_was_over_before_they_could_be_told_is_released_once(database, accounts, monkeypatch):
    """Not at every look: that would read, and lock, all that are left again and again."""
    over, *others = accounts.items()
    with database.transaction() as session:
        records.close(session, over[1], Closure.PAID_IN_FULL, at=NOW)
    released, release = [], bulk.release

    def counted(session, instruction_id):
        released.append(instruction_id)
        release(session, instruction_id)

    monkeypatch.setattr(bulk, "release", counted)
    crowd = FakeCrowd(database, accounts, batch=[name for name, _ in others])
    assert tell(crowd).left == 0
    assert (released, crowd.directly) == ([GIVEN.id], [])


def test_it_says_that_it_is_alive_however_long_a_look_takes(monkeypatch):
    monkeypatch.setattr(activity, "BEAT", timedelta(milliseconds=1))
    beats, enough = [], threading.Event()

    def beat(*_):
        beats.append(1)
        if len(beats) == 3:
            enough.set()

    environment = ActivityEnvironment()
    environment.on_heartbeat = beat
    assert asyncio.run(environment.run(beating, enough.wait, 10))
