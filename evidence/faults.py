"""A file of evidence as it is found: its lines, and what is wrong with them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from evidence.lines import Body, Line, LineError, UnusualLineError, read_line


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """Something in a file that is not as it must be."""

    line: int
    """Where, from 1."""
    says: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.says}"


@dataclass
class File:
    """The lines that can be read, by where they stand from 1, and all that is wrong."""

    count: int = 0
    """Lines, readable or not."""
    lines: dict[int, Line] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    damaged: set[int] = field(default_factory=set)
    """Lines that were changed after they were written."""

    def of(self, kind: str) -> Iterator[tuple[int, Body]]:
        """Where the lines of a kind stand, and their bodies."""
        return ((at, line.body) for at, line in self.lines.items() if line.kind == kind)

    def blame(self, at: int, says: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(at, says))

    def damage(self, at: int, says: str) -> None:
        """Note that the line itself was changed."""
        self.damaged.add(at)
        self.blame(at, says)

    def intact(self, first: int, last: int) -> bool:
        """Whether none of these lines was changed: only then does a gap between them say more."""
        return not any(first <= at <= last for at in self.damaged)


def read_file(data: bytes) -> File:
    """Read all lines; those that are none are noted, and the rest goes on."""
    *whole, rest = data.split(b"\n")
    raws = [*whole, rest] if rest else whole
    file = File(count=len(raws))
    for at, raw in enumerate(raws, start=1):
        try:
            file.lines[at] = read_line(raw)
        except UnusualLineError as error:
            file.lines[at] = error.line
            file.damage(at, str(error))
        except LineError as error:
            file.damage(at, str(error))
    if rest:
        file.damage(file.count, "no newline at its end: the file was cut here, or changed")
    if not data:
        file.damage(1, "the file is empty: expected a header")
    return file
