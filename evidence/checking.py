"""Checking a file of evidence: every byte, every link, every law, and every decision anew.

All faults are listed, not the first alone.
"""

from dataclasses import dataclass

from evidence.content import (
    books_agree,
    contacts_agree,
    decisions_of,
    laws_of,
    standing_of,
    strangers,
    ungated,
)
from evidence.deciding import Decided, NotRerunError, disagreements
from evidence.faults import Fault, File, read_file
from evidence.lawful import out_of_force
from evidence.lines import SEAL
from evidence.links import check_links


@dataclass(frozen=True)
class Report:
    """What was found in a file."""

    faults: tuple[Fault, ...]
    """In the order of the lines."""
    lines: int
    decisions: int
    rerun: int
    """Decisions about which the gate was asked again."""
    unproven: tuple[Fault, ...]
    """What the file cannot prove, and why: decisions that cannot be put to the gate again, and
    calls that it was never asked about. These are no faults."""
    contacts: int
    head: str
    """The hash of the latest decision; empty if there is none."""
    seal: str
    """The hash of the last line; empty if the file has no seal."""

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


def check(data: bytes, *, known: str | None = None) -> Report:
    """Check a file. `known` is a hash that was written down earlier: it must still be in it."""
    file = read_file(data)
    check_links(file)
    decisions = decisions_of(file)
    left = _decide_again(file, decisions)
    if not file.damaged:
        file.faults += strangers(file, decisions)
        file.faults += contacts_agree(file, decisions)
        file.faults += books_agree(file, decisions)
        file.faults += out_of_force(file, decisions)
    unproven = (*left, *ungated(file, decisions))
    return _reported(file, len(decisions) - len(left), unproven, known)


def _decide_again(file: File, decisions: dict[int, Decided]) -> tuple[Fault, ...]:
    """Ask the gate about every decision again; gives those about which it could not be asked."""
    laws, standing = laws_of(file), standing_of(file)
    left = []
    for at, decided in decisions.items():
        try:
            found = disagreements(decided, laws.get(decided.law), standing)
        except NotRerunError as error:
            left.append(Fault(at, f"decision {decided.seq} not re-run: {error}"))
        else:
            file.faults += [Fault(at, f"decision {decided.seq}: {each}") for each in found]
    return tuple(left)


def _reported(file: File, rerun: int, unproven: tuple[Fault, ...], known: str | None) -> Report:
    last = file.lines.get(file.count)
    seal = last.hash if last is not None and last.kind == SEAL else ""
    hashes = [str(body.get("hash")) for _, body in file.of("decision")]
    if known is not None and known not in {seal, *hashes}:
        file.blame(file.count, f"{known} is neither a decision of this file nor its seal")
    return Report(
        faults=tuple(sorted(set(file.faults))),
        lines=file.count,
        decisions=len(hashes),
        rerun=rerun,
        unproven=tuple(sorted(unproven)),
        contacts=sum(1 for _ in file.of("contact")),
        head=hashes[-1] if hashes else "",
        seal=seal,
    )
