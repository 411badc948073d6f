"""`tahsil backtest` from end to end: figures, files, exit codes, and what it says of bad input."""

import csv as tables
import re
from html import unescape
from itertools import product

import pytest
from typer.testing import CliRunner

from cli.backtest_lead import TOLD
from cli.main import app

from .portfolio_rows import COLUMNS, LINE, csv, jsonl, many, row

ACCOUNTS = 40
USUAL = ("--days", "45", "--start", "2026-11-22", "--seed", "7")


def backtest(*words):
    return CliRunner().invoke(app, ["backtest", *map(str, words)], env={"COLUMNS": "200"})


def one_line(result):
    """The one line that the command wrote on stderr."""
    assert result.exit_code == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    return line.removeprefix("tahsil: ")


@pytest.fixture(scope="module")
def portfolio(tmp_path_factory):
    return jsonl(tmp_path_factory.mktemp("portfolio"), *many(ACCOUNTS))


@pytest.fixture(scope="module")
def files(portfolio):
    """Report and figures of a comparison, made once."""
    page, figures = portfolio.with_suffix(".html"), portfolio.with_name("figures.csv")
    words = ("standard", "--portfolio", portfolio, "--against", "invoice", "--sweep", "GRACE=9d")
    told = backtest(*words, *USUAL, "--report", page, "--csv", figures)
    assert told.exit_code == 0, told.output
    return told.stdout, page.read_text("utf-8"), figures.read_text("utf-8")


def rows(text):
    return list(tables.DictReader(text.splitlines()))


def test_the_terminal_shows_key_figures_and_what_came_of_it(files):
    said, _, _ = files

    assert "standard against invoice" in said
    assert "standard GRACE=9d" in said
    assert re.search(r"Collected +│ invoice +│ \d+\.\d+ % +│ \d+\.\d+ to \d+\.\d+", said)
    assert f"{ACCOUNTS} accounts of 27 people, USD " in said


def test_the_csv_has_every_figure_of_every_variant_in_long_form(files):
    told = rows(files[2])
    variants = ["invoice", "standard, as written", "standard GRACE=9d"]

    assert list(dict.fromkeys(each["variant"] for each in told)) == variants
    by_variant = [
        [(each["metric"], each["of"]) for each in told if each["variant"] == name]
        for name in variants
    ]
    assert by_variant[0] == by_variant[1] == by_variant[2]
    assert [of for metric, of in by_variant[0] if metric == "collected-by-day"] == [
        str(day) for day in range(46)
    ]
    assert all(not each["difference"] for each in told if each["variant"] == "invoice")


def test_figures_lie_in_their_intervals(files):
    told = [each for each in rows(files[2]) if each["low"]]

    assert len(told) > 100
    for each in told:
        assert float(each["low"]) <= float(each["value"]) <= float(each["high"]), each


def test_the_same_seed_gives_the_same_bytes_for_any_number_of_processes(portfolio, tmp_path):
    made = []
    for processes, folder in ((1, tmp_path / "one"), (2, tmp_path / "two")):
        folder.mkdir()
        page, figures = folder / "page.html", folder / "figures.csv"
        words = ("standard", "--portfolio", portfolio, *USUAL, "--processes", processes)
        assert backtest(*words, "--report", page, "--csv", figures).exit_code == 0
        made.append((page.read_bytes(), figures.read_bytes()))

    assert made[0] == made[1]


def test_another_seed_meets_other_people(portfolio, tmp_path, files):
    figures = tmp_path / "figures.csv"
    words = ("invoice", "--portfolio", portfolio, *USUAL[:-1], "4", "--csv", figures)
    assert backtest(*words).exit_code == 0

    before = [each for each in rows(files[2]) if each["variant"] == "invoice"]
    assert [each["value"] for each in rows(figures.read_text())] != [
        each["value"] for each in before
    ]


def test_a_crossed_threshold_fails_and_is_named(portfolio):
    words = ("standard", "--portfolio", portfolio, *USUAL)
    told = backtest(*words, "--fail-if", "contacts>0.1", "--fail-if", "complaints>99%")

    assert told.exit_code == 1
    assert "crossed: contacts>0.1: standard has " in told.stdout
    assert "complaints>99%" not in told.stdout


def test_the_other_journey_is_not_held_against_thresholds(portfolio):
    words = ("standard", "--portfolio", portfolio, "--against", "invoice", *USUAL)
    told = backtest(*words, "--fail-if", "contacts>0.1", "--fail-if", "change of contacts<-99")

    assert told.stdout.count("crossed:") == 1


def test_figures_of_money_are_left_out_where_there_are_no_prices(tmp_path):
    riyals = [row(**{**each, "balance__currency": "SAR"}) for each in ({}, {"reference": "B"})]
    page = tmp_path / "page.html"
    told = backtest(
        *("standard", "--portfolio", jsonl(tmp_path, *riyals), *USUAL, "--report", page)
    )

    assert told.exit_code == 0
    assert "left out: prices are in USD, debts in SAR" in page.read_text()


def test_a_generated_portfolio_can_be_played():
    told = backtest("standard", "--generate", 12, "--days", 10, "--start", "2026-11-22")

    assert "12 accounts of " in told.stdout


def test_an_edited_copy_is_held_against_the_one_that_ships(portfolio, tmp_path):
    copy = tmp_path / "mine.py"
    copy.write_text("from journeys.standard import *\nMINE = STANDARD.__class__(\n")
    words = ("--portfolio", portfolio, "--against", "standard", *USUAL)
    assert "mine.py:2: " in one_line(backtest(copy, *words))

    copy.write_text(
        "from engine import Journey\nfrom journeys.standard import STANDARD\n"
        "MINE = Journey('standard', 2, STANDARD.stages)\n"
    )
    told = backtest(f"{copy}:MINE", *words)
    assert told.exit_code == 0
    assert "mine.py:standard" in told.stdout
    assert "No difference that 40 accounts can show: " in told.stdout
    assert "Worse" not in told.stdout


def test_a_journey_that_goes_round_for_ever_is_told(portfolio, tmp_path):
    endless = tmp_path / "endless.py"
    endless.write_text(
        "from engine import Journey, stage\n"
        "@stage\n"
        "async def spinning(account):\n"
        '    """Goes round."""\n'
        "    return spinning\n"
        "ENDLESS = Journey('endless', 1, (spinning,))\n"
    )

    told = one_line(backtest(endless, "--portfolio", portfolio, *USUAL))
    assert "stage spinning goes round without time passing" in told


def test_a_stage_that_fails_is_named_with_its_line(portfolio, tmp_path):
    mistaken = tmp_path / "mistaken.py"
    mistaken.write_text(
        "from engine import Journey, stage\n"
        "@stage\n"
        "async def hasty(account):\n"
        '    """Forgets how long."""\n'
        "    await account.quiet(until='noon', because='it is early')\n"
        "    return close\n"
        "MISTAKEN = Journey('mistaken', 1, (hasty,))\n"
    )

    told = one_line(backtest(mistaken, "--portfolio", portfolio, *USUAL))
    assert f"stage hasty failed at {mistaken}:5: TypeError" in told


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nope",), "no journey is called 'nope'"),
        (("standard", "--against", "standard"), "--against standard: that is standard itself;"),
        (("standard", "--sweep", "GRACES=1d"), "--sweep GRACES: GRACES is no knob of standard;"),
        (("standard", "--sweep", "GRACE=1y"), "--sweep GRACE: '1y' is not a span of time such"),
        (("standard", "--fail-if", "nope>1"), "--fail-if 'nope>1': no metric is called 'nope'"),
        (("standard", "--start", "2026-02-30"), "--start 2026-02-30: expected a date such as"),
        (("standard", "--generate", "5"), "which portfolio? Give one of --portfolio FILE and"),
        (("standard", "--sweep", "GRACE=2d,2d"), "--sweep GRACE: 2d is given twice; give each"),
        (("standard", "--report", "/nowhere/x.html"), "--report /nowhere/x.html: there is no fol"),
        (("standard", "--report", "docs"), "--report docs: that is a folder; give the name of"),
        (("standard", "--csv", "x", "--report", "x"), "--csv x: that file is given to be read, or"),
        (("standard", "--costs", "x.yaml"), "--costs x.yaml: there is no such file"),
        (("standard", "--costs", "docs"), "--costs docs: that is a folder; give a file"),
        (("standard", "--costs", "docs/simulate.md"), "--costs simulate.md:"),
        (
            ("standard", "--costs", "simulation/parameters.yaml"),
            "--costs parameters.yaml:8: currency: field required; expected a copy of simulation/",
        ),
        (("standard", "--parameters", "x.yaml"), "--parameters x.yaml: there is no such file"),
        (
            ("standard", "--parameters", "simulation/costs.yaml"),
            "--parameters costs.yaml:4: willingness: field required; expected what `tahsil fit",
        ),
        (("standard", "--contract", "x.yaml"), "--contract x.yaml: there is no such file"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(portfolio, words, says):
    assert one_line(backtest(*words, "--portfolio", portfolio)).startswith(says)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([COLUMNS], "the portfolio is empty; expected one account a line"),
        ([COLUMNS.replace(",due_on", ""), LINE], "line 1, due_on: this column is missing; expect"),
        ([COLUMNS, LINE.replace("2026-10-31", "2026-13-01")], "line 2, due_on: is not valid; exp"),
        ([COLUMNS, LINE.replace("18750", "-1")], "line 2, balance_minor: is not above zero;"),
        ([COLUMNS, LINE.replace("USD", "XYX")], "line 2, currency: is not valid; expected an ISO"),
    ],
)
def test_a_portfolio_that_cannot_be_used_is_told_in_one_line(tmp_path, lines, says):
    columns, *rest = lines
    file = csv(tmp_path, *rest, columns=columns)

    told = one_line(backtest("standard", "--portfolio", file, *USUAL))
    assert told.startswith(f"portfolio.csv: {says}")


def test_a_portfolio_that_is_not_there_or_a_folder_is_named():
    assert one_line(backtest("standard", "--portfolio", "nothing.csv")) == (
        "--portfolio nothing.csv: there is no such file"
    )
    assert one_line(backtest("standard", "--portfolio", "docs")) == (
        "--portfolio docs: that is a folder; give a file"
    )


def test_a_portfolio_is_never_written_over(portfolio):
    before = portfolio.read_bytes()
    told = one_line(backtest("standard", "--portfolio", portfolio, "--csv", portfolio))

    assert told == f"--csv {portfolio}: that file is given to be read, or written to twice"
    assert portfolio.read_bytes() == before


def test_of_several_lines_that_are_wrong_each_is_told(tmp_path):
    bad = [LINE.replace("18750", "0"), LINE.replace("USD", "XYX")]
    told = backtest("standard", "--portfolio", csv(tmp_path, *bad), *USUAL)
    first, second, last = told.stderr.splitlines()

    assert told.exit_code == 2
    assert first.startswith("line 2, balance_minor: is not above zero; expected what is owed")
    assert second.startswith("line 3, currency: is not valid; expected an ISO 4217")
    assert last == (
        "tahsil: portfolio.csv: 2 lines cannot be used: correct them, or leave them out"
    )


def test_the_page_stands_alone(files):
    _, page, _ = files

    assert not re.search(r"<script|src=|@import|https?://(?!www\.w3\.org)|<link", page)
    assert len(re.findall(r"<svg ", page)) >= 5
    assert not re.search(r"#0[1-3]0[1-3]0[1-3]|#0a0a0\d", page)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_the_page_says_how_it_was_made(files, portfolio):
    _, page, _ = files
    words = ("standard", "--portfolio", portfolio, "--against", "invoice", "--sweep", "GRACE=9d")

    assert f"tahsil backtest {' '.join(map(str, words))} --days 45 --start 2026-11-22" in page
    for said in ("law_", "seed 7", "SHA-256 ", "tahsil 0.", "assumed: assumption: "):
        assert said in page


def test_every_variant_stands_in_every_comparison_of_the_page(files):
    _, page, figures = files
    told = rows(figures)
    shown = set(re.findall(r'data-variant="([^"]+)" data-metric="([^"]+)"', page))

    variants = {each["variant"] for each in told}
    metrics = {each["metric"] for each in told}
    assert shown == set(product(variants, metrics))


def test_every_clear_difference_of_a_real_comparison_stands_on_page_and_terminal(files):
    said, page, figures = files
    clear = [
        each
        for each in rows(figures)
        if (each["metric"], each["of"]) in TOLD
        and each["difference_low"]
        and not float(each["difference_low"]) <= 0 <= float(each["difference_high"])
    ]
    listed = re.findall(r"<li>(.*?)</li>", unescape(page))

    assert clear
    assert sum(each.count(" to ") for each in listed) == len(clear)
    assert all(each.partition(":")[0] in said for each in listed)
    assert "No difference that 40 accounts can show: " in said
