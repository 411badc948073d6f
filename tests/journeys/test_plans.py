"""Stories of plans: offered, accepted, kept, broken and caught up."""

from datetime import date

import pytest

from compliance import load_packs
from compliance.orders import ReachOut
from domain.accounts import Hold
from domain.contacts import Channel, ContactStatus
from domain.contracts import Contract, PlanTerms
from domain.events import (
    CallRequested,
    CardStored,
    HoldLifted,
    HoldPlaced,
    InstalmentFailed,
    MessageReceived,
    OptedOut,
    PlanRequested,
    PromiseToPay,
)
from domain.orders import ChargeStatus, DeclineKind
from domain.time import days
from journeys.standard import STANDARD
from simulation.diary import (
    Diary,
    Story,
    Try,
    accepts_offer,
    changes_plan,
    declined,
    gives_up_plan,
    newly_placed,
    not_yet,
    pays,
    pays_by_hand,
    play,
    takes_back,
)

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


def test_who_pays_while_the_card_rests_is_back_on_the_plan_at_once():
    refused = declined(again_in=days(2))

    diary = play(
        STANDARD, {**AGREED, 42: pays(50_00)}, charges=[PAID, refused, refused], show_stages=True
    )

    told = diary.index("day  41  09:00  sms instalment_failed")
    assert diary[told + 1] == "day  42  09:00  entered on_plan"


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


def test_after_a_silent_failure_come_one_call_one_fresh_offer_and_then_a_person():
    assert play(STANDARD, AGREED, charges=[PAID, DECLINED])[4:] == [
        *SECOND_DECLINED,
        "day  42  09:00  voice broken_plan",
        "day  46  09:00  sms fresh_offer",
        "day  53  09:00  email fresh_offer",
        "day  60  09:00  handed over: no answer to the offer of a plan",
        "day  60  09:00  closed: referred",
    ]


def test_a_plan_that_breaks_twice_is_referred():
    story: Story[int] = {**AGREED, 47: accepts_offer}

    diary = play(STANDARD, story, charges=[PAID, DECLINED, PAID, DECLINED])

    assert diary[8:] == [
        "day  46  09:00  sms fresh_offer",
        "day  51  09:00  sms instalment_due",
        "day  53  09:00  charge 25.00 paid",
        "day  82  09:00  sms instalment_due",
        "day  84  09:00  charge 25.00 declined",
        "day  84  09:00  sms instalment_failed",
        "day  87  09:00  voice broken_plan",
        "day  91  09:00  handed over: the plan broke twice",
        "day  91  09:00  closed: referred",
    ]


def test_a_question_about_the_fresh_offer_is_not_a_second_break():
    story: Story[int] = {**AGREED, 47: MessageReceived(event_id="1"), 51: accepts_offer}

    diary = play(STANDARD, story, charges=[PAID, DECLINED])

    assert diary[8:11] == [
        "day  46  09:00  sms fresh_offer",
        "day  47  09:00  handed over: wrote, or wants a call: read it and answer",
        "day  55  09:00  sms instalment_due",
    ]


def test_asking_about_instalments_while_the_plan_is_kept_changes_nothing():
    asked: Story[int] = {**AGREED, 12: PlanRequested(event_id="ask")}

    diary, undisturbed = play(STANDARD, asked), play(STANDARD, AGREED)

    question = "day  12  09:00  handed over: asks about instalments while the plan is kept"
    assert question in diary
    assert [line for line in diary if line != question] == undisturbed


@pytest.mark.parametrize("day", [3, 13])
def test_asking_about_instalments_and_writing_at_once_are_each_answered_once(day):
    """What they say while the clock stands is heard together: the oldest is answered first."""
    said = (PlanRequested(event_id="ask"), MessageReceived(event_id="wrote"))
    held: Story[int] = {
        **AGREED,
        day: HoldPlaced(event_id="held", hold=Hold.PAUSE),
        day + 1: said,
        day + 2: HoldLifted(event_id="lifted", hold=Hold.PAUSE),
    }

    diary = play(STANDARD, held)

    assert [line for line in diary if "handed over" in line] == [
        f"day {day + 2:3d}  09:00  handed over: asks about instalments while the plan is kept",
        f"day {day + 2:3d}  09:00  handed over: wrote, or wants a call: read it and answer",
    ]
    assert [line for line in diary if "plan_offer" in line] == BEGUN[1:]
    assert diary[-1].endswith("closed: paid in full")


def test_whoever_pays_what_was_missed_while_a_new_plan_is_talked_about_goes_on_with_the_old():
    story: Story[int] = {
        **AGREED,
        40: PlanRequested(event_id="ask"),
        41: MessageReceived(event_id="wrote"),
        42: pays(50_00),
    }

    diary = play(STANDARD, story, charges=[PAID, DECLINED])

    assert diary[7:11] == [
        "day  40  09:00  sms plan_offer",
        "day  41  09:00  handed over: wrote, or wants a call: read it and answer",
        "day  44  09:00  handed over: asks about instalments while the plan is kept",
        "day  67  09:00  sms instalment_due",
    ]


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
        "day  18  09:00  charge 50.00 paid",
    ]


@pytest.mark.parametrize("status", [PROCESSING, ChargeStatus.UNAVAILABLE, ChargeStatus.NOT_DUE])
def test_our_own_trouble_is_never_told_as_a_failure_and_nobody_calls(status):
    diary = play(STANDARD, AGREED, charges=[status] * 9, last_day=60)

    assert not [line for line in diary if "failed" in line or "voice" in line]
    assert any("handed over: a charge" in line for line in diary)


def test_a_charge_that_has_to_wait_beyond_the_grace_is_announced_again_and_then_made():
    assert play(STANDARD, AGREED, charges=[not_yet(days(10))], last_day=25)[2:] == [
        "day   6  09:00  sms instalment_due",
        "day   8  09:00  charge 50.00 not yet",
        "day  18  09:00  sms instalment_due",
        "day  20  09:00  charge 50.00 paid",
        "day  25  09:00  still in on_plan",
    ]


def test_a_part_that_is_held_is_not_charged_and_nothing_is_called_a_failure():
    story: Story[int] = {**AGREED, 5: HoldPlaced(event_id="1", hold=Hold.DISPUTE, part=170_00)}

    diary = play(STANDARD, story, last_day=60)

    assert "day   8  09:00  charge 30.00 paid" in diary
    assert not [line for line in diary if "failed" in line or "voice" in line]


@pytest.mark.parametrize(
    "between",
    [
        {
            7: HoldPlaced(event_id="1", hold=Hold.PAUSE),
            25: HoldLifted(event_id="2", hold=Hold.PAUSE),
        },
        {7: PromiseToPay(event_id="1", due=date(2026, 4, 1))},
    ],
)
def test_a_charge_that_slips_past_its_announced_day_is_announced_again(between):
    days_of = [
        (int(line.split()[1]), line.split("  ")[-1])
        for line in play(STANDARD, {**AGREED, **between}, last_day=38)
        if "instalment_due" in line or "charge" in line
    ]

    announced, again, charged = days_of[0], days_of[1], days_of[2]
    assert announced == (6, "sms instalment_due")
    assert again[1] == "sms instalment_due"
    assert charged == (again[0] + 2, "charge 50.00 paid")


def told(story, charges=(), account=None, last_day=60):
    """What each message said of an instalment: its name, number and day."""
    diary = Diary(
        account or newly_placed(),
        story,
        packs=load_packs(),
        contacts={},
        charges=charges,
        last_day=last_day,
    )
    diary.play(STANDARD)
    return [
        (order.message.name, order.instalment, f"{order.day:%d %B}")
        for order in diary.orders
        if isinstance(order, ReachOut) and order.instalment
    ]


def test_messages_name_the_instalment_that_is_meant_and_the_day_of_the_charge():
    assert told(AGREED, [PAID, DECLINED])[:3] == [
        ("instalment_due", 1, "18 March"),
        ("instalment_due", 2, "18 April"),
        ("instalment_failed", 2, "18 April"),
    ]


def test_a_word_that_comes_late_names_the_day_on_which_it_is_charged():
    assert told({**ASKED, 7: accepts_offer})[0] == ("instalment_due", 1, "19 March")


def test_after_a_missed_instalment_the_next_one_is_announced():
    announced = told(AGREED, [declined()], under(breaks_after=2))

    assert announced[:3] == [
        ("instalment_due", 1, "18 March"),
        ("instalment_failed", 1, "18 March"),
        ("instalment_due", 2, "18 April"),
    ]


def test_nobody_without_a_plan_hears_of_a_failed_instalment():
    failed: Story[int] = {1: InstalmentFailed(event_id="1", number=1)}

    diary = play(STANDARD, failed)

    assert not any("instalment_failed" in line for line in diary)
    assert diary[-1].endswith("closed: referred")


def test_whoever_writes_while_a_charge_is_under_way_has_it_looked_up_afterwards():
    story: Story[int] = {**AGREED, 10: MessageReceived(event_id="1")}

    assert play(STANDARD, story, charges=[PROCESSING])[3:6] == [
        "day   8  09:00  charge 50.00 processing",
        "day  10  09:00  handed over: wrote, or wants a call: read it and answer",
        "day  13  09:00  charge 50.00 paid",
    ]


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
        "day  15  09:00  voice broken_plan",
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
        "day   8  09:00  handed over: no word of the missed instalment reached them",
        "day   8  09:00  closed: referred",
    ]


@pytest.mark.parametrize("came", [ContactStatus.UNDELIVERED, ContactStatus.REFUSED])
def test_nobody_is_called_whom_no_word_of_the_failure_has_reached(came):
    lost = {"sms instalment_failed": came, "email instalment_failed": came}

    diary = play(STANDARD, AGREED, charges=[DECLINED], contacts=lost)

    assert not [line for line in diary if "voice" in line]
    assert diary[-2].endswith("handed over: no word of the missed instalment reached them")


def test_an_offer_that_cannot_be_sent_is_not_called_unanswered():
    lost = {"sms plan_offer": ContactStatus.REFUSED, "email plan_offer": ContactStatus.REFUSED}

    assert play(STANDARD, ASKED, contacts=lost)[-2].endswith(
        "handed over: no offer of a plan could be sent: see how to reach them"
    )


@pytest.mark.parametrize(
    ("terms", "parts", "day"),
    [
        ({"longest_days": 40}, 2, 7),
        ({"first_within_days": 3}, 4, 3),
        ({"least_first": 40}, 2, 7),
        ({"most_parts": 3}, 3, 7),
    ],
)
def test_an_offer_keeps_to_every_term_of_the_contract(terms, parts, day):
    account = under(**terms)

    play(STANDARD, ASKED, account=account, last_day=2)

    assert account.offer is not None
    assert len(account.offer.instalments) == parts
    assert account.offer.instalments[0].due == date(2026, 3, 11 + day)


@pytest.mark.parametrize(
    "terms", [{"most_parts": 1}, {"rhythms": ("weekly",)}, {"least_first": 60}]
)
def test_where_no_plan_keeps_to_the_contract_a_person_is_asked_and_nothing_offered(terms):
    assert play(STANDARD, ASKED, account=under(**terms))[1:] == [
        "day   1  09:00  handed over: no plan keeps to the creditor's terms: see what helps",
        "day   1  09:00  closed: referred",
    ]


# the schedule of retries


def test_a_soft_decline_is_tried_again_within_the_grace_and_nobody_hears_of_it():
    tries: list[ChargeStatus | Try] = [
        PAID,
        declined(again_in=days(1)),
        declined(again_in=days(1)),
        PAID,
    ]

    assert play(STANDARD, AGREED, charges=tries)[4:9] == [
        "day  37  09:00  sms instalment_due",
        "day  39  09:00  charge 50.00 declined",
        "day  40  09:00  charge 50.00 declined",
        "day  41  09:00  charge 50.00 paid",
        "day  67  09:00  sms instalment_due",
    ]


def test_once_the_grace_is_over_it_is_told_and_the_tries_go_on_beside_the_words():
    tries: list[ChargeStatus | Try] = [PAID, *[declined(again_in=days(2))] * 3, PAID]

    assert play(STANDARD, AGREED, charges=tries)[5:12] == [
        "day  39  09:00  charge 50.00 declined",
        "day  41  09:00  charge 50.00 declined",
        "day  41  09:00  sms instalment_failed",
        "day  43  09:00  charge 50.00 declined",
        "day  44  09:00  voice broken_plan",
        "day  45  09:00  charge 50.00 paid",
        "day  67  09:00  sms instalment_due",
    ]


@pytest.mark.parametrize("kind", [DeclineKind.NEVER, DeclineKind.FIX, DeclineKind.PERSON])
def test_a_decline_for_good_is_told_at_once_and_never_tried_again(kind):
    diary = play(STANDARD, AGREED, charges=[PAID, declined(kind)])

    assert diary[4:7] == SECOND_DECLINED
    assert sum("charge" in line for line in diary) == 2


def test_a_charge_that_has_to_wait_is_made_as_soon_as_it_may():
    assert play(STANDARD, AGREED, charges=[not_yet(days(2))])[3:5] == [
        "day   8  09:00  charge 50.00 not yet",
        "day  10  09:00  charge 50.00 paid",
    ]


def test_a_retry_ends_when_they_pay_by_themselves():
    story: Story[int] = {**AGREED, 40: pays(50_00)}

    diary = play(STANDARD, story, charges=[PAID, declined(again_in=days(2))])

    assert diary[5:7] == [
        "day  39  09:00  charge 50.00 declined",
        "day  67  09:00  sms instalment_due",
    ]


# the creditor's terms


def under(**terms):
    account = newly_placed()
    account.contract = Contract(plans=PlanTerms(**terms))
    return account


def test_without_grace_a_decline_is_told_the_same_day():
    diary = play(
        STANDARD, AGREED, account=under(grace_days=0), charges=[PAID, declined(again_in=days(1))]
    )

    assert diary[5:8] == [
        "day  39  09:00  charge 50.00 declined",
        "day  39  09:00  sms instalment_failed",
        "day  40  09:00  charge 50.00 paid",
    ]


def test_a_plan_that_bears_one_missed_instalment_goes_on_and_collects_both_with_the_next():
    diary = play(STANDARD, AGREED, account=under(breaks_after=2), charges=[PAID, DECLINED])

    assert diary[4:] == [
        *SECOND_DECLINED,
        "day  67  09:00  sms instalment_due",
        "day  69  09:00  charge 100.00 paid",
        "day  98  09:00  sms instalment_due",
        "day 100  09:00  charge 50.00 paid",
        "day 100  09:00  closed: paid in full",
    ]


def test_a_plan_that_bears_one_missed_instalment_breaks_with_the_second():
    refused = [PAID, DECLINED, DECLINED]
    diary = play(STANDARD, AGREED, account=under(breaks_after=2), charges=refused)

    assert diary[7:11] == [
        "day  67  09:00  sms instalment_due",
        "day  69  09:00  charge 100.00 declined",
        "day  69  09:00  sms instalment_failed",
        "day  72  09:00  voice broken_plan",
    ]


def test_the_last_instalment_breaks_a_plan_whatever_it_bears():
    refused = [PAID, PAID, PAID, DECLINED]
    diary = play(STANDARD, AGREED, account=under(breaks_after=3), charges=refused)

    assert diary[-5] == "day 103  09:00  voice broken_plan"


def test_an_offer_keeps_to_the_smallest_instalment_of_the_contract():
    account = under(least_instalments=({"minor": 80_00, "currency": "USD"},))

    play(STANDARD, ASKED, account=account, last_day=2)

    assert account.offer is not None
    assert [each.minor for each in account.offer.instalments] == [100_00, 100_00]


# instalments that they pay themselves

BY_HAND: Story[int] = {**ASKED, 2: pays_by_hand}


def test_whoever_pays_by_hand_is_reminded_with_a_link_and_nothing_is_charged():
    story: Story[int] = {**BY_HAND, 7: pays(50_00), 40: pays(50_00), 69: pays(100_00)}

    assert play(STANDARD, story) == [
        *BEGUN,
        "day   6  09:00  sms instalment_reminder",
        "day  37  09:00  sms instalment_reminder",
        "day  67  09:00  sms instalment_reminder",
        "day  69  09:00  closed: paid in full",
    ]


def test_one_who_has_paid_early_is_not_reminded_of_it():
    story: Story[int] = {**BY_HAND, 4: pays(50_00)}

    assert play(STANDARD, story)[2] == "day  37  09:00  sms instalment_reminder"


def test_what_does_not_arrive_within_the_grace_is_missed_and_the_call_comes_once():
    assert play(STANDARD, BY_HAND)[2:6] == [
        "day   6  09:00  sms instalment_reminder",
        "day  11  09:00  sms instalment_missed",
        "day  14  09:00  voice broken_plan",
        "day  18  09:00  sms fresh_offer",
    ]


# changes


def test_a_date_that_is_moved_later_is_waited_for_and_told_anew():
    story: Story[int] = {**AGREED, 7: changes_plan((20, 50_00), (50, 150_00))}

    assert play(STANDARD, story)[2:] == [
        "day   6  09:00  sms instalment_due",
        "day  18  09:00  sms instalment_due",
        "day  20  09:00  charge 50.00 paid",
        "day  48  09:00  sms instalment_due",
        "day  50  09:00  charge 150.00 paid",
        "day  50  09:00  closed: paid in full",
    ]


def test_a_date_that_is_moved_earlier_is_honoured():
    story: Story[int] = {**AGREED, 12: changes_plan((16, 50_00), (69, 100_00))}

    assert play(STANDARD, story)[4:6] == [
        "day  14  09:00  sms instalment_due",
        "day  16  09:00  charge 50.00 paid",
    ]


def test_a_date_that_is_moved_to_tomorrow_still_leaves_time_after_the_notice():
    story: Story[int] = {**AGREED, 12: changes_plan((13, 50_00), (69, 100_00))}

    assert play(STANDARD, story)[4:6] == [
        "day  12  09:00  sms instalment_due",
        "day  14  09:00  charge 50.00 paid",
    ]


def test_a_change_of_later_dates_does_not_announce_the_next_one_twice():
    story: Story[int] = {
        **AGREED,
        7: changes_plan((8, 50_00), (60, 50_00), (100, 50_00), (130, 50_00)),
    }

    assert play(STANDARD, story)[2:5] == [*FIRST, "day  58  09:00  sms instalment_due"]


def test_an_instalment_that_is_far_away_is_waited_for_in_parts():
    story: Story[int] = {**AGREED, 7: changes_plan((200, 200_00))}

    assert play(STANDARD, story, show_stages=True)[6:] == [
        "day   7  09:00  entered on_plan",
        "day 157  09:00  entered on_plan",
        "day 198  09:00  sms instalment_due",
        "day 200  09:00  charge 200.00 paid",
        "day 200  09:00  closed: paid in full",
    ]


def test_a_plan_that_was_given_up_is_asked_about_before_another_is_offered():
    story: Story[int] = {**AGREED, 20: gives_up_plan, 21: MessageReceived(event_id="1")}

    assert play(STANDARD, story)[4:] == [
        "day  20  09:00  handed over: the plan was given up: ask what would suit them",
        "day  21  09:00  handed over: wrote, or wants a call: read it and answer",
        "day  24  09:00  sms plan_offer",
        "day  31  09:00  email plan_offer",
        "day  38  09:00  handed over: no answer to the offer of a plan",
        "day  38  09:00  closed: referred",
    ]


# what they choose after a break

BROKEN = [PAID, DECLINED]


def test_a_text_that_cannot_arrive_is_followed_by_a_mail_before_the_call():
    gone = {"sms instalment_failed": ContactStatus.UNDELIVERED}

    assert play(STANDARD, AGREED, charges=BROKEN, contacts=gone)[6:10] == [
        "day  39  09:00  sms instalment_failed",
        "day  39  10:00  sms instalment_failed undelivered",
        "day  40  08:00  email instalment_failed",
        "day  43  08:00  voice broken_plan",
    ]


@pytest.mark.parametrize("day", [40, 43, 47])
def test_a_restart_goes_on_with_the_new_dates(day):
    story: Story[int] = {**AGREED, day: changes_plan((day + 5, 75_00), (day + 35, 75_00))}

    diary = play(STANDARD, story, charges=BROKEN)

    assert diary[-5:] == [
        f"day {day + 3:3d}  09:00  sms instalment_due",
        f"day {day + 5:3d}  09:00  charge 75.00 paid",
        f"day {day + 33:3d}  09:00  sms instalment_due",
        f"day {day + 35:3d}  09:00  charge 75.00 paid",
        f"day {day + 35:3d}  09:00  closed: paid in full",
    ]
    assert sum("voice" in line for line in diary) == (day > 42)


def test_whoever_pays_it_all_after_the_call_is_done():
    assert play(STANDARD, {**AGREED, 43: pays(150_00)}, charges=BROKEN)[-2:] == [
        "day  42  09:00  voice broken_plan",
        "day  43  09:00  closed: paid in full",
    ]


def test_another_plan_is_offered_to_whoever_asks_for_one_after_the_call():
    story: Story[int] = {**AGREED, 43: PlanRequested(event_id="other"), 44: accepts_offer}

    diary = play(STANDARD, story, charges=BROKEN)

    assert diary[7:11] == [
        "day  42  09:00  voice broken_plan",
        "day  43  09:00  sms plan_offer",
        "day  48  09:00  sms instalment_due",
        "day  50  09:00  charge 37.50 paid",
    ]


def test_a_person_answers_whoever_wants_one_after_the_call():
    story: Story[int] = {**AGREED, 43: CallRequested(event_id="person")}

    diary = play(STANDARD, story, charges=BROKEN)

    assert diary[8] == "day  43  09:00  handed over: wrote, or wants a call: read it and answer"
    assert sum("voice" in line for line in diary) == 1


def test_whoever_pays_while_a_person_answers_is_neither_called_again_nor_offered_anything():
    story: Story[int] = {**AGREED, 43: MessageReceived(event_id="1"), 44: pays(50_00)}

    assert play(STANDARD, story, charges=BROKEN)[7:10] == [
        "day  42  09:00  voice broken_plan",
        "day  43  09:00  handed over: wrote, or wants a call: read it and answer",
        "day  67  09:00  sms instalment_due",
    ]


def test_one_who_wants_no_calls_gets_the_fresh_offer_at_once():
    story: Story[int] = {**AGREED, 3: OptedOut(event_id="1", channel=Channel.VOICE)}

    assert play(STANDARD, story, charges=BROKEN)[7:9] == [
        "day  42  09:00  voice broken_plan refused: the person asked us not to use this medium",
        "day  42  09:00  sms fresh_offer",
    ]


def test_a_plan_that_is_paid_while_something_is_still_owed_goes_to_a_person():
    story: Story[int] = {**AGREED, 12: changes_plan((14, 50_00), (16, 50_00))}

    rest = "the plan is paid, and something is still owed: see what it is"
    assert play(STANDARD, story)[-2:] == [
        f"day  21  09:00  handed over: {rest}",
        "day  21  09:00  closed: referred",
    ]
