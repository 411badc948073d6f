"""Connections and transactions."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from storage.tables import Account


class Database:
    """A pool of connections to the record. One transaction per request or activity."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        """Prepare a pool for a `postgresql+psycopg://` URL; nothing connects until it is used.

        The pool has to be as large as the threads that use it at once: there is no more than that.
        """
        self._engine = create_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_pre_ping=True,
            hide_parameters=True,  # an error must not carry a row's personal data into a log
        )
        self._sessions = sessionmaker(self._engine, expire_on_commit=False)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that commits at the end of the block, or rolls back if it raises."""
        with self._sessions.begin() as session:
            yield session

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def lock_person(session: Session, person_id: str) -> None:
    """Hold the person until the transaction ends, so that two accounts cannot take one slot."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(person_id, 0))))


def lock_account(session: Session, account_id: str) -> None:
    """Hold the person who owes this account. Whoever changes money, wishes or holds does so first.

    A message leaves only under this lock, after a last look; so a change that is committed under it
    is a change that no later message can miss.
    """
    person_id = session.scalar(select(Account.person_id).where(Account.id == account_id))
    if person_id is None:
        raise LookupError(f"no account {account_id} in the record")
    lock_person(session, person_id)
