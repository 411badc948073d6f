"""What is counted of hand-made lives, and what a report makes of it."""

from datetime import date

import pytest

from simulation.happenings import What
from simulation.measures import METRICS, in_order
from simulation.tallies import bucket, month_ends

from .lives import DAYS, START, account, figures, happening, measure, paid, person, sent, tallied


def closed(day, closure="paid in full", *, of="a"):
    return happening(day, What.CLOSED, closure, of=of)


def test_collected_is_what_came_less_what_went_back_of_what_was_placed():
    life = [paid(2, 40_00), paid(5, 30_00), happening(9, What.REVERSED, minor=30_00)]
    told = figures((person(), life), (person("q", account("b", 300_00)), []))

    assert told["collected-by-day", "1"] == 0
    assert told["collected-by-day", "2"] == 0.1
    assert told["collected-by-day", "5"] == 0.175
    assert told["collected-by-day", str(DAYS)] == told["collected", ""] == 0.1


def test_cured_are_those_that_ended_paid_or_settled_and_stayed_so():
    several = [account("a"), account("b"), account("c"), account("d")]
    life = [
        closed(3, of="a"),
        closed(4, "settled", of="b"),
        closed(5, of="c"),
        happening(6, What.STAGE, "reminders", of="c"),  # its money went back: it begins again
        closed(7, "referred", of="d"),
    ]
    told = figures((person("p", *several), life))

    assert told["cured", ""] == 0.5
    assert told["ended", "open"] == 0.25
    assert told["ended", "referred"] == 0.25


@pytest.mark.parametrize(
    ("days", "named"),
    [
        *((-3, "not due"), (0, "not due"), (1, "1-30"), (30, "1-30"), (31, "31-60")),
        *((61, "61-90"), (90, "61-90"), (91, "over 90"), (900, "over 90")),
    ],
)
def test_buckets_of_days_past_due(days, named):
    assert bucket(days) == named


def test_months_end_in_the_horizon():
    ends = month_ends(START, 120)

    assert [day for _, day in ends] == [
        *(date(2026, 11, 30), date(2026, 12, 31), date(2027, 1, 31), date(2027, 2, 28))
    ]


def test_an_account_that_nobody_pays_rolls_from_bucket_to_bucket():
    told = figures((person(), []))  # due on 1 November: 29, 60, 91 and 119 days at months' ends

    assert told["rolled", "1-30"] == 1
    assert told["rolled", "31-60"] == 1
    assert told["rolled", "61-90"] is None
    assert told["rolled", "over 90"] == 1


def test_one_that_is_paid_or_takes_up_a_plan_is_brought_back_until_the_plan_breaks():
    accepted = happening(12, What.DID, "accepts the plan", of="b")
    broke = happening(50, What.STAGE, "broken_plan", of="b")
    several = [account("a"), account("b")]
    told = figures((person("p", *several), [accepted, closed(20, of="a"), broke]))

    assert told["brought-back", "1-30"] == 1
    assert told["rolled", "1-30"] == 0
    assert told["rolled", "over 90"] == 1


def test_a_plan_is_kept_broken_or_recovered():
    several = [account(name) for name in "abcd"]
    life = [
        *(happening(5, What.DID, "accepts the plan", of=name) for name in "abc"),
        happening(20, What.STAGE, "broken_plan", of="b"),
        happening(20, What.STAGE, "broken_plan", of="c"),
        happening(25, What.STAGE, "on_plan", of="c"),
        happening(26, What.STAGE, "broken_plan", of="d"),  # never began one that we know of
    ]
    told = figures((person("p", *several), life))

    assert told["plans", ""] == 0.75
    assert told["plans-kept", ""] == pytest.approx(1 / 3)
    assert told["plans-broken", ""] == pytest.approx(2 / 3)
    assert told["plans-recovered", ""] == 0.5


def test_contacts_that_left_us_count_by_channel_and_message():
    life = [
        sent(1),
        sent(2, "email nudge", status="undelivered"),
        sent(3, "voice broken_plan", status="no answer"),
        sent(4, "voice broken_plan", status="conversation"),
        sent(5, status="refused"),
    ]
    told = figures((person("p", account("a"), account("b")), life))

    assert told["contacts", "all"] == 2
    assert told["contacts", "voice"] == 1
    assert told["messages", "sms nudge"] == 0.5
    assert told["calls", "answered"] == told["calls", "not answered"] == 0.5


def test_the_most_in_seven_days_is_of_a_person_over_all_accounts():
    several = [account("a"), account("b")]
    life = [sent(0), sent(1, of="b"), sent(6, hour=23), sent(7), sent(20, of="b")]
    tallies = tallied((person("p", *several), life), (person("q"), []))

    assert tallies.peaks == [3]
    assert figures((person("p", *several), life), (person("q"), []))["most-in-7-days", ""] == 1.5


def test_deeds_count_once_for_an_account_and_opt_outs_once_for_a_person():
    several = [account("a"), account("b")]
    life = [
        happening(1, What.DID, "complains"),
        happening(2, What.DID, "complains"),
        happening(3, What.DID, "opts out of the channel"),
        happening(4, What.DID, "opts out of the channel", of="b"),
        happening(5, What.DID, "disputes the debt", of="b"),
    ]
    told = figures((person("p", *several), life), (person("q", account("c"), account("d")), []))

    assert told["complaints", ""] == 0.25
    assert told["disputes", ""] == 0.25
    assert told["opted-out", ""] == 0.5
    assert told["stopped", ""] == 0
    assert told["did", "complains"] == 0.25


def test_self_service_is_without_a_hand_over_and_without_a_talk():
    several = [account(name) for name in "abcde"]
    life = [
        *(closed(9, of=name) for name in "abc"),
        happening(3, What.DID, "accepts the plan, pays by hand", of="d"),
        happening(3, What.HANDED, "wrote", of="b"),
        sent(3, "voice broken_plan", of="c", status="conversation"),
        sent(3, "voice broken_plan", of="d", status="no answer"),
    ]
    assert figures((person("p", *several), life))["self-service", ""] == 0.5


def test_the_law_is_told_by_rule():
    life = [
        happening(1, What.WAITED, "sms nudge", rule="US-T1"),
        happening(2, What.WAITED, "sms nudge", rule="US-T1"),
        happening(3, What.REFUSED, "sms nudge", rule="US-O1"),
    ]
    told = figures((person(), life))

    assert told["waited", "US-T1"] == told["waited", "all"] == 2
    assert told["refused", "US-O1"] == told["refused", "all"] == 1


def test_work_of_a_weekend_waits_for_monday():
    life = [happening(0, What.HANDED, "wrote"), sent(6, "voice x", status="no answer")]
    told = figures((person(), life))  # a Sunday and a Saturday

    assert told["tasks", "wrote"] == 1
    assert told["tasks-per-day", ""] == pytest.approx(1 / 86)  # 23 November to 22 March
    assert told["work-by-day", "2026-11-23"] == 8
    assert told["work-by-day", "2026-11-30"] == 1
    assert told["work", ""] == 9
    assert ("work-by-day", "2026-11-22") not in told


def test_cost_is_prices_and_time():
    life = [sent(1), happening(2, What.HANDED, "wrote"), paid(3, 50_00)]
    told = figures((person(), life))

    assert told["cost", "sms"] == pytest.approx(0.011)
    assert told["cost", "people's time"] == pytest.approx(28 * 8 / 60)
    assert told["cost", "all"] == pytest.approx(0.011 + 28 * 8 / 60)
    assert told["cost-of-collecting", ""] == pytest.approx(told["cost", "all"] / 50)
    assert told["net", ""] == pytest.approx((50 - told["cost", "all"]) / 100)


def test_without_prices_in_its_currency_nothing_is_said_of_cost():
    found = measure(currency="KWD").figures({"accounts": 1, "placed": 1000, "people": 1})

    assert not any(name.startswith("cost") for name, _ in found)


def test_figures_come_in_the_order_of_a_report():
    names = [("waited", "B"), ("waited", "all"), ("collected-by-day", "10"), ("rolled", "61-90")]
    names += [("collected-by-day", "9"), ("rolled", "1-30"), ("cured", "")]

    assert in_order(names) == [
        *(("collected-by-day", "9"), ("collected-by-day", "10"), ("cured", "")),
        *(("rolled", "1-30"), ("rolled", "61-90"), ("waited", "all"), ("waited", "B")),
    ]


def test_every_metric_says_what_it_is():
    assert all(each.title and each.says for each in METRICS.values())
