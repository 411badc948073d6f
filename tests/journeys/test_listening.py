"""What consumers say, and what is done with it in every journey."""

from datetime import date

import pytest

from domain.accounts import Hold
from domain.events import (
    CardStored,
    HardshipDeclared,
    HoldLifted,
    HoldPlaced,
    InstalmentFailed,
    JourneySwitched,
    MessageReceived,
    PaymentClaimed,
    PaymentReversed,
    PlanRequested,
    PromiseToPay,
    TaskDone,
)
from domain.time import days
from journeys.hardship import HARDSHIP
from journeys.invoice import INVOICE
from journeys.standard import STANDARD
from journeys.subscription import SUBSCRIPTION
from simulation.diary import (
    Story,
    accepts_offer,
    changes_plan,
    declined,
    gives_up_plan,
    newly_placed,
    pays,
    play,
    takes_back,
)

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


REVERSED: Story[int] = {
    1: PlanRequested(event_id="plan"),
    2: accepts_offer,
    20: (takes_back(50_00), PaymentReversed(event_id="1")),
}
RESTS = "handed over: the plan rests: agree with them how it goes on, and restart it"


def test_nothing_is_charged_after_a_payment_went_back_until_somebody_says_so():
    assert play(STANDARD, REVERSED, last_day=60)[4:] == [
        "day  20  09:00  handed over: a payment went back: find out why, and what was meant by it",
        f"day  27  09:00  {RESTS}",
        f"day  57  09:00  {RESTS}",
        "day  60  09:00  still in resting_plan",
    ]


def test_a_restart_after_a_payment_went_back_is_announced_and_charged():
    restarted: Story[int] = {**REVERSED, 30: changes_plan((40, 100_00), (70, 100_00))}

    assert play(STANDARD, restarted, last_day=60)[6:] == [
        "day  38  09:00  sms instalment_due",
        "day  40  09:00  charge 100.00 paid",
        "day  60  09:00  still in on_plan",
    ]


def test_a_new_card_after_a_payment_went_back_catches_up():
    diary = play(STANDARD, {**REVERSED, 30: CardStored(event_id="card")}, last_day=60)

    assert diary[6:8] == [
        "day  30  09:00  charge 50.00 paid",
        "day  37  09:00  sms instalment_due",
    ]


def test_the_card_of_a_subscription_rests_after_a_payment_went_back():
    went_back: Story[int] = {1: (takes_back(50_00), PaymentReversed(event_id="1"))}

    diary = play(SUBSCRIPTION, went_back, charges=[declined(again_in=days(2))] * 9)

    assert len([line for line in diary if "charge" in line]) == 1


@pytest.mark.parametrize("journey", ["standard", "subscription", "invoice"])
def test_a_plan_that_comes_from_another_journey_with_arrears_goes_to_a_person(journey):
    story: Story[int] = {
        1: PlanRequested(event_id="plan"),
        2: accepts_offer,
        9: HardshipDeclared(event_id="hard"),
        200: JourneySwitched(event_id="back", journey=journey),
        210: changes_plan((220, 75_00), (250, 75_00)),
    }

    diary = play(STANDARD, story)

    assert diary[diary.index(f"day 200  09:00  {RESTS}") :] == [
        f"day 200  09:00  {RESTS}",
        "day 218  09:00  sms instalment_due",
        "day 220  09:00  charge 75.00 paid",
        "day 248  09:00  sms instalment_due",
        "day 250  09:00  charge 75.00 paid",
        "day 250  09:00  closed: paid in full",
    ]


@pytest.mark.parametrize("promise", [HALF, PaymentClaimed(event_id="1")])
def test_what_was_promised_holds_on_another_journey_too(promise):
    switched = JourneySwitched(event_id="to", journey="invoice")

    diary = play(STANDARD, {1: promise, 2: switched}, last_day=30)

    quiet = [line for line in diary if not line.startswith(("day   0", "day   1"))]
    assert int(quiet[0].split()[1]) >= 8


# what was handed over is seen to

WROTE = MessageReceived(event_id="wrote")
READ = "handed over: wrote, or wants a call: read it and answer"
GIVEN_UP = "handed over: nobody has seen to what was handed over: nothing is sent any more"


def day_of(line):
    return int(line.split()[1])


def test_nothing_is_sent_before_a_person_has_seen_to_what_was_written():
    assert play(STANDARD, {1: WROTE}, seen_to_after=days(12))[1:3] == [
        "day   1  09:00  handed over: wrote, or wants a call: read it and answer",
        "day  13  09:00  email nudge",
    ]


def test_a_person_who_answers_at_once_leaves_them_a_few_days_all_the_same():
    assert play(STANDARD, {1: WROTE}, seen_to_after=days(0))[2] == "day   4  09:00  email nudge"


@pytest.mark.parametrize("journey", [STANDARD, SUBSCRIPTION, INVOICE, HARDSHIP])
@pytest.mark.parametrize(
    "told",
    [WROTE, PaymentClaimed(event_id="claims"), PaymentReversed(event_id="back")],
    ids=["wrote", "claims that it is paid", "payment went back"],
)
def test_what_nobody_has_seen_to_for_a_month_ends_the_journey(journey, told):
    diary = play(journey, {1: told}, charges=[declined()] * 9, seen_to_after=None)

    handed = next(number for number, line in enumerate(diary) if "day   1" in line)
    assert diary[handed + 1 :] == given_up(31)


def given_up(day):
    return [f"day {day:3}  09:00  {GIVEN_UP}", f"day {day:3}  09:00  closed: referred"]


MEANWHILE = {
    "promises": promised(13, "p", balance=200_00),
    "asks for a plan": PlanRequested(event_id="plan"),
    "stores a card": CardStored(event_id="card"),
    "takes another journey": JourneySwitched(event_id="to", journey="invoice"),
    "takes one that charges": JourneySwitched(event_id="to", journey="subscription"),
    "writes again": MessageReceived(event_id="again"),
}


@pytest.mark.parametrize("journey", [STANDARD, SUBSCRIPTION, INVOICE])
@pytest.mark.parametrize("told", MEANWHILE.values(), ids=MEANWHILE)
def test_nothing_that_happens_meanwhile_brings_a_contact_or_a_charge(journey, told):
    diary = play(journey, {1: WROTE, 2: told}, charges=[declined()] * 9, seen_to_after=None)

    later = [line for line in diary if day_of(line) >= 2 and READ not in line]
    assert later == given_up(31)


ON_A_PLAN: Story[int] = {
    1: PlanRequested(event_id="plan"),
    2: accepts_offer,
    5: WROTE,
}


@pytest.mark.parametrize(
    "told",
    [
        PlanRequested(event_id="again"),
        InstalmentFailed(event_id="failed", number=1),
        gives_up_plan,
        changes_plan((12, 100_00), (40, 100_00)),
        pays(1_00),
    ],
    ids=["asks again", "a debit fails", "gives it up", "changes it", "pays a little"],
)
def test_a_plan_rests_while_nobody_has_read_what_they_wrote(told):
    diary = play(STANDARD, {**ON_A_PLAN, 6: told}, seen_to_after=None)

    later = [line for line in diary if day_of(line) >= 6]
    assert later == given_up(35)


def test_what_they_asked_for_meanwhile_is_answered_once_somebody_has_read_it():
    asked: Story[int] = {1: WROTE, 2: PlanRequested(event_id="plan")}

    diary = play(STANDARD, asked, seen_to_after=days(6))

    assert diary[2] == "day   7  09:00  sms plan_offer"


@pytest.mark.parametrize("seen_to_after", [days(0), days(3), days(20)])
def test_a_hold_puts_off_the_end_of_the_silence(seen_to_after):
    """Of a silence of seven days one was over when the clock stopped for eighteen."""
    story: Story[int] = {
        1: PaymentClaimed(event_id="claims"),
        2: HoldPlaced(event_id="d", hold=Hold.DISPUTE),
        20: HoldLifted(event_id="l", hold=Hold.DISPUTE),
    }

    diary = play(STANDARD, story, seen_to_after=seen_to_after)

    assert day_of(diary[2]) == 26


@pytest.mark.parametrize(("seen", "other_seen_on"), [("diary#2", 23), ("diary#3", 21)])
def test_each_of_several_things_is_seen_to_before_the_journey_goes_on(seen, other_seen_on):
    claimed = PaymentClaimed(event_id="claims")
    one_alone = TaskDone(event_id="seen", task=seen)

    diary = play(STANDARD, {1: WROTE, 3: claimed, 5: one_alone}, seen_to_after=days(20))

    assert day_of(diary[3]) == other_seen_on


@pytest.mark.parametrize("after", [5, 15])
def test_a_promise_made_meanwhile_does_not_end_the_silence(after):
    promise = promised(13, "p", balance=200_00)

    diary = play(STANDARD, {1: WROTE, 2: promise}, seen_to_after=days(after))

    assert day_of(diary[2]) == max(1 + after, 6)


def test_the_silence_is_kept_on_another_journey_too_until_somebody_has_seen_to_it():
    switched = JourneySwitched(event_id="to", journey="invoice")

    diary = play(STANDARD, {1: WROTE, 2: switched}, seen_to_after=days(20), last_day=60)

    assert day_of(diary[2]) == 21


def test_a_task_that_keeps_nobody_quiet_is_done_and_nothing_changes():
    story: Story[int] = {1: TaskDone(event_id="seen", task="another"), 2: WROTE}

    assert play(STANDARD, story) == play(STANDARD, {2: WROTE})


def test_a_payment_ends_the_silence_and_the_journey():
    diary = play(STANDARD, {1: WROTE, 5: pays(200_00)}, seen_to_after=None)

    assert diary[-1] == "day   5  09:00  closed: paid in full"
