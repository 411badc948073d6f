"""What `tahsil recovery` prints: what became of plans that broke."""

from rich.console import Console
from rich.table import Table

from cli.records import open_record
from stack import Addresses
from storage.recovery import ENGAGED, Recovery, recovery, split


def show_recovery(addresses: Addresses, creditor: str | None, console: Console) -> None:
    """Print what came of every account whose plan broke, and the restart / settle split."""
    with open_record(addresses) as database, database.transaction() as session:
        came = recovery(session, creditor)
    engaged = sum(came[each] for each in ENGAGED)
    table = Table("", "accounts", "of those who engaged", title="Plans that broke")
    table.add_row("in all", str(sum(came.values())), "")
    table.add_row("engaged", str(engaged), "")
    table.add_section()
    for each in ENGAGED:
        table.add_row(each.value, str(came[each]), _share(came[each], engaged))
    table.add_section()
    for each in (Recovery.RETRIED, Recovery.SILENT):
        table.add_row(each.value, str(came[each]), "")
    console.print(table)
    parts = split(came)
    said = f"{parts.restarted:.1f} % / {parts.settled:.1f} %" if parts else "nobody did either yet"
    console.print(f"restart / settle: {said}", highlight=False)


def _share(number: int, of: int) -> str:
    return f"{100 * number / of:.1f} %" if of else ""
