"""Stories of invoices to small businesses: a word before the day, and firmer ones only later."""

from datetime import timedelta

from domain.contacts import Channel, ContactStatus
from domain.events import OptedOut, PlanRequested, PromiseToPay
from journeys.invoice import INVOICE
from simulation.diary import A_TUESDAY, Story, accepts_offer, newly_placed, pays, play


def due_in(days):
    account = newly_placed()
    account.due_on = A_TUESDAY.date() + timedelta(days=days)
    return account


OVERDUE = [
    "day   0  09:00  email invoice_friendly",
    "day   5  09:00  sms invoice_friendly",
    "day  11  09:00  email invoice_firm",
    "day  21  09:00  sms plan_offer",
    "day  28  09:00  email plan_offer",
    "day  35  09:00  handed over: no answer to the offer of a plan",
    "day  35  09:00  closed: referred",
]


def test_an_invoice_that_comes_in_good_time_is_told_of_before_its_day_and_on_it():
    assert play(INVOICE, account=due_in(20), last_day=32) == [
        "day  13  08:00  email invoice_ahead",
        "day  18  08:00  sms invoice_soon",
        "day  20  08:00  email invoice_due",
        "day  23  08:00  email invoice_friendly",
        "day  28  08:00  sms invoice_friendly",
        "day  32  09:00  still in friendly",
    ]


def test_one_that_is_paid_before_its_day_is_never_called_late():
    assert play(INVOICE, {15: pays(200_00)}, account=due_in(20)) == [
        "day  13  08:00  email invoice_ahead",
        "day  15  09:00  closed: paid in full",
    ]


def test_what_has_passed_is_skipped():
    assert play(INVOICE, account=due_in(4), last_day=5)[0] == "day   2  08:00  sms invoice_soon"
    assert play(INVOICE, account=due_in(1), last_day=2)[0] == "day   1  08:00  email invoice_due"
    assert play(INVOICE, account=due_in(0), last_day=1)[0] == "day   0  09:00  email invoice_due"


def test_an_overdue_invoice_is_asked_about_kindly_then_firmly_and_then_gets_a_plan():
    assert play(INVOICE, account=due_in(-10)) == OVERDUE


def test_a_firm_mail_that_comes_back_is_followed_by_a_text():
    returned = {"email invoice_firm": ContactStatus.UNDELIVERED}

    assert play(INVOICE, account=due_in(-10), contacts=returned)[2:5] == [
        "day  11  09:00  email invoice_firm",
        "day  11  10:00  email invoice_firm undelivered",
        "day  12  08:00  sms invoice_firm",
    ]


def test_one_who_cannot_be_reached_goes_to_a_person():
    account = due_in(-10)
    for each in Channel:
        account.hear(OptedOut(event_id=each, channel=each))

    diary = play(INVOICE, account=account)
    assert diary[0].startswith("day   0  09:00  handed over: nothing may be sent to them: US-C5: ")
    assert "; BASE-OPTOUT: the person does not want to be contacted in this way, once" in diary[0]
    assert diary[1:] == ["day  30  00:00  closed: referred"]


def test_an_invoice_that_is_due_in_a_year_is_waited_for_in_parts():
    diary = play(INVOICE, account=due_in(300), last_day=302, show_stages=True)

    assert diary[:3] == [
        "day   0  09:00  entered upcoming",
        "day 256  00:00  entered upcoming",
        "day 293  08:00  email invoice_ahead",
    ]


def test_a_promise_before_the_day_keeps_the_reminders_away():
    promise = PromiseToPay(event_id="1", due=A_TUESDAY.date() + timedelta(days=20))

    diary = play(INVOICE, {14: promise, 19: pays(200_00)}, account=due_in(20))

    assert diary == [
        "day  13  08:00  email invoice_ahead",
        "day  19  09:00  closed: paid in full",
    ]


def test_a_plan_may_be_asked_for_before_the_day():
    story: Story[int] = {14: PlanRequested(event_id="1"), 15: accepts_offer}

    diary = play(INVOICE, story, account=due_in(20))

    assert [line for line in diary if "charge" in line] == [
        "day  21  09:00  charge 50.00 paid",
        "day  51  09:00  charge 50.00 paid",
        "day  82  09:00  charge 50.00 paid",
        "day 112  09:00  charge 50.00 paid",
    ]
