"""Writing an account's record down as evidence."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version

from evidence.lines import FORMAT, HEADER, SEAL, Body, Line, chained, line_hash

WHAT = (
    "Evidence about one account: the law it was judged by, every decision of the gate with the"
    " facts it rested on, what was sent, and what was heard. Check it with: tahsil evidence verify"
)


@dataclass(frozen=True)
class Record:
    """What stands in the record about one account, as bodies of lines."""

    account_id: str
    words: bool
    """Whether the words of messages and replies are in it."""
    addresses: bool
    """Whether telephone numbers and e-mail addresses are in it."""
    bodies: tuple[tuple[str, Body], ...] = field(repr=False)
    """Kind and body, in the order of the kinds, and of the record within one."""

    def of(self, kind: str) -> list[Body]:
        """The bodies of one kind, in order."""
        return [body for each, body in self.bodies if each == kind]


@dataclass(frozen=True)
class Export:
    """A file of evidence before it is written to a disk."""

    lines: tuple[Line, ...] = field(repr=False)

    @property
    def data(self) -> bytes:
        """The file's bytes."""
        return "".join(f"{line}\n" for line in self.lines).encode()

    @property
    def seal(self) -> str:
        """The hash of the last line: whoever writes it down elsewhere can prove the whole file."""
        return self.lines[-1].hash


def export(record: Record, *, exported_at: datetime, release: str | None = None) -> Export:
    """The evidence of a record. The same record at the same time gives the same bytes."""
    header = _header(record, exported_at, release or version("tahsil"))
    written = tuple(chained([(HEADER, header), *record.bodies]))
    return Export(lines=(*written, _sealed(written)))


def _header(record: Record, exported_at: datetime, release: str) -> Body:
    decisions = record.of("decision")
    return {
        "what": WHAT,
        "format": FORMAT,
        "account": record.account_id,
        "exported_at": exported_at.astimezone(UTC).isoformat(),
        "release": release,
        "laws": [law["id"] for law in record.of("law")],
        "lines": dict(Counter(kind for kind, _ in record.bodies)),
        "decisions": {"count": len(decisions), "head": decisions[-1]["hash"] if decisions else ""},
        "words": record.words,
        "addresses": record.addresses,
    }


def _sealed(written: tuple[Line, ...]) -> Line:
    last = written[-1]
    body: Body = {"lines": last.n, "head": last.hash}
    return Line(last.n + 1, SEAL, body, last.hash, line_hash(last.n + 1, SEAL, body, last.hash))
