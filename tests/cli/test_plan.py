"""`tahsil plan`: what a change of the journeys does to whoever is under way, and how it exits."""

import io
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from cli import planning_changes
from cli.main import app
from cli.planning_changes import Crowd, as_data, conclusion, counted, outline_at, planned, show
from domain.accounts import Closure
from domain.contacts import sms
from domain.events import MessageReceived
from domain.time import days
from engine import Journey, aside, close, stage
from simulation.outlines import outlined
from storage import accounts
from tests.api.record import NOW, placement, record
from workers.releases import ROOT

NUDGE = sms("nudge")


@stage
async def asks(account):
    """Ask."""
    contact = await account.contact(NUDGE)
    await account.answer(to=contact, within=days(3))
    return gives_up


@stage
async def gives_up(account):
    """Give up."""
    return close(Closure.REFERRED)


@aside(on=MessageReceived)
async def reads(account):
    """Read."""
    await account.quiet(until=account.now + days(1), because="of reading")


@stage
async def asks_for_long(account):
    """Ask, and wait for long."""
    contact = await account.contact(NUDGE)
    await account.answer(to=contact, within=days(9))
    return gives_up


asks_for_long = stage(asks_for_long.attempt)
object.__setattr__(asks_for_long, "name", "asks")


def outline(*stages, says="Hello"):
    return outlined([Journey("talk", version=1, stages=stages)], lambda _: {"en": says})


BEFORE = outline(asks, gives_up, reads)
CROWD = Crowd({("talk", "asks"): 5, ("talk", "reads"): 2}, {("talk", "asks"): 2})


def shown(plan, *, verbose=False):
    screen = io.StringIO()
    show(plan, Console(file=screen, width=200), verbose=verbose)
    return screen.getvalue()


def test_nothing_changes_and_exits_with_0():
    plan = planned("build b1", BEFORE, BEFORE, CROWD)

    assert plan.exit_code == 0
    assert shown(plan) == "against build b1\n\nnothing changes\n"


def test_a_longer_wait_is_safe_and_exits_with_2_and_counts_whoever_is_there_or_comes_back():
    plan = planned("build b1", BEFORE, outline(asks_for_long, gives_up, reads), CROWD)

    assert plan.exit_code == 2
    assert shown(plan).splitlines() == [
        "against build b1",
        "",
        "talk:asks",
        "  ~ 3 days to answer → 9 days to answer (6 days longer), after sms nudge  7 accounts",
        "",
        "1 change",
        "safe to deploy: accounts end their stage as it is, or go on with it where they can",
    ]


def test_a_stage_that_is_gone_strands_and_exits_with_1_and_says_what_to_do():
    plan = planned("build b1", BEFORE, outline(gives_up, reads), CROWD)

    assert plan.exit_code == 1
    assert "  - it is gone, and no stage answers to its name  7 accounts" in shown(plan)
    _, why, what = conclusion(plan)
    assert why.startswith("7 accounts would be stranded in talk:asks. Let a stage answer to that")
    assert 'formerly=("asks",), or move them:' in why
    assert what == "    tahsil migrate talk:asks=STAGE --reason …"


def test_a_stage_that_is_gone_and_empty_strands_nobody():
    assert planned("b", BEFORE, outline(gives_up, reads), Crowd()).exit_code == 2


def test_whoever_was_stranded_long_ago_is_found_although_nothing_changes():
    plan = planned("b", BEFORE, BEFORE, Crowd({("talk", "of_old"): 1}))

    assert plan.exit_code == 1
    assert "1 account would be stranded in talk:of_old." in shown(plan)


def test_other_words_count_whoever_may_be_sent_them_and_are_shown_if_asked():
    plan = planned("b", BEFORE, outline(asks, gives_up, reads, says="Hello!"), CROWD)

    assert plan.exit_code == 2
    assert "messages\n  ~ sms nudge says something else in en  7 accounts\n" in shown(plan)
    assert "-Hello\n" not in shown(plan)
    assert "      -Hello\n      +Hello!\n" in shown(plan, verbose=True)


def test_a_change_of_the_journey_counts_everybody_on_it():
    plan = planned("b", BEFORE, outline(gives_up, asks, reads), CROWD)

    assert [change.says for change in plan.changes] == [
        "accounts begin in gives_up, and not in asks"
    ]
    assert plan.accounts == [9]


def test_without_a_stack_nobody_is_counted_and_nobody_is_called_stranded():
    plan = planned("main", BEFORE, outline(gives_up, reads), None)

    assert plan.exit_code == 2
    assert "account  " not in shown(plan)
    assert "2 changes; accounts were not counted: no stack is running here" in shown(plan)


def test_programs_get_all_of_it():
    told = as_data(planned("b", BEFORE, outline(gives_up, reads), CROWD))

    assert json.loads(json.dumps(told)) == told
    assert (told["against"], told["counted"], told["exit_code"]) == ("b", True, 1)
    assert told["stranded"] == [{"journey": "talk", "stage": "asks", "accounts": 7}]
    assert {"kind": "stage removed", "stage": "asks", "accounts": 7}.items() <= (
        told["changes"][1].items()
    )


def test_accounts_are_counted_on_the_record(database):
    for path in (("asks",), ("asks", "reads"), ("gives_up",)):
        made = placement()
        record(database, made)
        with database.transaction() as session:
            for each in path:
                accounts.enter_stage(session, made.account_id, journey="talk", stage=each, at=NOW)

    crowd = counted(database, [BEFORE, outline(gives_up)])

    assert crowd.parked == {("talk", name): 1 for name in ("asks", "reads", "gives_up")}
    assert crowd.coming_back == {("talk", "asks"): 1}


def test_a_commit_is_read_by_todays_code_and_compared(tmp_path, monkeypatch):
    """A repository in which the promise's grace was shorter, and a stage was named otherwise."""
    shutil.copytree(
        ROOT / "journeys", tmp_path / "journeys", ignore=shutil.ignore_patterns("__pycache__")
    )
    listening = tmp_path / "journeys" / "listening.py"
    was = listening.read_text("utf-8")
    listening.write_text(was.replace("\nGRACE = days(3)", "\nGRACE = days(2)"), "utf-8")
    assert listening.read_text("utf-8") != was
    git = [shutil.which("git") or "git", "-C", str(tmp_path)]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "before"]):
        who = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
        subprocess.run([*git, *who, *words], check=True)
    monkeypatch.setattr(planning_changes, "REPOSITORY", tmp_path)

    result = CliRunner().invoke(
        app,
        ["plan", "--against", "HEAD", "--data", str(tmp_path / "none"), "--json"],
        env={"COLUMNS": "250"},
    )

    assert result.exit_code == 2, result.output
    told = json.loads(result.stdout)
    assert ("standard", None, "GRACE: 2d → 3d") in {
        (each["journey"], each["stage"], each["says"]) for each in told["changes"]
    }
    longer = [each for each in told["changes"] if each["stage"] == "promised"]
    assert {each["journey"] for each in longer} == {
        "hardship",
        "invoice",
        "standard",
        "subscription",
    }
    with pytest.raises(ValueError, match="--against of-old: fatal: not a valid object name"):
        outline_at("of-old")


def test_without_a_stack_and_a_commit_there_is_nothing_to_compare_with():
    result = CliRunner().invoke(app, ["plan", "--data", str(Path("/nowhere"))])

    assert result.exit_code == 1
    assert "tahsil:" in result.output


def test_one_thing_is_compared_with_at_a_time():
    result = CliRunner().invoke(app, ["plan", "--against", "main", "--deployed"])

    assert result.exit_code == 1
    assert "expected --against GIT_REF or --deployed, and not both" in " ".join(
        result.output.split()
    )
