"""What an account knows of its balance and its plan follows the record."""

from datetime import UTC, date, datetime

import pytest

from compliance.facts import PersonFacts
from domain.events import BalanceChanged
from domain.money import Money
from domain.plan_changes import owing_more
from domain.plans import monthly
from engine.progress import Progress

PLAN = monthly("p1", Money(minor=100_00, currency="USD"), parts=4, first=date(2026, 12, 1))
GROWN = owing_more(PLAN, 105_00, 5_00)
AT = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture
def progress():
    return Progress(
        account_id="acc_1",
        currency="USD",
        balance=100_00,
        version=1,
        due_on=AT.date(),
        person=PersonFacts(country="US", zones=("UTC",)),
        plan=PLAN,
    )


def added(plan, version=2):
    return BalanceChanged(
        event_id=f"added:{version}", version=version, balance=105_00, cause="adjustment", plan=plan
    )


def test_a_plan_that_took_in_costs_is_taken_over_and_is_no_answer(progress):
    progress.hear(added(GROWN))
    assert (progress.balance, progress.plan, progress.responses) == (105_00, GROWN, [])
    assert progress.plan.outstanding(progress.plan.instalments[0], progress.balance) == 25_00


def test_it_is_taken_over_even_if_the_balance_was_known_before(progress):
    progress.settle(2, 105_00)
    progress.hear(added(GROWN))
    assert progress.plan == GROWN


@pytest.mark.parametrize("told", [PLAN, GROWN.model_copy(update={"plan_id": "p0"}), None])
def test_an_older_revision_and_another_plan_are_not(progress, told):
    progress.settle(2, 105_00, told)
    assert progress.plan == PLAN


def test_a_plan_that_was_given_up_does_not_come_back(progress):
    progress.plan = None
    progress.settle(2, 105_00, GROWN)
    assert progress.plan is None
