"""Stories of accounts on the standard journey."""

from datetime import date, timedelta

from compliance import PersonFacts
from domain.accounts import Hold
from domain.contacts import Channel, ContactStatus
from domain.events import (
    CallRequested,
    CardStored,
    HoldLifted,
    HoldPlaced,
    MessageReceived,
    OptedOut,
    PaymentClaimed,
    PlanRequested,
    ProfileChanged,
    PromiseToPay,
    Recalled,
)
from domain.people import Milestone, MilestoneKind, Profile, Wish
from domain.time import days, hours
from journeys.standard import STANDARD
from simulation.diary import A_TUESDAY, Story, newly_placed, pays, play

SILENCE = [
    "day   0  09:00  sms nudge",
    "day   3  09:00  email nudge",
    "day   7  09:00  sms last_nudge",
    "day  12  09:00  email notice_of_arrears",
    "day  22  09:00  sms plan_offer",
    "day  29  09:00  email plan_offer",
    "day  36  09:00  handed over: no answer to the offer of a plan",
    "day  36  09:00  closed: referred",
]


def march(day):
    return date(2026, 3, day)


def test_silence_to_the_end():
    assert play(STANDARD) == SILENCE


def test_an_account_placed_at_night_hears_nothing_before_eight():
    diary = play(STANDARD, start=A_TUESDAY + hours(14))

    assert diary[:2] == ["day   1  08:00  sms nudge", "day   4  08:00  email nudge"]


def test_paid_in_the_middle_of_a_wait():
    assert play(STANDARD, {5: pays(200_00)}) == [
        *SILENCE[:2],
        "day   5  09:00  closed: paid in full",
    ]


def test_a_part_payment_does_not_end_the_journey():
    assert play(STANDARD, {5: pays(100_00)}) == SILENCE


def test_recalled_by_the_creditor():
    assert play(STANDARD, {4: Recalled(event_id="1")}) == [
        *SILENCE[:2],
        "day   4  09:00  closed: recalled",
    ]


def test_cease_and_desist():
    assert play(STANDARD, {8: HoldPlaced(event_id="1", hold=Hold.CEASE)}) == [
        *SILENCE[:3],
        "day   8  09:00  closed: ceased",
    ]


def test_a_dispute_stops_the_clock_until_it_is_resolved():
    disputed = HoldPlaced(event_id="1", hold=Hold.DISPUTE)
    resolved = HoldLifted(event_id="2", hold=Hold.DISPUTE)

    assert play(STANDARD, {1: disputed, 21: resolved, 24: pays(200_00)}) == [
        "day   0  09:00  sms nudge",
        "day  23  09:00  email nudge",
        "day  24  09:00  closed: paid in full",
    ]


def test_a_dispute_before_the_offer_goes_out_does_not_date_its_plan_in_the_past():
    account = newly_placed()
    disputed = HoldPlaced(event_id="1", hold=Hold.DISPUTE)
    resolved = HoldLifted(event_id="2", hold=Hold.DISPUTE)

    play(STANDARD, {22: disputed, 60: resolved}, account=account, last_day=61)

    assert account.offer is not None
    assert account.offer.instalments[0].due == date(2026, 5, 16)


def test_the_second_offer_is_dated_afresh():
    account = newly_placed()

    play(STANDARD, account=account)

    assert account.offer is not None
    assert account.offer.instalments[0].due == date(2026, 4, 15)


def test_opted_out_of_text_messages_is_written_to_by_email_only():
    assert play(STANDARD, {1: OptedOut(event_id="1", channel=Channel.SMS)}) == [
        "day   0  09:00  sms nudge",
        "day   3  09:00  email nudge",
        "day   7  09:00  sms last_nudge refused: the person asked us not to use this medium",
        "day   7  09:00  email notice_of_arrears",
        "day  17  09:00  sms plan_offer refused: the person asked us not to use this medium",
        "day  17  09:00  email plan_offer",
        "day  24  09:00  handed over: no answer to the offer of a plan",
        "day  24  09:00  closed: referred",
    ]


def test_opted_out_of_everything_hears_nothing_and_a_person_takes_over():
    no_more = tuple(OptedOut(event_id=each, channel=each) for each in Channel)

    diary = play(STANDARD, {1: no_more})

    assert diary[0] == "day   0  09:00  sms nudge"
    assert all("refused: the person asked us not to use" in line for line in diary[1:-2])
    assert diary[-2:] == [
        "day   3  09:00  handed over: no offer of a plan could be sent: see how to reach them",
        "day   3  09:00  closed: referred",
    ]


def test_a_notice_that_bounces_as_an_email_goes_out_as_a_text():
    diary = play(STANDARD, contacts={"email notice_of_arrears": ContactStatus.UNDELIVERED})

    assert diary[3:7] == [
        "day  12  09:00  email notice_of_arrears",
        "day  12  10:00  email notice_of_arrears undelivered",
        "day  13  08:00  sms notice_of_arrears",
        "day  23  08:00  sms plan_offer",
    ]


def test_a_notice_that_is_rejected_as_an_email_goes_out_as_a_text():
    diary = play(STANDARD, contacts={"email notice_of_arrears": ContactStatus.REJECTED})

    assert diary[3:6] == [
        "day  12  09:00  email notice_of_arrears rejected",
        "day  12  09:00  sms notice_of_arrears",
        "day  22  09:00  sms plan_offer",
    ]


def test_a_nudge_that_may_have_left_counts_and_is_not_sent_again():
    diary = play(STANDARD, contacts={"sms nudge": ContactStatus.UNKNOWN})

    assert diary == ["day   0  09:00  sms nudge unknown", *SILENCE[1:]]


def test_while_one_provider_is_down_the_journey_goes_on_with_the_other_a_day_later():
    diary = play(STANDARD, contacts={"sms": ContactStatus.UNAVAILABLE})

    assert diary[:4] == [
        "day   0  09:00  sms nudge unavailable",
        "day   1  09:00  email nudge",
        "day   5  09:00  sms last_nudge unavailable",
        "day   6  09:00  email notice_of_arrears",
    ]


def test_a_text_to_a_person_is_not_repeated_however_often_they_write():
    story = {day: CallRequested(event_id=str(day)) for day in (13, 17, 20)}

    diary = play(STANDARD, story)

    assert sum("notice_of_arrears" in line for line in diary) == 1


def test_a_promise_that_is_kept():
    promise = PromiseToPay(event_id="1", due=march(20))

    assert play(STANDARD, {1: promise, 10: pays(200_00)}) == [
        "day   0  09:00  sms nudge",
        "day  10  09:00  closed: paid in full",
    ]


def test_a_promise_that_is_broken_buys_three_days_of_grace():
    promise = PromiseToPay(event_id="1", due=march(20))

    diary = play(STANDARD, {1: promise})

    assert diary[:3] == [
        "day   0  09:00  sms nudge",
        "day  13  08:00  email nudge",
        "day  17  08:00  sms last_nudge",
    ]


def test_a_second_promise_is_not_taken_on_trust_but_does_not_hurry_us_either():
    first = PromiseToPay(event_id="1", due=march(12))
    second = PromiseToPay(event_id="2", due=march(30))

    diary = play(STANDARD, {1: first, 6: second})

    assert diary[:3] == [
        "day   0  09:00  sms nudge",
        "day   5  08:00  email nudge",
        "day   9  09:00  sms last_nudge",
    ]


def test_a_promise_that_is_moved_or_talked_about_keeps_its_peace():
    first = PromiseToPay(event_id="1", due=march(20))
    moved = PromiseToPay(event_id="2", due=march(21))
    story: Story[int] = {1: first, 2: moved, 4: MessageReceived(event_id="3")}

    assert play(STANDARD, story)[:3] == [
        "day   0  09:00  sms nudge",
        "day   4  09:00  handed over: wrote, or wants a call: read it and answer",
        "day  13  08:00  email nudge",
    ]


def test_says_that_it_is_paid():
    diary = play(STANDARD, {1: PaymentClaimed(event_id="1")})

    assert diary[:3] == [
        "day   0  09:00  sms nudge",
        "day   1  09:00  handed over: says that it is paid: check with the creditor",
        "day   8  09:00  email nudge",
    ]


def test_free_text_goes_to_a_person_and_after_three_quiet_days_the_journey_goes_on():
    diary = play(STANDARD, {4: MessageReceived(event_id="1")})

    assert diary[:4] == [
        *SILENCE[:2],
        "day   4  09:00  handed over: wrote, or wants a call: read it and answer",
        "day   7  09:00  sms last_nudge",
    ]


def test_a_wish_for_a_call_and_a_promise_in_one_breath_are_both_heeded():
    both = (CallRequested(event_id="1"), PromiseToPay(event_id="2", due=march(20)))

    assert play(STANDARD, {1: both})[:3] == [
        "day   0  09:00  sms nudge",
        "day   1  09:00  handed over: wrote, or wants a call: read it and answer",
        "day  13  08:00  email nudge",
    ]


def test_a_card_stored_without_a_plan_is_not_charged():
    diary = play(STANDARD, {1: CardStored(event_id="1")})

    assert not [line for line in diary if "charge" in line]
    assert diary[-1].endswith("closed: referred")


def test_asking_for_a_plan_skips_the_reminders():
    diary = play(STANDARD, {1: PlanRequested(event_id="1")}, show_stages=True)

    assert diary[2:] == [
        "day   1  09:00  entered plan_offer",
        "day   1  09:00  sms plan_offer",
        "day   8  09:00  email plan_offer",
        "day  15  09:00  handed over: no answer to the offer of a plan",
        "day  15  09:00  closed: referred",
    ]


def test_a_payment_on_the_very_last_moment_closes_as_paid():
    assert play(STANDARD, {A_TUESDAY + days(36): pays(200_00)})[-1] == (
        "day  36  09:00  closed: paid in full"
    )


def test_the_clock_change_moves_the_hour_and_not_the_law():
    diary = play(STANDARD, start=A_TUESDAY.replace(day=3, hour=13, minute=30))

    assert diary[:3] == [
        "day   0  08:30  sms nudge",
        "day   3  08:30  email nudge",
        "day   7  09:30  sms last_nudge",
    ]


TORONTO = {"country": "CA", "regions": ("CA-ON",), "zones": ("America/Toronto",)}


def in_ontario():
    account = newly_placed(currency="CAD")
    account.person = PersonFacts(**TORONTO, actor="agency")
    return account


def noted(*milestones):
    profile = Profile(revision=1, **TORONTO, milestones=milestones)
    return ProfileChanged(event_id="noted", profile=profile)


def test_what_the_law_asks_for_first_is_asked_of_a_person_and_the_journey_begins_when_it_is_there():
    """ON-1, and six days after the notice (ON-1-WAIT)."""
    sent = Milestone(kind=MilestoneKind.NOTICE_SENT, at=A_TUESDAY + days(9))

    diary = play(STANDARD, {days(9): noted(sent)}, account=in_ontario(), last_day=20)

    missing = "ON-1: a written notice comes before any other contact, unmet: written notice sent"
    assert diary == [
        f"day   0  09:00  handed over: nothing may be sent to them: {missing}",
        "day  15  08:00  sms nudge",
        "day  18  08:00  email nudge",
        "day  20  09:00  still in reminders",
    ]


def test_what_never_comes_is_waited_for_a_month_and_other_news_of_the_person_changes_nothing():
    diary = play(STANDARD, {days(9): noted()}, account=in_ontario())

    assert diary[1:] == ["day  30  00:00  closed: referred"]


def test_a_hold_meanwhile_takes_no_day_of_the_month():
    story: Story[timedelta] = {
        days(2): HoldPlaced(event_id="1", hold=Hold.DISPUTE),
        days(40): HoldLifted(event_id="2", hold=Hold.DISPUTE),
    }

    diary = play(STANDARD, story, account=in_ontario())

    assert diary[-1] == "day  68  00:00  closed: referred"


def test_what_stands_in_the_way_for_some_days_alone_is_seen_to_pass():
    wish = Wish(only=(Channel.LETTER,), until=march(15))
    account = newly_placed()
    account.person = account.person.model_copy(update={"wishes": (wish,)})

    diary = play(STANDARD, account=account, last_day=8)

    assert "BASE-WISH" in diary[0]
    assert diary[1:] == ["day   6  08:00  sms nudge", "day   8  09:00  still in reminders"]
