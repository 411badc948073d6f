"""Plans measured by a creditor's contract: every fault says the figure that was expected."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.contracts import HardshipTerms, PlanTerms
from domain.money import Money
from domain.plan_changes import Move, Pause, Resize, Respread, Skip, changed, restarted
from domain.plan_terms import (
    Fault,
    change_faults,
    in_hardship,
    is_broken,
    missed,
    overdue,
    plan_faults,
)
from domain.plans import PaymentPlan, numbered, schedule
from domain.rhythms import Monthly, Weekly

TODAY = date(2026, 11, 23)
FIRST = date(2026, 12, 1)


def usd(minor):
    return Money(minor=minor, currency="USD")


def four(rhythm=None, first=FIRST):
    return schedule("p1", usd(100_00), rhythm or Monthly(), first, parts=4)


def faults(plan=None, total=100_00, **terms):
    return plan_faults(plan or four(), total, today=TODAY, terms=PlanTerms(**terms))


class TestAPlan:
    def test_a_plan_within_the_terms_has_no_fault(self):
        assert faults(least_instalments=(usd(25_00),), least_first=Decimal(25)) == ()

    def test_an_instalment_under_the_minimum_is_named_with_both_figures(self):
        first, *others = faults(least_instalments=(usd(30_00),))
        assert first == Fault(
            "instalments/0/minor",
            "instalment 25.00 is under the creditor's minimum 30.00",
            "at least USD 30.00",
        )
        assert len(others) == 2  # the last one may be smaller

    def test_no_instalment_is_under_what_a_card_can_pay_and_the_last_is_not_either(self):
        own = PaymentPlan(
            plan_id="p",
            currency="USD",
            instalments=numbered([(FIRST, 49), (FIRST, 99_10), (FIRST, 41)]),
        )
        assert [(each.field, each.why) for each in faults(own)] == [
            (
                "instalments/0/minor",
                "instalment 0.49 is under the least that can be paid by card, 0.50",
            ),
            (
                "instalments/2/minor",
                "instalment 0.41 is under the least that can be paid by card, 0.50",
            ),
        ]

    def test_the_larger_of_two_minimums_is_named(self):
        own = PaymentPlan(
            plan_id="p", currency="USD", instalments=numbered([(FIRST, 40), (FIRST, 99_60)])
        )
        [creditor] = faults(own, least_instalments=(usd(60),))
        assert (creditor.why, creditor.expected) == (
            "instalment 0.40 is under the creditor's minimum 0.60",
            "at least USD 0.60",
        )
        [card] = faults(own, least_instalments=(usd(45),))
        assert card.why == "instalment 0.40 is under the least that can be paid by card, 0.50"

    def test_a_currency_that_no_card_pays_has_no_such_minimum(self):
        own = PaymentPlan(plan_id="p", currency="CLF", instalments=numbered([(FIRST, 1)]))
        assert faults(own, total=1) == ()

    def test_the_minimum_of_another_currency_does_not_bind(self):
        assert faults(least_instalments=(Money(minor=30_000, currency="KWD"),)) == ()

    @pytest.mark.parametrize(
        ("terms", "why"),
        [
            (
                {"least_first": Decimal("30.5")},
                "payment 25.00 is under the creditor's minimum 30.5",
            ),
            ({"first_within_days": 7}, "the first instalment falls on 2026-12-01"),
            ({"longest_days": 90}, "the last instalment falls on 2027-03-01"),
            ({"most_parts": 3}, "there are 4 instalments"),
            ({"rhythms": ("weekly",)}, "the creditor agrees to no monthly plan"),
        ],
    )
    def test_each_limit_of_the_contract_is_a_fault_of_its_own(self, terms, why):
        [fault] = faults(**terms)
        assert why in fault.why
        assert fault.expected

    def test_the_first_payment_is_rounded_up_to_its_share(self):
        total = usd(100_01)
        plan = schedule("p1", total, Monthly(), FIRST, parts=4)
        [fault] = faults(plan, 100_01, least_first=Decimal(25))
        assert fault.expected == "at least USD 25.01, 25 % of what is owed"

    def test_a_plan_that_begins_before_today(self):
        [fault] = faults(four(first=TODAY - timedelta(days=1)))
        assert fault.expected == "2026-11-23 or later"

    def test_amounts_that_do_not_sum_to_what_is_owed(self):
        [fault] = faults(total=120_00)
        assert (fault.why, fault.expected) == (
            "the instalments sum to USD 100.00",
            "USD 120.00, which is owed",
        )

    def test_amounts_that_no_card_can_pay(self):
        plan = PaymentPlan(
            plan_id="c", currency="KWD", instalments=numbered([(FIRST, 1_005), (FIRST, 1_003)])
        )
        [fault] = faults(plan, 2_008)
        assert fault.why == "instalment 1.005 cannot be charged to a card"
        assert fault.expected == "a multiple of KWD 0.010; only the last takes what is left"

    def test_dates_of_its_own_are_custom(self):
        plan = PaymentPlan(plan_id="c", currency="USD", instalments=numbered([(FIRST, 50)]))
        [fault] = faults(plan, 50, rhythms=("weekly", "monthly"))
        assert fault == Fault(
            "rhythm", "the creditor agrees to no custom plan", "weekly or monthly"
        )

    def test_in_hardship_instalments_are_smaller_and_take_longer(self):
        strict = PlanTerms(least_instalments=(usd(30_00),), longest_days=90, most_parts=3)
        eased = in_hardship(strict, HardshipTerms(least_instalments=(usd(5_00),)))
        assert plan_faults(four(), 100_00, today=TODAY, terms=strict) != ()
        assert plan_faults(four(), 100_00, today=TODAY, terms=eased) == ()


def after(change, plan=None, *, today=TODAY, balance=100_00, **terms):
    before = plan or four()
    revised = changed(before, balance, change, today=today)
    return change_faults(
        before, revised, balance, change, today=today, since=TODAY, terms=PlanTerms(**terms)
    )


class TestAChange:
    def test_a_change_within_the_terms_has_no_fault(self):
        assert after(Move(number=1, to=date(2026, 12, 20))) == ()
        assert after(Resize(number=1, amount=usd(30_00)), least_instalments=(usd(20_00),)) == ()

    def test_what_was_under_the_minimum_before_does_not_stand_against_a_move(self):
        assert after(Move(number=1, to=TODAY), least_instalments=(usd(30_00),)) == ()

    def test_an_amount_under_the_minimum(self):
        [fault] = after(Resize(number=1, amount=usd(10_00)), least_instalments=(usd(20_00),))
        assert fault.why == "instalment 10.00 is under the creditor's minimum 20.00"

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            (Resize(number=1, amount=usd(49)), "instalment 0.49 is under the least"),
            (Resize(number=4, amount=usd(24_70)), "instalment 0.30 is under the least"),
            (Respread(parts=300), "instalment 0.33 is under the least"),
        ],
    )
    def test_a_change_leaves_no_instalment_that_no_card_could_pay(self, change, why):
        found = after(change, most_parts=400, longest_days=10_000)
        assert {each.why.removesuffix(" that can be paid by card, 0.50") for each in found} == {why}

    def test_an_amount_that_was_there_before_is_no_excuse_for_another(self):
        plan = PaymentPlan(
            plan_id="c", currency="USD", instalments=numbered([(FIRST, 90_00), (FIRST, 10_00)])
        )
        change, least = Resize(number=1, amount=usd(10_00)), (usd(20_00),)
        [fault] = after(change, plan, least_instalments=least)
        assert fault.why == "instalment 10.00 is under the creditor's minimum 20.00"

    def test_a_date_that_is_moved_too_far(self):
        [fault] = after(Move(number=1, to=date(2027, 1, 10)), most_days_moved=31)
        assert fault == Fault(
            "to", "instalment 1 is moved back by 40 days", "at most 31 days, 2027-01-01"
        )

    def test_a_pause_that_is_too_long(self):
        [fault] = after(Pause(until=date(2027, 1, 10)), longest_pause_days=30)
        assert fault == Fault(
            "until", "the plan is paused for 48 days", "at most 30 days, 2026-12-23"
        )

    def test_one_skip_too_many(self):
        once = changed(four(), 100_00, Skip(number=1), today=TODAY)
        [fault] = after(Skip(number=1), once, most_skips=1)
        assert fault.why == "1 instalments of this plan were skipped already"

    def test_a_plan_that_gets_too_long_or_too_many_parts(self):
        [longer] = after(Skip(number=1), longest_days=100)
        assert longer.why == "the last instalment falls on 2027-04-01"
        [more] = after(Resize(number=4, amount=usd(5_00)), most_parts=4)
        assert more.why == "there are 5 instalments"

    def test_a_restart_is_measured_too(self):
        plan, today = four(), date(2027, 1, 20)
        revised = restarted(plan, 100_00, date(2027, 2, 1), today=today)
        terms = PlanTerms(longest_days=150)
        [fault] = change_faults(plan, revised, 100_00, None, today=today, since=TODAY, terms=terms)
        assert fault.expected == "2027-04-22 or earlier: the creditor agrees to 150 days"


class TestMissed:
    def test_an_instalment_within_its_grace_is_not_missed(self):
        plan = four(Weekly())
        assert overdue(plan, 90_00, date(2026, 12, 1)) == 0
        assert overdue(plan, 90_00, date(2026, 12, 2)) == 15_00
        assert overdue(plan, 90_00, date(2026, 12, 4), grace=3) == 0
        assert overdue(plan, 90_00, date(2026, 12, 5), grace=3) == 15_00
        [part] = missed(plan, 90_00, date(2026, 12, 5), grace=3)
        assert (part.instalment.number, part.paid, part.open) == (1, 10_00, 15_00)

    def test_as_many_as_the_contract_says_break_a_plan(self):
        plan, terms = four(Weekly()), PlanTerms(grace_days=3, breaks_after=2)
        assert not is_broken(plan, 100_00, date(2026, 12, 11), terms)
        assert is_broken(plan, 100_00, date(2026, 12, 12), terms)
        assert not is_broken(plan, 75_00, date(2026, 12, 12), terms)
