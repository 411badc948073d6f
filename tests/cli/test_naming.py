"""Names of stages that were released: the list grows, and whoever breaks it is told what to do."""

from typer.testing import CliRunner

from cli.main import app
from cli.naming import names_of, unanswered, unlisted, write
from domain.accounts import Closure
from engine import Journey, close, stage
from journeys import JOURNEYS


@stage(formerly=("asks",))
async def questions(account):
    """Ask."""
    return close(Closure.REFERRED)


@stage
async def answers(account):
    """Answer."""
    return close(Closure.REFERRED)


KNOWN = {"talk": Journey("talk", version=1, stages=(questions, answers), formerly=("chat",))}


def test_present_and_former_names_are_answered_to():
    assert unanswered(KNOWN, ["talk.questions", "talk.asks", "chat.asks", "chat.answers"]) == []


def test_a_name_that_nothing_answers_to_says_what_to_do():
    (told,) = unanswered(KNOWN, ["talk.answers", "talk.replies"])

    assert told == (
        "talk.replies was released, and no stage answers to it: accounts may be there. Keep the"
        " stage, or let the one that takes its accounts answer to it, with"
        ' @stage(formerly=("replies",))'
    )


def test_a_journey_that_is_gone_says_what_to_do():
    (told,) = unanswered(KNOWN, ["gossip.asks"])

    assert told == (
        "gossip.asks was released, and no journey answers to gossip: keep the journey, or let the"
        ' one that takes its accounts answer to it, with formerly=("gossip",)'
    )


def test_a_new_name_is_missing_from_the_list_until_it_is_written():
    assert unlisted(KNOWN, ["talk.questions"]) == ["talk.answers"]


def test_writing_adds_to_the_end_and_takes_nothing_away(tmp_path):
    file = tmp_path / "names.txt"
    file.write_text("standard.of_old\nstandard.reminders\n", "utf-8")

    new = write(file)

    every = [name for name in names_of(JOURNEYS.values()) if name != "standard.reminders"]
    assert new == every
    assert file.read_text("utf-8").split() == ["standard.of_old", "standard.reminders", *every]
    assert write(file) == []


def test_the_list_that_ships_is_complete_and_answered_to():
    result = CliRunner().invoke(app, ["journeys", "names"])

    assert (result.exit_code, result.output) == (0, "")


def test_a_name_that_is_not_on_the_list_is_told(monkeypatch):
    monkeypatch.setattr("cli.naming.released", lambda: ["standard.of_old"])

    result = CliRunner().invoke(app, ["journeys", "names"])

    assert result.exit_code == 1
    assert "standard.of_old was released, and no stage answers to it" in result.output
    assert "standard.reminders is not on the list: run `tahsil journeys names --write`" in (
        result.output
    )
