"""Plans: what is due follows from the balance, to the minor unit."""

from dataclasses import asdict
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain.money import Money
from domain.payable import step
from domain.plans import Instalment, PaymentPlan, monthly


def four_parts(minor=100_03):
    return monthly("p1", Money(minor=minor, currency="USD"), parts=4, first=date(2026, 1, 31))


def test_a_monthly_plan_falls_due_on_the_same_day_and_the_last_part_takes_the_rounding():
    plan = four_parts()

    assert [(each.number, each.due, each.minor) for each in plan.instalments] == [
        (1, date(2026, 1, 31), 25_00),
        (2, date(2026, 2, 28), 25_00),
        (3, date(2026, 3, 31), 25_00),
        (4, date(2026, 4, 30), 25_03),
    ]
    assert plan.total == 100_03


@pytest.mark.parametrize(
    ("balance", "number"),
    [
        (100_03, 1),
        (100_02, 1),
        (75_53, 1),
        (75_04, 2),
        (75_03, 2),
        (60_00, 2),
        (25_03, 4),
        (1, 4),
        (0, None),
    ],
)
def test_the_next_instalment_is_the_first_that_payments_do_not_cover(balance, number):
    due = four_parts().next_due(balance)

    assert (due.number if due else None) == number


def test_what_is_outstanding_counts_earlier_parts_and_part_payments():
    plan = four_parts()
    second = plan.instalments[1]

    assert plan.outstanding(second, balance=100_03) == 50_00
    assert plan.outstanding(second, balance=75_03) == 25_00
    assert plan.outstanding(second, balance=60_03) == 10_00
    assert plan.outstanding(second, balance=50_03) == 0
    assert plan.outstanding(second, balance=10_00) == 0


def test_never_more_is_outstanding_than_is_owed_even_after_a_reversal():
    plan = four_parts()
    last = plan.instalments[3]

    assert plan.outstanding(last, balance=120_00) == 120_00
    assert plan.outstanding(last, balance=3) == 3


@given(total=st.integers(4, 10**9), parts=st.integers(1, 4), data=st.data())
def test_paying_what_is_outstanding_covers_one_instalment_after_the_other(total, parts, data):
    plan = monthly("p", Money(minor=total, currency="KWD"), parts=parts, first=date(2026, 5, 1))
    balance = data.draw(st.integers(1, total))
    seen = []

    while (due := plan.next_due(balance)) is not None:
        amount = plan.outstanding(due, balance)
        assert 0 < amount < due.minor + step(plan.currency)
        balance -= amount
        assert plan.outstanding(due, balance) == 0
        seen.append(due.number)

    assert balance == 0
    assert seen == sorted(set(seen))


@pytest.mark.parametrize(
    ("currency", "rest", "carried"),
    [("USD", 49, 49), ("USD", 50, 0), ("KWD", 7, 7), ("KWD", 10, 0), ("CLF", 7, 0)],
)
def test_a_rest_that_no_card_can_pay_is_paid_with_the_instalment_after_it(currency, rest, carried):
    balance = Money(minor=200_00, currency=currency)
    plan = monthly("p1", balance, parts=4, first=date(2026, 1, 31))
    left = 150_00 + rest
    first, second = plan.instalments[:2]

    assert plan.outstanding(first, left) == rest - carried
    assert plan.outstanding(second, left) == 50_00 + rest
    assert plan.next_due(left) == (second if carried else first)
    assert [part.open for part in plan.parts(left)] == [
        rest - carried,
        50_00 + carried,
        50_00,
        50_00,
    ]


def test_of_the_last_instalment_every_rest_is_outstanding():
    plan = four_parts()
    last = plan.instalments[3]

    assert plan.outstanding(last, balance=7) == 7
    assert plan.next_due(7) == last


def test_instalments_out_of_order_are_refused():
    later, sooner = (
        Instalment(number=1, due=date(2026, 3, 1), minor=1),
        Instalment(number=2, due=date(2026, 2, 1), minor=1),
    )

    with pytest.raises(ValidationError, match="instalments of plan p1 are not in the order of"):
        PaymentPlan(plan_id="p1", currency="USD", instalments=(later, sooner))


@pytest.mark.parametrize(("number", "minor"), [(0, 1), (1, 0), (1, -5)])
def test_an_instalment_has_a_number_and_an_amount(number, minor):
    part = Instalment(number=number, due=date(2026, 3, 1), minor=minor)

    with pytest.raises(ValidationError, match="an instalment of plan p1 has no number or amount"):
        PaymentPlan(plan_id="p1", currency="USD", instalments=(part,))
    with pytest.raises(ValidationError, match="greater than"):
        TypeAdapter(Instalment).validate_python(asdict(part))


def test_a_plan_has_instalments():
    with pytest.raises(ValidationError):
        PaymentPlan(plan_id="p1", currency="USD", instalments=())
