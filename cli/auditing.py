"""What `tahsil audit` does: read what was really sent, and name every rule that it broke."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from auditor import Report, audit
from auditor.provider import read_file, read_sandbox
from auditor.record import read_book, read_provider_ids
from stack import Addresses

SHOWN = 200


def audit_record(addresses: Addresses, console: Console, *, sends: Path | None = None) -> bool:
    """Hold every send against the law of its time and print what is wrong; whether nothing is.

    What the providers got comes from the sandbox, or from `sends`: the list of a live provider, by
    whose times it is then judged.
    """
    url = addresses.database_url
    if sends is not None:
        got = read_file(sends, read_provider_ids(url))
    else:
        got = read_sandbox(addresses.sandbox_url)
    # the record is read after the providers: whatever they have, it must have by then
    book = read_book(url)
    book.sends, book.by_provider = got, sends is not None
    report = audit(book)
    if report.violations:
        console.print(table_of(report))
    console.print(str(report), highlight=False)
    return not report.violations


def table_of(report: Report) -> Table:
    """The violations, oldest first."""
    table = Table("when", "rule", "citation", "account", "sends", "by how much")
    for each in report.violations[:SHOWN]:
        when = f"{each.at:%Y-%m-%d %H:%M:%S}" if each.at is not None else "-"
        told = (when, each.rule, each.cite, each.account, "\n".join(each.sends), each.by)
        table.add_row(*map(escape, told))
    missing = len(report.violations) - SHOWN
    if missing > 0:
        table.caption = f"and {missing:,} more"
    return table
