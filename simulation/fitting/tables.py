"""CSV files as people have them: errors name the file, the line and the column."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from simulation.fitting.trials import FitError


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a file, by column."""

    file: str
    line: int
    values: dict[str, str]

    @property
    def place(self) -> str:
        """Where it stands."""
        return f"{self.file}: line {self.line}"


@dataclass(frozen=True)
class Table:
    """A file with its columns. Its rows are read one after another, once."""

    name: str
    columns: frozenset[str]
    rows: Iterator[Row]


@contextmanager
def opened(file: Path) -> Iterator[Table]:
    """A CSV file with a line of columns; separated by commas or semicolons."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            head = lines.readline()
            if not head.strip():
                raise FitError(f"{file.name}: is empty, expected a CSV file with a line of columns")
            lines.seek(0)
            mark = ";" if head.count(";") > head.count(",") else ","
            reader = csv.DictReader(lines, delimiter=mark, strict=True)
            columns = [each.strip() for each in reader.fieldnames or ()]
            reader.fieldnames = columns
            yield Table(file.name, frozenset(columns), _rows(file.name, reader))
    except (UnicodeDecodeError, csv.Error) as error:
        raise FitError(f"{file.name}: is no CSV file in UTF-8: {error}") from error
    except OSError as error:
        raise FitError(f"{file.name}: cannot be read: {error.strerror}") from error


def _rows(name: str, reader: "csv.DictReader[str]") -> Iterator[Row]:
    for values in reader:
        short = [column for column, value in values.items() if value is None]
        if short or None in values:
            what = f"no {short[0]}" if short else "more values than columns"
            raise FitError(f"{name}: line {reader.line_num}: {what}")
        told = {column: value.strip() for column, value in values.items()}
        yield Row(name, reader.line_num, told)


def whole(row: Row, column: str, least: int, most: int | None = None) -> int:
    """The whole number in a column; FitError unless it is one between the two."""
    text = row.values[column]
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least or (most is not None and number > most):
        span = f"from {least} on" if most is None else f"from {least} to {most}"
        raise FitError(f"{row.place}: {column} is {text!r}, expected a whole number {span}")
    return number
