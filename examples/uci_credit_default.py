"""Make a placement file of UCI's "Default of Credit Card Clients", with fictional people.

    python examples/uci_credit_default.py UCI_Credit_Card.csv --limit 1000 > placement.jsonl
    tahsil place placement.jsonl

An account is placed for each client who is late (PAY_0: months late in September 2005) and owes
something (BILL_AMT1, in New Taiwan dollars). The data names nobody. The people here are generated,
and stand in the United States so that the rules we ship apply to them: their debts stay in TWD.

Data: I-Cheng Yeh (2009), UCI Machine Learning Repository 350, CC BY 4.0, doi.org/10.24432/C55S3H.
"""

import argparse
import csv
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from domain.money import exponent
from domain.time import add_months
from simulation.portfolio import MOST_PEOPLE, fictional, names_of

CURRENCY = "TWD"
ID, LATE, OWED = "ID", "PAY_0", "BILL_AMT1"


class WrongFileError(ValueError):
    """A file that is not the data set; says where, and what was expected there."""


@dataclass(frozen=True)
class Client:
    """What we use of a row."""

    number: int
    months_late: int
    """1 and more; 0 and below are not late."""
    owed: int
    """In minor units; 0 and below owe nothing."""


def clients(lines: Iterable[str]) -> Iterator[Client]:
    """The rows of the CSV; WrongFileError names a column or a value that is not as it should be."""
    rows = csv.DictReader(lines)
    missing = [name for name in (ID, LATE, OWED) if name not in (rows.fieldnames or ())]
    if missing:
        raise WrongFileError(f"line 1: no column {', '.join(missing)} among the file's columns")
    scale = exponent(CURRENCY)
    for row in rows:
        number, late, owed = (_number(row[name], name, rows.line_num) for name in (ID, LATE, OWED))
        yield Client(int(number), int(late), int(owed.scaleb(scale)))


def _number(text: str | None, column: str, line: int) -> Decimal:
    try:
        found = Decimal(text or "")
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise WrongFileError(f"line {line}: {column} is {text!r}, expected a number")
    return found


def placements(late: Iterable[Client], seed: int, today: date) -> Iterator[dict[str, Any]]:
    """An account for each client, whose consumer is made up: the same for the same seed."""
    dice, names = Random(seed), names_of(seed)  # noqa: S311 -- nothing here is secret
    for number, client in enumerate(late):
        if number == MOST_PEOPLE:
            raise WrongFileError(f"more than {MOST_PEOPLE} people: give a --limit")
        yield {
            "reference": f"UCI-{client.number}",
            "journey": "standard",
            "balance": {"minor": client.owed, "currency": CURRENCY},
            "due_on": add_months(today, -client.months_late).isoformat(),
            "consumer": fictional(number, dice, names),
        }


def late_debtors(rows: Iterable[Client], skipped: Counter[str]) -> Iterator[Client]:
    """Those who are late and owe something; the others are counted in `skipped`."""
    for client in rows:
        if client.months_late < 1:
            skipped["not late"] += 1
        elif client.owed <= 0:
            skipped["late and owing nothing"] += 1
        else:
            yield client


def convert(file: Path, limit: int | None, seed: int, today: date) -> None:
    """Print a line for each account, and on stderr how many rows were left out, and why."""
    placed, skipped = 0, Counter[str]()
    with file.open(encoding="utf-8-sig", newline="") as opened:
        late = late_debtors(clients(opened), skipped)
        for placement in islice(placements(late, seed, today), limit):
            print(json.dumps(placement, ensure_ascii=False))
            placed += 1
    left_out = ", ".join(f"{number} {why}" for why, number in sorted(skipped.items())) or "none"
    print(f"{placed} accounts; rows skipped: {left_out}", file=sys.stderr)


def main() -> None:
    """Read the command line; exit with 2 if the file is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path, help="the data set as CSV, with its columns on line 1")
    parser.add_argument("--limit", type=int, help="place this many accounts at most")
    parser.add_argument("--seed", type=int, default=7, help="the same seed makes the same people")
    parser.add_argument("--today", type=date.fromisoformat, help="count lateness back from here")
    given = parser.parse_args()
    today = given.today or datetime.now(UTC).date()  # noqa: TID251 -- debts are late today
    try:
        convert(given.file, given.limit, given.seed, today)
    except OSError as error:
        parser.exit(2, f"{given.file}: {error.strerror}\n")
    except (WrongFileError, UnicodeDecodeError, csv.Error) as error:
        parser.exit(2, f"{given.file}: {error}\n")


if __name__ == "__main__":
    main()
