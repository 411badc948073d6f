"""What a creditor agreed with us, from a YAML file into the record."""

from contextlib import closing
from pathlib import Path

from compliance.loading import read_yaml
from domain.contracts import Contract
from stack import Addresses
from storage import Database, contracts
from storage.tables import Creditor


def agree(addresses: Addresses, slug: str, file: Path) -> int:
    """Put the contract of a file in force for a creditor's new accounts; its number.

    An error names the line, the field and what was expected there.
    """
    contract = read_yaml(file, Contract)
    with closing(Database(addresses.database_url)) as database, database.transaction() as session:
        if session.get(Creditor, slug) is None:
            raise ValueError(f"no creditor {slug!r}: register one with `tahsil creditor SLUG NAME`")
        return contracts.agree(session, slug, contract)
