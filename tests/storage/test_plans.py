"""Plans on record: the newest revision counts, and each is written once."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from domain.orders import Charge, ChargeStatus
from domain.plans import monthly
from storage import ledger, payments, plans
from tests.api.record import NOW, contact, placement, record, usd

TODAY = date(2026, 11, 21)


@pytest.fixture
def placed(database):
    one = placement()
    record(database, one)
    return one


def plan(plan_id="p1", first=date(2026, 12, 1)):
    return monthly(plan_id, usd(200_00), parts=4, first=first)


def later(before):
    return before.model_copy(update={"revision": before.revision + 1})


def test_the_newest_revision_of_the_newest_plan_is_the_plan(database, placed):
    with database.transaction() as session:  # one transaction has one time: order tells
        assert plans.current(session, placed.account_id) is None
        assert plans.accept(session, placed.account_id, plan(), at=NOW)
        assert plans.revise(session, placed.account_id, later(plan()), why="skip", at=NOW)
        assert plans.current(session, placed.account_id) == later(plan())
        assert plans.accept(session, placed.account_id, plan("p2"), at=NOW)
        assert plans.current(session, placed.account_id) == plan("p2")
        told = [
            (row.id, row.revision, row.why) for row in plans.history(session, placed.account_id)
        ]
    assert told == [("p1", 1, "accepted"), ("p1", 2, "skip"), ("p2", 1, "accepted")]


def test_a_plan_that_was_given_up_is_none(database, placed):
    with database.transaction() as session:
        plans.accept(session, placed.account_id, plan(), at=NOW)
        assert plans.end(session, placed.account_id, plan(), why="given up", at=NOW)
        assert not plans.end(session, placed.account_id, plan(), why="given up", at=NOW)
        assert plans.current(session, placed.account_id) is None


def test_a_revision_is_written_once_and_found_by_its_cause(database, placed):
    with database.transaction() as session:
        assert plans.accept(session, placed.account_id, plan(), at=NOW)
        assert not plans.accept(session, placed.account_id, plan(), at=NOW)
        after = later(plan())
        assert plans.revise(
            session, placed.account_id, after, why="move", at=NOW, cause="request 1"
        )
        assert not plans.revise(session, placed.account_id, after, why="move", at=NOW)
        made = plans.made_by(session, "request 1")
        assert made is not None
        assert made.revision == 2
        assert plans.made_by(session, "request 2") is None


@pytest.mark.parametrize(
    ("extra", "amounts"),
    [("keep", [50_00, 50_00, 30_00]), ("respread", [32_50] * 4), (None, None)],
)
def test_an_extra_payment_revises_the_plan_as_it_was_asked(database, placed, extra, amounts):
    with database.transaction() as session:
        plans.accept(session, placed.account_id, plan(), at=NOW)
        ledger.pay(session, placed.account_id, "pay:1", usd(70_00), at=NOW)
        revised = plans.take_extra(session, placed.account_id, 70_00, extra, NOW)
        standing = plans.current(session, placed.account_id)
    assert standing is not None
    if amounts is None:
        assert (revised, standing.revision) == (None, 1)
    else:
        assert revised == standing
        assert [part.open for part in standing.parts(130_00)] == amounts


def test_what_is_overdue_is_paid_before_anything_is_extra(database, placed):
    with database.transaction() as session:
        plans.accept(session, placed.account_id, plan(first=TODAY - timedelta(days=40)), at=NOW)
        ledger.pay(session, placed.account_id, "pay:1", usd(70_00), at=NOW)
        assert plans.take_extra(session, placed.account_id, 70_00, "keep", NOW) is None


def test_without_a_plan_no_payment_is_extra(database, placed):
    with database.transaction() as session:
        assert plans.take_extra(session, placed.account_id, 70_00, "keep", NOW) is None


def charge(session, placed, key, minor, *, instalment=1, status=ChargeStatus.PROCESSING):
    amount = usd(minor)
    order = Charge(
        key=key, account_id=placed.account_id, at=NOW, amount=amount, instalment=instalment
    )
    row = payments.begin_charge(session, order)
    row.status, row.intent_id = status, f"pi_{key}"
    session.flush()
    return row


@pytest.mark.parametrize("order", ["the charge first", "the extra payment first"])
@pytest.mark.parametrize("status", [ChargeStatus.PROCESSING, ChargeStatus.UNAVAILABLE])
def test_a_charge_under_way_pays_what_is_due_whether_it_is_told_before_an_extra_payment_or_after(
    database, placed, order, status
):
    with database.transaction() as session:
        plans.accept(session, placed.account_id, plan(first=TODAY), at=NOW)
        row = charge(session, placed, "c1", 50_00, status=status)
        if order == "the charge first":
            row.status = ChargeStatus.PAID
            ledger.pay(session, placed.account_id, "c1", usd(50_00), at=NOW)
        ledger.pay(session, placed.account_id, "extra", usd(60_00), at=NOW)
        after = plans.take_extra(session, placed.account_id, 60_00, "keep", NOW)
        ledger.pay(session, placed.account_id, "c1", usd(50_00), at=NOW)
    assert after is not None
    assert [part.open for part in after.parts(90_00)] == [0, 50_00, 40_00]


def test_an_offer_is_overtaken_by_a_plan_that_was_waited_with_until_it_was_made(database, placed):
    """The plan's transaction began first, and had to wait for the person."""
    with database.transaction() as accepting:
        accepting.execute(select(func.now()))
        contact(database, placed, offer=plan("offered"))
        plans.accept(accepting, placed.account_id, plan("p1"), at=NOW)
    with database.transaction() as session:
        assert not payments.is_newest_offer(session, placed.account_id, plan("offered"))


def test_every_try_at_an_instalment_is_of_one_claim_and_that_of_another_plan_is_not(
    database, placed
):
    def claims(*numbers):
        with database.transaction() as session:
            return [
                payments.claim_of(
                    session,
                    charge(session, placed, f"c{each}", 50_00, instalment=each % 10 or None),
                )
                for each in numbers
            ]

    def accept(plan_id):
        with database.transaction() as session:
            plans.accept(session, placed.account_id, plan(plan_id), at=NOW)

    assert claims(10, 20) == ["balance", "balance"]
    accept("p1")
    assert claims(11, 21, 12) == ["p1/1", "p1/1", "p1/2"]
    accept("p2")
    assert claims(31, 11) == ["p2/1", "p1/1"]
