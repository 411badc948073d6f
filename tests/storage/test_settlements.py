"""Offers to settle: one way to make one, and the ledger decides what becomes of it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from domain.contracts import Authority, Contract, EarlyDiscount, SettlementTerms
from domain.ledger import Cause, added
from domain.plans import schedule
from domain.rhythms import Weekly
from domain.settlements import BelowFloor, SettlementState
from storage import accounts, contracts, ledger, plans, settlements
from storage.tables import Person
from tests.api.record import NOW, placement, record, usd

TERMS = SettlementTerms(
    floor=Decimal(50),
    least={Authority.AGENT: Decimal(60), Authority.AUTOMATIC: Decimal(90)},
    valid_days=14,
    early=EarlyDiscount(percent=Decimal(10), within_days=7),
)
LAST = date(2026, 12, 5)
IN_TIME = datetime(2026, 12, 6, 5, 59, tzinfo=UTC)
"""A minute before the end of the last day in Chicago."""
TOO_LATE = IN_TIME + timedelta(minutes=1)


@pytest.fixture
def session(database):
    with database.transaction() as session:
        contracts.agree(session, "acme", Contract(settlement=TERMS))
    with database.transaction() as session:
        yield session


@pytest.fixture
def account(database, session):
    """Somebody of Chicago who owes 200.00."""
    placed = placement(consumer={"region": "US-IL", "phone": None, "time_zone": "America/Chicago"})
    record(database, placed)
    return accounts.by_id(session, placed.account_id)


def offer(session, account, minor=120_00, *, named="s1", by=Authority.AGENT, at=NOW, **more):
    return settlements.offer(
        session, account, usd(minor), settlement_id=named, by=by, source="tests", at=at, **more
    )


def pay(session, account, key, minor, *, at=IN_TIME, cause=Cause.PAYMENT):
    ledger.pay(session, account.id, key, usd(minor), at=at, cause=cause)
    return settlements.complete(session, account, at=at)


def give_back(session, account, key, minor, cause=Cause.CHARGEBACK):
    ledger.give_back(session, account.id, key, usd(minor), cause=cause, at=TOO_LATE)
    return settlements.uncomplete(session, account, at=TOO_LATE)


def owed(session, account):
    return ledger.balance(session, account.id)


def states(session, account, at=NOW):
    found = settlements.of_account(session, account, at)
    return {each.settlement.settlement_id: each.state for each in found}


def test_an_offer_below_the_floor_of_whoever_makes_it_is_refused(session, account):
    with pytest.raises(BelowFloor, match=r"119\.99 is below the floor 120\.00 that an agent may"):
        offer(session, account, 119_99)
    with pytest.raises(BelowFloor, match=r"is below the floor 180\.00 that may be offered auto"):
        offer(session, account, 120_00, by=Authority.AUTOMATIC)
    assert settlements.of_account(session, account, NOW) == []


@pytest.mark.parametrize(
    "change",
    ["minor = floor - 1", "minor = balance + 1", "minor = 0, floor = 0", "floor = minor + 1"],
)
def test_the_database_refuses_an_offer_below_the_floor_whoever_writes_it(session, account, change):
    offer(session, account)

    with pytest.raises(IntegrityError, match="ck_settlements_floor"), session.begin_nested():
        session.execute(text(f"update settlements set {change}"))
    with pytest.raises(IntegrityError, match="ck_settlements_floor"), session.begin_nested():
        session.execute(
            text(
                "insert into settlements (id, account_id, minor, floor, balance, version, expires,"
                " zones, by, source, at, withdrawn_at) select 'raw', account_id, floor - 1, floor,"
                " balance, version, expires, zones, by, source, at, at from settlements"
            )
        )


def test_the_database_refuses_a_second_standing_offer(session, account):
    offer(session, account)

    with pytest.raises(IntegrityError, match="uq_settlements_standing"), session.begin_nested():
        session.execute(
            text(
                "insert into settlements (id, account_id, minor, floor, balance, version, expires,"
                " zones, by, source, at) select 'raw', account_id, minor, floor, balance, version,"
                " expires, zones, by, source, at from settlements"
            )
        )


def test_a_new_offer_takes_the_place_of_the_one_before(session, account):
    offer(session, account, named="s1")
    made = offer(session, account, 130_00, named="s2")

    assert states(session, account) == {"s1": "withdrawn", "s2": "open"}
    assert settlements.standing(session, account, NOW) == made


def test_the_same_offer_again_is_the_same_offer(session, account):
    made = offer(session, account)

    assert offer(session, account, 150_00) == made
    assert states(session, account) == {"s1": "open"}


def test_an_offer_is_met_by_what_comes_up_to_the_end_of_its_last_day_where_the_consumer_is(
    session, account
):
    made = offer(session, account)

    assert made.expires == LAST
    assert pay(session, account, "p1", 120_00, at=IN_TIME)
    assert owed(session, account) == 0
    assert ledger.is_booked(session, "settled:s1")
    assert ledger.is_settled(session, account.id)
    assert states(session, account, TOO_LATE + timedelta(days=90)) == {"s1": "met"}
    assert settlements.standing(session, account, NOW) is None


def test_an_offer_is_not_met_by_what_comes_a_minute_after_its_last_day(session, account):
    offer(session, account)

    assert not pay(session, account, "p1", 120_00, at=TOO_LATE)
    assert owed(session, account) == 80_00
    assert states(session, account, IN_TIME) == {"s1": "open"}
    assert states(session, account, TOO_LATE) == {"s1": "expired"}
    assert settlements.standing(session, account, TOO_LATE) is None


def test_an_offer_that_a_plan_pays_stands_until_its_last_part_is_missed(session, account):
    offer(session, account)
    plan = schedule("p1", usd(120_00), Weekly(), LAST - timedelta(days=7), parts=2)
    paying = plan.model_copy(update={"settlement_id": "s1", "opening": 200_00})
    plans.accept(session, account.id, paying, at=NOW)

    grace = timedelta(days=3)
    assert not pay(session, account, "p1", 60_00, at=IN_TIME)
    assert settlements.standing(session, account, IN_TIME + grace)
    assert states(session, account, IN_TIME + grace) == {"s1": "open"}
    assert states(session, account, TOO_LATE + grace) == {"s1": "expired"}
    assert not pay(session, account, "late", 10_00, at=TOO_LATE + grace)
    assert pay(session, account, "p2", 60_00, at=IN_TIME + grace)
    assert owed(session, account) == 0


def test_a_met_offer_whose_plan_is_given_up_is_not_met_by_money_that_came_too_late(
    session, account
):
    offer(session, account)
    plan = schedule("p1", usd(120_00), Weekly(), LAST - timedelta(days=7), parts=2)
    paying = plan.model_copy(update={"settlement_id": "s1", "opening": 200_00})
    plans.accept(session, account.id, paying, at=NOW)
    assert pay(session, account, "p1", 120_00, at=TOO_LATE)
    plans.end(session, account.id, paying, why="given up", at=TOO_LATE)

    assert not settlements.complete(session, account, at=TOO_LATE)
    assert not settlements.is_met(session, account)
    assert owed(session, account) == 80_00
    assert not ledger.is_settled(session, account.id)


def test_without_its_plan_an_offer_ends_on_its_last_day(session, account):
    offer(session, account)
    plan = schedule("p1", usd(120_00), Weekly(), LAST - timedelta(days=7), parts=2)
    paying = plan.model_copy(update={"settlement_id": "s1", "opening": 200_00})
    plans.accept(session, account.id, paying, at=NOW)
    plans.end(session, account.id, paying, why="given up", at=NOW)

    assert not pay(session, account, "p1", 120_00, at=TOO_LATE)
    assert states(session, account, TOO_LATE) == {"s1": "expired"}


def test_costs_make_no_plan_of_a_settlement_ask_for_more(session, account):
    offer(session, account)
    plan = schedule("p1", usd(120_00), Weekly(), LAST - timedelta(days=7), parts=2)
    paying = plan.model_copy(update={"settlement_id": "s1", "opening": 200_00})
    plans.accept(session, account.id, paying, at=NOW)
    ledger.book(session, account.id, added("costs:1", Cause.COSTS, usd(5_00)), at=NOW)
    plans.owe_more(session, account.id, 5_00, NOW)

    after = plans.current(session, account.id)
    assert after is not None
    assert [part.open for part in after.parts(205_00)] == [60_00, 60_00]
    assert pay(session, account, "p1", 120_00)
    assert owed(session, account) == 0


@pytest.mark.parametrize(
    ("moved_to", "at", "is_met"),
    [("America/New_York", IN_TIME, True), ("America/Los_Angeles", TOO_LATE, False)],
)
def test_its_last_day_ends_as_it_did_where_the_consumer_was_when_it_was_made(
    session, account, moved_to, at, is_met
):
    offer(session, account)
    session.get_one(Person, account.person_id).zones = [moved_to]

    standing = settlements.standing(session, account, at)
    assert (standing is not None) is is_met
    assert standing is None or not standing.is_over(at, now_in=[moved_to])
    assert states(session, account, at) == {"s1": "open" if is_met else "expired"}
    assert pay(session, account, "p1", 120_00, at=at) is is_met
    assert states(session, account, TOO_LATE) == {"s1": "met" if is_met else "expired"}


def test_a_met_offer_stays_met_when_the_consumer_moves(session, account):
    offer(session, account)
    pay(session, account, "p1", 140_00)
    session.get_one(Person, account.person_id).zones = ["America/New_York"]

    assert not give_back(session, account, "b1", 20_00, cause=Cause.REFUND)
    assert settlements.is_met(session, account)
    assert owed(session, account) == 0


def test_what_is_owed_again_and_forgiven_anew_is_dated_as_what_moved_it(session, account):
    offer(session, account)
    day = timedelta(days=1)
    for number, at in enumerate((NOW + 5 * day, NOW + 9 * day, NOW + 3 * day)):
        settlements.lift(session, account, at=at)
        pay(session, account, f"p{number}", 120_00 if not number else 1_00, at=at)
    ledger.give_back(session, account.id, "b1", usd(120_00), at=NOW + 12 * day)
    settlements.uncomplete(session, account, at=NOW + 12 * day)

    causes = (Cause.SETTLEMENT, Cause.SETTLEMENT_UNDONE)
    moved = [each for each in ledger.movements(session, account.id) if each.cause in causes]
    assert [(each.key, ((each.at or NOW) - NOW).days) for each in moved] == [
        ("settled:s1", 5),
        ("unsettled:s1", 9),
        ("settled:s1:2", 9),
        ("unsettled:s1:2", 9),  # a payment told late undoes nothing before it was done
        ("settled:s1:3", 9),
        ("unsettled:s1:3", 12),
    ]


def test_money_that_came_in_time_counts_even_if_we_learn_of_it_later(session, account):
    offer(session, account)
    ledger.pay(session, account.id, "p1", usd(120_00), at=IN_TIME, cause=Cause.TRANSFER)

    assert settlements.complete(session, account, at=TOO_LATE + timedelta(days=3))


def test_what_was_paid_before_the_offer_does_not_count_for_it(session, account):
    pay(session, account, "p0", 50_00, at=NOW)
    offer(session, account, 90_00)  # 60 % of what is left

    assert not pay(session, account, "p1", 40_00)
    assert pay(session, account, "p2", 50_00)
    assert owed(session, account) == 0


def test_a_payment_in_parts_and_over_the_offer_forgives_just_the_rest(session, account):
    offer(session, account)

    assert not pay(session, account, "p1", 100_00)
    assert pay(session, account, "p2", 50_00)
    assert ledger.booked_amount(session, "settled:s1") == -50_00
    assert not settlements.complete(session, account, at=IN_TIME)


def test_money_that_goes_back_undoes_it_and_coming_again_in_time_it_is_met_again(session, account):
    offer(session, account)
    pay(session, account, "p1", 120_00)

    assert give_back(session, account, "b1", 120_00)
    assert owed(session, account) == 200_00
    assert not ledger.is_settled(session, account.id)
    assert states(session, account, IN_TIME) == {"s1": "open"}
    assert states(session, account, TOO_LATE) == {"s1": "expired"}

    assert pay(session, account, "p2", 120_00)
    assert owed(session, account) == 0
    assert states(session, account) == {"s1": "met"}
    assert give_back(session, account, "b2", 1)
    assert owed(session, account) == 80_01


def test_a_chargeback_that_is_won_meets_it_again_however_late(session, account):
    offer(session, account)
    pay(session, account, "p1", 120_00)
    give_back(session, account, "b1", 120_00)

    won = Cause.CHARGEBACK_WON
    assert pay(session, account, "w1", 120_00, at=TOO_LATE + timedelta(days=60), cause=won)
    assert owed(session, account) == 0


def test_money_that_went_back_and_returned_counts_once(session, account):
    offer(session, account)
    pay(session, account, "p1", 60_00)
    give_back(session, account, "b1", 60_00)
    pay(session, account, "w1", 60_00, cause=Cause.CHARGEBACK_WON)

    assert not pay(session, account, "p2", 60_00, at=TOO_LATE + timedelta(days=200))
    assert owed(session, account) == 80_00


def test_a_refund_that_failed_is_no_second_payment(session, account):
    offer(session, account)
    pay(session, account, "p1", 60_00)
    give_back(session, account, "b1", 60_00, cause=Cause.REFUND)

    assert not pay(session, account, "f1", 60_00, cause=Cause.REFUND)
    assert pay(session, account, "p2", 60_00)


def test_a_refund_of_what_was_paid_over_the_offer_leaves_it_met(session, account):
    offer(session, account)
    pay(session, account, "p1", 150_00)

    assert not give_back(session, account, "b1", 30_00, cause=Cause.REFUND)
    assert owed(session, account) == 0
    assert states(session, account) == {"s1": "met"}
    assert not give_back(session, account, "b1", 30_00, cause=Cause.REFUND)
    assert give_back(session, account, "b2", 1, cause=Cause.REFUND)
    assert owed(session, account) == 80_01


def test_who_pays_all_of_it_has_paid_in_full_and_nothing_is_forgiven(session, account):
    offer(session, account)

    assert not pay(session, account, "p1", 200_00)
    assert not ledger.is_settled(session, account.id)
    assert settlements.standing(session, account, NOW) is None
    assert not give_back(session, account, "b1", 10_00)
    assert owed(session, account) == 0  # what is left of 190.00 is over the 120.00 agreed


def test_a_withdrawn_offer_is_met_by_nothing(session, account):
    offer(session, account)

    assert settlements.withdraw(session, account, "s1", at=NOW)
    assert not settlements.withdraw(session, account, "s1", at=NOW)
    assert not settlements.withdraw(session, account, "s2", at=NOW)
    assert not pay(session, account, "p1", 120_00)
    assert states(session, account, TOO_LATE + timedelta(days=9)) == {
        "s1": SettlementState.WITHDRAWN
    }


def test_an_offer_that_ran_out_before_the_next_one_has_expired(session, account):
    offer(session, account)
    offer(session, account, named="s2", at=TOO_LATE)

    assert states(session, account, TOO_LATE) == {"s1": "expired", "s2": "open"}


def test_a_met_offer_cannot_be_withdrawn(session, account):
    offer(session, account)
    pay(session, account, "p1", 120_00)

    assert not settlements.withdraw(session, account, "s1", at=NOW)


def test_a_new_account_is_offered_what_whoever_pays_early_saves(session, account):
    made = settlements.offer_early(session, account, at=NOW)

    assert made is not None
    assert (made.minor, made.expires) == (180_00, date(2026, 11, 28))
    assert settlements.offer_early(session, account, at=NOW) == made
    assert states(session, account) == {f"early:{account.id}": "open"}
