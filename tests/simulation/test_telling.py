"""A simulated account's story, as people read it."""

from datetime import timedelta

import pytest

from domain.accounts import Closure
from domain.events import Recalled
from simulation.deeds import Act, Deed
from simulation.happenings import Happening, What
from simulation.telling import SAYS, Story
from tests.simulation.scripted import START, Scripted, lived, person

NEW_YORK = "America/New_York"


def told(happened, zone_name=NEW_YORK, currency="USD"):
    story = Story(zone_name=zone_name, start=START, currency=currency)
    return list(story.lines(happened))


def whys(happened):
    """What was said, and why, each once and in order."""
    return {line.says: line.why for line in told(happened)}


def test_every_kind_of_happening_has_its_sentence():
    assert set(SAYS) == set(What)


def test_the_rule_that_lets_a_message_wait_is_named_with_its_source_and_until_when():
    early = START - timedelta(hours=3)

    found = whys(lived(start=early, days=1, reasons=True))

    assert found["sms nudge waits until Tue 10 Mar 2026 08:00"] == (
        "US-T1: inconvenient before 08:00 and from 21:00 on at the person's location"
        " (12 CFR 1006.6(b)(1)(i))"
    )
    assert found["sms nudge sent"] == "no rule stands in the way"
    assert found["waits until Fri 13 Mar 2026 08:00"] == "waiting for a response"


def test_a_refusal_says_by_which_rule():
    silent = person(unreachable=("sms",))

    found = whys(lived(silent, days=1, reasons=True))

    rule, _, says = found["sms nudge refused"].partition(": ")
    assert rule.isupper()
    assert says.endswith(")")


def test_a_stage_says_what_it_answers():
    asks = Scripted(at_first=[Act(timedelta(days=1), Deed.ASKS_PLAN)])

    found = whys(lived(behaviour=asks, days=20, reasons=True))

    assert found["stage reminders"] == "the journey begins here"
    assert found["stage plan_offer"] == (
        "answers what was heard: the consumer asks to pay in parts"
    )


def test_a_stage_says_which_time_is_over():
    found = whys(lived(days=20, reasons=True))

    assert found["stage escalation"] == "the time is over: waiting for a response"


def test_the_end_says_why():
    pays = Scripted(at_first=[Act(timedelta(days=1), Deed.PAYS_ALL)])

    paid = told(lived(behaviour=pays, days=20, reasons=True))[-1]
    recalled = told(
        lived(story={"acc_1": [(START, Recalled(event_id="1"))]}, days=20, reasons=True)
    )[-1]

    assert (paid.day, paid.says) == (1, "closed: paid in full")
    assert paid.why == "nothing is owed any more: that ends every journey at once"
    assert recalled.says == "closed: recalled"
    assert recalled.why == "the creditor took the account back: that ends every journey at once"


@pytest.mark.parametrize("closure", Closure)
def test_every_closure_has_its_reason(closure):
    (line,) = told([Happening(START, "acc_1", What.CLOSED, closure.value)])

    assert line.says == f"closed: {closure.value}"
    assert line.why


@pytest.mark.parametrize(
    ("currency", "says"),
    [("USD", "paid USD 12.34"), ("JPY", "paid JPY 1234"), ("KWD", "paid KWD 1.234")],
)
def test_amounts_have_the_decimals_of_their_currency(currency, says):
    (line,) = told([Happening(START, "acc_1", What.PAID, "page", minor=1234)], currency=currency)

    assert line.says == says


def test_days_are_counted_by_the_calendar_where_the_consumer_is():
    late = START + timedelta(hours=15)
    paid = Happening(late, "acc_1", What.PAID, "page", minor=100)

    (here,), (there,) = told([paid]), told([paid], "Asia/Tokyo")

    assert (here.day, f"{here.local:%H:%M}") == (1, "00:00")
    assert (there.day, f"{there.local:%H:%M}") == (1, "13:00")
