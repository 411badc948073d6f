"""The file's own chain: every line's hash, what ties it to the line before, header and seal.

What is only a consequence of a changed line, such as a count that is one short, is not told beside
it: it would hide the damage in noise.
"""

from collections import Counter
from collections.abc import Iterator

from evidence.faults import Fault, File
from evidence.lines import FORMAT, HEADER, KINDS, SEAL, Body, Line


def check_links(file: File) -> None:
    """Find every line that was changed, moved, put in or taken out."""
    changed = list(_changed(file))
    for fault in changed:
        file.damage(fault.line, fault.says)
    file.faults += _misnumbered(file)
    file.faults += _misplaced(file)
    file.faults += _ends(file)
    if not file.damaged:
        file.faults += _miscounted(file)


def _changed(file: File) -> Iterator[Fault]:
    """Lines that do not have the hash that they state."""
    for at, line in file.lines.items():
        if line.kind not in KINDS:
            yield Fault(at, f"its kind is none of {', '.join(KINDS)}")
        found = line.digest
        if found != line.hash:
            which = _which(file, at, line)
            yield Fault(
                at, f"{which} was changed: it says {_short(line.hash)}, has {_short(found)}"
            )


def _which(file: File, at: int, line: Line) -> str:
    """What of a changed line was changed, as far as its neighbours bear witness."""
    before, after = file.lines.get(at - 1), file.lines.get(at + 1)
    if after is not None and after.previous == line.digest:
        return "its hash"
    if before is not None and line.previous != before.hash:
        return "its previous hash"
    if line.n != at:
        return "its number"
    return "its kind" if line.kind not in KINDS else "its body or hash"


def _misnumbered(file: File) -> Iterator[Fault]:
    expected = 1
    for at in range(1, file.count + 1):
        line = file.lines.get(at)
        if line is None or at in file.damaged:
            expected += 1
            continue
        if line.n != expected and at - 1 not in file.damaged:
            yield Fault(at, f"it is numbered {line.n}, and {expected} was expected here")
        expected = line.n + 1


def _misplaced(file: File) -> Iterator[Fault]:
    """Lines that do not follow the line before them."""
    for at, line in file.lines.items():
        before = file.lines.get(at - 1)
        if at in file.damaged or (before is None and at > 1):
            continue
        expected = before.hash if before else ""
        witnessed = {expected, before.digest} if before and at - 1 in file.damaged else {expected}
        if line.previous not in witnessed:
            yield Fault(at, _does_not_follow(line, expected))


def _does_not_follow(line: Line, expected: str) -> str:
    return (
        f"it does not follow the line before: it names {_short(line.previous)} as the hash before,"
        f" which is {_short(expected)}; a line was taken out, put in or moved here"
    )


def _ends(file: File) -> Iterator[Fault]:
    """Whether the file begins with its header and ends with its seal."""
    first, last = file.lines.get(1), file.lines.get(file.count)
    if first is not None and first.kind != HEADER and 1 not in file.damaged:
        yield Fault(1, "it is no header: the beginning is missing, or this is no evidence")
    if last is not None and last.kind != SEAL and file.count not in file.damaged:
        yield Fault(file.count, "it is no seal: the file was cut after this line")
    for kind, place in ((HEADER, 1), (SEAL, file.count)):
        for at, _ in file.of(kind):
            if at != place:
                yield Fault(at, f"a {kind} in the middle of the file")
    if last is not None and last.kind == SEAL:
        yield from _seal(file.count, last, damaged=bool(file.damaged))


def _seal(at: int, line: Line, *, damaged: bool) -> Iterator[Fault]:
    if damaged:
        return
    expected = {"lines": at - 1, "head": line.previous}
    for name, value in expected.items():
        if line.body.get(name) != value:
            yield Fault(at, f"it seals other {name} than stand before it")


def _miscounted(file: File) -> Iterator[Fault]:
    """Whether the header tells of the lines that follow."""
    header = file.lines[1].body if 1 in file.lines else {}
    if header.get("format") != FORMAT:
        yield Fault(1, f"the format is not {FORMAT}, the one that this release reads")
    expected = _counted(file)
    for name, value in expected.items():
        if header.get(name) != value:
            yield Fault(1, f"the header tells of other {name} than follow: expected {value}")


def _counted(file: File) -> Body:
    kinds = Counter(line.kind for line in file.lines.values() if line.kind not in {HEADER, SEAL})
    hashes = [body.get("hash") for _, body in file.of("decision")]
    accounts = [body.get("account") for _, body in file.of("account")]
    return {
        "account": accounts[0] if accounts else None,
        "laws": [body.get("id") for _, body in file.of("law")],
        "lines": dict(kinds),
        "decisions": {"count": len(hashes), "head": hashes[-1] if hashes else ""},
    }


def _short(text: str) -> str:
    """Enough of a hash to recognise it."""
    return f"{text[:12]}…" if text else "nothing"
