"""What somebody can afford: figures by hand, and never a minor unit more than they have."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.affordability import (
    MOST_A_MONTH,
    MOST_SUMS,
    Deferral,
    Every,
    Group,
    Means,
    Sum,
    affordable,
    instalment_of,
    monthly_of,
    suggested,
)
from domain.contracts import HardshipTerms
from domain.money import LARGEST, Money
from domain.payable import least_charge
from domain.plans import PaymentPlan
from domain.rhythms import Monthly, NthWeekday, Payday, Weekly

TODAY = date(2026, 11, 23)
FIRST = date(2026, 12, 1)


def means(income=2_000_00, housing=900_00, food=100_00, **more):
    return Means(
        currency="GBP",
        income=(Sum(minor=income),),
        essentials={
            Group.HOUSING: Sum(minor=housing),
            Group.FOOD: Sum(minor=food, every=Every.WEEK),
        },
        **more,
    )


def suggest(balance=1_000_00, monthly=100_00, currency="GBP", rhythm=None, **terms):
    return suggested(
        "p1",
        Money(minor=balance, currency=currency),
        monthly,
        first=FIRST,
        today=TODAY,
        terms=HardshipTerms(**terms),
        rhythm=rhythm,
    )


def test_what_is_left_of_a_month_is_rounded_down():
    # 2,000.00 less 900.00, less 52 twelfths of 100.00, which is 433.333…
    assert means().disposable == 666_66
    assert means(debts=(Sum(minor=1_200_00, every=Every.YEAR),)).disposable == 566_66
    assert means(income=1_000_00).disposable == -333_34


@pytest.mark.parametrize(
    ("every", "monthly"),
    [
        (Every.WEEK, 433_33),
        (Every.FORTNIGHT, 216_66),
        (Every.FOUR_WEEKS, 108_33),
        (Every.MONTH, 100_00),
        (Every.YEAR, 8_33),
    ],
)
def test_every_interval_has_its_month(every, monthly):
    told = Means(currency="GBP", income=(Sum(minor=100_00, every=every),), essentials={})
    assert told.disposable == monthly


@pytest.mark.parametrize("field", ["income", "essentials", "debts"])
def test_what_comes_to_more_than_any_household_has_is_refused_by_its_field(field):
    weekly = Sum(minor=LARGEST, every=Every.WEEK)
    told = {Group.FOOD: weekly} if field == "essentials" else (weekly,)
    with pytest.raises(ValidationError, match="at most 500000000000 minor units") as refused:
        Means.model_validate(means().model_dump() | {field: told})
    assert [each["loc"] for each in refused.value.errors()] == [(field,)]


@pytest.mark.parametrize("field", ["income", "debts"])
def test_nobody_has_more_sums_than_a_person_would_read(field):
    def told(count):
        return Means.model_validate(means().model_dump() | {field: (Sum(minor=1),) * count})

    assert len(getattr(told(MOST_SUMS), field)) == MOST_SUMS
    with pytest.raises(ValidationError, match="at most 50 items"):
        told(MOST_SUMS + 1)


SUMS = st.builds(Sum, minor=st.integers(0, MOST_A_MONTH // 9), every=st.sampled_from(Every))


@given(income=SUMS, housing=SUMS, debt=SUMS)
def test_what_is_left_is_always_an_amount_that_we_take(income, housing, debt):
    told = Means(
        currency="KWD", income=(income,) * 2, essentials={Group.HOUSING: housing}, debts=(debt,) * 2
    )
    assert Money(minor=told.disposable, currency="KWD").minor == told.disposable


def test_the_most_that_can_go_out_is_an_amount_that_we_take():
    most = Sum(minor=MOST_A_MONTH)
    told = means(income=0, housing=0, food=0).model_copy(
        update={"essentials": {Group.HOUSING: most}, "debts": (most,)}
    )
    assert Means.model_validate(told.model_dump()).disposable == -LARGEST


def test_instalments_take_a_share_of_what_is_left_less_what_other_plans_take():
    terms = HardshipTerms(share_of_disposable=Decimal(50))
    assert affordable(means(), terms) == 333_33
    assert affordable(means(), terms, committed=300_00) == 33_33
    assert affordable(means(), terms, committed=400_00) == 0
    assert affordable(means(income=500_00), terms) == 0


@pytest.mark.parametrize(
    ("rhythm", "instalment"),
    [
        (Monthly(), 100_00),
        (NthWeekday(nth=1, weekday=0), 100_00),
        (Weekly(), 23_07),
        (Weekly(every=2), 46_15),
        (Payday(paid=Weekly(every=4)), 92_30),
    ],
)
def test_an_instalment_is_what_its_rhythm_leaves_of_a_month(rhythm, instalment):
    assert instalment_of(100_00, rhythm) == instalment


def test_the_suggested_plan_has_the_fewest_parts_that_can_be_afforded():
    plan = suggest(balance=1_050_00)
    assert isinstance(plan, PaymentPlan)
    assert [each.minor for each in plan.instalments] == [100_00] * 10 + [50_00]
    assert (plan.instalments[0].due, plan.total) == (FIRST, 1_050_00)


@given(
    balance=st.integers(1, 10**6),
    monthly=st.integers(0, 10**6),
    currency=st.sampled_from(["GBP", "JPY", "KWD"]),
    every=st.none() | st.integers(1, 4),
)
def test_no_suggested_instalment_is_more_than_can_be_afforded(balance, monthly, currency, every):
    rhythm = Weekly(every=every) if every else Monthly()
    plan = suggest(balance, monthly, currency, rhythm)
    if isinstance(plan, Deferral):
        assert plan.until > TODAY
        return
    most = instalment_of(monthly, rhythm)
    assert plan.total == balance
    assert all(least_charge(currency) <= each.minor <= most for each in plan.instalments)
    if currency != "KWD":  # one part less would ask for more than that
        assert (len(plan.instalments) - 1) * most < balance


@pytest.mark.parametrize(
    ("monthly", "terms"),
    [
        (0, {}),
        (2, {}),  # would take longer than any plan
        (4_00, {"least_instalments": (Money(minor=5_00, currency="GBP"),)}),
        (100_00, {"longest_days": 200}),
    ],
)
def test_what_nobody_can_afford_is_deferred(monthly, terms):
    assert suggest(monthly=monthly, deferral_days=30, **terms) == Deferral(
        until=TODAY + timedelta(days=30)
    )


def test_what_no_card_could_pay_is_deferred():
    assert isinstance(suggest(balance=3_00, monthly=30), PaymentPlan)
    assert isinstance(suggest(balance=2_90, monthly=29), Deferral)
    assert isinstance(suggest(balance=59, monthly=58), Deferral)


@pytest.mark.parametrize(
    ("rhythm", "monthly"),
    [
        (Weekly(), 433_34),
        (Weekly(every=2), 216_67),
        (Payday(paid=Weekly(every=4)), 108_34),
        (Monthly(), 100_00),
        (NthWeekday(nth=2, weekday=4), 100_00),
        (None, 100_00),
    ],
)
def test_what_an_instalment_takes_of_a_month_is_rounded_up(rhythm, monthly):
    assert monthly_of(100_00, rhythm) == monthly
