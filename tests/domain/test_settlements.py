"""Settlements: nobody goes below the floor, and what came in time decides."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.contracts import Authority, Contract, EarlyDiscount, SettlementTerms
from domain.money import LARGEST, Money
from domain.settlements import (
    BelowFloor,
    NothingOwed,
    OutOfTime,
    OverBalance,
    early,
    floor_of,
    last_day,
    settle,
    share,
)

TODAY = date(2026, 3, 1)
TERMS = SettlementTerms(
    floor=Decimal(40),
    least={Authority.AGENT: Decimal(60), Authority.SUPERVISOR: Decimal(40)},
    valid_days=14,
    early=None,
)
CONTRACT = Contract(settlement=TERMS)

percents = st.decimals(0, 100, places=4)
balances = st.integers(1, LARGEST)


def dollars(minor):
    return Money(minor=minor, currency="USD")


def offered(minor, *, by=Authority.AGENT, balance=100_00, expires=TODAY, contract=CONTRACT):
    return settle(
        contract,
        dollars(balance),
        dollars(minor),
        by=by,
        expires=expires,
        today=TODAY,
        settlement_id="s1",
    )


def test_an_offer_at_the_floor_stands_and_forgives_the_rest():
    made = offered(60_00)

    assert (made.amount, made.forgiven) == (dollars(60_00), dollars(40_00))
    assert not made.is_met(balance=40_01)
    assert made.is_met(balance=40_00)


@pytest.mark.parametrize(
    ("by", "minor", "sentence"),
    [
        (
            Authority.AGENT,
            40_00,
            "settlement 40.00 is below the floor 60.00 that an agent may offer",
        ),
        (
            Authority.SUPERVISOR,
            39_99,
            "settlement 39.99 is below the floor 40.00 that a supervisor may offer",
        ),
        (
            Authority.AUTOMATIC,
            99_99,
            "settlement 99.99 is below the floor 100.00 that may be offered automatically",
        ),
    ],
)
def test_below_the_floor_is_refused_with_the_figures(by, minor, sentence):
    with pytest.raises(BelowFloor, match=f"^{sentence}$"):
        offered(minor, by=by)


def test_nobody_offers_more_than_is_owed_or_anything_where_nothing_is():
    with pytest.raises(OverBalance, match=r"settlement 100\.01 is more than the 100\.00 owed"):
        offered(100_01)
    with pytest.raises(NothingOwed):
        offered(1, balance=0)


@pytest.mark.parametrize("off_by", [-1, 15])
def test_the_last_day_is_neither_past_nor_later_than_the_contract_has_it(off_by):
    assert last_day(CONTRACT, TODAY) == TODAY + timedelta(days=14)
    with pytest.raises(OutOfTime, match="the contract has it from 2026-03-01 to 2026-03-15"):
        offered(60_00, expires=TODAY + timedelta(days=off_by))


@given(balances, percents, st.sampled_from([1, 10, 100]))
def test_a_share_is_never_less_than_its_percent_nor_more_than_all(balance, percent, step):
    minor = share(balance, percent, step=step)

    assert balance * percent <= minor * 100
    assert minor <= balance
    assert minor % step == 0 or minor == balance
    assert minor - step < balance * percent / 100 or minor == balance


@given(balances, percents, percents, st.data())
def test_whoever_offers_whatever_gets_no_offer_below_their_floor(balance, one, other, data):
    floor, least = sorted((one, other))
    terms = SettlementTerms(floor=floor, least={Authority.AGENT: least})
    contract = Contract(settlement=terms)
    by = data.draw(st.sampled_from(Authority))
    bound = floor_of(contract, balance, by)
    minor = data.draw(st.integers(1, balance))

    if minor < bound:
        with pytest.raises(BelowFloor):
            offered(minor, by=by, balance=balance, contract=contract)
    else:
        made = offered(minor, by=by, balance=balance, contract=contract)
        assert made.minor * 100 >= balance * terms.least_for(by) >= balance * floor


def discounted(off, *, balance=100_00, within_days=7, step=1):
    terms = SettlementTerms(
        floor=Decimal(0),
        least={Authority.AUTOMATIC: Decimal(0)},
        early=EarlyDiscount(percent=Decimal(off), within_days=within_days),
    )
    owed = Money(minor=balance, currency="KWD" if step > 1 else "USD")
    contract = Contract(settlement=terms)
    return early(contract, owed, today=TODAY, settlement_id="e1", step=step)


def test_whoever_pays_early_pays_less_by_the_rounded_share_and_has_the_days_agreed():
    made = discounted("12.5", balance=99_99)

    assert (made.minor, made.by) == (87_50, Authority.AUTOMATIC)  # 87.49125, upwards
    assert made.expires == date(2026, 3, 8)


def test_an_early_discount_is_an_amount_that_can_be_charged():
    assert discounted(10, balance=5_124, step=10).minor == 4_620  # 4.6116 KWD


def test_without_a_discount_agreed_or_a_debt_there_is_no_early_offer():
    assert early(CONTRACT, dollars(100_00), today=TODAY, settlement_id="e1") is None
    assert discounted(0) is None
    assert discounted(10, balance=0) is None


@pytest.mark.parametrize(
    ("zones", "hour", "is_over"),
    [
        ((), 4, True),  # by where they are now: New York
        (("America/Chicago",), 4, False),
        (("America/Chicago",), 5, True),
        (("America/Chicago", "America/Denver"), 5, False),
        (("America/Chicago", "America/Denver"), 6, True),
    ],
)
def test_its_last_day_ends_where_the_consumer_was_when_it_was_made(zones, hour, is_over):
    made = settle(
        CONTRACT,
        dollars(100_00),
        dollars(60_00),
        by=Authority.AGENT,
        expires=date(2026, 3, 14),
        today=TODAY,
        settlement_id="s",
    ).model_copy(update={"zones": zones})
    at = datetime(2026, 3, 15, hour, tzinfo=UTC)
    assert made.is_over(at, now_in=["America/New_York"]) is is_over
