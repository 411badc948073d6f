"""What people see of an account: what was, what is to come, and what is used of the caps."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from temporalio import workflow

from compliance.facts import PastContact
from compliance.laws import LAWS, shipped_id
from domain.accounts import Hold
from domain.contacts import Channel, Contact, ContactStatus, sms
from domain.events import PlanAccepted, PromiseToPay
from domain.people import StandingHold
from domain.plans import schedule
from domain.rhythms import Monthly
from journeys import JOURNEYS
from tests.workflows.carrying import carried
from workflows import showing
from workflows.account import AccountWorkflow
from workflows.messages import NextStep

NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
"""A Monday's noon in New York."""
NIGHT = NOON + timedelta(hours=16)
MORNING = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
LAW = LAWS.called(shipped_id())
PAUSED = StandingHold(hold=Hold.PAUSE)


def called(number, *, days):
    return PastContact(
        key=f"call-{number}",
        account_id="acc_1",
        channel=Channel.VOICE,
        at=NOON - timedelta(days=days),
        status=ContactStatus.NO_ANSWER,
    )


def test_the_next_contact_is_the_first_lawful_moment_and_unknown_while_a_hold_stands():
    assert showing.first_lawful(carried(), LAW, NOON) == NOON
    assert showing.first_lawful(carried(), LAW, NIGHT) == MORNING
    assert showing.first_lawful(carried(holds=(PAUSED,)), LAW, NOON) is None
    in_peace = carried()
    in_peace.peace = NOON + timedelta(days=3)
    assert showing.first_lawful(in_peace, LAW, NOON) == in_peace.peace


def test_details_say_what_is_next_and_how_much_of_every_cap_is_used():
    progress = carried(contacts=tuple(called(number, days=number) for number in (1, 2, 3)))
    journey = JOURNEYS["standard"]
    step = NextStep(until=MORNING, why="waiting for a response")
    said = showing.details(progress, journey, journey.first, step, packs=LAW, at=NOON)

    assert "**Next** at 2026-11-24 13:00 UTC: waiting for a response" in said
    assert "calls 3 of 7" in said
    assert "3 contacts, 3 of them calls" in said
    plain = showing.details(progress, journey, journey.first, step, packs=None, at=NOON)
    assert "3 of 7" not in plain


def test_the_timeline_tells_what_was_and_then_what_is_to_come_in_order():
    progress = carried(holds=(StandingHold(hold=Hold.PAUSE, ends=date(2026, 11, 25)),))
    progress.entered = {"reminders": NOON - timedelta(days=2)}
    made = Contact(key="k1", message=sms("nudge"), status=ContactStatus.SENT, at=NOON)
    refused = replace(made, key="k2", status=ContactStatus.REFUSED, reasons=("too often",))
    progress.remember(made, stage="reminders")
    progress.latest["sms second"] = refused
    plan = schedule("p1", progress.money, Monthly(day=1), date(2026, 12, 1), parts=2)
    progress.hear(PlanAccepted(event_id="e1", plan=plan))
    progress.hear(PromiseToPay(event_id="e2", due=date(2026, 11, 30)))
    told = showing.timeline(progress, NextStep(until=MORNING, why="waiting"), NOON)

    assert [(each.what, each.ahead) for each in told] == [
        ("entered reminders", False),
        ("sms nudge: sent", False),
        ("sms nudge: refused (too often)", False),
        ("waiting", True),
        ("the hold ends: pause", True),
        ("a promise to pay is due", True),
        ("instalment 1 is due: USD 150.00", True),
        ("instalment 2 is due: USD 150.00", True),
    ]
    assert [each.at for each in told] == sorted(each.at for each in told if each.at)


HANDLERS = workflow._Definition.must_from_class(AccountWorkflow)
BY_HAND: dict[Any, Any] = {**HANDLERS.signals, **HANDLERS.updates}
del BY_HAND["placed"]  # a whole placement: the API gives it


@pytest.mark.parametrize("name", sorted(map(str, BY_HAND)))
def test_whoever_sends_something_in_temporals_ui_is_shown_an_example_that_is_taken(name):
    handler = BY_HAND[name]
    words, _, example = (handler.description or "").partition(" Example: ")
    assert len(words) > 20
    assert handler.arg_types
    handler.arg_types[0].model_validate_json(example)


def test_every_query_says_what_it_answers():
    assert {"state", "timeline", "explain"} <= HANDLERS.queries.keys()
    assert all(len(each.description or "") > 20 for each in HANDLERS.queries.values() if each.name)
