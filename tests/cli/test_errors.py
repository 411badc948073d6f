"""What goes wrong is told in one line on stderr, with exit code 2."""

import httpx
import psycopg
import pytest
from sqlalchemy.exc import OperationalError
from temporalio.service import RPCError, RPCStatusCode
from typer.testing import CliRunner

from cli.main import app
from cli.troubles import told
from workflows.fast_forward import FastForwardError

COMMANDS = {
    "creditor": ("creditor", "acme", "Acme Bank"),
    "place": ("place", "accounts.jsonl", "--key", "k"),
    "account": ("account", "acme/A1"),
    "ff": ("ff", "acme/A1", "1d"),
    "ff --all": ("ff", "--all", "1d"),
    "check": ("check",),
    "person export": ("person", "export", "acme/C1", "-o", "held.json"),
    "person erase": ("person", "erase", "acme/C1"),
    "keys show": ("keys", "show"),
    "keys rotate": ("keys", "rotate"),
}


def tahsil(*words):
    return CliRunner().invoke(app, [*map(str, words)], env={"TAHSIL_API_KEY": ""})


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A directory with a file of accounts, and no stack."""
    (tmp_path / "accounts.jsonl").write_text("{}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def one_line(result):
    """The one line that the command wrote on stderr."""
    assert result.exit_code == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    return line


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_without_a_running_stack_a_command_says_so(here, command):
    assert "no stack" in one_line(tahsil(*command, "--data", here / "nowhere")).lower()


@pytest.mark.parametrize(
    "words", [("acme/A1",), ("acme/A1", "1d", "2d"), ("--all", "acme/A1", "1d")]
)
def test_ff_says_what_it_takes(here, words):
    line = one_line(tahsil("ff", *words))

    assert line == "tahsil: expected `tahsil ff ID SPAN` or `tahsil ff --all SPAN`"


def test_a_file_that_is_not_there_is_named(here):
    refused = tahsil("place", "nothing.csv")

    assert refused.exit_code == 2
    assert "nothing.csv" in refused.stderr


def request():
    return httpx.Request("GET", "http://127.0.0.1:1/v1/accounts")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("one\n  two"), "one two"),
        (LookupError("no account 'x'"), "no account 'x'"),
        (
            httpx.ConnectError("refused", request=request()),
            "http://127.0.0.1:1/v1/accounts does not answer: is every part of the stack running?",
        ),
        (
            httpx.HTTPStatusError("", request=request(), response=httpx.Response(503)),
            "http://127.0.0.1:1/v1/accounts answered 503",
        ),
        (
            RPCError("gone", RPCStatusCode.UNAVAILABLE, b""),
            "Temporal answered UNAVAILABLE: gone",
        ),
        (
            OperationalError("SELECT", {}, Exception()),
            "PostgreSQL does not answer as it should: OperationalError",
        ),
        (
            psycopg.OperationalError("a name and a number"),
            "PostgreSQL does not answer as it should: OperationalError",
        ),
        (
            ExceptionGroup("of a task group", [FastForwardError("account/a/1: stuck")]),
            "account/a/1: stuck",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_trouble_from_outside_is_told_in_one_line(error, line):
    assert told(error) == line


@pytest.mark.parametrize("defect", [KeyError("x"), IndexError(), TypeError(), AssertionError()])
def test_a_defect_of_ours_keeps_its_traceback(defect):
    assert told(defect) is None
