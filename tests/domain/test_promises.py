"""Promises to pay: the ledger says whether they were kept."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import Money
from domain.promises import OverOwed, Promise, PromiseState, TooFar, promised, state_of
from domain.receipts import Received

DUE = date(2026, 3, 10)
GRACE = 3
LAST = DUE + timedelta(days=GRACE)
OWED = Money(minor=200_00, currency="USD")


def promise(minor=50_00):
    return Promise(promise_id="p1", minor=minor, balance=200_00, currency="USD", due=DUE)


def came(minor, on):
    return Received(minor=minor, on=on)


@pytest.mark.parametrize(
    ("received", "today", "state"),
    [
        ([], DUE, PromiseState.OPEN),
        ([], LAST, PromiseState.OPEN),
        ([], LAST + timedelta(days=1), PromiseState.BROKEN),
        ([came(50_00, DUE)], DUE, PromiseState.KEPT),
        ([came(20_00, DUE), came(30_00, LAST)], LAST, PromiseState.KEPT),
        ([came(50_00, LAST)], LAST + timedelta(days=90), PromiseState.KEPT),
        ([came(50_00, LAST + timedelta(days=1))], LAST + timedelta(days=1), PromiseState.BROKEN),
        ([came(49_99, DUE)], LAST + timedelta(days=1), PromiseState.BROKEN),
        ([came(50_00, DUE), came(-50_00, LAST)], LAST, PromiseState.OPEN),
    ],
)
def test_a_promise_is_kept_by_what_came_by_its_day_and_grace(received, today, state):
    assert state_of(promise(), received, today=today, grace_days=GRACE) == state


days_around = st.integers(-10, 10).map(lambda off: LAST + timedelta(days=off))
movements = st.lists(st.builds(came, st.integers(-100_00, 100_00), days_around), max_size=6)


@given(movements, days_around, st.randoms(use_true_random=False))
def test_its_state_never_rests_on_the_order_of_news_and_is_decided_once_time_is_over(
    received, today, dice
):
    shuffled = list(received)
    dice.shuffle(shuffled)
    state = state_of(promise(), received, today=today, grace_days=GRACE)

    assert state == state_of(promise(), shuffled, today=today, grace_days=GRACE)
    undecided = PromiseState.OPEN if today <= LAST else PromiseState.BROKEN
    assert state in {PromiseState.KEPT, undecided}


@given(movements, days_around, st.integers(1, 100_00))
def test_more_money_in_time_breaks_no_promise(received, today, more):
    before = state_of(promise(), received, today=today, grace_days=GRACE)
    after = state_of(promise(), [*received, came(more, DUE)], today=today, grace_days=GRACE)

    assert before != PromiseState.KEPT or after == PromiseState.KEPT


def test_a_promise_not_too_far_away_and_within_the_balance_is_taken():
    made = promised("p1", OWED, 50_00, DUE, today=DUE - timedelta(days=45))

    assert made == promise()
    assert str(made.amount) == "USD 50.00"


@pytest.mark.parametrize("off_by", [-1, 46])
def test_a_promise_for_the_past_or_too_far_away_is_not_taken(off_by):
    today = DUE - timedelta(days=off_by)

    with pytest.raises(TooFar, match=f"promise is due on 2026-03-10, and is taken from {today}"):
        promised("p1", OWED, 50_00, DUE, today=today)


def test_nobody_promises_more_than_is_owed():
    with pytest.raises(OverOwed, match=r"promise 200\.01 is more than the 200\.00 owed"):
        promised("p1", OWED, 200_01, DUE, today=DUE)
