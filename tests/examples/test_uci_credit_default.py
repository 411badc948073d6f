"""The example makes rows that the API takes, of a file in the form of UCI's data set."""

import io
import json
import runpy
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from api.schemas import NewAccount

EXAMPLE = Path(__file__).parents[2] / "examples" / "uci_credit_default.py"
HEAD = "ID,LIMIT_BAL,PAY_0,PAY_2,BILL_AMT1,BILL_AMT2"
CLIENTS = (
    "1,20000,2,2,3913.0,3102",  # two months late
    "2,120000,-1,2,2682,1725",  # not late
    "3,90000,1,0,-109,14027",  # late, and has paid too much
    "4,50000,8,0,0,48233",  # late, and owes nothing
    "5,50000,1,0,8617,5670",
)


@dataclass(frozen=True)
class Ran:
    """What a run of the example ended with, and what it wrote."""

    returncode: object
    stdout: str
    stderr: str


def run(folder, *lines, options=()):
    """What the example does with a file of these lines, run as a program is but in this process."""
    file = folder / "clients.csv"
    file.write_text("\n".join(lines) + "\n", "utf-8")
    said, complained, ended = io.StringIO(), io.StringIO(), SystemExit(0)
    with (
        pytest.MonkeyPatch.context() as patch,
        redirect_stdout(said),
        redirect_stderr(complained),
    ):
        patch.setattr(sys, "argv", [str(EXAMPLE), str(file), "--today", "2026-04-30", *options])
        try:
            runpy.run_path(str(EXAMPLE), run_name="__main__")
        except SystemExit as refused:
            ended = refused
    return Ran(ended.code, said.getvalue(), complained.getvalue())


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    return run(tmp_path_factory.mktemp("uci"), HEAD, *CLIENTS)


@pytest.fixture(scope="module")
def rows(converted):
    return [json.loads(line) for line in converted.stdout.splitlines()]


def test_those_who_are_late_and_owe_something_are_placed_in_minor_units(rows):
    assert [(row["reference"], row["balance"]) for row in rows] == [
        ("UCI-1", {"minor": 391_300, "currency": "TWD"}),
        ("UCI-5", {"minor": 861_700, "currency": "TWD"}),
    ]


def test_a_debt_fell_due_as_many_months_ago_as_it_is_late(rows):
    assert [row["due_on"] for row in rows] == ["2026-02-28", "2026-03-30"]


def test_rows_that_are_left_out_are_counted(converted):
    assert converted.returncode == 0
    assert converted.stderr == ("2 accounts; rows skipped: 2 late and owing nothing, 1 not late\n")


def test_the_api_takes_every_row(rows):
    for row in rows:
        assert NewAccount.model_validate(row).faults(date(2026, 4, 30)) == []


def test_people_are_fictional_and_the_same_for_the_same_seed(tmp_path, converted, rows):
    again = run(tmp_path, HEAD, *CLIENTS)
    others = run(tmp_path, HEAD, *CLIENTS, options=("--seed", "8"))

    assert again.stdout == converted.stdout
    assert others.stdout != converted.stdout
    assert [row["consumer"]["phone"] for row in rows] == ["+14705550100", "+13125550100"]


def test_no_more_accounts_are_placed_than_the_limit(tmp_path):
    assert len(run(tmp_path, HEAD, *CLIENTS, options=("--limit", "1")).stdout.splitlines()) == 1


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("name,owes", "Jo,5"), "line 1: no column ID, PAY_0, BILL_AMT1"),
        ((HEAD.replace("PAY_0,", ""), "1,2,3,4,5"), "line 1: no column PAY_0"),
        ((HEAD, "1,20000,two,2,3913,3102"), "line 2: PAY_0 is 'two', expected a number"),
        ((HEAD, "1,20000,2"), "line 2: BILL_AMT1 is None, expected a number"),
        (("",), "no column"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place_and_what_was_expected(tmp_path, lines, told):
    refused = run(tmp_path, *lines)

    assert refused.returncode == 2
    assert told in refused.stderr
    assert "Traceback" not in refused.stderr
