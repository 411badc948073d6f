"""`tahsil migrate`: which accounts are meant, by whatever names their stage has or had."""

from typing import Any, cast

import pytest
from typer.testing import CliRunner

from cli import migrating
from cli.main import app
from cli.migrating import Asked, read_move
from domain.accounts import Closure
from domain.events import MessageReceived, StageMoved
from engine import Journey, aside, close, stage
from journeys import JOURNEYS
from simulation.outlines import outlined
from storage.moving import Left

ASIDES = ("claimed_payment", "needs_a_person", "promised", "reversed_payment")


@stage
async def retired(account):
    """It is no more."""
    return close(Closure.REFERRED)


@stage(formerly=("asks", "requests"))
async def questions(account):
    """Ask."""
    return close(Closure.REFERRED)


@aside(on=MessageReceived)
async def reads(account):
    """Read, as it was done once."""


RUNNING = outlined(
    [Journey("standard", version=1, stages=(retired, reads)), Journey("of-old", 1, (retired,))],
    lambda _: {},
)
RENAMED = Journey("talk", version=2, stages=(questions, retired), formerly=("chat",))


def test_a_move_within_a_journey():
    move = read_move(Asked("standard:reminders=plan_offer"), None)

    assert (move.journeys, move.stages) == (("standard",), ("reminders",))
    assert (move.to_journey, move.to_stage) == ("standard", "plan_offer")
    assert (move.asides, move.creditor) == (ASIDES, None)
    assert str(move) == "standard:reminders=standard:plan_offer"


def test_a_move_to_another_journey_of_one_creditors_accounts():
    move = read_move(Asked("standard:reminders=invoice:firm", "creditor=acme"), None)

    assert (move.to_journey, move.to_stage, move.creditor) == ("invoice", "firm", "acme")
    assert str(move) == "standard:reminders=invoice:firm where creditor=acme"


@pytest.mark.parametrize(
    ("words", "stages"),
    [
        ("talk:questions=retired", ("questions", "asks", "requests")),
        ("talk:asks=retired", ("asks",)),
        ("chat:questions=retired", ("questions", "asks", "requests")),
    ],
)
def test_a_stage_that_was_renamed_is_left_under_all_its_names_or_under_one(
    monkeypatch, words, stages
):
    monkeypatch.setattr(migrating, "journey_called", {"talk": RENAMED, "chat": RENAMED}.get)

    move = read_move(Asked(words), None)

    assert (move.journeys, move.stages) == (("talk", "chat"), stages)
    assert (move.to_journey, move.to_stage) == ("talk", "retired")


def test_a_stage_or_journey_that_the_code_has_no_more_can_be_left():
    stage_gone = read_move(Asked("standard:retired=plan_offer"), RUNNING)
    journey_gone = read_move(Asked("of-old:retired=standard:plan_offer"), RUNNING)

    assert stage_gone.stages == ("retired",)
    assert stage_gone.asides == tuple(sorted({*ASIDES, "reads"}))
    assert (journey_gone.journeys, journey_gone.asides) == (("of-old",), ())


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (Asked("standard"), "'standard': expected JOURNEY:STAGE=STAGE or JOURNEY:STAGE=JOURNEY:ST"),
        (Asked("standard:reminders=special"), "journey standard has no stage 'special'"),
        (Asked("standard:reminders=special:first"), "no journey is called 'special'"),
        (Asked("of-old:retired=plan_offer"), "no journey is called 'of-old'"),
        (Asked("standard:reminders=reminders"), "standard:reminders=reminders: that is one stage"),
        (Asked("standard:reminders=promised"), "promised answers what people say and goes back"),
        (Asked("standard:promised=reminders"), "promised answers what people say and goes back"),
        (Asked("standard:reads=plan_offer"), "reads answers what people say and goes back by"),
        (Asked("standard:reminders=plan_offer", "stage=x"), "--where stage=x: expected creditor="),
        (Asked("standard:reminders=plan_offer", "creditor="), "--where creditor=: expected"),
    ],
)
def test_what_cannot_be_meant_is_refused(asked, says):
    with pytest.raises((ValueError, LookupError), match=f"^{says}"):
        read_move(asked, RUNNING)


@pytest.mark.anyio
@pytest.mark.parametrize("running", ["standard", "nothing"])
async def test_what_is_deployed_has_to_know_the_stage(monkeypatch, running):
    async def deployed(addresses, database):
        if running == "nothing":
            raise LookupError
        return "build b1, as it started today", RUNNING

    monkeypatch.setattr(migrating, "deployed", deployed)
    asked, nowhere = Asked("standard:reminders=plan_offer"), cast("Any", None)

    if running == "nothing":
        assert (await migrating.checked(nowhere, nowhere, asked)).to_stage == "plan_offer"
        return
    with pytest.raises(ValueError, match=r"has no standard:plan_offer: deploy the code that has"):
        await migrating.checked(nowhere, nowhere, asked)


def test_the_news_is_told_apart_by_instruction_and_visit():
    move = read_move(Asked("standard:reminders=plan_offer"), None)
    account = Left("acc_1", "account/acme/1", 17, "standard", "nudges")

    assert migrating._news("move_1", account, move) == StageMoved(
        event_id="move_1:17",
        journey="standard",
        stage="nudges",
        to_journey="standard",
        to_stage="plan_offer",
    )


def test_without_a_stack_nothing_is_moved(tmp_path):
    result = CliRunner().invoke(
        app, ["migrate", "standard:reminders=plan_offer", "--data", str(tmp_path)]
    )

    assert result.exit_code == 2
    assert "tahsil:" in result.output


def test_the_asides_of_every_journey_are_known():
    for journey in JOURNEYS.values():
        first = journey.first.name
        to = next(each for each in journey.stages[1:] if not each.is_aside)
        move = read_move(Asked(f"{journey.name}:{first}={to.name}"), None)
        assert {*move.asides} == {each.name for each in journey.stages if each.is_aside}
