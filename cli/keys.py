"""What `tahsil keys` does: show what encrypts, and replace it."""

from rich.console import Console
from rich.table import Table

from cli.acting import keyring
from cli.records import open_record
from stack import Addresses
from storage.keys import counted


def show_keys(addresses: Addresses, console: Console) -> None:
    """Print how many keys there are, and what wraps them; never a key."""
    with open_record(addresses) as database, database.transaction() as session:
        rows = counted(session)
    table = Table("whose", "wrapped by", "keys")
    for kind, wrapped_by, number in rows:
        table.add_row(kind, wrapped_by, str(number))
    console.print(table)


def rotate(addresses: Addresses, creditor: str | None, console: Console) -> None:
    """Wrap everything with the first master key; with a creditor, give them a new key before."""
    ring = keyring(addresses)
    try:
        if creditor is not None:
            ring.keys.replace(creditor)
        number = ring.keys.rewrap()
    finally:
        ring.close()
    console.print(f"{number} keys are wrapped anew", highlight=False)
