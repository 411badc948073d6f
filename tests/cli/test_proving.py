"""The proof of an account on the command line: written, checked, and caught when it is changed."""

import json

import pytest
from typer.testing import CliRunner

from cli.main import app


def run(*words, exit_code=0):
    result = CliRunner().invoke(app, [*map(str, words)], env={"COLUMNS": "250"})
    assert result.exit_code == exit_code, result.output
    return " ".join((result.stdout + result.stderr).split())


@pytest.fixture
def placed(stack, stack_data, tmp_path):
    """An account on the running stack about which something was decided."""
    consumer = {"reference": "C1", "name": "Jo Doe", "country": "US", "phone": "+13125550188"}
    account = {
        "reference": "PROOF-1",
        "balance": {"minor": 12_345, "currency": "USD"},
        "due_on": "2026-10-01",
        "consumer": consumer,
    }
    file = tmp_path / "accounts.jsonl"
    file.write_text(json.dumps(account) + "\n", "utf-8")
    key = run("creditor", "proof-bank", "Proof Bank", "--data", stack_data)
    run("place", file, "--key", key, "--data", stack_data)
    run("ff", "proof-bank/PROOF-1", "15h", "--data", stack_data)
    return "proof-bank/PROOF-1"


@pytest.mark.stack
def test_evidence_is_written_and_a_changed_byte_is_found(placed, stack_data, tmp_path):
    folder = tmp_path / "proof"

    written = run("evidence", placed, "--folder", folder, "--data", stack_data)
    (file,) = folder.glob("*.jsonl")
    sound = run("evidence", "verify", file)
    file.write_bytes(file.read_bytes().replace(b"nudge", b"fudge", 1))
    changed = run("evidence", "verify", file, exit_code=1)

    assert file.name in written
    assert "sound" in sound
    assert "fault" in changed


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("evidence", "verify", "gone.jsonl"), "gone.jsonl"),
        (("evidence", "verify"), "expected `tahsil evidence ID` or `tahsil evidence verify FILE`"),
        (("evidence", "a", "b"), "expected `tahsil evidence ID` or `tahsil evidence verify FILE`"),
    ],
)
def test_what_is_not_there_or_not_understood_is_told(words, told):
    assert told in run(*words, exit_code=2)
