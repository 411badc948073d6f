"""What is wrong with a portfolio, line by line: where, what was expected, and what to do.

The API says what is wrong with a row; what follows here is what people do to files before: other
separators, other letters, amounts as spreadsheets write them. No value that was given is repeated.
"""

from collections.abc import Mapping, Sequence
from typing import NoReturn

from api.problems import Invalid
from api.upload import COLUMNS, MARK, UnreadableLine, columns_of

MOST_TOLD = 10
"""Faults that are told one by one; of the rest it is told how many there are."""

SAVE = "save it as CSV in UTF-8, with commas"
AMOUNT = "18750 stands for USD 187.50, without points, commas or spaces"
OWED = "is not above zero; expected what is owed, in minor units"
HINTS: Mapping[str, str] = {
    "balance_minor": AMOUNT,
    "balance.minor": AMOUNT,
    "currency": "in capitals",
    "balance.currency": "in capitals",
}
"""What to do about a value, by where it stands."""
KINDS = (
    (b"PK\x03\x04", f"that is a spreadsheet or an archive; expected text: {SAVE}"),
    (b"[", "a list begins; expected one JSON object a line, with no brackets around them all"),
)
"""Files of another kind, by how they begin."""
NUL = b"\x00"
"""In UTF-16 every second byte of what is plain in English, such as a brace or a comma."""
SEPARATORS = ((b";", "semicolons"), (b"\t", "tabs"), (b"|", "bars"))


class PortfolioError(ValueError):
    """A portfolio that cannot be used: where, what is wrong, and what was expected."""

    def __init__(self, says: str, faults: Sequence[str] = ()) -> None:
        """`faults` are told before it, one on a line."""
        super().__init__(says)
        self.faults = faults


class RowError(ValueError):
    """A row that cannot be used."""


class Faults:
    """What is wrong with a file's rows: the first few, and how many there are."""

    def __init__(self, name: str) -> None:
        """Nothing yet."""
        self._name = name
        self._told = list[str]()
        self._number = 0

    def add(self, error: RowError) -> None:
        """One more line that cannot be used."""
        self._number += 1
        if self._number <= MOST_TOLD:
            self._told.append(str(error))

    def refuse(self) -> None:
        """PortfolioError if there was any."""
        if self._number == 1:
            raise PortfolioError(f"{self._name}: {self._told[0]}")
        if self._number:
            more = self._number - len(self._told)
            beside = f" (and {more:,} more than are told)" if more else ""
            raise PortfolioError(
                f"{self._name}: {self._number:,} lines cannot be used{beside}: correct them, or"
                " leave them out",
                self._told,
            )


def header(first: bytes) -> list[str]:
    """The columns that a CSV file's first line names; RowError if they are not those of ours."""
    if b"\r" in first.strip():
        raise RowError(f"line 1: lines end in CR alone; expected LF or CR LF: {SAVE}")
    _separated(1, first)
    try:
        return columns_of(first.strip())
    except Invalid as error:
        refuse(1, error.members["errors"])
    except UnreadableLine as error:
        raise RowError(f"line 1: cannot be read; expected {error}: {SAVE}") from None


def other_kind(first: bytes) -> None:
    """RowError for a first line that shows the file to be of another kind."""
    for begins, says in KINDS:
        if first.removeprefix(MARK).startswith(begins):
            raise RowError(f"line 1: {says}")
    if NUL in first:
        raise RowError("line 1: the text is in UTF-16; expected UTF-8: save it as UTF-8")


def _separated(number: int, line: bytes) -> None:
    """RowError for a line without commas, but with something else in their place."""
    for mark, named in SEPARATORS:
        if b"," not in line and line.count(mark) >= len(COLUMNS) // 2:
            raise RowError(
                f"line {number}: values are separated by {named}; expected commas: {SAVE}"
            )


def refuse(
    number: int, errors: Sequence[Mapping[str, str]], line: bytes = b"", *, is_csv: bool = False
) -> NoReturn:
    """RowError for the first thing that is wrong with a line; what was given is not repeated."""
    first, more = errors[0], len(errors) - 1
    about = ""
    if is_csv and not first["pointer"] and first["detail"] == "cannot be read":
        _separated(number, line)
        about = f": {_about_cells(line)}"
    said = fault_told(first, is_csv=is_csv)
    between = ", " if first["pointer"] or said.startswith("balance") else ": "
    beside = f" (and {more} more on this line)" if more else ""
    raise RowError(f"line {number}{between}{said}{about}{beside}")


def fault_told(fault: Mapping[str, str], *, is_csv: bool = False) -> str:
    """What is wrong in an account: where, what was expected, and what to do."""
    place, detail = fault["pointer"].removeprefix("/").replace("/", "."), fault["detail"]
    if not place and detail.startswith("balance.minor "):
        return f"{'balance_minor' if is_csv else 'balance.minor'}: {OWED}"
    hint = f": {HINTS[place]}" if place in HINTS else ""
    where = f"{place}: " if place else ""
    return f"{where}{detail}; expected {fault['expected']}{hint}"


def _about_cells(line: bytes) -> str:
    try:
        line.decode()
    except UnicodeDecodeError:
        return SAVE
    return "a value with a comma in it stands in quotes, and amounts have no separators"
