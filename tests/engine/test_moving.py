"""An account that operations move to another stage goes on there, and nothing is said twice."""

from typing import Any

import pytest

from compliance.packs import Packs
from domain.accounts import Closure, Hold
from domain.contacts import email, sms
from domain.events import (
    HoldLifted,
    HoldPlaced,
    MessageReceived,
    PlanRequested,
    StageMoved,
)
from domain.time import days
from engine import Journey, Switched, aside, close, stage
from engine.drive import attempt
from journeys import JOURNEYS
from simulation.diary import A_TUESDAY, newly_placed, pays, play

FIRST, SECOND, THIRD = sms("first"), email("second"), sms("third")


@stage
async def nudges(account):
    """Two nudges, each sent once."""
    for nudge in (FIRST, SECOND):
        contact = await account.contact(nudge)
        await account.answer(to=contact, within=days(5))
    return serious


@stage(formerly=("severe",))
async def serious(account):
    """The same first word as before, and a firmer one; a person of ours hears of it."""
    await account.hand_over("it is serious")
    for notice in (FIRST, THIRD):
        contact = await account.contact(notice)
        await account.answer(to=contact, within=days(2))
    return close(Closure.REFERRED)


@stage(on=PlanRequested)
async def plans(account):
    """Where plan requests lead."""
    await account.quiet(until=account.now + days(1), because="they think")
    return nudges


@aside(on=MessageReceived)
async def reads(account):
    """A person reads, in peace."""
    await account.quiet(until=account.now + days(1), because="a person reads")


NUDGING = Journey("nudging", version=1, stages=(nudges, serious, plans, reads))


def moved(stage="nudges", to="serious", *, event="1", journey="nudging", to_journey="nudging"):
    return StageMoved(
        event_id=event, journey=journey, stage=stage, to_journey=to_journey, to_stage=to
    )


def stages(diary):
    return [line.split("entered ")[1] for line in diary if "entered" in line]


def test_it_goes_on_at_once_says_nothing_twice_and_nothing_new_before_its_pause_is_over():
    account = newly_placed()

    assert play(NUDGING, {2: moved()}, account=account, show_stages=True) == [
        "day   0  09:00  entered nudges",
        "day   0  09:00  sms first",
        "day   2  09:00  entered serious",
        "day   2  09:00  handed over: it is serious",
        "day   5  09:00  sms third",
        "day   7  09:00  closed: referred",
    ]
    assert account.visits == {"nudges": 1, "serious": 1}
    assert account.entered["serious"] == A_TUESDAY + days(2)
    assert (account.moved, account.patience, account.interrupted) == (None, None, None)


def test_keys_go_on_from_where_they_were():
    account = newly_placed()

    play(NUDGING, {2: moved()}, account=account)

    keys = [contact.key for contact in account.latest.values()]
    assert keys == ["diary#1", "diary#3"]
    assert account.step == 3


def test_told_twice_it_moves_once():
    assert play(NUDGING, {2: [moved(), moved()], 3: moved()}) == play(NUDGING, {2: moved()})


def test_whoever_is_in_another_stage_stays_there():
    elsewhere = moved("plans")

    assert play(NUDGING, {2: elsewhere}) == play(NUDGING)
    assert play(NUDGING, {2: moved(journey="invoice")}) == play(NUDGING)


def test_a_hold_does_not_keep_it_from_moving_and_the_pause_lasts_as_long_as_it_would_have():
    story = {
        1: HoldPlaced(event_id="h", hold=Hold.PAUSE),
        3: moved(),
        11: HoldLifted(event_id="l", hold=Hold.PAUSE),
    }

    assert play(NUDGING, story, show_stages=True) == [
        "day   0  09:00  entered nudges",
        "day   0  09:00  sms first",
        "day   3  09:00  entered serious",
        "day  11  09:00  handed over: it is serious",
        "day  15  09:00  sms third",
        "day  17  09:00  closed: referred",
    ]


def test_whoever_is_answered_moves_when_that_is_over():
    diary = play(
        NUDGING, {1: [MessageReceived(event_id="m"), moved()]}, show_stages=True, last_day=9
    )

    assert diary == [
        "day   0  09:00  entered nudges",
        "day   0  09:00  sms first",
        "day   1  09:00  entered reads",
        "day   2  09:00  entered serious",
        "day   2  09:00  handed over: it is serious",
        "day   5  09:00  sms third",
        "day   7  09:00  closed: referred",
    ]


def test_what_somebody_says_in_the_pause_is_answered_and_the_pause_goes_on():
    story = {1: moved(), 2: MessageReceived(event_id="m")}

    assert play(NUDGING, story, show_stages=True) == [
        "day   0  09:00  entered nudges",
        "day   0  09:00  sms first",
        "day   1  09:00  entered serious",
        "day   1  09:00  handed over: it is serious",
        "day   2  09:00  entered reads",
        "day   3  09:00  entered serious",
        "day   5  09:00  sms third",
        "day   7  09:00  closed: referred",
    ]


def test_a_stage_that_is_about_to_begin_is_entered_afresh_as_the_other_one():
    story = {2: [PlanRequested(event_id="p")], 3: moved(event="2")}

    diary = play(NUDGING, story, show_stages=True)

    assert stages(diary) == ["nudges", "plans", "serious"]
    assert "day   3  09:00  sms first" in diary


def test_an_end_comes_before_a_move():
    assert play(NUDGING, {2: [moved(), pays(200_00)]})[-1] == "day   2  09:00  closed: paid in full"


def test_a_move_that_came_too_late_is_forgotten():
    account = newly_placed()

    diary = play(NUDGING, {11: moved(event="late")}, account=account, show_stages=True)

    assert stages(diary) == ["nudges", "serious"]
    assert diary[-1] == "day  14  09:00  closed: referred"


def test_whoever_is_answered_is_not_torn_away():
    assert play(NUDGING, {1: MessageReceived(event_id="m"), 2: moved("reads")}) == play(
        NUDGING, {1: MessageReceived(event_id="m")}
    )


async def ended(journey, stage_name, account):
    class AtOnce:
        def now(self):
            return A_TUESDAY

    at_once: Any = AtOnce()
    return await attempt(
        journey,
        journey.stage(stage_name),
        account,
        at_once,
        laws=lambda _: Packs(()),
        workflow_id="w",
    )


@pytest.mark.anyio
@pytest.mark.parametrize("to", ["newest", "severe"])
async def test_a_stage_that_other_code_knows_by_this_name_is_named_so(to):
    """It is new, or has this name in the code to which one goes back."""
    account = newly_placed()
    account.hear(moved(to=to))

    assert await ended(NUDGING, "nudges", account) == Switched("nudging", to)


def test_it_moves_to_another_journey_and_takes_along_what_it_has_said():
    account = newly_placed()
    story = {2: moved("reminders", "firm", journey="standard", to_journey="invoice")}

    diary = play(JOURNEYS["standard"], story, account=account, show_stages=True, last_day=30)

    assert stages(diary)[:2] == ["reminders", "firm"]
    assert diary[:4] == [
        "day   0  09:00  entered reminders",
        "day   0  09:00  sms nudge",
        "day   2  09:00  entered firm",
        "day   3  09:00  email invoice_firm",
    ]
    assert account.came_from == "standard"
    assert account.visits["firm"] == 1
    assert set(account.sent_in["firm"]) >= {"sms nudge"}
