"""Interest and costs are added as contract and law allow: nothing is lost, nothing added twice."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from math import floor

import pytest
from sqlalchemy import select

from activities.records import Records
from compliance.orders import EnterStage
from domain.accounts import Hold
from domain.contracts import Contract, CostTerms, InterestTerms
from domain.interest import Span, accrued
from domain.ledger import Book, Cause
from domain.plans import monthly
from storage import accounts, accruing, contracts, ledger, plans
from storage.tables import Account, AccrualRow
from tests.api.record import NOW, placement, record, usd

pytestmark = pytest.mark.stack

TEN = InterestTerms(percent_a_year=Decimal(10))
COSTS = CostTerms(at_placement=(usd(1500),), per_failed_payment=(usd(500),))
DAY = timedelta(days=1)
ENGLAND = {"country": "GB", "region": "GB-ENG"}
NONE = CostTerms()


@pytest.fixture
def place(database):
    """Places an account under a contract, in some country."""

    def placed(interest=TEN, costs=NONE, order=None, **consumer):
        terms = Contract(interest=interest, costs=costs, allocation=order)
        with database.transaction() as session:
            contracts.agree(session, "acme", terms)
        made = placement(balance={"minor": 100_000, "currency": "USD"}, consumer=consumer)
        record(database, made)
        return made.account_id

    return placed


@pytest.fixture
def accrue(database):
    """Adds interest up to so many days after placement; gives what was booked."""

    def after(account_id, days):
        with database.transaction() as session:
            account = session.get_one(Account, account_id)
            return accruing.accrue(session, account, NOW + days * DAY)

    return after


@pytest.fixture
def owed(database):
    def portions(account_id):
        with database.transaction() as session:
            found = ledger.portions(session, account_id)
        return [found.get(book, 0) for book in (Book.COSTS, Book.INTEREST, Book.PRINCIPAL)]

    return portions


def looks(database, account_id):
    with database.transaction() as session:
        rows = session.scalars(select(AccrualRow).where(AccrualRow.account_id == account_id))
        return [(row.percent, row.why) for row in rows]


def test_a_year_of_small_looks_books_what_one_look_does(place, accrue, owed):
    often, once = place(), place()
    booked = sum(accrue(often, day) for day in (*range(1, 365, 7), 365))
    assert booked == accrue(once, 365) == 10_000
    assert owed(often) == owed(once) == [0, 10_000, 100_000]


def test_the_same_day_is_booked_once(place, accrue, owed):
    account = place()
    assert [accrue(account, 30), accrue(account, 30), accrue(account, 29)] == [821, 0, 0]
    assert owed(account)[1] == 821


def test_interest_that_ran_is_still_owed_when_the_principal_is_paid(database, place, accrue, owed):
    account = place(order=(Book.PRINCIPAL, Book.INTEREST, Book.COSTS))
    accrue(account, 100)
    with database.transaction() as session:
        ledger.pay(session, account, "p1", usd(100_000), at=NOW + 100 * DAY)
    assert accrue(account, 200) == 0
    assert owed(account) == [0, 2739, 0]


def test_interest_runs_on_what_is_left_and_the_remainder_is_not_lost(database, place, accrue):
    account = place()
    booked = accrue(account, 33)
    with database.transaction() as session:
        ledger.pay(session, account, "p1", usd(booked + 33_333), at=NOW + 33 * DAY)
    booked += accrue(account, 34) + accrue(account, 77)
    begin = NOW.date()
    exact = accrued(
        Span(begin + a * DAY, begin + b * DAY, principal, Decimal(10), "actual/365")
        for a, b, principal in [(0, 33, 100_000), (33, 77, 66_667)]
    )
    assert booked == floor(exact)


def test_a_payment_that_is_told_late_takes_back_the_interest_that_it_stopped(
    database, place, accrue, owed
):
    account = place(order=(Book.PRINCIPAL, Book.INTEREST, Book.COSTS))
    assert accrue(account, 40) == floor(100_000 * 40 / 3650)
    with database.transaction() as session:
        ledger.pay(session, account, "p1", usd(60_000), at=NOW + 10 * DAY)
    assert accrue(account, 40) == floor(100_000 * 10 / 3650 + 40_000 * 30 / 3650) - 1095
    assert owed(account) == [0, 602, 40_000]
    assert accrue(account, 40) == 0


def test_interest_may_run_from_the_due_date(place, accrue):
    account = place(TEN.model_copy(update={"since": "due date"}))
    assert accrue(account, 0) == floor(100_000 * (NOW.date() - date(2026, 10, 1)).days / 3650)


@pytest.mark.parametrize(
    ("terms", "consumer"),
    [
        (InterestTerms(), {}),
        (TEN, {"country": "SA", "phone": "+966501234567"}),
    ],
)
def test_without_contract_or_against_the_law_none_is_added(terms, consumer, place, accrue, owed):
    account = place(terms, **consumer)
    assert accrue(account, 365) == 0
    assert owed(account) == [0, 0, 100_000]


def test_a_day_without_interest_says_why(database, place, accrue):
    account = place(country="AE", phone="+971501234567")
    accrue(account, 10)
    assert looks(database, account) == [(0, "GULF-M1")]


@pytest.mark.parametrize("hold", [Hold.DISPUTE, Hold.HARDSHIP, Hold.BREATHING_SPACE])
def test_while_a_hold_stands_nothing_runs_not_even_for_days_on_which_it_was_lifted(
    database, place, accrue, hold
):
    account = place()
    accrue(account, 10)
    with database.transaction() as session:
        accounts.place_hold(session, account, hold, reason="told")
    assert accrue(account, 40) == 0
    with database.transaction() as session:
        accounts.lift_hold(session, account, hold)
    assert accrue(account, 50) == 0
    assert accrue(account, 60) == floor(100_000 * 20 / 3650) - floor(100_000 * 10 / 3650)
    assert looks(database, account)[1:3] == [(0, hold), (0, hold)]


def test_on_a_part_that_is_disputed_none_runs(database, place, accrue):
    account = place()
    with database.transaction() as session:
        accounts.place_hold(session, account, Hold.DISPUTE, reason="told", part=40_000)
    assert accrue(account, 365) == 6000


def test_a_plan_that_is_kept_stops_it_and_one_that_is_not_lets_it_run_again(
    database, place, accrue
):
    account = place()
    with database.transaction() as session:
        first = NOW.date() + 30 * DAY
        plans.accept(session, account, monthly("plan_1", usd(100_000), parts=4, first=first))
    assert [accrue(account, day) for day in (10, 33, 34, 44)] == [0, 0, 0, 273]
    assert [why for _, why in looks(database, account)] == [
        accruing.KEPT,
        accruing.KEPT,
        accruing.KEPT_TILL_NOW,
        None,
    ]


def enter(database, account_id, journey, days):
    """The account enters the first stage of a journey, as its workflow writes it."""
    order = EnterStage(
        key=f"{journey}:{days}",
        account_id=account_id,
        journey=journey,
        stage="first",
        at=NOW + days * DAY,
    )
    Records(database).enter_stage(order)


def test_on_the_hardship_journey_nothing_runs_to_the_day_it_is_left(database, place, accrue):
    account = place()
    enter(database, account, "hardship", 10)
    assert accrue(account, 40) == 0
    enter(database, account, "standard", 50)
    assert looks(database, account) == [
        (10, None),
        (0, accruing.IN_HARDSHIP),
        (0, accruing.IN_HARDSHIP),
    ]
    assert accrue(account, 60) == floor(100_000 * 20 / 3650) - floor(100_000 * 10 / 3650)


def test_on_the_hardship_journey_no_costs_are_added(database, place):
    account = place(costs=COSTS)
    enter(database, account, "hardship", 0)
    assert costs(database, account) == (0, 0)


def test_after_the_end_nothing_is_added(database, place, accrue):
    account = place(costs=COSTS)
    with database.transaction() as session:
        accounts.recall(session, account)
        row = session.get_one(Account, account)
        assert accruing.costs_of_failure(session, row, "c#1", NOW) == 0
    assert accrue(account, 365) == 0


def costs(database, account_id, key="c#1"):
    with database.transaction() as session:
        account = session.get_one(Account, account_id)
        placed = accruing.costs_at_placement(session, account, NOW)
        return placed, accruing.costs_of_failure(session, account, key, NOW)


def test_costs_are_added_once_for_what_causes_them(database, place, owed):
    account = place(costs=COSTS)
    assert [costs(database, account) for _ in range(2)] == [(1500, 500), (0, 0)]
    assert costs(database, account, "c#2") == (0, 500)
    assert owed(account) == [2500, 0, 100_000]


@pytest.mark.parametrize("consumer", [{"country": "NL", "phone": "+31612345678"}, {}])
def test_costs_are_not_added_against_the_law_or_without_a_contract(database, place, consumer):
    assert costs(database, place(costs=COSTS if consumer else NONE, **consumer)) == (0, 0)


def test_in_breathing_space_no_costs_are_added(database, place):
    account = place(costs=COSTS, phone="+447911123456", **ENGLAND)
    with database.transaction() as session:
        accounts.place_hold(session, account, Hold.BREATHING_SPACE, reason="notice")
    assert costs(database, account) == (0, 0)


@pytest.mark.parametrize(
    ("consumer", "order", "left"),
    [
        ({}, None, [0, 0, 99_000]),
        ({}, (Book.PRINCIPAL, Book.INTEREST, Book.COSTS), [500, 821, 97_679]),
        ({"country": "DE", "phone": "+4915112345678"}, None, [0, 821, 98_179]),
        (
            {"country": "NL", "phone": "+31612345678"},
            (Book.PRINCIPAL, Book.INTEREST, Book.COSTS),
            [0, 0, 98_500],
        ),
    ],
)
def test_a_payment_pays_first_what_the_law_names_then_what_the_contract_does(  # noqa: PLR0917
    database, place, accrue, owed, consumer, order, left
):
    account = place(costs=COSTS, order=order, **consumer)
    accrue(account, 30)
    with database.transaction() as session:
        row = session.get_one(Account, account)
        accruing.costs_of_failure(session, row, "c#1", NOW)
        ledger.pay(session, account, "p1", usd(2321), at=NOW + 30 * DAY)
    assert owed(account) == left
    assert Cause.INTEREST in movements(database, account)


def movements(database, account_id):
    with database.transaction() as session:
        return [each.cause for each in ledger.movements(session, account_id)]


def test_days_are_those_where_the_consumer_is(database, place):
    account = place()
    with database.transaction() as session:
        row = session.get_one(Account, account)
        late = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)  # still the evening of the 21st there
        assert accruing.accrue(session, row, late) == 0
        assert accruing.accrue(session, row, late + DAY) == 27
