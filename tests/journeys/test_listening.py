"""What consumers say, and what is done with it in every journey."""

from datetime import date

import pytest

from domain.events import PaymentClaimed, PaymentReversed, PlanRequested, PromiseToPay
from journeys.hardship import HARDSHIP
from journeys.invoice import INVOICE
from journeys.standard import STANDARD
from journeys.subscription import SUBSCRIPTION
from simulation.diary import Story, accepts_offer, declined, newly_placed, pays, play, takes_back

HALF = PromiseToPay(event_id="1", due=date(2026, 3, 20), minor=100_00, balance=200_00)


def promised(day, name, *, minor=None, balance=None):
    return PromiseToPay(event_id=name, due=date(2026, 3, day), minor=minor, balance=balance)


def test_a_promise_of_a_part_is_kept_as_soon_as_that_much_has_come():
    assert play(STANDARD, {1: HALF, 6: pays(100_00)})[:3] == [
        "day   0  09:00  sms nudge",
        "day   6  09:00  email nudge",
        "day  10  09:00  sms last_nudge",
    ]


def test_less_than_was_promised_does_not_keep_it():
    assert play(STANDARD, {1: HALF, 6: pays(99_99)})[1] == "day  13  08:00  email nudge"


def test_what_was_paid_before_the_promise_does_not_keep_it():
    later = promised(20, "1", minor=50_00, balance=100_00)

    assert play(STANDARD, {1: pays(100_00), 2: later})[1] == "day  13  08:00  email nudge"


def test_after_a_promise_that_was_kept_the_next_one_is_trusted_too():
    second = promised(26, "2", minor=50_00, balance=100_00)

    diary = play(STANDARD, {1: HALF, 4: pays(100_00), 5: second})

    assert diary[:3] == [
        "day   0  09:00  sms nudge",
        "day   4  09:00  email nudge",
        "day  19  08:00  sms last_nudge",
    ]


def test_after_one_that_was_broken_the_next_one_buys_a_few_days():
    second = promised(30, "2", balance=200_00)

    diary = play(STANDARD, {1: promised(12, "1", balance=200_00), 6: second})

    assert diary[:3] == [
        "day   0  09:00  sms nudge",
        "day   5  08:00  email nudge",
        "day   9  09:00  sms last_nudge",
    ]


def test_a_kept_promise_does_not_end_a_peace_that_has_another_reason():
    claimed = PaymentClaimed(event_id="2")

    diary = play(STANDARD, {1: claimed, 2: HALF, 3: pays(100_00)})

    assert diary[2] == "day   8  09:00  email nudge"


@pytest.mark.parametrize("journey", [STANDARD, SUBSCRIPTION, INVOICE, HARDSHIP])
def test_a_payment_that_went_back_is_looked_at_before_the_journey_goes_on(journey):
    account = newly_placed(balance=150_00)
    went_back = (takes_back(50_00), PaymentReversed(event_id="1"))

    diary = play(journey, {1: went_back}, account=account, charges=[declined()] * 9, last_day=75)

    seen = diary.index(
        "day   1  09:00  handed over: a payment went back: find out why, and what was meant by it"
    )
    assert int(diary[seen + 1].split()[1]) >= 8


def test_what_went_back_during_a_plan_is_announced_anew_before_it_is_charged():
    story: Story[int] = {
        1: PlanRequested(event_id="plan"),
        2: accepts_offer,
        20: (takes_back(50_00), PaymentReversed(event_id="1")),
    }

    assert play(STANDARD, story)[4:9] == [
        "day  20  09:00  handed over: a payment went back: find out why, and what was meant by it",
        "day  27  09:00  sms instalment_due",
        "day  29  09:00  charge 50.00 paid",
        "day  37  09:00  sms instalment_due",
        "day  39  09:00  charge 50.00 paid",
    ]
