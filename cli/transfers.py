"""What `tahsil transfers` does: send a bank's CSV to the API, and list what could not be booked."""

import asyncio
import csv
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from cli.calling import caller
from cli.placing import refusal
from domain.money import exponent
from domain.transfers import BOOKED, Outcome
from stack import Addresses

COLUMNS = ("id", "amount", "currency", "booked_on", "text")
AT_ONCE = 500
"""Lines in one request."""


class TransfersError(RuntimeError):
    """The file cannot be read, or the API refused it; says where and why."""


def lines_of(file: Path) -> Iterator[dict[str, Any]]:
    """The lines of a CSV file with a row of names; amounts are in whole units, such as 12.50."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = csv.DictReader(opened)
        if missing := set(COLUMNS) - set(rows.fieldnames or ()):
            raise TransfersError(
                f"{file.name}: column {min(missing)!r} is missing: expected {', '.join(COLUMNS)}"
            )
        for row in rows:
            where = f"{file.name}, line {rows.line_num}"
            if None in row.values() or None in row:
                raise TransfersError(f"{where}: expected {len(COLUMNS)} columns")
            yield {
                "id": row["id"],
                "amount": {"minor": _minor(row, where), "currency": row["currency"]},
                "booked_on": row["booked_on"],
                "text": row["text"],
            }


def _minor(row: dict[str, str], where: str) -> int:
    """The amount in minor units, which it has to be exactly."""
    try:
        minor = Decimal(row["amount"]).scaleb(exponent(row["currency"]))
        whole = minor.is_finite() and minor == minor.to_integral_value()
    except (ArithmeticError, ValueError):
        whole = False
    if not whole:
        raise TransfersError(
            f"{where}: amount or currency is not valid: expected such as 12.50 and USD"
        )
    return int(minor)


async def send(addresses: Addresses, file: Path, key: str, console: Console) -> bool:
    """Send the lines, print what became of them; whether all are booked."""
    lines = await asyncio.to_thread(lambda: list(lines_of(file)))
    counts = Counter[str]()
    waiting = list[dict[str, Any]]()
    headers = {"authorization": f"Bearer {key}"}
    async with caller(addresses.api_url, timeout=600, headers=headers) as api:
        for start in range(0, len(lines), AT_ONCE):
            answer = await api.post("/v1/transfers", json={"lines": lines[start : start + AT_ONCE]})
            if answer.status_code != httpx.codes.OK:
                raise TransfersError(refusal(answer))
            told = answer.json()
            counts.update(told["counts"])
            waiting += [each for each in told["lines"] if Outcome(each["outcome"]) not in BOOKED]
    _print(len(lines), counts, waiting, console)
    return not waiting


def _print(
    number: int, counts: Counter[str], waiting: list[dict[str, Any]], console: Console
) -> None:
    said = ", ".join(f"{count} {outcome}" for outcome, count in counts.items()) or "nothing"
    console.print(f"{number} lines: {said}", highlight=False)
    if not waiting:
        return
    table = Table("line", "outcome", "why", box=None)
    for each in waiting:
        table.add_row(each["id"], each["outcome"], each["reason"])
    console.print(table)
