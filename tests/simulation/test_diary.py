"""The kit for authors of journeys keeps its own promises."""

import pytest

from compliance import Packs, load_packs
from compliance.orders import ReachOut
from domain.accounts import Closure
from domain.contacts import ContactStatus, sms
from domain.events import MessageReceived
from domain.time import days, hours
from engine import Journey, close, stage
from journeys.standard import STANDARD
from simulation.diary import (
    A_TUESDAY,
    Diary,
    accepts_offer,
    changes_plan,
    gives_up_plan,
    newly_placed,
    play,
)
from simulation.lives import EndlessJourneyError


def test_the_same_story_gives_the_same_diary():
    story = {2: MessageReceived(event_id="1")}

    assert play(STANDARD, story) == play(STANDARD, story)


def test_days_spans_and_instants_may_tell_the_time():
    event = MessageReceived(event_id="1")

    by_day = play(STANDARD, {2: event})

    assert play(STANDARD, {days(2): event}) == by_day
    assert play(STANDARD, {A_TUESDAY + days(2): event}) == by_day


def test_the_story_ends_on_its_last_day():
    assert play(STANDARD, last_day=3) == [
        "day   0  09:00  sms nudge",
        "day   3  09:00  email nudge",
        "day   3  09:00  still in reminders",
    ]


def test_a_journey_that_goes_round_without_time_passing_is_stopped_and_named():
    @stage
    async def round_and_round(account):
        """Go round."""
        return round_and_round

    @stage
    async def again_and_again(account):
        """Contact without end."""
        while True:
            await account.contact(sms("nudge"))
            await account.response(within=days(0))

    with pytest.raises(EndlessJourneyError, match=r"day   0  09:00: stage round_and_round goes"):
        play(Journey("round", version=1, stages=(round_and_round,)))
    with pytest.raises(EndlessJourneyError, match="again_and_again goes round without time"):
        play(Journey("again", version=1, stages=(again_and_again,)), packs=Packs(()))


def test_a_stage_that_awaits_anything_but_its_account_is_refused():
    class Elsewhere:
        def __await__(self):
            yield

    @stage
    async def strays(account):
        """Await something else."""
        await Elsewhere()
        return close(Closure.REFERRED)

    with pytest.raises(RuntimeError, match="a stage may await nothing but its account"):
        play(Journey("stray", version=1, stages=(strays,)))


def test_what_was_not_offered_cannot_be_accepted():
    with pytest.raises(LookupError, match="nothing to accept"):
        play(STANDARD, {1: accepts_offer})


@pytest.mark.parametrize("told", [changes_plan((9, 100)), gives_up_plan])
def test_a_plan_that_is_not_there_can_be_neither_changed_nor_given_up(told):
    with pytest.raises(LookupError, match="no plan was accepted"):
        play(STANDARD, {1: told})


def reach_out(at):
    return ReachOut(key="k", account_id="acc_1", at=at, message=sms("nudge"))


def finished(effect):
    with pytest.raises(StopIteration) as end:
        effect.send(None)
    return end.value.value


def test_an_order_that_comes_too_early_is_told_to_wait_and_may_come_again():
    diary = Diary(newly_placed(), {}, packs=load_packs(), contacts={})

    early = finished(diary.reach_out(reach_out(A_TUESDAY - hours(6))))
    later = finished(diary.reach_out(reach_out(A_TUESDAY)))

    assert early.verdict.kind == "wait"
    assert later.status is ContactStatus.SENT
    assert diary.lines == ["day   0  09:00  sms nudge"]


def test_an_effect_happens_once():
    diary = Diary(newly_placed(), {}, packs=load_packs(), contacts={})
    finished(diary.reach_out(reach_out(A_TUESDAY)))

    with pytest.raises(ValueError, match="the engine used the key k twice"):
        diary.reach_out(reach_out(A_TUESDAY)).send(None)
