"""The ledger against Stripe's books: like books agree, and every planted fault is named."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.ledger import Cause
from domain.reconciling import (
    BANK_SETTLING,
    OF_CAUSES,
    OF_LINES,
    SETTLING,
    TOLD,
    Difference,
    Line,
    LineKind,
    Movement,
    Part,
    Payment,
    Why,
    differences,
)

NOW = datetime(2026, 11, 22, 3, 15, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=30)
OURS, OTHER = "acc_1", "acc_2"


def line(minor=5000, kind=LineKind.CHARGE, **changes):
    made = Line("txn_1", kind, minor, "USD", OURS if kind is LineKind.CHARGE else None, LONG_AGO)
    return replace(made, **changes)


def movement(minor=5000, part=Part.PAYMENT, **changes):
    made = Movement("stripe:pi_1", part, minor, "USD", OURS, LONG_AGO + timedelta(seconds=9))
    return replace(made, **changes)


def compared(lines, movements):
    return differences(Payment("pi_1", lines, movements), NOW)


def causes(lines, movements):
    return [each.why for each in compared(lines, movements)]


@st.composite
def payments(draw, *, refunds_arrive=False):
    """A payment with whatever may come of it, as Stripe books it."""
    paid = draw(st.integers(100, 10**9))
    lines = [line(paid, id="txn_charge")]
    for number, minor in enumerate(draw(st.lists(st.integers(1, paid), max_size=3))):
        lines.append(line(-minor, LineKind.REFUND, id=f"txn_re{number}"))
        if not refunds_arrive and draw(st.booleans()):
            lines.append(line(minor, LineKind.REFUND_FAILED, id=f"txn_rf{number}"))
    if draw(st.booleans()):
        taken = draw(st.integers(1, paid))
        lines.append(line(-taken, LineKind.WITHDRAWN, id="txn_du"))
        if draw(st.booleans()):
            lines.append(line(taken, LineKind.REINSTATED, id="txn_dr"))
    spread = draw(st.lists(st.integers(0, 20_000), min_size=len(lines), max_size=len(lines)))
    return [
        replace(each, at=LONG_AGO + timedelta(minutes=minute))
        for each, minute in zip(lines, sorted(spread), strict=True)
    ]


def booked(lines):
    """The ledger that hears of every line."""
    return [
        movement(each.minor, OF_LINES[each.kind], key=f"stripe:{each.id}", at=each.at)
        for each in lines
    ]


@settings(max_examples=150)
@given(payments(), st.randoms(use_true_random=False))
def test_a_ledger_that_heard_every_line_has_no_difference_in_whatever_order(lines, dice):
    movements = booked(lines)
    dice.shuffle(movements)
    assert compared(lines, movements) == []


@settings(max_examples=150)
@given(payments(refunds_arrive=True), st.data())
def test_a_line_that_was_not_heard_is_named_with_its_amount(lines, data):
    missing = data.draw(st.sampled_from(lines))
    heard = [each for each in booked(lines) if each.key != f"stripe:{missing.id}"]
    found = compared(lines, heard)
    expected = {
        LineKind.CHARGE: Why.NOT_HEARD,
        LineKind.REFUND: Why.REFUND_NOT_BOOKED,
    }.get(missing.kind, Why.DISPUTE_NOT_BOOKED)
    assert [(each.why, each.at_provider, each.in_ledger) for each in found] == [
        (expected, missing.minor, None)
    ]


@settings(max_examples=100)
@given(payments(refunds_arrive=True), st.data())
def test_one_planted_fault_is_named_exactly(lines, data):
    movements = booked(lines)
    index = data.draw(st.integers(0, len(movements) - 1))
    hit = movements[index]
    planted = {
        Why.AMOUNT: [replace(hit, minor=hit.minor + (1 if hit.minor > 0 else -1))],
        Why.CURRENCY: [replace(hit, currency="EUR")],
        Why.WRONG_ACCOUNT: [replace(hit, account_id=OTHER)],
        Why.BOOKED_TWICE: [hit, replace(hit, key="agent:1")],
    }
    why = data.draw(st.sampled_from(list(planted)))
    found = compared(lines, movements[:index] + planted[why] + movements[index + 1 :])
    assert [each.why for each in found] == [why]


def test_what_only_the_ledger_has_is_not_at_stripe():
    assert compared([], [movement()]) == [
        Difference(Why.NOT_AT_PROVIDER, "USD", None, 5000, key="stripe:pi_1", account_id=OURS)
    ]


@pytest.mark.parametrize(
    ("lines", "movements"),
    [
        ([line(at=NOW - SETTLING + timedelta(seconds=1))], []),
        ([line(at=NOW - BANK_SETTLING + timedelta(seconds=1), by_bank=True)], []),
        ([], [movement(at=NOW - SETTLING + timedelta(seconds=1))]),
    ],
)
def test_what_is_too_young_to_say_is_told_apart_and_does_not_alarm(lines, movements):
    assert causes(lines, movements) == [Why.TIMING]
    assert not Why.TIMING.alarms


@pytest.mark.parametrize(
    "lines",
    [[line(at=NOW - SETTLING)], [line(at=NOW - BANK_SETTLING, by_bank=True)]],
)
def test_after_its_window_a_payment_was_not_heard(lines):
    assert causes(lines, []) == [Why.NOT_HEARD]


def test_a_payment_that_names_no_account_is_told_once_with_all_that_came_of_it():
    strange = line(account_id=None)
    back = line(-2000, LineKind.REFUND, id="txn_2")
    assert compared([strange, back], []) == [
        Difference(Why.NOT_OURS, "USD", 3000, None, line="txn_1")
    ]
    assert compared([strange, replace(back, minor=-5000)], []) == []


def test_a_payment_that_names_no_account_and_is_booked_is_ours():
    assert compared([line(account_id=None)], [movement()]) == []


def test_a_bank_debit_that_failed_is_no_payment():
    failed = line(-5000, LineKind.CHARGE_FAILED, id="txn_2", at=LONG_AGO + timedelta(days=4))
    again = line(id="txn_3", at=LONG_AGO + timedelta(days=9))
    assert compared([line(), failed], []) == []
    assert compared([line(), failed, again], [movement()]) == []
    assert causes([line(), failed], [movement()]) == [Why.NOT_AT_PROVIDER]


def test_two_refunds_that_were_heard_as_one_are_no_difference():
    refunds = [line(-minor, LineKind.REFUND, id=f"txn_{minor}") for minor in (1000, 500)]
    merged = movement(-1500, Part.REFUND, key="stripe:refund:ch_1:1500")
    assert compared([line(), *refunds], [movement(), merged]) == []
    assert causes([line(), *refunds], [movement(), replace(merged, account_id=OTHER)]) == [
        Why.WRONG_ACCOUNT
    ]


def test_of_one_payment_booked_on_two_accounts_the_strange_one_is_the_second():
    twice = [movement(account_id=OTHER, key="agent:1"), movement()]
    (found,) = compared([line()], twice)
    assert (found.why, found.key, found.account_id) == (Why.BOOKED_TWICE, "agent:1", OTHER)


def test_a_refund_from_another_account_than_the_payment_is_misplaced():
    back = line(-1000, LineKind.REFUND, id="txn_2")
    given = movement(-1000, Part.REFUND, key="stripe:refund:ch_1:1000", account_id=OTHER)
    (found,) = compared([line(), back], [movement(), given])
    assert (found.why, found.account_id) == (Why.WRONG_ACCOUNT, OTHER)


def test_fees_and_payouts_are_no_money_of_a_consumer():
    noise = [line(-60, LineKind.FEE, id="txn_f"), line(-4940, LineKind.PAYOUT, id="txn_p")]
    assert compared([line(), *noise], [movement()]) == []


def test_every_cause_has_words_and_a_next_step():
    assert set(TOLD) == set(Why)
    assert all(each.what and each.then for each in TOLD.values())
    assert {Cause.PAYMENT, Cause.REFUND, Cause.CHARGEBACK, Cause.CHARGEBACK_WON} == set(OF_CAUSES)


def test_only_what_stripe_can_tell_again_can_be_heard():
    (late,), (young,) = compared([line()], []), compared([line(at=NOW)], [])
    (unfounded,), (early,) = compared([], [movement()]), compared([], [movement(at=NOW)])
    assert [each.can_be_heard for each in (late, young, unfounded, early)] == [
        *(True, True),
        *(False, False),
    ]
