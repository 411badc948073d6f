"""What came of what was agreed: money counts if it came in time and stayed."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ledger import Cause
from domain.receipts import Received, held

LAST = date(2026, 3, 15)


def came(minor, day, cause=Cause.PAYMENT):
    return Received(minor=minor, on=date(2026, 3, day), cause=cause)


def won(minor, day):
    return came(minor, day, Cause.CHARGEBACK_WON)


@pytest.mark.parametrize(
    ("movements", "counts"),
    [
        ([], 0),
        ([came(60_00, 15)], 60_00),
        ([came(60_00, 16)], 0),
        ([came(30_00, 14), came(30_00, 16)], 30_00),
        ([came(60_00, 10), came(-60_00, 20)], 0),
        ([came(60_00, 10), came(-60_00, 20), came(60_00, 25)], 60_00),
        ([came(60_00, 10), came(-60_00, 20), won(60_00, 25)], 60_00),
        ([came(60_00, 10), came(-60_00, 11), won(60_00, 12), came(60_00, 16)], 60_00),
        ([came(60_00, 10), came(-60_00, 11), came(60_00, 12, Cause.REFUND)], 60_00),  # failed
        ([won(60_00, 10)], 0),  # of a payment before the offer
        ([came(60_00, 10), came(10_00, 16), came(-10_00, 20)], 60_00),  # too late, and given back
        ([came(-20_00, 2)], -20_00),  # of a payment before the offer
    ],
)
def test_only_what_came_in_time_and_stayed_counts(movements, counts):
    assert held(movements, until=LAST) == counts


causes = st.sampled_from([Cause.PAYMENT, Cause.TRANSFER, Cause.REFUND, Cause.CHARGEBACK_WON])
days = st.integers(1, 31)
movements = st.lists(st.builds(came, st.integers(-100_00, 100_00), days, causes), max_size=8)


@given(
    movements,
    st.randoms(use_true_random=False),
)
def test_the_order_in_which_money_becomes_known_makes_no_difference(movements, dice):
    shuffled = list(movements)
    dice.shuffle(shuffled)

    assert held(shuffled, until=LAST) == held(movements, until=LAST)
    assert held(movements, until=LAST) <= sum(each.minor for each in movements if each.minor > 0)


BACK_AND_AGAIN = ((Cause.CHARGEBACK, Cause.CHARGEBACK_WON), (Cause.REFUND, Cause.REFUND))


@given(movements, st.integers(1, 100_00), days, days, st.sampled_from(BACK_AND_AGAIN))
def test_what_goes_back_and_returns_changes_nothing(before, minor, gone, again, causes):
    both = [came(-minor, gone, causes[0]), came(minor, again, causes[1])]
    paid = [came(100_00, 31), *(each for each in before if not each.returns)]

    assert held([*paid, *both], until=LAST) == held(paid, until=LAST)


@given(movements, st.integers(1, 100_00), days)
def test_what_returns_never_makes_more_than_what_was_paid_in_time(before, minor, day):
    in_time = sum(each.minor for each in before if each.minor > 0 and each.on <= LAST)
    returned = sum(each.minor for each in before if each.returns and each.on <= LAST)

    assert held([*before, won(minor, day)], until=LAST) <= in_time - returned
