"""Changes of a plan: whatever is changed, paid or given back, the sum stays what is owed."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.money import Money
from domain.plan_changes import (
    ImpossibleChange,
    Move,
    Pause,
    Resize,
    Respread,
    Skip,
    changed,
    extra_payment,
    owing_more,
    restarted,
)
from domain.plan_terms import missed, overdue
from domain.plans import PaymentPlan, numbered, schedule
from domain.rhythms import Monthly, NthWeekday, Payday, Weekly
from domain.schedules import TooManyParts

TODAY = date(2026, 11, 23)
FIRST = date(2026, 12, 1)
CURRENCIES = ("USD", "JPY", "KWD")

RHYTHMS = st.one_of(
    st.builds(Weekly, every=st.integers(1, 4)),
    st.builds(Monthly, day=st.none() | st.integers(1, 31)),
    st.just(NthWeekday(nth=-1, weekday=4)),
    st.just(Payday(paid=Monthly(day=25), days_after=1)),
)
DAYS = st.integers(0, 120).map(lambda number: timedelta(days=number))


def usd(minor):
    return Money(minor=minor, currency="USD")


def weekend(day):
    return day.weekday() >= 5


def four(minor=400_00, **terms):
    total = Money(minor=minor, currency="USD")
    return schedule("p1", total, Monthly(), FIRST, parts=4, **terms)


def custom(*parts):
    return PaymentPlan(plan_id="c1", currency="USD", instalments=numbered(parts))


def open_parts(plan, balance):
    return [
        (each.instalment.number, f"{each.instalment.due:%m-%d}", each.open)
        for each in plan.parts(balance)
        if each.open
    ]


@st.composite
def plans(draw):
    """A plan of any rhythm, or of dates and amounts of its own."""
    total = Money(minor=draw(st.integers(1, 10**7)), currency=draw(st.sampled_from(CURRENCIES)))
    first = TODAY + draw(DAYS)
    if draw(st.booleans()):
        parts = draw(st.integers(1, 15))
        return schedule("p", total, draw(RHYTHMS), first, parts=parts, closed=weekend)
    amounts = draw(st.lists(st.integers(1, 10**6), min_size=1, max_size=8))
    days = [first + draw(DAYS) for _ in amounts]
    return PaymentPlan(
        plan_id="c",
        currency=total.currency,
        instalments=numbered(zip(days, amounts, strict=True)),
    )


@st.composite
def changes(draw, plan, today):
    """Some change that a consumer may think of, sensible or not."""
    number = draw(st.integers(1, len(plan.instalments) + 1))
    amount = Money(minor=draw(st.integers(1, plan.total + 1)), currency=plan.currency)
    return draw(
        st.one_of(
            st.builds(Move, number=st.just(number), to=st.just(today + draw(DAYS))),
            st.builds(
                Resize,
                number=st.just(number),
                amount=st.just(amount),
                rest=st.sampled_from(["respread", "end"]),
            ),
            st.builds(Skip, number=st.just(number)),
            st.builds(Pause, until=st.just(today + draw(DAYS))),
            st.builds(Respread, parts=st.none() | st.integers(1, 12)),
            st.builds(Respread, amount=st.just(amount)),
        )
    )


class Story:
    """A plan, what is owed, and the day: as years of changes and payments would have them."""

    def __init__(self, data, plan):
        self.data, self.plan, self.balance, self.today = data, plan, plan.total, TODAY

    def go_on(self):
        step = self.data.draw(
            st.sampled_from([self.pay, self.refund, self.change, self.restart, self.add, self.wait])
        )
        before = self.plan
        step()
        if self.plan is not before:
            self.check_revision(before)
        self.check_sum()

    def pay(self):
        minor = self.data.draw(st.integers(1, max(1, self.balance)))
        self.balance -= min(minor, self.balance)
        how = self.data.draw(st.sampled_from([None, "keep", "respread"]))
        if how is not None:
            after = extra_payment(self.plan, self.balance, minor, how=how, today=self.today)
            self.plan = after or self.plan

    def refund(self):
        self.balance += self.data.draw(st.integers(1, 10**6))

    def add(self):
        if self.balance:
            minor = self.data.draw(st.integers(1, 10**4))
            self.balance += minor
            self.plan = owing_more(self.plan, self.balance, minor)

    def wait(self):
        self.today += self.data.draw(DAYS)

    def change(self):
        change = self.data.draw(changes(self.plan, self.today))
        self.attempt(
            lambda: changed(self.plan, self.balance, change, today=self.today, closed=weekend)
        )

    def restart(self):
        first, rhythm = self.today + self.data.draw(DAYS), self.data.draw(st.none() | RHYTHMS)
        self.attempt(
            lambda: restarted(
                self.plan, self.balance, first, today=self.today, rhythm=rhythm, closed=weekend
            )
        )

    def attempt(self, change):
        try:
            self.plan = change()
        except (ImpossibleChange, TooManyParts):
            return

    def check_revision(self, before):
        """A change makes the next revision, and puts nothing on a day that is over."""
        assert self.plan.revision == before.revision + 1
        assert self.plan.plan_id == before.plan_id
        known = {each.due for each in before.instalments}
        new = {each.due for each in self.plan.instalments} - known
        assert all(due >= self.today for due in new)

    def check_sum(self):
        parts = self.plan.parts(self.balance)
        assert sum(part.open for part in parts) == self.plan.left(self.balance) == self.balance
        assert all(part.open >= 0 for part in parts)
        instalments = self.plan.instalments
        assert all(each.minor > 0 for each in instalments)
        assert all(later.due >= sooner.due for sooner, later in pairwise(instalments))
        assert [each.number for each in instalments] == list(range(1, len(instalments) + 1))
        reached = sum(part.open for part in parts if part.instalment.due < self.today)
        assert overdue(self.plan, self.balance, self.today) == reached


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_whatever_is_changed_paid_or_given_back_the_rest_sums_to_what_is_owed(data):
    story = Story(data, data.draw(plans()))
    story.check_sum()
    for _ in range(data.draw(st.integers(1, 8))):
        story.go_on()


@settings(max_examples=40, deadline=None)
@given(data=st.data(), plan=plans())
def test_paying_instalment_by_instalment_after_any_changes_ends_at_zero(data, plan):
    story = Story(data, plan)
    for _ in range(3):
        story.change()
    while (due := story.plan.next_due(story.balance)) is not None:
        amount = story.plan.outstanding(due, story.balance)
        assert amount > 0
        story.balance -= amount
    assert story.balance == 0


@given(settled=st.integers(1, 999), paid=st.integers(0, 400), number=st.integers(1, 5))
def test_a_plan_of_a_settlement_stays_at_its_sum(settled, paid, number):
    total = Money(minor=settled, currency="USD")
    plan = schedule("s", total, Weekly(), FIRST, parts=4, opening=1_000, settlement_id="s1")
    balance = 1_000 - min(paid, settled - 1)
    left = plan.left(balance)
    assert left == settled - (1_000 - balance)

    after = changed(plan, balance, Respread(parts=number), today=TODAY)
    assert after.left(balance) == left
    assert after.settlement_id == "s1"
    assert after.left(balance - left) == 0


class TestMoving:
    def test_one_date_is_changed_and_the_others_stay(self):
        after = changed(four(), 400_00, Move(number=2, to=date(2027, 1, 9)), today=TODAY)
        assert open_parts(after, 400_00) == [
            (1, "12-01", 100_00),
            (2, "01-09", 100_00),
            (3, "02-01", 100_00),
            (4, "03-01", 100_00),
        ]
        assert after.revision == 2

    def test_one_that_is_moved_past_another_takes_its_place(self):
        plan = custom((FIRST, 10), (FIRST + timedelta(days=7), 20))
        after = changed(plan, 30, Move(number=1, to=FIRST + timedelta(days=9)), today=TODAY)
        assert open_parts(after, 30) == [(1, "12-08", 20), (2, "12-10", 10)]

    @pytest.mark.parametrize(
        ("to", "paid"), [(TODAY - timedelta(days=1), 0), (date(2026, 11, 30), 100_00)]
    )
    def test_nothing_is_moved_into_the_past_or_before_what_is_paid(self, to, paid):
        with pytest.raises(ImpossibleChange, match=r"is too early; expected 2026-.* or later"):
            changed(four(), 400_00 - paid, Move(number=2, to=to), today=TODAY)

    def test_nothing_is_moved_out_of_reach(self):
        with pytest.raises(ImpossibleChange, match="9999-12-31 is too far away"):
            changed(four(), 400_00, Move(number=2, to=date(9999, 12, 31)), today=TODAY)

    @pytest.mark.parametrize("number", [1, 5])
    def test_what_is_paid_or_not_there_cannot_be_moved(self, number):
        with pytest.raises(ImpossibleChange, match="open instalments: 2, 3, 4") as refused:
            changed(four(), 300_00, Move(number=number, to=FIRST), today=TODAY)
        assert refused.value.field == "number"

    def test_a_plan_that_is_paid_is_not_changed(self):
        with pytest.raises(ImpossibleChange, match="nothing of it is open"):
            changed(four(), 0, Skip(number=1), today=TODAY)


class TestAmounts:
    def test_the_difference_is_spread_over_the_later_ones(self):
        after = changed(four(), 400_00, Resize(number=1, amount=usd(40_00)), today=TODAY)
        assert [each[2] for each in open_parts(after, 400_00)] == [40_00, 120_00, 120_00, 120_00]

    def test_the_difference_goes_to_the_end(self):
        less = changed(four(), 400_00, Resize(number=1, amount=usd(40_00), rest="end"), today=TODAY)
        more = changed(
            four(), 400_00, Resize(number=1, amount=usd(250_00), rest="end"), today=TODAY
        )
        assert [each[2] for each in open_parts(less, 400_00)] == [40_00, 100_00, 100_00, 160_00]
        assert [each[2] for each in open_parts(more, 400_00)] == [250_00, 100_00, 50_00]

    def test_a_smaller_last_one_gets_one_more_after_it(self):
        after = changed(four(), 400_00, Resize(number=4, amount=usd(30_00)), today=TODAY)
        assert open_parts(after, 400_00)[3:] == [(4, "03-01", 30_00), (5, "04-01", 70_00)]

    def test_all_of_it_at_once_leaves_nothing_for_later(self):
        after = changed(four(), 400_00, Resize(number=1, amount=usd(400_00)), today=TODAY)
        assert open_parts(after, 400_00) == [(1, "12-01", 400_00)]

    YEN = Money(minor=5, currency="JPY")

    @pytest.mark.parametrize("change", [Resize(number=1, amount=YEN), Respread(amount=YEN)])
    def test_an_amount_in_another_currency_is_refused(self, change):
        with pytest.raises(ImpossibleChange, match="the plan is not in JPY; expected USD"):
            changed(four(), 400_00, change, today=TODAY)

    def test_an_amount_is_above_zero(self):
        with pytest.raises(ValidationError, match="minor must be above zero"):
            Resize(number=1, amount=usd(0))

    def test_more_than_is_left_is_refused(self):
        with pytest.raises(ImpossibleChange, match=r"USD 300.01 is more than is left; .* 300.00"):
            changed(four(), 400_00, Resize(number=2, amount=usd(300_01)), today=TODAY)


class TestSkipping:
    def test_a_skipped_instalment_comes_at_the_end(self):
        after = changed(four(), 400_00, Skip(number=2), today=TODAY)
        assert [each[1] for each in open_parts(after, 400_00)] == [
            "12-01",
            "02-01",
            "03-01",
            "04-01",
        ]
        assert after.skipped == 1

    def test_what_is_overdue_cannot_be_skipped(self):
        with pytest.raises(ImpossibleChange, match="instalment 1 was due on 2026-12-01"):
            changed(four(), 400_00, Skip(number=1), today=date(2026, 12, 2))

    def test_what_was_paid_of_it_counts_for_the_next(self):
        after = changed(four(), 370_00, Skip(number=1), today=TODAY)
        assert open_parts(after, 370_00)[0] == (1, "01-01", 100_00)
        assert open_parts(after, 370_00)[-1] == (4, "04-01", 70_00)


class TestPausing:
    def test_everything_later_shifts_and_keeps_its_rhythm(self):
        after = changed(four(), 400_00, Pause(until=date(2027, 1, 15)), today=TODAY)
        assert [each[1] for each in open_parts(after, 400_00)] == [
            "02-01",
            "03-01",
            "04-01",
            "05-01",
        ]

    def test_fortnights_stay_the_same_fortnights(self):
        total = Money(minor=300, currency="USD")
        plan = schedule("p", total, Weekly(every=2), FIRST, parts=2)
        after = changed(plan, 300, Pause(until=date(2026, 12, 20)), today=TODAY)
        assert [each[1] for each in open_parts(after, 300)] == ["12-29", "01-12"]

    def test_dates_of_its_own_keep_their_distances(self):
        plan = custom((FIRST, 10), (FIRST + timedelta(days=3), 20))
        after = changed(plan, 30, Pause(until=date(2026, 12, 10)), today=TODAY)
        assert open_parts(after, 30) == [(1, "12-10", 10), (2, "12-13", 20)]

    def test_what_is_overdue_stays_overdue(self):
        today = date(2026, 12, 5)
        after = changed(four(), 400_00, Pause(until=date(2027, 1, 15)), today=today)
        assert [each[1] for each in open_parts(after, 400_00)][:2] == ["12-01", "02-01"]
        assert overdue(after, 400_00, today) == 100_00

    @pytest.mark.parametrize("today", [TODAY, date(2027, 6, 1)])
    def test_a_pause_in_which_nothing_falls_due_is_none(self, today):
        with pytest.raises(ImpossibleChange, match="nothing falls due before"):
            changed(four(), 400_00, Pause(until=FIRST), today=today)


class TestSpreadingAnew:
    def test_over_the_same_dates_with_what_is_overdue(self):
        after = changed(four(), 390_00, Respread(), today=date(2026, 12, 5))
        assert open_parts(after, 390_00) == [
            (1, "01-01", 130_00),
            (2, "02-01", 130_00),
            (3, "03-01", 130_00),
        ]
        assert missed(after, 390_00, date(2026, 12, 5)) == ()

    def test_over_more_dates_and_by_an_amount(self):
        more = changed(four(), 300_00, Respread(parts=5), today=TODAY)
        by = changed(four(), 300_00, Respread(amount=usd(140_00)), today=TODAY)
        assert [each[1:] for each in open_parts(more, 300_00)][-1] == ("05-01", 60_00)
        assert [each[1:] for each in open_parts(by, 300_00)] == [
            ("01-01", 140_00),
            ("02-01", 140_00),
            ("03-01", 20_00),
        ]

    def test_one_of_which_all_is_overdue_goes_on_by_its_rhythm(self):
        after = changed(four(), 100_00, Respread(parts=2), today=date(2027, 6, 10))
        assert [each[1:] for each in open_parts(after, 100_00)] == [
            ("07-01", 50_00),
            ("08-01", 50_00),
        ]

    def test_parts_and_an_amount_are_not_both_given(self):
        with pytest.raises(ImpossibleChange, match="it is given beside parts"):
            changed(four(), 400_00, Respread(parts=2, amount=usd(5)), today=TODAY)


@given(minor=st.integers(1, 399_99), paid=st.integers(0, 100_00), days=st.integers(0, 60))
def test_an_extra_payment_that_keeps_the_schedule_shortens_its_end_and_nothing_else(
    minor, paid, days
):
    plan, balance = four(), 400_00 - paid
    minor, today = min(minor, balance - 1), TODAY + timedelta(days=days)
    after = extra_payment(plan, balance - minor, minor, how="keep", today=today)
    if after is None:
        assert minor <= sum(
            part.open for part in plan.parts(balance) if part.instalment.due <= today
        )
        return
    before = [part for part in plan.parts(balance) if part.instalment.due > today and part.open]
    kept = [part for part in after.parts(balance - minor) if part.open]
    assert [each.instalment.due for each in kept] == [
        each.instalment.due for each in before[: len(kept)]
    ]
    assert [each.open for each in kept[:-1]] == [each.open for each in before[: len(kept) - 1]]
    assert sum(each.open for each in kept) == balance - minor


class TestExtraPayments:
    def test_the_schedule_is_kept_and_the_end_gets_shorter(self):
        after = extra_payment(four(), 280_00, 120_00, how="keep", today=TODAY)
        assert after is not None
        assert open_parts(after, 280_00) == [
            (1, "12-01", 100_00),
            (2, "01-01", 100_00),
            (3, "02-01", 80_00),
        ]

    def test_or_every_coming_instalment_gets_smaller(self):
        after = extra_payment(four(), 280_00, 120_00, how="respread", today=TODAY)
        assert after is not None
        assert [each[2] for each in open_parts(after, 280_00)] == [70_00] * 4

    def test_and_there_are_fewer_of_them_where_no_card_could_pay_so_little(self):
        after = extra_payment(four(), 1_20, 398_80, how="respread", today=TODAY)
        assert after is not None
        assert [each[2] for each in open_parts(after, 1_20)] == [60, 60]
        one = extra_payment(four(), 30, 399_70, how="respread", today=TODAY)
        assert one is not None
        assert [each[2] for each in open_parts(one, 30)] == [30]

    def test_what_is_due_is_paid_of_it_first(self):
        today = FIRST
        after = extra_payment(four(), 280_00, 120_00, how="keep", today=today)
        assert after is not None
        assert [each[2] for each in open_parts(after, 280_00)] == [100_00, 100_00, 80_00]
        assert extra_payment(four(), 310_00, 90_00, how="keep", today=today) is None

    def test_an_end_too_small_for_any_card_is_paid_with_the_instalment_before_it(self):
        paying = {"settlement_id": "s", "opening": 100_00}
        plan = schedule("p", usd(60_00), Monthly(), FIRST, parts=4).model_copy(update=paying)
        after = extra_payment(plan, 85_20, 14_80, how="keep", today=TODAY)
        assert after is not None
        assert [each[2] for each in open_parts(after, 85_20)] == [15_00, 15_00, 15_20]

    def test_the_last_payment_of_all_changes_nothing(self):
        assert extra_payment(four(), 0, 400_00, how="keep", today=TODAY) is None

    def test_an_extra_payment_that_goes_back_is_owed_with_the_next_instalment(self):
        after = extra_payment(four(), 280_00, 120_00, how="keep", today=TODAY)
        assert after is not None
        assert [each[2] for each in open_parts(after, 400_00)] == [220_00, 100_00, 80_00]


class TestCostsAdded:
    def test_they_are_paid_with_the_last_instalment_and_make_nothing_overdue(self):
        after = owing_more(four(), 305_00, 5_00)
        assert open_parts(after, 305_00) == [
            (2, "01-01", 100_00),
            (3, "02-01", 100_00),
            (4, "03-01", 105_00),
        ]

    def test_a_plan_that_is_paid_takes_none(self):
        with pytest.raises(ImpossibleChange, match="nothing of it is open"):
            owing_more(four(), 5_00, 5_00)


class TestRestarting:
    TODAY = date(2027, 1, 20)

    def restart(self, plan=None, first=date(2027, 2, 5), **more):
        return restarted(plan or four(), 350_00, first, today=self.TODAY, **more)

    def test_all_that_is_open_falls_due_from_the_new_date_on(self):
        after = self.restart(rhythm=Weekly())
        assert open_parts(after, 350_00) == [
            (1, "02-05", 50_00),
            (2, "02-12", 100_00),
            (3, "02-19", 100_00),
            (4, "02-26", 100_00),
        ]
        assert after.rhythm == Weekly(weekday=4)
        assert overdue(after, 350_00, self.TODAY) == 0

    def test_it_keeps_its_rhythm(self):
        assert [each[1] for each in open_parts(self.restart(), 350_00)][:2] == ["03-01", "04-01"]

    def test_dates_of_its_own_keep_their_distances(self):
        plan = custom((FIRST, 300_00), (FIRST + timedelta(days=3), 50_00))
        assert [each[1] for each in open_parts(self.restart(plan), 350_00)] == ["02-05", "02-08"]

    @pytest.mark.parametrize("first", [date(2027, 1, 19), date(9999, 1, 1)])
    def test_it_begins_neither_in_the_past_nor_out_of_reach(self, first):
        with pytest.raises(ImpossibleChange) as refused:
            self.restart(first=first)
        assert refused.value.field == "first"
