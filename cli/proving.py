"""What `tahsil evidence` does: write an account's proof down, and check such a file."""

from contextlib import closing
from datetime import datetime
from pathlib import Path

from rich.console import Console

from cli.acting import find
from evidence import Choice, Report, check, export, page, read_record
from stack import Addresses
from storage import Database
from workers.clock import wall

PRIVATE = 0o600
"""The files hold personal data: whoever writes them decides who else may read them."""


def write_evidence(
    addresses: Addresses,
    name: str,
    folder: Path,
    console: Console,
    *,
    words: bool = True,
    with_addresses: bool = False,
) -> bool:
    """Write an account's evidence as lines and as a page; whether the check finds it sound."""
    choice = Choice(words=words, addresses=with_addresses)
    with closing(Database(addresses.database_url)) as database:
        account = find(database, name)
        record = read_record(database, account.id, choice)
    now = wall()
    written = export(record, exported_at=now)
    file = _path(folder, account.id, now)
    _write(file, written.data)
    _write(file.with_suffix(".html"), page(written.data).encode())
    console.print(f"{file}\n{file.with_suffix('.html')}", highlight=False, soft_wrap=True)
    return _told(check(written.data), console)


def verify_file(file: Path, console: Console, *, known: str | None = None) -> bool:
    """Check a file of evidence and print all faults; whether there are none.

    `known` is a hash that was written down earlier: it must still be in the file.
    """
    return _told(check(file.read_bytes(), known=known), console)


def _told(report: Report, console: Console) -> bool:
    for fault in report.faults:
        _say(console, str(fault))
    for note in report.unproven:
        _say(console, f"not proven: {note}")
    _say(
        console,
        f"{report.lines} lines, {report.decisions} decisions ({report.rerun} put to the gate"
        f" again), {report.contacts} contacts",
    )
    _say(console, f"head of the decisions  {report.head or 'none'}")
    _say(console, f"seal of the file       {report.seal or 'none'}")
    verdict = "sound" if report.sound else f"{len(report.faults)} faults"
    _say(console, f"{verdict}: write the seal down elsewhere" if report.sound else verdict)
    return report.sound


def _say(console: Console, text: str) -> None:
    # markup off: a file that somebody sent may hold anything
    console.print(text, highlight=False, markup=False, soft_wrap=True)


def _path(folder: Path, account_id: str, now: datetime) -> Path:
    """A name of its own for every export, so that an earlier one is never written over."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"evidence-{account_id}-{now:%Y%m%dT%H%M%SZ}.jsonl"


def _write(file: Path, data: bytes) -> None:
    file.touch(mode=PRIVATE, exist_ok=False)
    file.write_bytes(data)
