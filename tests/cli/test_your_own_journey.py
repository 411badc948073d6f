"""The page for authors of a first journey: its files are written, and its commands are run."""

import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import charting
from cli.main import app
from cli.wording import Wording
from compliance import load_packs
from providers.messages import FOLDER

PAGE = (Path(__file__).parents[2] / "docs" / "your-own-journey.md").read_text("utf-8")
BEFORE_IT_SHIPS = PAGE.partition("## Ship it")[0]
FILES = dict(re.findall(r"`([\w/.]+\.\w+)`:\n\n```\w+\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))
COMMANDS = re.findall(r"^tahsil (.+)$", BEFORE_IT_SHIPS, re.MULTILINE)
FEW = "--generate 30"
"""People in place of the page's thousands."""


def tahsil(command):
    typed = re.sub(r"--generate \d+", FEW, command.partition("#")[0])
    return CliRunner().invoke(app, shlex.split(typed), env={"COLUMNS": "200"})


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder with the page's files, beside the messages that ship; linted by a few laws."""
    shutil.copytree(FOLDER, tmp_path / "journeys" / "messages")
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, "utf-8")
    shipped = load_packs()
    law = shipped.without(*({pack.id for pack in shipped} - {"base", "house", "us-federal", "sa"}))
    wording = Wording(law, tmp_path / "journeys" / "messages")
    monkeypatch.setattr(charting, "load_packs", lambda: law)
    monkeypatch.setattr(charting, "Wording", lambda packs, folder: wording)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("gentle", None)


def test_every_command_of_the_page_does_what_it_is_there_for(desk):
    answers = {command: tahsil(command) for command in COMMANDS}

    assert {command: each.output for command, each in answers.items() if each.exit_code} == {}
    said = "\n".join(each.stdout for each in answers.values())
    assert "0 errors, 0 warnings, 1 note" in said
    assert "Two kind words, and time after each" in said
    assert "the consumer disputes the debt" in said
    assert "closed: paid in full" in said
    assert (desk / "gentle.svg").read_text("utf-8").startswith("<svg ")
    assert "gentle.py:gentle" in (desk / "gentle.html").read_text("utf-8")


def test_the_stories_of_the_page_are_true(desk):
    stories: dict[str, Any] = {}
    exec(compile((desk / "test_gentle.py").read_text("utf-8"), "test_gentle.py", "exec"), stories)

    played = [story() for name, story in stories.items() if name.startswith("test_")]

    assert played == [None, None]


def test_nothing_of_the_trial_is_left_in_the_root():
    told = PAGE.partition("Delete what the trial leaves in the root")[2].partition("\n2.")[0]
    made = re.findall(r"(?:-o|--report) (\S+)", BEFORE_IT_SHIPS)
    tried = {name for name in FILES if "/" not in name} - {"gentle.py"}

    assert set(re.findall(r"`([\w.]+)`", told)) == {*tried, *made}


def test_the_page_has_a_file_for_all_that_it_names():
    assert set(FILES) == {
        "gentle.py",
        "journeys/messages/kind_word.sms.en.txt",
        "journeys/messages/kind_word.sms.ar.txt",
        "test_gentle.py",
        "account.yaml",
        "events.yaml",
    }
    assert [each.split()[0] for each in COMMANDS] == [
        *["journeys"] * 3,
        "simulate",
        *["backtest"] * 2,
    ]
