"""What we earn of what is collected: per movement, and in sums that are the sums of their lines."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.commission import StatementLine, StatementTotals, share
from domain.contracts import CommissionTerms

TERMS = CommissionTerms(collected=Decimal("17.5"), direct=Decimal(5))
percents = st.decimals(0, 100, places=4)
amounts = st.integers(-(10**12), 10**12)


@pytest.mark.parametrize(
    ("minor", "percent", "rounded"),
    [(10_000, "17.5", 1750), (10, "25", 2), (30, "25", 8), (-10, "25", -2), (1, "0", 0)],
)
def test_a_share_is_rounded_half_to_even_on_either_side_of_zero(minor, percent, rounded):
    assert share(minor, Decimal(percent)) == rounded


def test_what_was_paid_directly_earns_its_own_share_and_is_not_ours_to_pay_out():
    lines = [
        StatementLine.of(TERMS, collected=10_000, direct=0, fee=320),
        StatementLine.of(TERMS, collected=0, direct=4000),
        StatementLine.of(TERMS, collected=-10_000, direct=0),
    ]
    totals = StatementTotals.of(lines)

    assert [line.commission for line in lines] == [1750, 200, -1750]
    assert totals == StatementTotals(collected=0, direct=4000, commission=200, fees=320)
    assert totals.remitted == -200


@settings(max_examples=60)
@given(amounts, percents)
def test_a_payment_that_went_back_leaves_no_commission(minor, percent):
    assert share(minor, percent) == -share(-minor, percent)


@settings(max_examples=60)
@given(st.lists(st.tuples(amounts, amounts)), percents, percents)
def test_totals_are_the_sums_of_their_lines(movements, collected, direct):
    terms = CommissionTerms(collected=collected, direct=direct)
    lines = [StatementLine.of(terms, collected=a, direct=b) for a, b in movements]
    totals = StatementTotals.of(lines)
    assert totals.commission == sum(line.commission for line in lines)
    assert totals.remitted + totals.commission == sum(a for a, _ in movements)
