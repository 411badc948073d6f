"""Stories of accounts in hardship: left in peace, asked once, and never pressed."""

import pytest

from domain.accounts import Closure, Hold
from domain.contacts import Channel, ContactStatus
from domain.contracts import Contract, HardshipTerms
from domain.events import (
    CardStored,
    HardshipDeclared,
    HoldLifted,
    HoldPlaced,
    InstalmentFailed,
    JourneySwitched,
    MeansStated,
    MessageReceived,
    OptedOut,
    PlanRequested,
)
from domain.orders import ChargeStatus
from domain.time import days
from journeys import JOURNEYS
from journeys.hardship import HARDSHIP
from journeys.invoice import INVOICE
from journeys.standard import STANDARD
from journeys.subscription import SUBSCRIPTION
from simulation.diary import (
    Story,
    accepts_offer,
    declined,
    gives_up_plan,
    newly_placed,
    pays,
    play,
    takes_back,
)

SILENCE = [
    "day  60  09:00  email hardship_means",
    "day 194  09:00  handed over: hardship: decide what is right; the journey before: none",
    "day 224  09:00  handed over: hardship: decide what is right; the journey before: none",
    "day 230  09:00  still in decision",
]
HARD = HardshipDeclared(event_id="hard")
CAN_SPARE: Story[int] = {61: MeansStated(event_id="means", monthly=50_00), 63: accepts_offer}
DECLINED = ChargeStatus.DECLINED


def back_to(journey):
    return JourneySwitched(event_id="switched", journey=journey)


def test_silence_is_answered_with_time_and_in_the_end_with_a_person():
    assert play(HARDSHIP, last_day=230) == SILENCE


@pytest.mark.parametrize("journey", [STANDARD, SUBSCRIPTION, INVOICE])
def test_whoever_tells_of_hardship_is_left_in_peace_at_once(journey):
    charges = [declined()] * 9

    diary = play(journey, {1: HARD}, charges=charges, last_day=62, show_stages=True)

    told = diary.index("day   1  09:00  entered in_hardship")
    assert diary[told:] == [
        "day   1  09:00  entered in_hardship",
        "day   1  09:00  entered breathing_space",
        "day  31  09:00  entered breathing_space",
        "day  61  09:00  entered means_question",
        "day  61  09:00  email hardship_means",
        "day  62  09:00  still in means_question",
    ]


def test_hardship_during_a_plan_stops_the_charges():
    story: Story[int] = {1: PlanRequested(event_id="plan"), 2: accepts_offer, 20: HARD}

    diary = play(STANDARD, story, last_day=79)

    assert [line for line in diary if "charge" in line] == ["day   8  09:00  charge 50.00 paid"]


def test_what_they_can_spare_makes_the_plan():
    assert play(HARDSHIP, CAN_SPARE) == [
        SILENCE[0],
        "day  61  09:00  email hardship_plan",
        "day  89  09:00  sms instalment_due",
        "day  91  09:00  charge 50.00 paid",
        "day 119  09:00  sms instalment_due",
        "day 121  09:00  charge 50.00 paid",
        "day 150  09:00  sms instalment_due",
        "day 152  09:00  charge 50.00 paid",
        "day 181  09:00  sms instalment_due",
        "day 183  09:00  charge 50.00 paid",
        "day 183  09:00  closed: paid in full",
    ]


def test_means_that_are_told_at_once_need_no_waiting():
    story: Story[int] = {1: MeansStated(event_id="means", monthly=20_00)}

    assert play(STANDARD, story, last_day=3) == [
        "day   0  09:00  sms nudge",
        "day   1  09:00  email hardship_plan",
        "day   3  09:00  still in plan_offer",
    ]


@pytest.mark.parametrize("monthly", [0, 1])
def test_those_who_can_spare_nothing_or_too_little_get_more_time(monthly):
    story: Story[int] = {61: MeansStated(event_id="means", monthly=monthly)}

    assert play(HARDSHIP, story, last_day=190, show_stages=True)[4:] == [
        "day  61  09:00  entered plan_offer",
        "day  61  09:00  entered deferral",
        "day  91  09:00  entered deferral",
        "day 121  09:00  entered deferral",
        "day 151  09:00  entered deferral",
        "day 181  09:00  entered deferral",
        "day 181  09:00  entered decision",
        "day 181  09:00  handed over: hardship: decide what is right; the journey before: none",
        "day 190  09:00  still in decision",
    ]


def test_the_contract_says_how_long_and_how_often():
    account = newly_placed()
    account.contract = Contract(hardship=HardshipTerms(deferral_days=10, most_deferrals=0))

    assert play(HARDSHIP, account=account, last_day=25) == [
        "day  10  09:00  email hardship_means",
        "day  24  09:00  handed over: hardship: decide what is right; the journey before: none",
        "day  25  09:00  still in decision",
    ]


def test_whoever_asks_for_a_plan_is_asked_first_what_they_can_spare():
    story: Story[int] = {5: PlanRequested(event_id="plan")}

    assert play(HARDSHIP, story, last_day=6)[0] == "day   5  09:00  email hardship_means"


def test_a_mail_that_comes_back_is_followed_by_a_text_and_so_is_an_offer():
    story: Story[int] = {70: MeansStated(event_id="means", monthly=50_00)}

    diary = play(HARDSHIP, story, contacts={"email": ContactStatus.UNDELIVERED}, last_day=73)

    assert [line for line in diary if "undelivered" not in line] == [
        "day  60  09:00  email hardship_means",
        "day  61  08:00  sms hardship_means",
        "day  70  09:00  email hardship_plan",
        "day  71  08:00  sms hardship_plan",
        "day  73  09:00  still in plan_offer",
    ]


def test_a_missed_instalment_is_told_kindly_nobody_calls_and_a_person_decides():
    diary = play(HARDSHIP, CAN_SPARE, charges=[declined()], last_day=100)

    assert diary[2:] == [
        "day  89  09:00  sms instalment_due",
        "day  91  09:00  charge 50.00 declined",
        "day  91  09:00  sms hardship_missed",
        "day  98  09:00  handed over: hardship: decide what is right; the journey before: none",
        "day 100  09:00  still in decision",
    ]


def test_a_missed_instalment_that_is_paid_after_all_changes_nothing():
    diary = play(HARDSHIP, {**CAN_SPARE, 93: pays(50_00)}, charges=[declined()])

    assert diary[4:6] == [
        "day  91  09:00  sms hardship_missed",
        "day 119  09:00  sms instalment_due",
    ]


def test_a_failure_without_a_plan_or_of_one_that_is_kept_is_no_failure():
    failed: Story[int] = {
        3: InstalmentFailed(event_id="1", number=1),
        **CAN_SPARE,
        70: InstalmentFailed(event_id="2", number=1),
    }

    assert play(HARDSHIP, failed) == play(HARDSHIP, CAN_SPARE)


def test_asking_for_a_plan_while_one_is_kept_changes_nothing():
    diary = play(HARDSHIP, {**CAN_SPARE, 70: PlanRequested(event_id="again")})

    assert diary[2:4] == [
        "day  70  09:00  handed over: asks about instalments while the plan is kept",
        "day  89  09:00  sms instalment_due",
    ]


def test_asking_for_a_plan_and_writing_at_once_changes_nothing_either():
    said = (PlanRequested(event_id="again"), MessageReceived(event_id="wrote"))
    story = {
        **CAN_SPARE,
        69: HoldPlaced(event_id="held", hold=Hold.PAUSE),
        70: said,
        71: HoldLifted(event_id="lifted", hold=Hold.PAUSE),
    }

    assert play(HARDSHIP, story)[2:5] == [
        "day  71  09:00  handed over: asks about instalments while the plan is kept",
        "day  71  09:00  handed over: wrote, or wants a call: read it and answer",
        "day  89  09:00  sms instalment_due",
    ]


def test_a_plan_that_is_given_up_is_asked_about_and_offered_again_as_small_as_before():
    diary = play(HARDSHIP, {**CAN_SPARE, 70: gives_up_plan}, last_day=74)

    assert diary[2:] == [
        "day  70  09:00  handed over: the plan was given up: ask what would suit them",
        "day  73  09:00  email hardship_plan",
        "day  74  09:00  still in plan_offer",
    ]


def test_telling_of_hardship_again_asks_a_person_and_does_not_begin_anew():
    again: Story[int] = {20: HardshipDeclared(event_id="again")}

    assert play(HARDSHIP, again, last_day=230) == [
        "day  20  09:00  handed over: tells of hardship again: see whether they need more",
        *SILENCE,
    ]


@pytest.mark.parametrize("again_in", [None, days(1)])
def test_nothing_is_charged_after_the_kind_word(again_in):
    tries = [declined(again_in=again_in), declined(again_in=days(5)), *[declined()] * 9]

    diary = play(HARDSHIP, CAN_SPARE, charges=tries, last_day=150)

    told = next(at for at, line in enumerate(diary) if line.endswith("sms hardship_missed"))
    assert not [line for line in diary[told:] if "charge" in line]


def test_telling_of_hardship_again_on_a_plan_leads_back_to_peace():
    diary = play(HARDSHIP, {**CAN_SPARE, 88: HARD}, last_day=147)

    assert diary[2:] == [
        "day  88  09:00  handed over: tells of hardship again: see whether they need more",
        "day 147  09:00  still in breathing_space",
    ]


@pytest.mark.parametrize(
    "heard",
    [
        (takes_back(50_00), InstalmentFailed(event_id="1", number=1)),
        CardStored(event_id="1"),
        gives_up_plan,
    ],
)
@pytest.mark.parametrize("day", [22, 85])
def test_news_of_money_does_not_disturb_the_peace(heard, day):
    begun: Story[int] = {1: PlanRequested(event_id="plan"), 2: accepts_offer, 20: HARD}

    assert play(STANDARD, {**begun, day: heard}, last_day=130) == play(
        STANDARD, begun, last_day=130
    )


def test_a_plan_that_is_given_up_after_the_kind_word_is_asked_about():
    diary = play(HARDSHIP, {**CAN_SPARE, 93: gives_up_plan}, charges=[declined()], last_day=97)

    assert diary[5:] == [
        "day  93  09:00  handed over: the plan was given up: ask what would suit them",
        "day  96  09:00  email hardship_plan",
        "day  97  09:00  still in plan_offer",
    ]


def test_a_debit_that_fails_late_is_told_kindly():
    late: Story[int] = {**CAN_SPARE, 95: InstalmentFailed(event_id="1", number=1)}

    diary = play(HARDSHIP, late, charges=[ChargeStatus.PROCESSING], last_day=100)

    assert diary[4] == "day  95  09:00  sms hardship_missed"


def test_a_question_does_not_make_the_peace_longer():
    asked: Story[int] = {20: MessageReceived(event_id="1"), 200: MessageReceived(event_id="2")}

    diary = play(HARDSHIP, asked, last_day=230)

    assert [line for line in diary if "wrote" not in line] == SILENCE


def test_only_a_person_sends_it_back_to_where_it_came_from():
    diary = play(STANDARD, {1: HARD, 200: back_to("standard")}, last_day=201)

    assert diary[1:] == [
        "day  61  09:00  email hardship_means",
        "day 195  09:00  handed over: hardship: decide what is right; the journey before: standard",
        "day 200  09:00  sms nudge",
        "day 201  09:00  still in reminders",
    ]


@pytest.mark.parametrize("journey", sorted(JOURNEYS.keys() - {"hardship"}))
def test_a_plan_goes_on_wherever_a_person_sends_the_account(journey):
    diary = play(HARDSHIP, {**CAN_SPARE, 100: back_to(journey)})

    assert diary[4:6] == [
        "day 119  09:00  sms instalment_due",
        "day 121  09:00  charge 50.00 paid",
    ]
    assert diary[-1].endswith(f"closed: {Closure.PAID_IN_FULL}")


def test_nothing_in_the_journey_ever_calls():
    assert not any("voice" in line for line in play(HARDSHIP, CAN_SPARE, charges=[DECLINED] * 9))


NO_MORE = tuple(OptedOut(event_id=each, channel=each) for each in Channel)


def test_one_who_wants_no_messages_is_simply_left_in_peace():
    diary = play(HARDSHIP, {1: NO_MORE, 61: CAN_SPARE[61]}, last_day=122)

    assert all("refused" in line for line in diary[:-2])
    assert diary[-2] == (
        "day 121  09:00  handed over: hardship: decide what is right; the journey before: none"
    )


def test_an_offer_that_is_not_answered_is_followed_by_more_time_and_not_by_another():
    told: Story[int] = {61: CAN_SPARE[61]}

    assert play(HARDSHIP, told, last_day=134) == [
        SILENCE[0],
        "day  61  09:00  email hardship_plan",
        "day 134  09:00  still in deferral",
    ]


def test_a_kind_word_that_comes_back_is_followed_by_a_mail():
    gone = {"sms hardship_missed": ContactStatus.UNDELIVERED}

    diary = play(HARDSHIP, CAN_SPARE, charges=[declined()], contacts=gone, last_day=100)

    assert diary[4:7] == [
        "day  91  09:00  sms hardship_missed",
        "day  91  10:00  sms hardship_missed undelivered",
        "day  92  08:00  email hardship_missed",
    ]


def test_a_missed_instalment_of_one_who_wants_no_messages_goes_to_a_person():
    diary = play(HARDSHIP, {**CAN_SPARE, 64: NO_MORE}, charges=[declined()], last_day=100)

    assert diary[-2] == (
        "day  91  09:00  handed over: hardship: decide what is right; the journey before: none"
    )
