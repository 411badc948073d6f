"""Stories of plans: offered, accepted, kept, broken and caught up."""

import pytest

from domain.accounts import Hold
from domain.contacts import Channel
from domain.events import (
    CardStored,
    HoldLifted,
    HoldPlaced,
    InstalmentFailed,
    MessageReceived,
    OptedOut,
    PlanRequested,
)
from domain.orders import ChargeStatus
from journeys.standard import STANDARD
from simulation.diary import Story, accepts_offer, pays, play, takes_back

DECLINED, PAID, PROCESSING = ChargeStatus.DECLINED, ChargeStatus.PAID, ChargeStatus.PROCESSING

ASKED: Story[int] = {1: PlanRequested(event_id="plan")}
AGREED: Story[int] = {**ASKED, 2: accepts_offer}
"""A plan of four parts from day 8 on."""

BEGUN = ["day   0  09:00  sms nudge", "day   1  09:00  sms plan_offer"]
FIRST = ["day   6  09:00  sms instalment_due", "day   8  09:00  charge 50.00 paid"]
SECOND_DECLINED = [
    "day  37  09:00  sms instalment_due",
    "day  39  09:00  charge 50.00 declined",
    "day  39  09:00  sms instalment_failed",
]


def test_a_plan_is_asked_for_accepted_and_charged_on_its_dates_until_all_is_paid():
    assert play(STANDARD, AGREED) == [
        *BEGUN,
        *FIRST,
        "day  37  09:00  sms instalment_due",
        "day  39  09:00  charge 50.00 paid",
        "day  67  09:00  sms instalment_due",
        "day  69  09:00  charge 50.00 paid",
        "day  98  09:00  sms instalment_due",
        "day 100  09:00  charge 50.00 paid",
        "day 100  09:00  closed: paid in full",
    ]


def test_the_plan_is_for_what_is_still_owed():
    story: Story[int] = {0: pays(100_03), **AGREED}

    assert [line for line in play(STANDARD, story) if "charge" in line] == [
        "day   8  09:00  charge 24.99 paid",
        "day  39  09:00  charge 24.99 paid",
        "day  69  09:00  charge 24.99 paid",
        "day 100  09:00  charge 25.00 paid",
    ]


def test_an_offer_that_was_accepted_late_is_not_charged_without_notice():
    diary = play(STANDARD, {**ASKED, 7: accepts_offer})

    assert diary[2:4] == [
        "day   7  09:00  sms instalment_due",
        "day   9  09:00  charge 50.00 paid",
    ]


def test_a_failed_instalment_is_told_caught_up_and_the_plan_goes_on():
    diary = play(STANDARD, {**AGREED, 41: pays(50_00)}, charges=[PAID, DECLINED])

    assert diary == [
        *BEGUN,
        *FIRST,
        *SECOND_DECLINED,
        "day  67  09:00  sms instalment_due",
        "day  69  09:00  charge 50.00 paid",
        "day  98  09:00  sms instalment_due",
        "day 100  09:00  charge 50.00 paid",
        "day 100  09:00  closed: paid in full",
    ]


def test_a_new_card_catches_up_at_once():
    diary = play(STANDARD, {**AGREED, 40: CardStored(event_id="1")}, charges=[PAID, DECLINED])

    assert diary[7:9] == [
        "day  40  09:00  charge 50.00 paid",
        "day  67  09:00  sms instalment_due",
    ]


def test_a_new_card_in_good_time_is_charged_on_the_next_date_and_not_before():
    diary = play(STANDARD, {**AGREED, 20: CardStored(event_id="1")})

    assert diary == play(STANDARD, AGREED)


def test_a_new_card_that_is_declined_too_breaks_the_plan_again():
    story: Story[int] = {**AGREED, 40: CardStored(event_id="1")}

    diary = play(STANDARD, story, charges=[PAID, DECLINED, DECLINED])

    assert diary[7:9] == [
        "day  40  09:00  charge 50.00 declined",
        "day  40  09:00  sms instalment_failed",
    ]


def test_nobody_hears_of_a_failure_while_a_payment_is_under_way():
    story: Story[int] = {**AGREED, 40: CardStored(event_id="1"), 43: pays(50_00)}

    diary = play(STANDARD, story, charges=[PAID, DECLINED, PROCESSING])

    assert diary[7:9] == [
        "day  40  09:00  charge 50.00 processing",
        "day  67  09:00  sms instalment_due",
    ]


def test_after_a_silent_failure_comes_one_fresh_offer_and_then_a_person():
    assert play(STANDARD, AGREED, charges=[PAID, DECLINED])[4:] == [
        *SECOND_DECLINED,
        "day  42  09:00  email instalment_failed",
        "day  45  09:00  sms fresh_offer",
        "day  52  09:00  email fresh_offer",
        "day  59  09:00  handed over: no answer to the offer of a plan",
        "day  59  09:00  closed: referred",
    ]


def test_a_plan_that_breaks_twice_is_referred():
    story: Story[int] = {**AGREED, 46: accepts_offer}

    diary = play(STANDARD, story, charges=[PAID, DECLINED, PAID, DECLINED])

    assert diary[8:] == [
        "day  45  09:00  sms fresh_offer",
        "day  50  09:00  sms instalment_due",
        "day  52  09:00  charge 25.00 paid",
        "day  81  09:00  sms instalment_due",
        "day  83  09:00  charge 25.00 declined",
        "day  83  09:00  sms instalment_failed",
        "day  86  09:00  email instalment_failed",
        "day  89  09:00  handed over: the plan broke twice",
        "day  89  09:00  closed: referred",
    ]


def test_a_question_about_the_fresh_offer_is_not_a_second_break():
    story: Story[int] = {**AGREED, 46: MessageReceived(event_id="1"), 50: accepts_offer}

    diary = play(STANDARD, story, charges=[PAID, DECLINED])

    assert diary[8:11] == [
        "day  45  09:00  sms fresh_offer",
        "day  46  09:00  handed over: wrote, or wants a call: read it and answer",
        "day  54  09:00  sms instalment_due",
    ]


def test_asking_about_instalments_while_the_plan_is_kept_changes_nothing():
    asked: Story[int] = {**AGREED, 12: PlanRequested(event_id="ask")}

    diary, undisturbed = play(STANDARD, asked), play(STANDARD, AGREED)

    question = "day  12  09:00  handed over: asks about instalments while the plan is kept"
    assert question in diary
    assert [line for line in diary if line != question] == undisturbed


def test_one_who_paid_while_a_person_answered_does_not_hear_of_a_failure_again():
    story: Story[int] = {**AGREED, 40: MessageReceived(event_id="1"), 41: pays(50_00)}

    diary = play(STANDARD, story, charges=[PAID, DECLINED])

    assert diary[7:9] == [
        "day  40  09:00  handed over: wrote, or wants a call: read it and answer",
        "day  67  09:00  sms instalment_due",
    ]


@pytest.mark.parametrize("status", [PROCESSING, ChargeStatus.UNAVAILABLE, ChargeStatus.NOT_DUE])
def test_a_payment_under_way_has_time_to_clear(status):
    diary = play(STANDARD, {**AGREED, 11: pays(50_00)}, charges=[status])

    assert diary[2:5] == [
        "day   6  09:00  sms instalment_due",
        f"day   8  09:00  charge 50.00 {status}",
        "day  37  09:00  sms instalment_due",
    ]


def test_a_payment_that_does_not_clear_is_looked_up_before_anyone_hears_of_a_failure():
    diary = play(STANDARD, AGREED, charges=[PROCESSING])

    assert diary[3:6] == [
        "day   8  09:00  charge 50.00 processing",
        "day  13  09:00  handed over: a charge has come to no end: look it up at Stripe",
        "day  18  09:00  sms instalment_failed",
    ]


def test_nobody_without_a_plan_hears_of_a_failed_instalment():
    failed: Story[int] = {1: InstalmentFailed(event_id="1", number=1)}

    diary = play(STANDARD, failed)

    assert not any("instalment_failed" in line for line in diary)
    assert diary[-1].endswith("closed: referred")


def test_a_payment_that_fails_later_is_told_at_once():
    story: Story[int] = {**AGREED, 10: InstalmentFailed(event_id="1", number=1)}

    diary = play(STANDARD, story, charges=[PROCESSING])

    assert diary[4] == "day  10  09:00  sms instalment_failed"


def test_a_payment_that_is_taken_back_is_owed_again():
    story: Story[int] = {
        **AGREED,
        12: (takes_back(50_00), InstalmentFailed(event_id="1", number=1)),
    }

    assert play(STANDARD, story)[4:6] == [
        "day  12  09:00  sms instalment_failed",
        "day  15  09:00  email instalment_failed",
    ]


@pytest.mark.parametrize("paid", [50_00, 120_00])
def test_a_consumer_who_pays_ahead_is_not_charged_for_it_again(paid):
    charges = [line for line in play(STANDARD, {**AGREED, 4: pays(paid)}) if "charge" in line]

    assert sum(round(float(line.split()[4]) * 100) for line in charges) == 200_00 - paid


def test_a_dispute_during_a_plan_moves_the_notice_and_the_charge():
    story: Story[int] = {
        **AGREED,
        20: HoldPlaced(event_id="1", hold=Hold.DISPUTE),
        45: HoldLifted(event_id="2", hold=Hold.DISPUTE),
    }

    assert play(STANDARD, story)[4:6] == [
        "day  62  09:00  sms instalment_due",
        "day  64  09:00  charge 50.00 paid",
    ]


def test_one_who_opted_out_keeps_the_plan_and_hears_nothing():
    no_more = tuple(OptedOut(event_id=each, channel=each) for each in Channel)

    diary = play(STANDARD, {**AGREED, 3: no_more})

    assert [line for line in diary if "sms" in line and "refused" not in line] == BEGUN
    assert diary[-1] == "day 100  09:00  closed: paid in full"


def test_a_broken_plan_of_one_who_cannot_be_reached_goes_to_a_person():
    no_more = tuple(OptedOut(event_id=each, channel=each) for each in Channel)

    diary = play(STANDARD, {**AGREED, 3: no_more}, charges=[DECLINED])

    assert diary[-2:] == [
        "day   8  09:00  handed over: no answer to the offer of a plan",
        "day   8  09:00  closed: referred",
    ]
