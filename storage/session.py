"""Connections and transactions."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

from psycopg import Connection, Cursor, OperationalError
from psycopg.rows import TupleRow
from sqlalchemy import Engine, NullPool, create_engine, event, func, select
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from storage.tables import Account

UTC = {"options": "-c timezone=UTC"}
"""Instants come as UTC, also inside of JSON, wherever the server stands."""


FRESH = 1.0
"""Seconds for which a connection that was given back is taken again without asking whether the
server still answers on it. Asking takes as long as a small query does."""


class Line(Connection[TupleRow]):
    """A connection that keeps a cursor for each statement which has to be quick.

    A new cursor learns anew how to send the parameters and how to read what comes back, and that
    takes as long as sending and reading do.
    """

    kept: dict[str, Cursor[TupleRow]]


def run(
    connection: Connection[Any], statement: str, values: Sequence[object] | Mapping[str, object]
) -> Cursor[TupleRow]:
    """Run a statement that has to be quick; what it gives is to be fetched before it runs again."""
    kept = cast("Line", connection).kept
    cursor = kept.get(statement)
    if cursor is None:
        cursor = kept[statement] = connection.cursor()
    return cursor.execute(statement, values, prepare=True)


def _connect(_: object, __: object, where: list[Any], how: dict[str, Any]) -> Line:
    line = Line.connect(*where, **how)
    line.kept = {}
    return line


def _engine(url: str, **how: object) -> Engine:
    """Connects to the record. An error must not carry a row's personal data into a log."""
    engine = create_engine(url, hide_parameters=True, connect_args=UTC, **how)
    event.listen(engine, "do_connect", _connect)
    return engine


def _leave(_: object, record: ConnectionPoolEntry) -> None:
    record.info["left"] = time.monotonic()


def _take(connection: Connection[Any], record: ConnectionPoolEntry, _: object) -> None:
    """Ask a connection that was long unused; one that is dead is replaced by a new one."""
    left = record.info.get("left")
    if left is None or time.monotonic() - left < FRESH:
        return
    try:
        connection.execute("select 1")
        connection.commit()  # a rollback would make the driver forget its prepared statements
    except OperationalError as error:
        raise DisconnectionError from error


class Database:
    """A pool of connections to the record. One transaction per request or activity."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        """Prepare a pool for a `postgresql+psycopg://` URL; nothing connects until it is used.

        The pool has to be as large as the threads that use it at once: there is no more than that.
        """
        self._url = url
        self._engine = _engine(url, pool_size=pool_size, max_overflow=0)
        event.listen(self._engine, "checkin", _leave)
        event.listen(self._engine, "checkout", _take)
        self._sessions = sessionmaker(self._engine, expire_on_commit=False)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that commits at the end of the block, or rolls back if it raises."""
        with self._sessions.begin() as session:
            yield session

    @contextmanager
    def quick(self) -> Iterator[Connection[Any]]:
        """The connection alone, in a transaction, where a session would cost more than the work."""
        pooled = self._engine.raw_connection()
        try:
            line = cast("Connection[Any]", pooled.driver_connection)
            line.pgconn.exec_(b"begin")  # as the driver would, in a third of the time
            yield line
            pooled.commit()
        finally:
            pooled.close()  # rolls back what was not committed

    @contextmanager
    def apart(self) -> Iterator[Session]:
        """A session on a connection of its own, which waits for none of the pool's."""
        engine = _engine(self._url, poolclass=NullPool)
        with Session(engine) as session, session.begin():
            yield session

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def driver(session: Session) -> Connection[Any]:
    """The connection beneath a session, in the same transaction: for what has to be quick."""
    return cast("Connection[Any]", session.connection().connection.driver_connection)


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
