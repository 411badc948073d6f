"""Schedules: dates that a calendar would show, and amounts that sum to the total exactly."""

from datetime import date, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import Money
from domain.payable import step
from domain.plans import PaymentPlan, following, monthly, numbered, schedule
from domain.rhythms import Monthly, NthWeekday, Payday, Weekly
from domain.schedules import TooManyParts, amounts_of, dates, equal_amounts

MONDAY = date(2026, 11, 30)
FRIDAY = 4
SATURDAY = 5


def of(rhythm, first, count=4, **calendar):
    return [f"{each:%m-%d}" for each in islice(dates(rhythm, first, **calendar), count)]


def weekend(day):
    return day.weekday() >= SATURDAY


class TestDates:
    def test_weekly_falls_on_the_weekday_of_the_first_date(self):
        assert of(Weekly(), MONDAY) == ["11-30", "12-07", "12-14", "12-21"]

    def test_fortnightly_on_fridays_begins_with_the_first_friday(self):
        assert of(Weekly(every=2, weekday=FRIDAY), MONDAY, 3) == ["12-04", "12-18", "01-01"]

    def test_a_month_that_is_too_short_gives_its_last_day_and_the_next_its_31st_again(self):
        assert of(Monthly(), date(2027, 1, 31), 5) == ["01-31", "02-28", "03-31", "04-30", "05-31"]
        assert of(Monthly(), date(2028, 1, 30), 3) == ["01-30", "02-29", "03-30"]

    def test_monthly_on_a_day_waits_for_that_day(self):
        assert of(Monthly(day=15), MONDAY, 2) == ["12-15", "01-15"]

    def test_the_second_friday_and_the_last_monday(self):
        assert of(NthWeekday(nth=2, weekday=FRIDAY), MONDAY, 3) == ["12-11", "01-08", "02-12"]
        assert of(NthWeekday(nth=-1, weekday=0), MONDAY, 3) == ["11-30", "12-28", "01-25"]

    def test_a_day_after_payday(self):
        rhythm = Payday(paid=Monthly(day=25), days_after=1)
        assert of(rhythm, MONDAY, 3) == ["12-26", "01-26", "02-26"]

    def test_a_payday_on_a_closed_day_is_the_working_day_before_it(self):
        rhythm = Payday(paid=Monthly(day=25), days_after=2)
        # 25 April 2027 is a Sunday, and 25 December a Saturday that is a holiday as well
        assert of(rhythm, date(2027, 4, 1), 1, closed=weekend) == ["04-25"]
        assert of(rhythm, date(2027, 12, 1), 1, closed=weekend) == ["12-26"]

    def test_no_date_comes_before_the_first_though_its_payday_moves(self):
        rhythm = Payday(paid=Monthly(day=25), days_after=0)
        assert of(rhythm, date(2027, 4, 25), 2, closed=weekend) == ["05-25", "06-25"]

    def test_two_paydays_that_closed_days_bring_together_are_one_date(self):
        def feast(day):
            return date(2027, 3, 5) <= day <= date(2027, 3, 12)

        rhythm = Payday(paid=Weekly(weekday=FRIDAY), days_after=0)
        found = of(rhythm, date(2027, 3, 4), 2, closed=feast)
        assert found == ["03-04", "03-19"]

    def test_where_every_day_is_closed_a_payday_is_taken_as_it_stands(self):
        assert of(Payday(paid=Monthly(day=25)), MONDAY, 1, closed=lambda _: True) == ["12-26"]

    @given(
        rhythm=st.one_of(
            st.builds(Weekly, every=st.integers(1, 8), weekday=st.none() | st.integers(0, 6)),
            st.builds(Monthly, day=st.none() | st.integers(1, 31)),
            st.builds(NthWeekday, nth=st.sampled_from([1, 2, 3, 4, -1]), weekday=st.integers(0, 6)),
        ),
        days_after=st.none() | st.integers(0, 7),
        first=st.dates(date(2024, 1, 1), date(2030, 12, 31)),
    )
    def test_dates_go_on_in_order_and_none_is_before_the_first(self, rhythm, days_after, first):
        if days_after is not None:
            rhythm = Payday(paid=rhythm, days_after=days_after)
        found = list(islice(dates(rhythm, first, weekend), 14))
        assert len(found) == 14
        assert found[0] >= first
        assert all(later > sooner for sooner, later in pairwise(found))
        again = dates(rhythm.anchored(first), first, weekend)
        assert list(islice(again, 14)) == found


class TestAmounts:
    @given(
        total=st.integers(1, 10**9),
        parts=st.integers(1, 60),
        currency=st.sampled_from(["USD", "JPY", "KWD", "MGA"]),
    )
    def test_equal_amounts_sum_to_the_total_and_each_but_the_last_can_be_charged(
        self, total, parts, currency
    ):
        amounts = equal_amounts(Money(minor=total, currency=currency), parts)
        assert sum(amounts) == total
        assert len(amounts) <= parts
        assert all(each > 0 for each in amounts)
        assert all(each % step(currency) == 0 for each in amounts[:-1])

    @given(total=st.integers(1, 10**6), each=st.integers(2_000, 10**6))
    def test_amounts_of_one_size_sum_to_the_total(self, total, each):
        amounts = amounts_of(Money(minor=total, currency="KWD"), each)
        assert sum(amounts) == total
        assert all(0 < amount <= each for amount in amounts)
        assert {amount % 10 for amount in amounts[:-1]} <= {0}

    @pytest.mark.parametrize(
        ("total", "currency", "each", "amounts"),
        [
            (100_10, "USD", 25_00, (25_00, 25_00, 25_00, 24_60, 50)),
            (100_60, "USD", 25_00, (25_00, 25_00, 25_00, 25_00, 60)),
            (100_00, "USD", 25_00, (25_00, 25_00, 25_00, 25_00)),
            (6_005, "KWD", 2_000, (2_000, 2_000, 1_990, 15)),
            (1_030, "JPY", 500, (500, 480, 50)),
            (100_10, "SAR", 25_00, (25_00, 25_00, 25_00, 25_00, 10)),
            (30, "USD", 25_00, (30,)),
        ],
    )
    def test_a_last_amount_that_no_card_could_pay_is_filled_up_by_the_one_before(
        self, total, currency, each, amounts
    ):
        assert amounts_of(Money(minor=total, currency=currency), each) == amounts

    def test_instalments_that_would_never_end_are_refused(self):
        with pytest.raises(TooManyParts, match=r"USD 1000.00 in instalments of USD 0.01 takes"):
            amounts_of(Money(minor=1000_00, currency="USD"), 1)

    @pytest.mark.parametrize(("total", "parts"), [(0, 1), (-5, 2), (100, 0)])
    def test_nothing_is_not_split(self, total, parts):
        with pytest.raises(ValueError, match="cannot be split"):
            equal_amounts(Money(minor=total, currency="USD"), parts)

    @pytest.mark.parametrize(("total", "each"), [(0, 5), (100, 0)])
    def test_nothing_is_not_paid_in_parts(self, total, each):
        with pytest.raises(ValueError, match="cannot be paid in parts"):
            amounts_of(Money(minor=total, currency="USD"), each)


class TestPlans:
    def test_a_schedule_in_parts(self):
        plan = schedule("p", Money(minor=10_001, currency="KWD"), Weekly(), MONDAY, parts=3)
        assert [each.minor for each in plan.instalments] == [3_330, 3_330, 3_341]
        assert plan.rhythm == Weekly(weekday=0)
        assert plan.autopay

    def test_a_schedule_by_amount(self):
        total = Money(minor=100_00, currency="USD")
        plan = schedule("p", total, Monthly(), MONDAY, each=30_00, autopay=False, opening=150_00)
        assert [each.minor for each in plan.instalments] == [30_00, 30_00, 30_00, 10_00]
        assert plan.left(150_00) == 100_00
        assert not plan.autopay

    def test_a_monthly_plan_remembers_its_day(self):
        plan = monthly("p", Money(minor=300, currency="USD"), parts=2, first=date(2027, 1, 31))
        [after] = islice(following(plan, plan.instalments[-1].due), 1)
        assert (plan.instalments[-1].due, after) == (date(2027, 2, 28), date(2027, 3, 31))

    def test_a_plan_on_dates_of_its_own_goes_on_at_its_last_distance(self):
        days = [MONDAY, MONDAY + timedelta(days=10)]
        plan = PaymentPlan(
            plan_id="p", currency="USD", instalments=numbered((day, 5) for day in days)
        )
        assert next(following(plan, days[-1])) == MONDAY + timedelta(days=20)

    def test_a_plan_of_one_date_goes_on_monthly(self):
        plan = PaymentPlan(plan_id="p", currency="USD", instalments=numbered([(MONDAY, 5)]))
        assert next(following(plan, MONDAY)) == date(2026, 12, 30)

    def test_going_on_from_before_the_first_date_begins_there(self):
        plan = schedule("p", Money(minor=300, currency="USD"), Weekly(), MONDAY, parts=2)
        early = MONDAY - timedelta(days=10)
        assert next(following(plan, early)) == MONDAY - timedelta(days=7)
