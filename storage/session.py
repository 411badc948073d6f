"""Connections and transactions."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, cast

from psycopg import Connection
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, NullPool, create_engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from storage.lines import Asked, Driver, Line, ask, run

__all__ = ["Database", "driver", "lock_account", "lock_person", "run"]

SETTINGS = "-c timezone=UTC -c plan_cache_mode=force_generic_plan"
"""Instants come as UTC, also inside of JSON, wherever the server stands. A statement that is
prepared is planned once: planning what a contact is decided by takes five times what it does."""

BY_KEY = f"{SETTINGS} -c enable_seqscan=off -c enable_bitmapscan=off"
"""What is quick looks up a few rows by a key, also if it was planned when the tables were small."""

PATIENCE = 10
"""Seconds for the server to take a connection: a thread must not wait for one that is gone."""


def _connect(_: object, __: object, where: list[Any], how: dict[str, Any]) -> Driver:
    return Driver.connect(*where, **how)


def _engine(url: str, **how: object) -> Engine:
    """Connects to the record. An error must not carry a row's personal data into a log."""
    given = {"options": SETTINGS, "connect_timeout": PATIENCE}
    engine = create_engine(url, hide_parameters=True, connect_args=given, **how)
    event.listen(engine, "do_connect", _connect)
    return engine


def _leave(connection: Driver | None, _: ConnectionPoolEntry) -> None:
    if connection is not None:
        connection.leave()


def _take(connection: Driver, _: ConnectionPoolEntry, __: object) -> None:
    """One that is dead is replaced by a new one."""
    if not connection.answers():
        raise DisconnectionError


class Database:
    """A pool of connections to the record. One transaction per request or activity."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        """Prepare a pool for a `postgresql+psycopg://` URL; nothing connects until it is used.

        The pool has to be as large as the threads that use it at once: there is no more than that.
        """
        self._url = url
        self._lines = deque[Line]()
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
    def quick(self) -> Iterator[Line]:
        """A line of its own, where a session would cost more than the work.

        Its transaction commits at the end of the block, if it has not by then. If the block raises
        nothing of it stands, and the line is given up.
        """
        line = self._line()
        try:
            yield line
            if line.pgconn.transaction_status != TransactionStatus.IDLE:
                line.commit()
        except BaseException:
            line.close()
            raise
        line.leave()
        self._lines.append(line)

    def _line(self) -> Line:
        """The line that was given back last, or a new one."""
        with suppress(IndexError):
            while True:
                line = self._lines.pop()
                if line.answers():
                    return line
                line.close()
        url = self._engine.url.set(drivername="postgresql")
        where = url.render_as_string(hide_password=False)
        return Line.connect(where, options=BY_KEY, connect_timeout=PATIENCE)

    @contextmanager
    def apart(self) -> Iterator[Session]:
        """A session on a connection of its own, which waits for none of the pool's."""
        engine = _engine(self._url, poolclass=NullPool)
        with Session(engine) as session, session.begin():
            yield session

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()
        while self._lines:
            self._lines.pop().close()


def driver(session: Session) -> Connection[Any]:
    """The connection beneath a session, in the same transaction: for what has to be quick."""
    return cast("Connection[Any]", session.connection().connection.driver_connection)


def lock_person(session: Session, person_id: str) -> None:
    """Hold the person until the transaction ends, so that two accounts cannot take one slot."""
    ask(driver(session), holding(person_id))


HOLD = """
select pg_advisory_xact_lock(hashtextextended(person_id, 0)) from accounts where id = $1"""
"""What holds the person who owes an account, until the transaction ends."""


def holding(person_id: str) -> Asked:
    """What holds a person until the transaction ends."""
    return "select pg_advisory_xact_lock(hashtextextended($1, 0))", (person_id,)


def lock_account(session: Session, account_id: str) -> None:
    """Hold the person who owes this account. Whoever changes money, wishes or holds does so first.

    A message leaves only under this lock, after a last look; so a change that is committed under it
    is a change that no later message can miss.
    """
    if ask(driver(session), (HOLD, (account_id,))) == [None]:
        raise LookupError(f"no account {account_id} in the record")
