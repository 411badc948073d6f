"""Stories of accounts on the subscription journey."""

from datetime import date

import pytest

from compliance import PersonFacts
from domain.contacts import Channel, ContactStatus
from domain.events import (
    CardStored,
    MessageReceived,
    OptedOut,
    PlanRequested,
    PromiseToPay,
)
from domain.orders import ChargeStatus, DeclineKind
from domain.time import days, hours
from journeys.subscription import SUBSCRIPTION
from simulation.diary import Story, accepts_offer, declined, newly_placed, not_yet, pays, play

PAID, PROCESSING = ChargeStatus.PAID, ChargeStatus.PROCESSING
DECLINED = declined(again_in=days(2))
NEVER = [DECLINED] * 20

SILENCE = [
    "day   0  09:00  charge 200.00 declined",
    "day   0  09:00  email payment_missed",
    "day   2  09:00  charge 200.00 declined",
    "day   3  09:00  sms payment_missed",
    "day   4  09:00  charge 200.00 declined",
    "day   6  09:00  charge 200.00 declined",
    "day   7  09:00  email last_notice",
    "day   8  09:00  charge 200.00 declined",
    "day  10  09:00  charge 200.00 declined",
    "day  12  09:00  charge 200.00 declined",
    "day  14  09:00  charge 200.00 declined",
    "day  14  09:00  handed over: the subscription's payment could not be recovered",
    "day  14  09:00  closed: referred",
]


def test_silence_to_the_end():
    assert play(SUBSCRIPTION, charges=NEVER) == SILENCE


@pytest.mark.parametrize("kind", [DeclineKind.NEVER, DeclineKind.FIX, DeclineKind.PERSON])
def test_a_card_that_was_declined_for_good_is_tried_once_and_the_link_goes_out_at_once(kind):
    assert play(SUBSCRIPTION, charges=[declined(kind)]) == [
        "day   0  09:00  charge 200.00 declined",
        "day   0  09:00  email payment_missed",
        "day   3  09:00  sms payment_missed",
        "day   7  09:00  email last_notice",
        "day  14  09:00  handed over: the subscription's payment could not be recovered",
        "day  14  09:00  closed: referred",
    ]


def test_where_nothing_may_be_sent_the_card_is_tried_and_what_is_missing_is_waited_for():
    """ON-1: a written notice comes before any other contact."""
    account = newly_placed(currency="CAD")
    account.person = PersonFacts(
        country="CA", regions=("CA-ON",), zones=("America/Toronto",), actor="agency"
    )

    diary = play(SUBSCRIPTION, account=account, charges=NEVER)

    assert diary[0] == "day   0  09:00  charge 200.00 declined"
    assert diary[1].startswith("day   0  09:00  handed over: nothing may be sent to them: ON-1: ")
    assert diary[2:] == [
        "day  30  00:00  charge 200.00 declined",
        "day  30  00:00  handed over: the subscription's payment could not be recovered",
        "day  30  00:00  closed: referred",
    ]


def test_a_schedule_of_retries_that_has_run_out_is_over():
    diary = play(SUBSCRIPTION, charges=[DECLINED, declined()])

    assert [line for line in diary if "charge" in line] == [
        "day   0  09:00  charge 200.00 declined",
        "day   2  09:00  charge 200.00 declined",
    ]


def test_nobody_hears_of_a_failure_before_the_card_was_tried():
    diary = play(SUBSCRIPTION, charges=[not_yet(days(9)), *NEVER])

    assert diary[:3] == [
        "day   0  09:00  charge 200.00 not yet",
        "day   9  09:00  charge 200.00 declined",
        "day   9  09:00  email payment_missed",
    ]


def test_a_card_that_has_to_wait_for_long_is_not_called_a_failure():
    assert play(SUBSCRIPTION, charges=[not_yet(days(40))]) == [
        "day   0  09:00  charge 200.00 not yet",
        "day   0  09:00  email nudge",
        "day   3  09:00  sms nudge",
        "day   7  09:00  email last_notice",
        "day  14  09:00  handed over: the subscription's payment could not be recovered",
        "day  14  09:00  closed: referred",
    ]


def test_a_card_that_waited_for_long_and_then_failed_is_told_of_from_then_on():
    diary = play(SUBSCRIPTION, charges=[not_yet(days(12)), DECLINED])

    assert diary[:4] == [
        "day   0  09:00  charge 200.00 not yet",
        "day   0  09:00  email nudge",
        "day  12  09:00  charge 200.00 declined",
        "day  12  09:00  sms payment_missed",
    ]


def test_a_question_while_a_charge_has_to_wait_makes_it_no_failure():
    story: Story[int] = {1: MessageReceived(event_id="1")}

    assert play(SUBSCRIPTION, story, charges=[not_yet(days(9))]) == [
        "day   0  09:00  charge 200.00 not yet",
        "day   1  09:00  handed over: wrote, or wants a call: read it and answer",
        "day   9  09:00  charge 200.00 paid",
        "day   9  09:00  closed: paid in full",
    ]


def test_a_new_card_that_has_to_wait_is_not_called_a_failure_either():
    story: Story[int] = {1: CardStored(event_id="1")}

    assert play(SUBSCRIPTION, story, charges=[DECLINED, not_yet(days(5))]) == [
        *SILENCE[:2],
        "day   1  09:00  charge 200.00 not yet",
        "day   6  09:00  charge 200.00 paid",
        "day   6  09:00  closed: paid in full",
    ]


def test_what_failed_is_told_on_though_the_next_try_has_to_wait():
    diary = play(SUBSCRIPTION, charges=[DECLINED, not_yet(days(30))])

    assert diary[:5] == [
        *SILENCE[:2],
        "day   2  09:00  charge 200.00 not yet",
        "day   3  09:00  sms payment_missed",
        "day   7  09:00  email last_notice",
    ]


@pytest.mark.parametrize("status", [ChargeStatus.UNAVAILABLE, ChargeStatus.NOT_DUE])
def test_our_own_trouble_is_told_to_a_person_and_to_nobody_else(status):
    assert play(SUBSCRIPTION, charges=[status, status]) == [
        f"day   0  09:00  charge 200.00 {status}",
        "day   1  09:00  handed over: a charge cannot be made: find out why",
        f"day   1  09:00  charge 200.00 {status}",
        "day   2  09:00  charge 200.00 paid",
        "day   2  09:00  closed: paid in full",
    ]


def test_a_card_rests_for_an_hour_whatever_the_answer_says():
    diary = play(SUBSCRIPTION, charges=[not_yet(hours(0))] * 3)

    assert [line for line in diary if "charge" in line] == [
        "day   0  09:00  charge 200.00 not yet",
        "day   0  10:00  charge 200.00 not yet",
        "day   0  11:00  charge 200.00 not yet",
        "day   0  12:00  charge 200.00 paid",
    ]


def test_a_mail_that_comes_back_does_not_wait_for_the_next_try():
    diary = play(SUBSCRIPTION, charges=NEVER, contacts={"email": ContactStatus.UNDELIVERED})

    assert diary[:5] == [
        "day   0  09:00  charge 200.00 declined",
        "day   0  09:00  email payment_missed",
        "day   0  10:00  email payment_missed undelivered",
        "day   1  08:00  sms payment_missed",
        "day   2  09:00  charge 200.00 declined",
    ]


def test_a_card_that_works_at_once_is_never_written_about():
    assert play(SUBSCRIPTION) == [
        "day   0  09:00  charge 200.00 paid",
        "day   0  09:00  closed: paid in full",
    ]


def test_no_message_follows_a_retry_that_paid():
    assert play(SUBSCRIPTION, charges=[DECLINED, PAID]) == [
        *SILENCE[:2],
        "day   2  09:00  charge 200.00 paid",
        "day   2  09:00  closed: paid in full",
    ]


def test_the_last_try_pays():
    diary = play(SUBSCRIPTION, charges=[*[DECLINED] * 7, PAID])

    assert diary[-2:] == [
        "day  14  09:00  charge 200.00 paid",
        "day  14  09:00  closed: paid in full",
    ]


def test_a_renewed_card_is_charged_at_once():
    assert play(SUBSCRIPTION, {1: CardStored(event_id="1")}, charges=[DECLINED]) == [
        *SILENCE[:2],
        "day   1  09:00  charge 200.00 paid",
        "day   1  09:00  closed: paid in full",
    ]


def test_a_renewed_card_that_fails_goes_on_with_the_next_round():
    diary = play(SUBSCRIPTION, {1: CardStored(event_id="1")}, charges=NEVER)

    assert diary[2:5] == [
        "day   1  09:00  charge 200.00 declined",
        "day   3  09:00  charge 200.00 declined",
        "day   3  09:00  sms payment_missed",
    ]


def test_a_payment_under_way_is_neither_written_about_nor_taken_twice():
    assert play(SUBSCRIPTION, {2: pays(200_00)}, charges=[PROCESSING]) == [
        "day   0  09:00  charge 200.00 processing",
        "day   2  09:00  closed: paid in full",
    ]


def test_a_payment_that_does_not_clear_is_looked_up_before_anyone_hears_of_a_failure():
    diary = play(SUBSCRIPTION, charges=[PROCESSING, *NEVER])

    assert diary[:4] == [
        "day   0  09:00  charge 200.00 processing",
        "day  10  09:00  handed over: a charge has come to no end: look it up at Stripe",
        "day  20  09:00  charge 200.00 declined",
        "day  20  09:00  email payment_missed",
    ]


def test_a_question_while_a_payment_is_under_way_is_not_followed_by_a_notice():
    asked: Story[int] = {1: MessageReceived(event_id="1"), 9: pays(200_00)}

    assert play(SUBSCRIPTION, asked, charges=[PROCESSING])[1:] == [
        "day   1  09:00  handed over: wrote, or wants a call: read it and answer",
        "day   9  09:00  closed: paid in full",
    ]


def test_a_new_card_waits_for_a_payment_that_is_under_way():
    story: Story[int] = {1: CardStored(event_id="1"), 9: pays(200_00)}

    assert play(SUBSCRIPTION, story, charges=[PROCESSING])[1:] == [
        "day   9  09:00  closed: paid in full",
    ]


def test_a_card_stored_for_a_plan_is_not_charged_the_whole_balance():
    story: Story[int] = {
        1: PlanRequested(event_id="1"),
        2: (CardStored(event_id="2"), accepts_offer),
        20: CardStored(event_id="3"),
    }

    charges = [line for line in play(SUBSCRIPTION, story, charges=[DECLINED]) if "charge" in line]

    assert charges == [
        "day   0  09:00  charge 200.00 declined",
        "day   9  09:00  charge 50.00 paid",
        "day  40  09:00  charge 50.00 paid",
        "day  70  09:00  charge 50.00 paid",
        "day 101  09:00  charge 50.00 paid",
    ]


def test_a_renewed_card_collects_what_a_broken_plan_missed_and_no_more():
    story: Story[int] = {
        1: PlanRequested(event_id="1"),
        2: accepts_offer,
        10: CardStored(event_id="2"),
    }

    diary = play(SUBSCRIPTION, story, charges=[declined(), declined()])

    assert [line for line in diary if "charge" in line][:4] == [
        "day   0  09:00  charge 200.00 declined",
        "day   8  09:00  charge 50.00 declined",
        "day  10  09:00  charge 50.00 paid",
        "day  39  09:00  charge 50.00 paid",
    ]


def test_a_promise_pauses_the_retries_too():
    promise = PromiseToPay(event_id="1", due=date(2026, 3, 20))

    diary = play(SUBSCRIPTION, {1: promise}, charges=NEVER)

    assert diary[2:4] == [
        "day  13  00:00  charge 200.00 declined",
        "day  13  08:00  sms payment_missed",
    ]


def test_free_text_goes_to_a_person_first():
    diary = play(SUBSCRIPTION, {1: MessageReceived(event_id="1")}, charges=NEVER)

    assert diary[2:4] == [
        "day   1  09:00  handed over: wrote, or wants a call: read it and answer",
        "day   4  09:00  charge 200.00 declined",
    ]


def test_opted_out_of_email_hears_by_text_only():
    story: Story[int] = {0: OptedOut(event_id="1", channel=Channel.EMAIL)}

    diary = play(SUBSCRIPTION, story, charges=NEVER, contacts={"sms": ContactStatus.SENT})

    assert not [line for line in diary[2:] if "email" in line and "refused" not in line]
    assert [line for line in diary if line.endswith("sms payment_missed")]
