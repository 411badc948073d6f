"""Instructions for many on a real record: facts at once, no account but those that were found."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.accounts import Closure, Hold
from domain.bulk import Bulk, BulkInstruction, BulkVerb, Where
from storage import accounts, bulk, journal, people
from storage.looking import look
from storage.session import driver, lock_account
from storage.tables import Account, HoldRow, Instruction
from tests.api.record import NOW, placement, record

pytestmark = pytest.mark.stack


def order(verb="pause", where="creditor=acme", number=1, **more):
    return Bulk(
        id=f"bulk_{number}",
        verb=verb,
        where=Where.read(where),
        reason="the printer burns",
        by="kim",
        **more,
    )


@pytest.fixture
def three(database):
    """Two accounts in one stage, and one in another."""
    made = [placement(), placement(), placement()]
    for each, stage in zip(made, ("reminders", "reminders", "escalation"), strict=True):
        record(database, each)
        with database.transaction() as session:
            accounts.enter_stage(session, each.account_id, journey="standard", stage=stage, at=NOW)
    return [each.account_id for each in made]


def give(database, given):
    with database.transaction() as session:
        return bulk.give(session, given)


def given_as(verb, number):
    """What an account is told of an instruction."""
    return BulkInstruction(instruction_id=f"bulk_{number}", verb=BulkVerb(verb))


def look_at(session, account_id):
    return look(driver(session), account_id, NOW, spoken=False).facts


def holds(database, account_id):
    with database.transaction() as session:
        return people.standing_holds(session, account_id)


def test_a_pause_stands_on_every_account_that_was_found_and_on_no_other(database, three):
    given = give(database, order(where="creditor=acme and stage=reminders"))

    assert (given.accounts, given.told) == (2, 0)
    assert [holds(database, each) for each in three] == [(Hold.PAUSE,), (Hold.PAUSE,), ()]
    with database.transaction() as session:
        said = [(line.what, line.detail) for line in journal.lines(session, three[0])]
        asked = session.get_one(Instruction, "bulk_1")
        assert (asked.given_by, asked.reason) == ("kim", "the printer burns")
    assert said[-2:] == [
        ("told to pause", {"instruction": "bulk_1"}),
        ("hold placed", {"hold": "pause", "instruction": "bulk_1"}),
    ]


def test_given_again_it_changes_nothing_though_the_hold_was_lifted_since(database, three):
    give(database, order())
    with database.transaction() as session:
        accounts.lift_hold(session, three[0], Hold.PAUSE)

    assert give(database, order()).accounts == 3
    assert holds(database, three[0]) == ()
    with database.transaction() as session:
        assert bulk.standing(session, "bulk_1") == 2
    with pytest.raises(ValueError, match="bulk_1 is another instruction: pause where creditor"):
        give(database, order("recall"))


def test_the_same_words_with_another_goal_are_another_instruction(database, three):
    give(database, order("switch", journey="hardship"))
    with pytest.raises(ValueError, match="bulk_1 is another instruction: switch to hardship where"):
        give(database, order("switch", journey="invoice"))


def test_the_same_pause_after_a_resume_is_a_new_one_and_holds(database, three):
    """One account has heard of neither yet: the second incident is not taken for the first."""
    give(database, order())
    give(database, order("resume", "paused-by=bulk_1", 2))
    assert give(database, order(number=3)).accounts == 3
    assert [holds(database, each) for each in three] == [(Hold.PAUSE,)] * 3
    with database.transaction() as session:
        assert (bulk.standing(session, "bulk_1"), bulk.standing(session, "bulk_3")) == (0, 3)


@pytest.mark.parametrize("first", [True, False])
def test_what_an_instruction_paused_can_be_resumed_and_what_the_creditor_paused_stays(
    database, three, first
):
    def by_the_creditor():
        with database.transaction() as session:
            assert accounts.place_hold(session, three[0], Hold.PAUSE, reason="by the creditor")

    if first:
        by_the_creditor()
    give(database, order())
    if not first:
        by_the_creditor()
    given = give(database, order("resume", "creditor=acme and paused-by=bulk_1", 2))

    assert given.accounts == 3
    assert [holds(database, each) for each in three] == [(Hold.PAUSE,), (), ()]
    with database.transaction() as session:
        told = given_as("resume", 2)
        assert [bulk.take_part(session, each, told) for each in three] == [False, True, True]


def test_of_two_pauses_that_overlap_each_is_resumed_by_itself(database, three):
    give(database, order(where="creditor=acme and stage=reminders"))
    give(database, order(number=2))
    give(database, order("resume", "paused-by=bulk_1", 3))

    assert [holds(database, each) for each in three] == [(Hold.PAUSE,)] * 3
    with database.transaction() as session:
        assert not bulk.take_part(session, three[0], given_as("resume", 3))
        assert [each.hold for each in look_at(session, three[0]).holds] == [Hold.PAUSE]
    give(database, order("resume", "paused-by=bulk_2", 4))
    assert [holds(database, each) for each in three] == [()] * 3


def test_a_resume_of_many_lifts_no_pause_that_has_days_of_its_own(database, three):
    with database.transaction() as session:
        accounts.place_hold(session, three[0], Hold.PAUSE, reason="abroad", starts=NOW.date())
    give(database, order())
    give(database, order("resume", "creditor=acme", 2))
    assert [holds(database, each) for each in three] == [(Hold.PAUSE,), (), ()]
    with database.transaction() as session:
        assert bulk.take_part(session, three[0], given_as("resume", 2))


def test_a_recall_is_on_record_at_once_and_such_an_account_is_found_no_more(database, three):
    give(database, order("recall"))

    with database.transaction() as session:
        assert None not in session.scalars(select(Account.recalled_at)).all()
        assert bulk.found(session, Where.read("creditor=acme")) == []


def test_the_dry_run_counts_by_creditor_journey_and_stage(database, three):
    with database.transaction() as session:
        accounts.close(session, three[2], Closure.REFERRED, at=NOW)
        assert bulk.found(session, Where.read("journey=standard and currency=USD")) == [
            ("acme", "standard", "reminders", 2)
        ]
        assert bulk.found(session, Where.read("currency=KWD")) == []


def test_an_account_takes_part_only_if_it_was_found_and_is_told_once(database, three):
    given = order(where="stage=escalation")
    give(database, given)
    with database.transaction() as session:
        assert not bulk.take_part(session, three[0], given.instruction)
        assert bulk.take_part(session, three[2], given.instruction)
        assert bulk.take_part(session, three[2], given.instruction)
        assert bulk.progress(session, "bulk_1").left == 0
        assert bulk.untold(session, "bulk_1") == []
        assert bulk.unfinished(session, given.verb, given.where) is None


def test_who_is_told_late_obeys_only_what_stands_by_then(database, three):
    """The record was changed since: by the creditor, or by another instruction for many."""
    give(database, order())
    with database.transaction() as session:
        accounts.lift_hold(session, three[0], Hold.PAUSE)
    give(database, order("resume", "paused-by=bulk_1", 2))
    give(database, order(number=3))
    with database.transaction() as session:
        for account in three:
            told = [given_as("pause", 1), given_as("resume", 2), given_as("pause", 3)]
            assert [bulk.take_part(session, account, each) for each in told] == [False, False, True]
        assert bulk.progress(session, "bulk_1").left == 0


def test_a_switch_that_is_told_late_undoes_no_newer_one(database, three):
    for number, goal in ((1, "hardship"), (2, "invoice")):
        give(database, order("switch", number=number, journey=goal))
    with database.transaction() as session:
        journal.note(session, three[1], "journey switched", journey="standard")
    with database.transaction() as session:
        first, second = given_as("switch", 1), given_as("switch", 2)
        assert [bulk.take_part(session, each, first) for each in three] == [False] * 3
        assert [bulk.take_part(session, each, second) for each in three] == [True, False, True]


def test_the_sweep_finds_by_conditions_what_has_not_reached_all(database, three):
    give(database, order())
    told = given_as("pause", 7)
    with database.transaction() as session:
        bulk.take_part(session, three[0], told)
    with database.transaction() as session:
        assert bulk.left_behind(session, older_than=timedelta()) == ["bulk_1"]
        assert bulk.left_behind(session, older_than=timedelta(minutes=1)) == []
        assert bulk.unfinished(session, BulkVerb.PAUSE, Where(creditor="acme")) == "bulk_1"
    with database.transaction() as session:
        for account, _ in bulk.untold(session, "bulk_1"):
            bulk.take_part(session, account, given_as("pause", 1))
        assert bulk.left_behind(session, older_than=timedelta()) == []


def test_whom_to_tell_is_read_in_pages(database, three):
    give(database, order())
    with database.transaction() as session:
        pages, after = [], ""
        while page := bulk.untold(session, "bulk_1", after=after, limit=2):
            pages += page
            after = page[-1][0]
    assert [account for account, _ in pages] == sorted(three)


def test_an_instruction_that_only_temporal_knows_is_put_on_record_by_each_account(database, three):
    told = BulkInstruction(instruction_id="ui-1", verb=BulkVerb.PAUSE, reason="fire", by="lee")
    with database.transaction() as session:
        for _ in range(2):
            assert bulk.take_part(session, three[0], told)
        assert bulk.progress(session, "ui-1").accounts == 1
        held = session.scalars(select(HoldRow.account_id)).all()
    assert held == [three[0]]
    assert holds(database, three[1]) == ()


def test_who_was_over_before_they_could_be_told_is_not_waited_for(database, three):
    give(database, order())
    with database.transaction() as session:
        accounts.close(session, three[0], Closure.PAID_IN_FULL, at=NOW)
        bulk.release(session, "bulk_1")
        assert bulk.progress(session, "bulk_1").left == 2
        assert not bulk.take_part(session, three[0], order().instruction)


def test_the_fence_waits_for_a_message_that_is_about_to_leave(database, three):
    """Whoever sends holds the person's lock: the answer does not come before that is free."""
    with ThreadPoolExecutor(1) as aside:
        with database.transaction() as session:
            lock_account(session, three[1])
            give(database, order())
            waiting = aside.submit(bulk.fence, database, "bulk_1")
            passed = people_waiting(database)
            assert not waiting.done()
        assert waiting.result(timeout=10) == 3
    assert passed


def people_waiting(database):
    """Wait until somebody stands before a person's lock."""
    asked = select(HoldRow.id)  # any statement: each begins anew and sees what others do
    for _ in range(2000):
        with database.transaction() as session:
            session.execute(asked)
            blocked = session.connection().exec_driver_sql(
                "select count(*) from pg_locks where locktype = 'advisory' and not granted"
            )
            if blocked.scalar_one():
                return True
    return False
