"""`tahsil fit`: what it prints and writes, and how it refuses a file."""

import pytest
from typer.testing import CliRunner

from cli.main import app
from simulation.parameters import Label, read_parameters, shipped

PHONED = "campaign,pdays,poutcome,y\n" + "1,-1,x,yes\n" * 30 + "1,-1,x,no\n" * 570


def tahsil(*words):
    return CliRunner().invoke(app, [*map(str, words)])


@pytest.fixture
def data(tmp_path):
    file = tmp_path / "phoned.csv"
    file.write_text(PHONED, "utf-8")
    return file


def test_a_fit_is_printed_beside_what_was_held_out_and_written(data, tmp_path):
    out = tmp_path / "mine.yaml"

    done = tahsil("fit", data, "-o", out)

    assert done.exit_code == 0
    assert "pays_on_contact" in done.stdout
    assert "log-loss of one rate for all" in done.stdout
    entry = read_parameters(out).pays_on_contact
    assert entry.label is Label.MEASURED
    assert entry.held_out is not None
    assert entry.n == 600 - entry.held_out.rows
    assert read_parameters(out).replies == shipped().replies


def test_the_same_command_writes_the_same_bytes_again(data, tmp_path):
    cards = tmp_path / "cards.csv"
    months = "ID,PAY_6,PAY_5,PAY_4,PAY_3,PAY_2,PAY_0"
    cards.write_text("\n".join([months, *(f"{n},2,3,1,0,2,{n % 4}" for n in range(300))]), "utf-8")
    out = tmp_path / "mine.yaml"
    made = []
    for _ in range(2):
        assert tahsil("fit", data, cards, "-o", out).exit_code == 0
        made.append(out.read_bytes())

    assert made[0] == made[1]
    assert read_parameters(out).pays_in_month != shipped().pays_in_month


def test_without_a_file_to_write_it_only_prints(data, tmp_path):
    done = tahsil("fit", data)

    assert done.exit_code == 0
    assert [each.name for each in tmp_path.iterdir()] == ["phoned.csv"]


def test_another_seed_holds_out_other_rows_and_the_same_the_same(data):
    assert tahsil("fit", data).stdout == tahsil("fit", data, "--seed", "7").stdout
    assert tahsil("fit", data).stdout != tahsil("fit", data, "--seed", "8").stdout


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "tahsil: wrong.csv: cannot be read: No such file or directory"),
        ("", "tahsil: wrong.csv: is empty, expected a CSV file with a line of columns"),
        ("name,owes\nJo,5\n", "tahsil: wrong.csv: line 1: no column account, day, event: expected"),
        (
            "account,day,event,days_late\na,0,placed,soon\n",
            "tahsil: wrong.csv: line 2: days_late is 'soon', expected a whole number from 0 on",
        ),
        ("campaign,pdays,poutcome,y\n1,-1,x,no\n", "tahsil: wrong.csv: too few contacts: 1"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line_and_nothing_is_written(tmp_path, text, told):
    wrong, out = tmp_path / "wrong.csv", tmp_path / "mine.yaml"
    if text is not None:
        wrong.write_text(text, "utf-8")

    refused = tahsil("fit", wrong, "-o", out)

    assert refused.exit_code == 2
    assert refused.stdout == ""
    (line,) = refused.stderr.splitlines()
    assert line.startswith(told)
    assert not out.exists()


def test_a_place_that_cannot_be_written_to_is_named_before_anything_is_fitted(data, tmp_path):
    for out, says in (
        (tmp_path / "nowhere" / "mine.yaml", "there is no folder"),
        (tmp_path, "that is a folder; give the name of a file in it"),
        (data, "that file is given to be read"),
    ):
        refused = tahsil("fit", data, "-o", out)

        assert (refused.exit_code, refused.stdout) == (2, "")
        assert refused.stderr.startswith(f"tahsil: --out {out}: {says}")
    assert data.read_text("utf-8") == PHONED
