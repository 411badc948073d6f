"""Files of accounts, read line by line as they arrive; never more than a batch is in memory.

A line is a row: CSV values must not hold line breaks, so that one open quote spoils one row and not
the rest of the file. Every row is judged by itself, and only the good ones are kept to be placed.
"""

import csv
import json
import re
from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import ValidationError

from api.problems import Invalid, TooLarge, field_error, field_errors
from api.schemas import NewAccount
from domain.accounts import Placement
from storage.placements import ReadRow

LARGEST_FILE = 1_000_000_000
LONGEST_LINE = 64 * 1024
BATCH = 500
COLUMNS = {
    "reference": ("reference",),
    "journey": ("journey",),
    "balance_minor": ("balance", "minor"),
    "currency": ("balance", "currency"),
    "due_on": ("due_on",),
    "consumer_reference": ("consumer", "reference"),
    "name": ("consumer", "name"),
    "country": ("consumer", "country"),
    "locale": ("consumer", "locale"),
    "time_zone": ("consumer", "time_zone"),
    "phone": ("consumer", "phone"),
    "email": ("consumer", "email"),
}
"""The columns of a CSV file, in any order, and where each belongs in an account."""
COLUMN_AT = {"/" + "/".join(place): f"/{column}" for column, place in COLUMNS.items()}
INTEGER = re.compile(r"-?\d{1,18}")
REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
MARK = b"\xef\xbb\xbf"
"""What spreadsheets put before UTF-8."""

Line = tuple[int, bytes | None]
"""A line and its number; None in place of one that is too long."""
Reader = Callable[[bytes], Any]


async def lines(stream: AsyncIterable[bytes]) -> AsyncIterator[Line]:
    """The lines of a body, counted from 1, without those that are blank."""
    number, rest, size, overlong = 0, b"", 0, False
    async for chunk in stream:
        size += len(chunk)
        if size > LARGEST_FILE:
            raise TooLarge(f"A file may have {LARGEST_FILE} bytes: send it in parts.")
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            number += 1
            if (shown := _line(line, overlong=overlong)) != b"":
                yield number, shown
            overlong = False
        if len(rest) > LONGEST_LINE:
            rest, overlong = b"", True
    if rest or overlong:
        yield number + 1, _line(rest, overlong=overlong)


def _line(line: bytes, *, overlong: bool) -> bytes | None:
    return None if overlong or len(line) > LONGEST_LINE else line.strip()


async def batches(found: AsyncIterable[Line]) -> AsyncIterator[list[Line]]:
    """Lines by the batch: one transaction for each."""
    batch: list[Line] = []
    async for line in found:
        batch.append(line)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def columns_of(line: bytes | None) -> list[str]:
    """The columns of a CSV file from its first line; Invalid names those that are wrong.

    A line without any of ours may be an account: then nothing of it is repeated.
    """
    names = [name.strip() for name in _cells((line or b"").removeprefix(MARK))]
    if COLUMNS.keys().isdisjoint(names):
        first = "a first line with " + ",".join(COLUMNS)
        raise Invalid([field_error("", "no column of ours", first)])
    unknown = [name for name in names if name not in COLUMNS]
    missing = [name for name in COLUMNS if name not in names]
    twice = sorted({name for name in names if names.count(name) > 1} & set(COLUMNS))
    expected = "the columns " + ",".join(COLUMNS)
    wrong = [
        *(field_error(f"/{name[:80]}", "is no column of ours", expected) for name in unknown),
        *(field_error(f"/{name}", "this column is missing", expected) for name in missing),
        *(field_error(f"/{name}", "this column is there twice", expected) for name in twice),
    ]
    if wrong:
        raise Invalid(wrong)
    return names


def csv_reader(columns: Sequence[str]) -> Reader:
    """Reads a line of a CSV file as the account it describes."""

    def read(line: bytes) -> dict[str, Any]:
        cells = _cells(line)
        if len(cells) != len(columns):
            raise UnreadableLine(f"{len(columns)} values, separated by commas")
        account: dict[str, Any] = {"balance": {}, "consumer": {}}
        for column, cell in zip(columns, cells, strict=True):
            if value := cell.strip():
                _put(account, COLUMNS[column], value)
        return account

    return read


def _put(account: dict[str, Any], place: tuple[str, ...], value: str) -> None:
    *outer, name = place
    target = account[outer[0]] if outer else account
    number = place == COLUMNS["balance_minor"] and INTEGER.fullmatch(value)
    target[name] = int(value) if number else value


def _cells(line: bytes) -> list[str]:
    try:
        return next(csv.reader([line.decode()], strict=True), [])
    except UnicodeDecodeError:
        raise UnreadableLine("text in UTF-8") from None
    except csv.Error:
        raise UnreadableLine("CSV whose quotes are closed on the same line") from None


def read_json(line: bytes) -> Any:  # noqa: ANN401 -- any JSON; validated next
    """Reads a line of an NDJSON file."""
    try:
        return json.loads(line.removeprefix(MARK).decode())  # of bytes it would take UTF-16, too
    except UnicodeDecodeError:
        raise UnreadableLine("text in UTF-8") from None
    except json.JSONDecodeError as error:
        raise UnreadableLine(f"a JSON object ({error.msg} at character {error.pos})") from None
    except (ValueError, RecursionError):
        raise UnreadableLine("a JSON object with numbers and nesting of sane size") from None


class UnreadableLine(ValueError):  # noqa: N818 -- a property of the line
    """A line that is not even wrong; says what was expected of it."""


@dataclass(frozen=True)
class Judge:
    """Judges lines one by one: how they are read, whose they are, and on which day."""

    reader: Reader
    creditor: str
    today: date
    by_column: bool
    """Whether errors point to a CSV's columns instead of an account's fields."""

    def rows(self, batch: Sequence[Line]) -> list[ReadRow]:
        """What each line says, or what is wrong with it."""
        return [self._row(number, line) for number, line in batch]

    def _row(self, number: int, line: bytes | None) -> ReadRow:
        if line is None:
            expected = f"at most {LONGEST_LINE} bytes"
            fault = field_error("", "the line is too long", expected)
            return ReadRow(number=number, errors=(fault,))
        try:
            given = self.reader(line)
        except UnreadableLine as error:
            fault = field_error("", "cannot be read", str(error))
            return ReadRow(number=number, errors=(fault,))
        reference = _reference(given)
        judged = self._judged(given)
        if isinstance(judged, Placement):
            return ReadRow(number=number, reference=reference, placement=judged)
        return ReadRow(number=number, reference=reference, errors=tuple(judged))

    def _judged(self, given: object) -> Placement | list[dict[str, str]]:
        try:
            new = NewAccount.model_validate(given)
        except ValidationError as error:
            return self._placed(field_errors(error.errors(include_url=False, include_input=False)))
        faults = new.faults(self.today)
        return self._placed(faults) if faults else new.of(self.creditor)

    def _placed(self, faults: list[dict[str, str]]) -> list[dict[str, str]]:
        if not self.by_column:
            return faults
        return [
            each | {"pointer": COLUMN_AT.get(each["pointer"], each["pointer"])} for each in faults
        ]


def _reference(given: object) -> str | None:
    """The row's own reference, if it has one that may be shown."""
    named = given.get("reference") if isinstance(given, dict) else None
    return named if isinstance(named, str) and REFERENCE.fullmatch(named) else None
