"""The record of a running stack, as commands that read the law open it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from compliance.laws import LAWS
from stack import Addresses
from storage import Database, laws


@contextmanager
def open_record(addresses: Addresses, pool_size: int = 1) -> Iterator[Database]:
    """The record, and its laws where rules are looked for, until the block ends."""
    with closing(Database(addresses.database_url, pool_size=pool_size)) as database:
        LAWS.fetch_from(laws.fetcher(database))
        yield database
