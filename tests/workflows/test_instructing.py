"""An instruction for many, as one account takes it in: what the record says last is what counts."""

import asyncio
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from temporalio import workflow

from domain.accounts import Hold
from domain.bulk import BulkInstruction
from domain.events import HoldLifted
from domain.people import StandingHold
from tests.workflows.carrying import carried
from workflows.account import AccountWorkflow

PLAIN = StandingHold(hold=Hold.PAUSE)
ABROAD = StandingHold(hold=Hold.PAUSE, starts=date(2026, 12, 1))
PAUSE = BulkInstruction(instruction_id="bulk_1", verb="pause")
RESUME = BulkInstruction(instruction_id="bulk_2", verb="resume")


@pytest.fixture
def told(monkeypatch):
    """Tell an account; the record answers by these functions, one for each time it is asked."""

    async def at_once(_):
        """What is waited for is so."""

    def tell(known, instruction, *answers, patched=True):
        monkeypatch.setattr(workflow, "wait_condition", at_once)
        monkeypatch.setattr(workflow, "patched", lambda _: patched)
        left = list(answers)

        async def takes_part(_):
            return left.pop(0)()

        it: Any = SimpleNamespace(
            _progress=known,
            _known=known,
            _closure=None,
            _takes_part=takes_part,
            _show_holds=lambda: None,
        )
        it._obey = lambda told: AccountWorkflow._obey(it, told)
        asyncio.run(AccountWorkflow.instruct(it, instruction))
        assert not left
        return known.person.holds

    return tell


def yes():
    return True


def no():
    return False


def test_what_does_not_stand_any_more_is_not_obeyed(told):
    assert told(carried(), PAUSE, no) == ()
    assert told(carried(), PAUSE, yes) == (PLAIN,)
    assert told(carried(holds=(PLAIN,)), RESUME, no) == (PLAIN,)


def test_what_is_heard_while_the_record_is_asked_makes_it_ask_again(told):
    """The record said yes, and then the creditor let the account go on."""
    known = carried()

    def resumed_meanwhile():
        known.hear(HoldLifted(event_id="by the creditor", hold=Hold.PAUSE))
        return True

    assert told(known, PAUSE, resumed_meanwhile, no) == ()


def test_a_history_from_before_goes_the_way_that_it_went(told):
    known = carried()

    def resumed_meanwhile():
        known.hear(HoldLifted(event_id="by the creditor", hold=Hold.PAUSE))
        return True

    assert told(known, PAUSE, resumed_meanwhile, patched=False) == (PLAIN,)


def test_a_resume_of_many_leaves_a_pause_that_has_days_of_its_own(told):
    assert told(carried(holds=(PLAIN, ABROAD)), RESUME, yes) == (ABROAD,)
