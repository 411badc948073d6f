"""The worklist on record: what waits, what is done, and by whom."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from domain.accounts import Closure
from storage import accounts, counts, creditors, journal, ledger, tasks
from storage.tables import Task
from storage.tasks import Doer, NoSuchTask
from tests.api.record import NOW, placement, record, usd

OPS = Doer("ops-1", of_house=True)
ACME = Doer("acme", of_house=False)
LATER = NOW + timedelta(hours=5)


@pytest.fixture
def session(database):
    with database.transaction() as session:
        yield session


@pytest.fixture
def account(database, session):
    return placed(database, session)


def placed(database, session, creditor="acme"):
    with database.transaction() as another:
        creditors.register(another, creditor, creditor.title())
    made = placement().model_copy(update={"creditor": creditor})
    record(database, made)
    return accounts.by_id(session, made.account_id)


def hand_over(session, account, key, *, hours=0, reason="look at it"):
    at = NOW + timedelta(hours=hours)
    accounts.hand_over(session, key, account.id, reason, at=at)


def keys(found):
    return [each.key for each in found]


def listed(session, **asked):
    return [each.task.key for each in tasks.worklist(session, **asked)]


def story(session, account):
    return [(line.what, line.detail) for line in journal.lines(session, account.id)][-2:]


def test_what_waits_longest_comes_first_a_page_at_a_time(database, session, account):
    another, strange = placed(database, session), placed(database, session, "other")
    for key, whose, hours in (
        ("c", account, 2),
        ("b#1/x", another, 1),
        ("a", account, 2),
        ("z", another, 0),
        ("s", strange, 0),
    ):
        hand_over(session, whose, key, hours=hours)
    ledger.pay(session, another.id, "p1", usd(5_000))

    first = tasks.worklist(session, creditor_id="acme", limit=2)
    assert [(each.task.key, each.account.id, each.owed) for each in first] == [
        ("z", another.id, 15_000),
        ("b#1/x", another.id, 15_000),
    ]
    tasks.see_to(session, another, ["z", "b#1/x"], by=ACME, at=LATER)
    assert listed(session, creditor_id="acme", after=first[-1].task) == ["a", "c"]
    tasks.see_to(session, account, ["a"], by=ACME, at=LATER + timedelta(hours=1))
    done = tasks.worklist(session, creditor_id="acme", done=True, limit=2)
    assert keys(each.task for each in done) == ["a", "z"]
    assert listed(session, creditor_id="acme", done=True, after=done[-1].task) == ["b#1/x"]
    assert listed(session) == ["s", "c"]
    assert listed(session, account_id=account.id) == ["c"]
    assert tasks.of_creditor(session, "acme", "s") is None
    assert tasks.of_creditor(session, "other", "s") is not None


def test_a_task_keeps_who_was_the_first_to_see_to_it(session, account):
    hand_over(session, account, "a", reason="asks for a call")
    hand_over(session, account, "b", hours=1)

    assert keys(tasks.see_to(session, account, ["a"], by=OPS, at=NOW)) == ["a"]
    assert keys(tasks.see_to(session, account, ["b", "a"], by=ACME, at=LATER)) == ["a", "b"]

    first, second = (session.get_one(Task, key) for key in "ab")
    assert (first.done_at, first.done_by) == (NOW, "ops-1")
    assert (second.done_at, second.done_by) == (LATER, "acme")
    assert story(session, account) == [
        ("seen to", {"reason": "asks for a call", "by": "house"}),
        ("seen to", {"reason": "look at it", "by": "creditor"}),
    ]


def test_nothing_is_done_before_it_was_handed_over(session, account):
    """An account that was run ahead may hand over later than its present is known to be."""
    for key, hours in (("b", 1), ("c", 9)):
        hand_over(session, account, key, hours=hours)

    tasks.see_to(session, account, ["b", "c"], by=OPS, at=LATER)

    done = [session.get_one(Task, key) for key in "bc"]
    assert {each.done_at for each in done} == {done[1].at}


def test_a_task_of_another_account_is_none_and_nothing_is_done(database, session, account):
    hand_over(session, account, "mine")
    hand_over(session, placed(database, session), "theirs")

    for key in ("theirs", "never", "\0"):
        with pytest.raises(NoSuchTask, match=f"{account.id} has no task"):
            tasks.see_to(session, account, ["mine", key], by=OPS, at=NOW)

    assert set(listed(session)) == {"mine", "theirs"}


def test_tasks_are_counted_by_what_became_of_them(database, session, account):
    over = placed(database, session)
    for key, whose in (("a", account), ("b", account), ("c", over)):
        hand_over(session, whose, key)
    tasks.see_to(session, account, ["a"], by=OPS, at=NOW)
    over.closure = Closure.PAID_IN_FULL

    assert counts.tasks(session) == {
        "seen to": 1,
        "waiting": 1,
        "waiting, the account closed": 1,
    }


MANY_DONE = text(
    "insert into tasks (key, account_id, reason, at, done_at, done_by)"
    " select 'done' || n, :account, 'x', now(), now(), 'acme' from generate_series(1, 3000) n"
)


def test_the_first_pages_are_found_without_reading_the_others(session, account):
    session.execute(MANY_DONE, {"account": account.id})
    hand_over(session, account, "waits")
    session.execute(text("analyze tasks, accounts"))
    asked: list[Any] = []
    bind = session.get_bind()

    def note(_, __, statement, parameters, *___):
        asked.append((statement, parameters))

    event.listen(bind, "before_cursor_execute", note)
    assert listed(session, creditor_id="acme") == ["waits"]
    assert len(listed(session, creditor_id="acme", done=True)) == 100
    event.remove(bind, "before_cursor_execute", note)

    for (statement, parameters), index in zip(asked, ("waiting", "done"), strict=True):
        plan = session.connection().exec_driver_sql(f"explain {statement}", parameters).scalars()
        assert f"ix_tasks_{index}" in "\n".join(plan)
