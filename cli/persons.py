"""What `tahsil person` does: hand over what is held of somebody, and erase it."""

import json
import os
from pathlib import Path

from rich.console import Console

from activities.subjects import Erasure, StillOpen, erase, held
from cli.records import open_record
from stack import Addresses
from workers.clock import wall

PRIVATE = 0o600


def export_person(addresses: Addresses, name: str, file: Path, console: Console) -> None:
    """Write all that is on record about a person to a file that its owner alone may read."""
    creditor, reference = _parts(name)
    with open_record(addresses) as database:
        found = held(database, creditor, reference, wall())
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
    os.fchmod(descriptor, PRIVATE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        json.dump(found, opened, ensure_ascii=False, indent=2)
        opened.write("\n")
    rows = {table: len(listed) for table, listed in found["held"].items()}
    console.print(f"{sum(rows.values())} rows of {len(rows)} kinds in {file}", highlight=False)


def erase_person(addresses: Addresses, name: str, console: Console, *, dry_run: bool) -> bool:
    """Erase a person as far as no rule wants them kept; whether nothing had to stay."""
    creditor, reference = _parts(name)
    with open_record(addresses) as database:
        try:
            done = erase(database, creditor, reference, wall(), dry_run=dry_run)
        except StillOpen as refused:
            raise ValueError(str(refused)) from refused
    for line in _told(done):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    return done.complete


def _told(done: Erasure) -> list[str]:
    verb = "would be erased" if done.dry_run else "erased"
    rows = ", ".join(f"{number} of {table}" for table, number in sorted(done.erased.items()))
    first = f"{verb}: {rows}" if rows else "nothing is left to be erased"
    if not done.complete:
        first += "; the rest may go once the rules below allow it: ask again then"
    return [
        first,
        *(
            f"kept: {each.what}, because {each.why}"
            + (f" ({each.rule}, {each.cite}); until {each.until}" if each.rule else "")
            for each in done.kept
        ),
    ]


def _parts(name: str) -> tuple[str, str]:
    creditor, _, reference = name.partition("/")
    if not creditor or not reference:
        raise ValueError(f"{name!r}: expected CREDITOR/REFERENCE, the creditor's own of the person")
    return creditor, reference
