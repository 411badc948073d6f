"""What came of what was agreed: money counts if it came in time and stayed."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.receipts import Received, held

LAST = date(2026, 3, 15)


def came(minor, day):
    return Received(minor=minor, on=date(2026, 3, day))


@pytest.mark.parametrize(
    ("movements", "counts"),
    [
        ([], 0),
        ([came(60_00, 15)], 60_00),
        ([came(60_00, 16)], 0),
        ([came(30_00, 14), came(30_00, 16)], 30_00),
        ([came(60_00, 10), came(-60_00, 20)], 0),
        ([came(60_00, 10), came(-60_00, 20), came(60_00, 25)], 60_00),  # a chargeback won
        ([came(60_00, 10), came(10_00, 16), came(-10_00, 20)], 60_00),  # too late, and given back
        ([came(-20_00, 2)], -20_00),  # of a payment before the offer
    ],
)
def test_only_what_came_in_time_and_stayed_counts(movements, counts):
    assert held(movements, until=LAST) == counts


@given(
    st.lists(st.builds(came, st.integers(-100_00, 100_00), st.integers(1, 31)), max_size=8),
    st.randoms(use_true_random=False),
)
def test_the_order_in_which_money_becomes_known_makes_no_difference(movements, dice):
    shuffled = list(movements)
    dice.shuffle(shuffled)

    assert held(shuffled, until=LAST) == held(movements, until=LAST)
    assert held(movements, until=LAST) <= sum(each.minor for each in movements if each.minor > 0)
