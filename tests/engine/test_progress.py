"""What an account knows of its balance and its plan follows the record."""

from datetime import UTC, date, datetime

import pytest

from compliance.facts import PersonFacts
from compliance.orders import Recorded
from domain.accounts import Hold, Placement
from domain.events import BalanceChanged, HardshipDeclared, HoldLifted
from domain.money import Money
from domain.people import StandingHold
from domain.plan_changes import owing_more
from domain.plans import monthly
from engine.progress import Progress
from journeys import JOURNEYS
from journeys.standard import STANDARD
from simulation.diary import newly_placed, play

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


# hardship, on whatever road it is told

HARDSHIP = StandingHold(hold=Hold.HARDSHIP)
PLACED = Placement.model_validate(
    {
        "creditor": "acme",
        "reference": "A1",
        "balance": {"minor": 200_00, "currency": "USD"},
        "due_on": "2026-03-01",
        "consumer": {"reference": "C1", "name": "Jo", "country": "US", "phone": "+12122000000"},
    }
)


def recorded(*holds):
    facts = PersonFacts(country="US", zones=("America/New_York",), holds=holds)
    return Recorded(version=1, balance=200_00, facts=facts, law="")


def lifted():
    return HoldLifted(event_id="lifted", hold=Hold.HARDSHIP)


def in_hardship(account, story, journey=STANDARD):
    diary = play(journey, story, account=account, last_day=20, show_stages=True)
    return [line for line in diary if "entered" in line]


@pytest.mark.parametrize("name", sorted({*JOURNEYS} - {"hardship"}))
def test_an_account_that_is_placed_while_a_hardship_hold_stands_takes_the_journey_for_it(name):
    account = Progress.begun(PLACED, recorded(HARDSHIP))

    assert in_hardship(account, {9: lifted()}, JOURNEYS[name])[-2:] == [
        "day   9  09:00  entered in_hardship",
        "day   9  09:00  entered breathing_space",
    ]


def test_an_account_that_is_placed_while_another_hold_stands_goes_on_as_any():
    begun = Progress.begun(PLACED, recorded(StandingHold(hold=Hold.DISPUTE)))
    assert begun.responses == []
    assert Progress.begun(PLACED, recorded()).responses == []


def test_a_hold_for_hardship_that_is_placed_in_temporals_ui_leads_to_the_journey_for_it():
    account = newly_placed()
    account.take_hold(HARDSHIP, event_id="ui-1")
    account.take_hold(HARDSHIP, event_id="ui-1")

    assert account.person.holds == (HARDSHIP,)
    assert in_hardship(account, {9: lifted()})[-1] == "day   9  09:00  entered breathing_space"


def test_a_hold_for_anything_else_declares_nothing():
    account = newly_placed()
    account.take_hold(StandingHold(hold=Hold.PAUSE), event_id="ui-1")
    assert account.responses == []


def test_hardship_that_is_told_twice_before_it_is_answered_is_answered_once():
    account = newly_placed()
    account.take_hold(HARDSHIP, event_id="ui-1")
    account.hear(HardshipDeclared(event_id="wrote"))
    account.take_hold(HARDSHIP, event_id="ui-2")

    assert [each.kind for each in account.responses] == ["hardship_declared"]
