"""A stage that a newer build goes on with: nothing is said twice, or at another time."""

import dataclasses
from typing import Any

import pytest

from compliance import load_packs
from domain.accounts import Hold
from domain.contacts import email
from domain.events import HoldLifted, HoldPlaced, MessageReceived, PlanRequested, PromiseToPay
from domain.time import days, hours
from engine import Journey, Stage, stage
from engine.drive import attempt
from journeys import JOURNEYS
from journeys.standard import STANDARD
from simulation import diary
from simulation.diary import A_TUESDAY, Story, accepts_offer, declined, newly_placed, pays, play
from workflows.messages import NextStep
from workflows.reentry import LeftToNewerBuild, goes_on, take_over

DECLINED = [declined(again_in=days(2))] * 4


def accepts_if_offered(account):
    """Hardship offers a plan only once they have told what they can pay."""
    if account.offer is None:
        return MessageReceived(event_id="no plan", text="which plan?")
    return accepts_offer(account)


PROMISE = PromiseToPay(event_id="promise", due=(A_TUESDAY + days(6)).date())
PAUSE = HoldPlaced(event_id="pause", hold=Hold.PAUSE)
RESUME = HoldLifted(event_id="resume", hold=Hold.PAUSE)
STORIES: dict[str, Story[Any]] = {
    "silence": {},
    "paid in part, then in full": {4: pays(50_00), 9: pays(150_00)},
    "a plan": {1: PlanRequested(event_id="plan"), 3: accepts_if_offered},
    "a promise": {hours(30): PROMISE},
    "a word": {hours(30): MessageReceived(event_id="word", text="hello")},
    "a hold": {hours(30): PAUSE, 12: RESUME},
}


class OnTheMove(diary.Diary):
    """A diary in which a newer build comes in the middle of every wait."""

    left: list[NextStep]
    stayed: list[NextStep]
    here: tuple[Journey, Stage]

    async def wait(self, ready, until, why):
        step = NextStep(until=until, why=why)
        if until is not None and step not in self.left:
            await super().wait(ready, self._now + (until - self._now) / 2, why)
            if ready():
                return
            (self.left if self.may_be_left_at(step) else self.stayed).append(step)
            if step in self.left:
                raise LeftToNewerBuild(step)
        await super().wait(ready, until, why)

    def may_be_left_at(self, step):
        journey, played = self.here
        account, laws = self.account, self.law
        return goes_on(
            journey, played, account, step, now=self._now, laws=laws, workflow_id="diary"
        )


async def moving(journey, played, progress, runtime, **told):
    """Play a stage, and go on with it whenever it is left."""
    runtime.here = journey, played
    while True:
        try:
            return await attempt(journey, played, progress, runtime, **told)
        except LeftToNewerBuild:
            progress.returning = True


@pytest.fixture
def on_the_move(monkeypatch):
    """Plays a story with a newer build in the middle of every wait; what was left, and stayed."""
    OnTheMove.left, OnTheMove.stayed = [], []
    monkeypatch.setattr(diary, "Diary", OnTheMove)
    monkeypatch.setattr(diary, "attempt", moving)
    return OnTheMove


def told(journey, story, **changes):
    """The diary of a story in which no charge succeeds before the fifth."""
    return play(JOURNEYS[journey], STORIES[story], charges=DECLINED, show_stages=True, **changes)


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("journey", JOURNEYS)
def test_whoever_moves_hears_the_same_at_the_same_times(journey, story, request):
    at_rest = told(journey, story)
    request.getfixturevalue("on_the_move")

    assert told(journey, story) == at_rest


@pytest.mark.parametrize(
    ("journey", "left", "stayed"),
    [("standard", 4, 2), ("subscription", 6, 0), ("invoice", 3, 3), ("hardship", 11, 3)],
)
def test_in_silence_most_waits_can_be_left(on_the_move, journey, left, stayed):
    told(journey, "silence")

    assert (len(on_the_move.left), len(on_the_move.stayed)) == (left, stayed)


def test_a_stage_that_changed_says_nothing_new_before_the_wait_is_over():
    account = newly_placed()
    before = play(STANDARD, account=account, last_day=1)
    nudged = account.latest["sms nudge"]
    waiting = NextStep(until=nudged.at + days(3), why="waiting for a response")
    account.returning = True

    changed = dataclasses.replace(STANDARD, stages=(reminders, *STANDARD.stages[1:]))
    take_over(
        changed,
        reminders,
        account,
        waiting,
        now=A_TUESDAY + days(1),
        laws=shipped,
        workflow_id="diary",
    )
    after = play(changed, account=account, start=A_TUESDAY + days(1), last_day=3)

    assert before == ["day   0  09:00  sms nudge", "day   1  09:00  still in reminders"]
    assert after[0] == "day   2  09:00  email nudge"


@stage
async def reminders(account):
    """Another word than before, and no patience."""
    await account.contact(email("nudge"))
    return await STANDARD.first.attempt(account)


def shipped(_):
    """The law of every account here."""
    return load_packs()


def test_silence_moves_in_every_wait_but_those_after_an_offer(on_the_move):
    play(STANDARD)

    assert [(step.until - A_TUESDAY).days for step in on_the_move.left] == [3, 7, 12, 22]
    assert [(step.until - A_TUESDAY).days for step in on_the_move.stayed] == [29, 36]


def test_a_contact_that_waits_for_the_morning_moves_with_it(on_the_move):
    lines = play(STANDARD, start=A_TUESDAY + hours(14), last_day=1)

    assert lines[0] == "day   1  08:00  sms nudge"
    assert on_the_move.left[0].why.startswith("to send sms nudge")
