"""What changes from one outline of the journeys to the next, told in words."""

from datetime import timedelta
from pathlib import Path

import pytest

from domain.accounts import Closure
from domain.contacts import sms
from domain.events import CardStored, MessageReceived, PlanRequested
from domain.time import days, hours
from engine import Journey, aside, close, stage
from journeys import JOURNEYS
from simulation.changing import Kind, compare, senders, stranded
from simulation.files import journeys_in
from simulation.outlines import JourneyOutline, Outline, StageOutline, WaitOutline, outlined

PATIENCE = days(3)
FEW = 2
NUDGE = sms("nudge")
AS_IT_HAS = "quiet, for as long as the account has it"


def wording(message):
    return {"en": f"{message} says", "ar": "…"}


def outline(*journeys):
    return outlined(journeys, wording)


@stage
async def asks(account):
    """Ask, and ask again."""
    contact = await account.contact(NUDGE)
    await account.answer(to=contact, within=PATIENCE)
    if account.visits(asks) > FEW:
        await account.hand_over("asked for long")
        return close(Closure.REFERRED)
    return gives_up


@stage(on=(PlanRequested, CardStored))
async def gives_up(account):
    """Give up."""
    await account.quiet(until=account.now + days(7), because="of nothing")
    return close(Closure.REFERRED)


@aside(on=MessageReceived)
async def reads(account):
    """Read."""
    await account.quiet(until=account.now + days(1), because="of reading")


TALK = Journey("talk", version=1, stages=(asks, gives_up, reads))
BEFORE = outline(TALK)


def changed(**journey):
    """How `talk` would be told of if this were different about it."""
    (talk,) = BEFORE.journeys
    return Outline(journeys=(talk.model_copy(update=journey),), messages=BEFORE.messages)


def with_stage(name, **different):
    (talk,) = BEFORE.journeys
    stages = [
        each.model_copy(update=different) if each.name == name else each for each in talk.stages
    ]
    return changed(stages=tuple(stages))


@pytest.fixture
def edited(tmp_path):
    """The journey of this very file, with one thing in its text written otherwise."""

    def edit(was, now):
        text = Path(__file__).read_text("utf-8")
        assert was in text
        file = tmp_path / "edited.py"
        file.write_text(text.replace(was, now, 1), "utf-8")
        return outline(*journeys_in(file))

    return edit


def told(after, before=BEFORE):
    return [
        (each.kind.value, each.journey, each.stage, each.says) for each in compare(before, after)
    ]


def test_the_same_code_changes_nothing_however_often_it_is_read():
    again = outline(Journey("talk", version=1, stages=(asks, gives_up, reads)))

    assert again == BEFORE
    assert compare(BEFORE, again) == []


def test_an_outline_survives_being_kept():
    kept = Outline.model_validate(BEFORE.model_dump(mode="json"))

    assert kept == BEFORE


def test_an_outline_says_what_a_stage_does():
    (talk,) = BEFORE.journeys
    first = talk.stages[0]

    assert talk.knobs == {"PATIENCE": "3d", "FEW": "2"}
    assert (first.name, first.sends, first.hands) == ("asks", ("sms nudge",), ("asked for long",))
    assert [(str(each), each.after) for each in first.waits] == [
        ("3 days to answer", ("sms nudge",))
    ]
    assert first.leads == ("closes referred", "to gives_up")
    assert talk.find("gives_up").on == ("PlanRequested", "CardStored")
    assert talk.asides == {"reads"}
    assert BEFORE.messages == {"sms nudge": {"en": "sms nudge says", "ar": "…"}}


def test_a_longer_patience_is_told_with_the_contact_that_it_follows(edited):
    after = edited("PATIENCE = days(3)", "PATIENCE = days(5) + hours(6)")

    assert told(after) == [
        ("knob", "talk", None, "PATIENCE: 3d → 126h"),
        (
            "wait longer",
            "talk",
            "asks",
            "3 days to answer → 126 hours to answer (2 days 6 hours longer), after sms nudge",
        ),
    ]


@pytest.mark.parametrize(
    ("waits", "says"),
    [
        ((), [("wait", "no more: 7 days of quiet")]),
        (
            (WaitOutline(verb="quiet", since="now", plus=days(2), least=days(2)),),
            [("wait shorter", "7 days of quiet → 2 days of quiet (5 days shorter)")],
        ),
        (
            (WaitOutline(verb="quiet", since="account.x", plus=-hours(3)),),
            [
                (
                    "wait shorter",
                    f"7 days of quiet → {AS_IT_HAS} (account.x - 3 hours) (7 days shorter)",
                )
            ],
        ),
        (
            (WaitOutline(verb="paid", since="now", plus=days(2), least=days(2)),),
            [("wait", "no more: 7 days of quiet"), ("wait", "new: 2 days to pay the instalment")],
        ),
    ],
)
def test_waits_are_held_against_each_other_by_what_they_are_for(waits, says):
    assert told(with_stage("gives_up", waits=waits)) == [
        (kind, "talk", "gives_up", said) for kind, said in says
    ]


def test_a_wait_whose_length_only_the_account_knows_is_told_as_it_is_asked_for():
    def wait(since):
        return WaitOutline(verb="paid", since=since)

    before, after = (with_stage("asks", waits=(wait(since),)) for since in ("account.a", "sent"))

    assert told(after, before)[0][0] == "wait"
    assert "(account.a) → " in told(after, before)[0][3]


def test_triggers_sends_reasons_and_ways_are_told_one_by_one():
    after = with_stage(
        "asks",
        on=("PromiseToPay",),
        is_aside=True,
        sends=("email notice",),
        hands=(),
        leads=("to gives_up", "stays"),
    )

    assert told(after) == [
        ("trigger", "talk", "asks", "afterwards accounts go back to where they were"),
        ("trigger", "talk", "asks", "PromiseToPay enters it"),
        ("sends", "talk", "asks", "sends sms nudge no more"),
        ("sends", "talk", "asks", "sends email notice"),
        ("hands over", "talk", "asks", "hands over asked for long no more"),
        ("leads", "talk", "asks", "leads closes referred no more"),
        ("leads", "talk", "asks", "leads stays"),
    ]


def test_a_trigger_that_is_taken_away_is_told():
    assert told(with_stage("gives_up", on=("PlanRequested",))) == [
        ("trigger", "talk", "gives_up", "CardStored enters it no more")
    ]
    assert told(with_stage("reads", is_aside=False)) == [
        ("trigger", "talk", "reads", "afterwards accounts go back to where they were no more")
    ]


def test_another_condition_alone_is_told_as_such(edited):
    after = edited("visits(asks) > FEW", "visits(asks) >= FEW")

    assert told(after) == [
        ("order", "talk", "asks", "conditions, or the order in which it does things, are others")
    ]


def test_a_stage_that_was_renamed_is_told_once_with_what_changes_in_it():
    (talk,) = BEFORE.journeys
    asked, gives, reading = talk.stages
    new = asked.model_copy(update={"name": "requests", "formerly": ("asks",), "hands": ()})
    after = changed(stages=(new, gives, reading))

    assert told(after) == [
        ("stage renamed", "talk", "asks", "it is called requests now"),
        ("hands over", "talk", "asks", "hands over asked for long no more"),
    ]
    assert stranded(after, {("talk", "asks"): 7}) == {}


def test_ways_to_a_stage_that_was_renamed_lead_where_they_did():
    (talk,) = BEFORE.journeys
    asked, gives, reading = talk.stages
    new = gives.model_copy(update={"name": "ends", "formerly": ("gives_up",)})
    asking = asked.model_copy(update={"leads": ("closes referred", "to ends")})

    assert told(changed(stages=(asking, new, reading))) == [
        ("stage renamed", "talk", "gives_up", "it is called ends now")
    ]


def test_a_stage_whose_accounts_another_takes_over_strands_nobody():
    (talk,) = BEFORE.journeys
    _, gives, reading = talk.stages
    taken = gives.model_copy(update={"formerly": ("asks",)})
    after = changed(stages=(taken, reading))

    assert told(after) == [("stage renamed", "talk", "asks", "gives_up takes its accounts over")]
    assert stranded(after, {("talk", "asks"): 7, ("talk", "gives_up"): 1}) == {}


def test_a_stage_that_is_gone_strands_whoever_is_there():
    (talk,) = BEFORE.journeys
    after = changed(stages=talk.stages[1:])

    assert told(after) == [
        ("first stage", "talk", None, "accounts begin in gives_up, and not in asks"),
        ("stage removed", "talk", "asks", "it is gone, and no stage answers to its name"),
    ]
    assert stranded(after, {("talk", "asks"): 7, ("talk", "reads"): 1}) == {("talk", "asks"): 7}
    assert stranded(after, {("talk", "asks"): 0}) == {}


def test_new_stages_and_journeys_are_told():
    (talk,) = BEFORE.journeys
    new = StageOutline(name="waits")
    other = JourneyOutline(name="other", version=1, stages=(new,))
    after = Outline(
        journeys=(talk.model_copy(update={"stages": (*talk.stages, new)}), other),
        messages=BEFORE.messages,
    )

    assert told(after) == [
        ("stage added", "talk", "waits", "it is new"),
        ("journey added", "other", None, "it is new: 1 stage, from waits on"),
    ]


def test_a_journey_that_is_gone_or_renamed_is_told():
    gone = Outline(journeys=(), messages=BEFORE.messages)
    renamed = changed(name="chat", formerly=("talk",))

    assert told(gone) == [
        ("journey removed", "talk", None, "it is gone, and no journey answers to its name")
    ]
    assert stranded(gone, {("talk", "asks"): 1}) == {("talk", "asks"): 1}
    assert told(renamed) == [("journey renamed", "talk", None, "it is called chat from now on")]
    assert stranded(renamed, {("talk", "asks"): 1}) == {}


def test_other_words_are_told_by_message_and_language():
    after = Outline(journeys=BEFORE.journeys, messages={"sms nudge": {"en": "Now!", "ar": "…"}})

    (change,) = compare(BEFORE, after)

    assert (change.kind, change.message, change.before, change.after) == (
        *(Kind.MESSAGE, "sms nudge"),
        *("sms nudge says", "Now!"),
    )
    assert change.says == "sms nudge says something else in en"
    assert senders(BEFORE, "sms nudge") == [("talk", "asks")]


def test_what_ships_is_outlined_whole():
    whole = outlined(JOURNEYS.values(), wording)

    assert [each.name for each in whole.journeys] == sorted(JOURNEYS)
    every = {wait for journey in whole.journeys for each in journey.stages for wait in each.waits}
    assert all("#" not in str(wait) for wait in every)
    assert max(wait.plus for wait in every) == timedelta(days=30)
