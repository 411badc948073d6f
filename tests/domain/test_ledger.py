"""Every movement of money is double entry."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.ledger import (
    OWED,
    Book,
    Cause,
    Entry,
    Transaction,
    given_back,
    paid,
    placed,
    recalled,
)
from domain.money import Money

MOVES = (placed, paid, given_back)


def dollars(minor):
    return Money(minor=minor, currency="USD")


def owed(transactions):
    entries = (entry for each in transactions for entry in each.entries)
    return sum(entry.minor for entry in entries if entry.book in OWED)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(MOVES), st.integers(1, 10**9)), max_size=20))
def test_whatever_happens_the_books_sum_to_zero(moves):
    booked = [move(f"t{n}", dollars(minor)) for n, (move, minor) in enumerate(moves)]

    assert sum(entry.minor for each in booked for entry in each.entries) == 0


def test_a_debt_is_placed_paid_refunded_and_recalled():
    story = [
        placed("t1", dollars(200_00)),
        paid("t2", dollars(50_00)),
        paid("t3", dollars(30_00), cause=Cause.DIRECT_PAYMENT),
        given_back("t4", dollars(10_00)),
    ]

    assert owed(story) == 130_00
    assert owed([*story, recalled("t5", "USD", {Book.PRINCIPAL: 130_00})]) == 0
    assert [each.cause for each in story] == [
        Cause.PLACEMENT,
        Cause.PAYMENT,
        Cause.DIRECT_PAYMENT,
        Cause.REFUND,
    ]


def test_entries_that_do_not_balance_are_refused():
    with pytest.raises(ValidationError, match="entries of t1 sum to 1, not to zero"):
        Transaction(
            key="t1",
            cause=Cause.PAYMENT,
            currency="USD",
            entries=(Entry(book=Book.PRINCIPAL, minor=-1), Entry(book=Book.COLLECTED, minor=2)),
        )


def test_a_transaction_has_a_key_and_at_least_two_entries():
    with pytest.raises(ValidationError):
        Transaction(key="", cause=Cause.PAYMENT, currency="USD", entries=())
