"""Accounts are moved to another stage while they wait: each goes on there, and nothing is repeated.

One story for all of it, with a creditor of its own: the stack is shared.
"""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from cli import migrating, planning_changes
from domain.accounts import Hold
from storage import creditors, moving, tasks
from storage.tables import Instruction
from tests.house import Account
from workflows.names import workflow_id

CREDITOR = "moved"
REASON = "fewer reminders from now on"
ASKED = migrating.Asked(
    "standard:reminders=escalation", f"creditor={CREDITOR}", reason=REASON, by="ops"
)

pytestmark = pytest.mark.anyio


async def placed_by(house, key):
    placement = house.placement()
    answer = await house.api.post(
        "/v1/accounts", json=placement, headers={"authorization": f"Bearer {key}"}
    )
    account = Account(house, placement, answer.json())
    account.workflow_id = workflow_id(CREDITOR, placement["reference"])
    account.handle = house.client.get_workflow_handle(account.workflow_id)
    return account


async def told(work, *given):
    screen = io.StringIO()
    done = await work(*given, Console(file=screen, width=200))
    return done, screen.getvalue()


async def test_moved_accounts_go_on_in_the_other_stage_and_hear_nothing_twice(house, stack):
    with house.database.transaction() as session:
        creditors.register(session, CREDITOR, "Moved")
        key = creditors.issue_key(session, CREDITOR, "tests")
    waits, answered, held = [await placed_by(house, key) for _ in range(3)]
    other = await house.place()
    await house.forward(waits, answered, held, hours=15)
    await answered.says("CALL ME")
    await answered.reaches("needs_a_person")
    hold = {"instruction_id": "ops-1", "hold": Hold.PAUSE}
    await held.handle.execute_update("pause", hold)

    _, dry = await told(migrating.show_concerned, stack.addresses, ASKED)
    assert "│ moved    │ 2            │ 1 " in dry
    assert "3 accounts would be moved" in dry
    assert (await waits.state()).stage == "reminders"

    done, said = await told(migrating.migrate, stack.addresses, ASKED)
    assert done
    assert "2 accounts moved" in said
    assert "1 account answering somebody first" in said
    assert [(await each.state()).stage for each in (waits, answered, held, other)] == [
        *("escalation", "needs_a_person", "escalation", "reminders"),
    ]
    assert (await held.state()).holds == (Hold.PAUSE,)
    (line,) = waits.tale("told to move")
    with house.database.transaction() as session:
        assert session.get_one(Instruction, line["instruction"]).reason == REASON
    assert [len(await each.messages()) for each in (waits, held)] == [1, 1]

    with house.database.transaction() as session:
        waiting = [each.task.key for each in tasks.worklist(session, account_id=answered.id)]
    seen = await house.api.post(
        f"/v1/accounts/{answered.id}/tasks/done",
        json={"tasks": waiting},
        headers={"authorization": f"Bearer {key}"},
    )
    assert seen.is_success, seen.text
    await house.forward(waits, answered, held, days=4)

    assert [len(await waits.texts()), len(await waits.mails())] == [1, 1]
    assert len(await held.messages()) == 1
    assert (await answered.state()).stage == "escalation"
    assert [len(await answered.texts()), len(await answered.mails())] == [1, 1]
    keys = [row.key for row in waits.contacts()]
    assert len(keys) == len({*keys}) == 2

    done, said = await told(migrating.migrate, stack.addresses, ASKED)
    assert done
    assert "nobody is left to be moved" in said
    with house.database.transaction() as session:
        assert moving.concerned(session, migrating.read_move(ASKED, None)) == []

    elsewhere = replace(ASKED, words="standard:escalation=invoice:firm")
    done, said = await told(migrating.migrate, stack.addresses, elsewhere)
    assert done
    assert "3 accounts moved" in said
    states = [await each.state() for each in (waits, answered, held)]
    assert {(state.journey, state.stage) for state in states} == {("invoice", "firm")}
    assert [len(await each.messages()) for each in (waits, held)] == [2, 1]


async def test_what_runs_is_on_record_and_is_what_the_code_here_does(house, stack):
    label, running = await planning_changes.deployed(stack.addresses, house.database)

    assert "as it started on 20" in label
    assert running == planning_changes.here()
