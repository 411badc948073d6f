"""A bank's CSV, read line by line."""

import pytest

from cli.transfers import TransfersError, lines_of

NAMES = "id,amount,currency,booked_on,text\n"


@pytest.fixture
def file_of(tmp_path):
    def write(text):
        file = tmp_path / "bank.csv"
        file.write_text(text, "utf-8")
        return file

    return write


def test_amounts_are_in_whole_units_and_exact_in_every_currency(file_of):
    rows = "1,12.5,USD,2026-11-20,RF\n2,1200,JPY,2026-11-20,\n3,-1.234,KWD,2026-11-20,x\n"
    found = list(lines_of(file_of(f"\ufeff{NAMES}{rows}")))

    assert [(each["amount"]["minor"], each["amount"]["currency"]) for each in found] == [
        (1250, "USD"),
        (1200, "JPY"),
        (-1234, "KWD"),
    ]
    assert found[0] == {
        "id": "1",
        "amount": {"minor": 1250, "currency": "USD"},
        "booked_on": "2026-11-20",
        "text": "RF",
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("id,amount\n", "bank.csv: column 'booked_on' is missing: expected id, amount, currency"),
        (f"{NAMES}1,2\n", "bank.csv, line 2: expected 5 columns"),
        (f"{NAMES}1,2,USD,2026-11-20,a,b\n", "bank.csv, line 2: expected 5 columns"),
        (f"{NAMES}1,1.234,USD,2026-11-20,a\n", "line 2: amount or currency is not valid"),
        (f"{NAMES}1,nan,USD,2026-11-20,a\n", "line 2: amount or currency is not valid"),
        (f"{NAMES}1,1e999999,USD,2026-11-20,a\n", "line 2: amount or currency is not valid"),
        (f"{NAMES}1,2,dollars,2026-11-20,a\n", "line 2: amount or currency is not valid"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(file_of, text, says):
    with pytest.raises(TransfersError, match=says):
        list(lines_of(file_of(text)))
