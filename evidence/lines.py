"""The format of a file of evidence: numbered lines of JSON, each bound to the one before.

A line is `{"n":…,"kind":"…","body":{…},"previous":"…","hash":"…"}` and nothing else: no blanks, the
body's keys sorted, characters as they are. There is one way only to write a line down, so a changed
byte is always a changed line.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

FORMAT = 1
"""Grows when a reader of the format before could not read what is written now."""

Body = dict[str, Any]

HEADER, SEAL = "header", "seal"
KINDS = (
    HEADER,
    "account",
    "law",
    "decision",
    "contact",
    "hold",
    "opt-out",
    "milestone",
    "wish",
    "reply",
    "movement",
    "journal",
    SEAL,
)
"""Every kind of line, in the order in which they stand in a file."""

FIELDS = {"n": int, "kind": str, "body": dict, "previous": str, "hash": str}


class LineError(ValueError):
    """Bytes that are no line of a file of evidence; says where, and what was expected."""


def canonical(value: object) -> str:
    """The one way in which a value is written as JSON."""
    return json.dumps(
        value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )


def digest(*parts: str) -> str:
    """The SHA-256 of the parts, one after the other, in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256("".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Line:
    """One line, as it is written."""

    n: int
    kind: str
    body: Body
    previous: str
    """The hash of the line before; empty in the first."""
    hash: str

    def __str__(self) -> str:
        fields = [self.n, self.kind, self.body, self.previous, self.hash]
        named = zip(FIELDS, map(canonical, fields), strict=True)
        return "{" + ",".join(f'"{name}":{text}' for name, text in named) + "}"

    @property
    def digest(self) -> str:
        """The hash that its content has."""
        return line_hash(self.n, self.kind, self.body, self.previous)


def line_hash(n: int, kind: str, body: Body, previous: str) -> str:
    """The hash of a line: of the hash before, the body, the kind and the number."""
    return digest(previous, canonical(body), kind, str(n))


def chained(bodies: Iterable[tuple[str, Body]]) -> Iterator[Line]:
    """Number the bodies, and bind each to the one before."""
    previous = ""
    for n, (kind, body) in enumerate(bodies, start=1):
        line = Line(n, kind, body, previous, line_hash(n, kind, body, previous))
        yield line
        previous = line.hash


def read_line(raw: bytes) -> Line:
    """The line that these bytes are, without their newline; LineError if they are none."""
    try:
        text = raw.decode()
        found = json.loads(text, parse_constant=_not_json)
    except UnicodeDecodeError as error:
        raise LineError(f"not UTF-8 at byte {error.start + 1}") from error
    except json.JSONDecodeError as error:
        raise LineError(f"not JSON at column {error.colno}: {error.msg}") from error
    except (ValueError, RecursionError) as error:
        raise LineError("not JSON that this format uses") from error
    line = Line(**_fields_of(found))
    if (column := _first_difference(line, raw)) is not None:
        raise UnusualLineError(line, column)
    return line


class UnusualLineError(LineError):
    """A line that can be read, but is not written in the one way in which it would be."""

    def __init__(self, line: Line, byte: int) -> None:
        """Keep the line, so that the rest of it can be checked."""
        super().__init__(f"changed at byte {byte}: it is not written as this format writes lines")
        self.line = line


def _not_json(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _fields_of(found: object) -> dict[str, Any]:
    named = ", ".join(FIELDS)
    if not isinstance(found, dict):
        raise LineError(f"expected an object with {named}")
    if missing := FIELDS.keys() - found.keys():
        raise LineError(f"no {', '.join(sorted(missing))}: expected {named}")
    if unknown := found.keys() - FIELDS.keys():
        # not quoted: it may be anything that somebody put there
        raise LineError(f"{len(unknown)} unknown fields: expected {named}")
    for name, kind in FIELDS.items():
        if type(found[name]) is not kind:  # True is an int to isinstance
            raise LineError(f"{name} is not of the type {kind.__name__}")
    return found


def _first_difference(line: Line, raw: bytes) -> int | None:
    """The first byte, from 1, at which the line would be written otherwise, if there is one."""
    try:
        usual = str(line).encode()
    except (ValueError, RecursionError) as error:  # such as half of a surrogate pair
        raise LineError("it holds text that UTF-8 cannot say") from error
    if usual == raw:
        return None
    pairs = enumerate(zip(usual, raw, strict=False), start=1)
    return next((n for n, (ours, theirs) in pairs if ours != theirs), min(len(usual), len(raw)) + 1)
