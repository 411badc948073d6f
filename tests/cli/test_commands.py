"""The commands on a running stack."""

import asyncio
import json
from contextlib import closing

import pytest
from rich.console import Console
from typer.testing import CliRunner

from cli.acting import connect
from cli.book import Line, ask_workflows, compare, provider_log, table_of
from cli.main import app
from domain.transfers import reference_of
from storage import Database

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def tahsil(stack, stack_data):
    """Runs a command on the stack, on a screen that is wide enough."""

    def run(*words, exit_code=0):
        result = CliRunner().invoke(
            app, [*map(str, words), "--data", str(stack_data)], env={"COLUMNS": "200"}
        )
        assert result.exit_code == exit_code, result.output
        return " ".join((result.stdout + result.stderr).split())

    return run


@pytest.fixture(scope="module")
def key(tahsil):
    return tahsil("creditor", "cli-bank", "CLI Bank")


def account(number, **changes):
    consumer = {
        "reference": f"C{number}",
        "name": "Alex Morgan",
        "country": "US",
        "phone": f"+1312555{100 + number:04d}",
        "email": f"alex{number}@example.com",
    }
    return {
        "reference": f"CLI-{number}",
        "balance": {"minor": 12_345, "currency": "USD"},
        "due_on": "2026-10-01",
        "consumer": consumer,
    } | changes


@pytest.fixture
def file_of(tmp_path):
    """Writes a file of accounts."""

    def write(*accounts):
        file = tmp_path / "accounts.jsonl"
        file.write_text("".join(json.dumps(each) + "\n" for each in accounts), "utf-8")
        return file

    return write


@pytest.fixture
def by_environment(stack, tmp_path, monkeypatch):
    """Runs a command where no stack's file is found, told of the servers as workers are."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        environ = {**stack.environment, "COLUMNS": "200"}
        return CliRunner().invoke(app, [*words], env=environ)

    return run


def test_accounts_are_placed_shown_moved_and_checked(tahsil, key, file_of, by_environment):
    placed = tahsil("place", file_of(account(1), account(2)), "--key", key)
    tahsil("ff", "cli-bank/CLI-1", "15h")
    moved = tahsil("ff", "--all", "4d")
    shown = tahsil("account", "cli-bank/CLI-1")

    assert "2 rows: 2 placed (plc_" in placed
    assert "moved by 4d; " in moved
    assert "account cli-bank/CLI-1 (acc_" in shown
    assert "owes USD 123.45, due 2026-10-01" in shown
    assert "journey standard, stage reminders" in shown
    assert "UTC, waiting for a response" in shown
    assert "sms sent │ nudge" in shown
    assert "email sent │ nudge" in shown
    assert "DIFFERS" not in tahsil("check")
    assert "restart / settle: nobody did either yet" in tahsil("recovery", "cli-bank")
    assert " ".join(by_environment("account", "cli-bank/CLI-1").stdout.split()) == shown
    examined = json.loads(by_environment("doctor", "--json").stdout)
    assert examined["looked_into"] >= 2


def test_bank_transfers_are_booked_once_and_those_that_wait_are_told(
    tahsil, key, file_of, tmp_path
):
    tahsil("place", file_of(account(7)), "--key", key)
    shown = tahsil("account", "cli-bank/CLI-7")
    account_id = shown.split("(")[1].split(")")[0]
    file = tmp_path / "bank.csv"
    file.write_text(
        "id,amount,currency,booked_on,text\n"
        f"cli-1,23.45,USD,2026-11-20,{reference_of(account_id)}\n"
        "cli-2,10,USD,2026-11-20,rent\n",
        "utf-8",
    )

    for _ in range(2):
        told = tahsil("transfers", file, "--key", key, exit_code=1)
        assert "2 lines: 1 booked, 1 unmatched" in told
        assert "cli-2 unmatched no reference of an account is in it" in told
    assert "owes USD 100.00" in tahsil("account", "cli-bank/CLI-7")


def test_every_refused_row_is_told_with_what_is_wrong_with_it(tahsil, key, file_of):
    wrong = account(3, due_on="1926-10-01")
    told = tahsil("place", file_of(account(4), wrong), "--key", key, exit_code=1)

    assert "2 rows: 1 placed, 1 refused" in told
    assert "line 2, CLI-3: /due_on: is too far away (expected a date from" in told


def test_an_account_placed_again_with_other_data_is_told(tahsil, key, file_of):
    tahsil("place", file_of(account(5)), "--key", key)
    other = account(5, balance={"minor": 1, "currency": "USD"})

    told = tahsil("place", file_of(other), "--key", key, exit_code=1)

    assert (
        "line 1, CLI-5: /reference: this account is placed already, and balance.minor differ"
        in told
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("account", "cli-bank/nobody"), "no account 'cli-bank/nobody': give its id (acc_…)"),
        (("account", "acc_0"), "no account 'acc_0'"),
        (("ff", "acc_0", "1d"), "no account 'acc_0'"),
        (("ff", "acc_0", "1week"), "'1week' is not a span of time such as 30d, 12h or 45m"),
        (("creditor", "CLI Bank", "x"), "'CLI Bank': expected small letters, digits and dashes"),
    ],
)
def test_what_is_not_there_or_not_understood_is_told(tahsil, words, told):
    assert told in tahsil(*words, exit_code=2)


def test_a_file_is_not_placed_without_a_good_key_or_under_a_strange_name(tahsil, file_of):
    file = file_of(account(6))
    strange = file.rename(file.with_suffix(".txt"))

    assert "expected a name that ends in" in tahsil("place", strange, "--key", "k", exit_code=2)
    file = file_of(account(6))
    assert "no API key: set TAHSIL_API_KEY" in tahsil("place", file, "--key", "", exit_code=2)
    assert "tahsil: An API key is needed: Send" in tahsil("place", file, "--key", "k", exit_code=2)


def test_a_difference_between_the_books_is_marked_and_fails(stack):
    async def ask():
        return await ask_workflows(await connect(stack.addresses))

    told, log = asyncio.run(ask()), asyncio.run(provider_log(stack.addresses.sandbox_url))
    told.owed[next(iter(told.owed))] += 1

    with closing(Database(stack.addresses.database_url)) as database:
        lines = compare(database, told, log)

    wrong = [line.name for line in lines if not line.agrees]
    assert wrong == ["owed, minor units", "accounts whose balances differ"]
    assert drawn(lines).count("DIFFERS") == 2


def test_a_book_that_cannot_know_a_figure_agrees_with_the_others():
    lines = [
        Line("a", "1"),
        Line("b", "1", "1"),
        Line("c", "1", None, "1"),
        Line("d", "1", "1", "2"),
    ]

    assert [line.agrees for line in lines] == [True, True, True, False]
    assert drawn(lines).count("agrees") == 3


def test_the_record_may_know_of_more_opt_outs_than_the_provider_and_never_of_fewer():
    lines = [Line("a", "2", providers=each, least=True) for each in ("1", "2", "3")]

    assert [line.agrees for line in lines] == [True, True, False]


def drawn(lines):
    console = Console(width=200)
    with console.capture() as captured:
        console.print(table_of(lines))
    return captured.get()
