"""Connections for what has to be quick.

A statement that is sent through a cursor of the driver's costs this process several times what it
costs the server, and whoever waits for an answer costs both a switch. So these speak with the
server through the driver's own libpq: they keep their statements prepared, and send at once those
that need not wait for each other, with the begin of the transaction before them and, on a `Line`,
its end after.
"""

import select
import time
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, cast

from psycopg import Connection, Cursor, OperationalError, RawCursor, errors
from psycopg.abc import PQGen
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.rows import TupleRow

Asked = tuple[str, Sequence[object]]
"""A statement with the values of its parameters, which it calls $1, $2 and so on."""

BEGIN: Asked = ("begin", ())
COMMIT: Asked = ("commit", ())
DONE = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)

FRESH = 1.0
"""Seconds for which a connection that was given back is taken again without asking whether the
server still answers on it. Asking takes as long as a small query does."""


class Driver(Connection[TupleRow]):
    """A connection, of a session's or a `Line`, that runs several statements in one round trip.

    It also keeps a cursor for each statement which has to be quick: a new one learns anew how to
    send the parameters and how to read what comes back, and that takes as long as sending and
    reading do.
    """

    def __init__(self, pgconn: PGconn) -> None:
        super().__init__(pgconn)
        self.kept: dict[str, Cursor[TupleRow]] = {}
        self._left = time.monotonic()
        self._names: dict[str, bytes] = {}
        self._numbers = count()
        self._values = Transformer(self)
        self._ready = select.poll()

    def leave(self) -> None:
        """Note that nobody uses it from now on."""
        self._left = time.monotonic()

    def answers(self) -> bool:
        """Whether the server is still there; it is asked only if nobody used it for long."""
        if time.monotonic() - self._left < FRESH:
            return True
        try:
            return self.pgconn.exec_(b"select 1").status == ExecStatus.TUPLES_OK
        except OperationalError:
            return False

    def _deallocate(self, name: bytes | None) -> PQGen[None]:
        """Without a name it is all that is prepared: the driver begins anew after a rollback."""
        if name is None:
            self._names.clear()
        return super()._deallocate(name)

    def run(self, asked: Sequence[Asked], *, last: bool) -> list[bytes | None]:
        """What `ask` does; with `last` they commit."""
        begins = self.pgconn.transaction_status == TransactionStatus.IDLE
        whole = [*([BEGIN] if begins else []), *asked, *([COMMIT] if last else [])]
        results = self._send([(self._name(each), self._written(values)) for each, values in whole])
        for each in results:
            if each.status not in DONE:
                raise errors.error_from_result(each)
        return [
            each.get_value(0, 0) if each.ntuples else None
            for each in results[begins : len(asked) + begins]
        ]

    def _name(self, statement: str) -> bytes:
        """What the statement is prepared as."""
        name = self._names.get(statement)
        if name is None:
            name = f"line_{next(self._numbers)}".encode()
            prepared = self.pgconn.prepare(name, statement.encode())
            if prepared.status not in DONE:
                raise errors.error_from_result(prepared)
            self._names[statement] = name
        return name

    def _written(self, values: Sequence[object]) -> Sequence[Any]:
        return self._values.dump_sequence(values, [PyFormat.TEXT] * len(values))

    def _send(self, whole: Sequence[tuple[bytes, Sequence[Any]]]) -> list[PGresult]:
        libpq = self.pgconn
        libpq.enter_pipeline_mode()
        for name, values in whole:
            libpq.send_query_prepared(name, values)
        libpq.pipeline_sync()
        while libpq.flush():
            self._await(select.POLLIN | select.POLLOUT)
        results = [self._result() for _ in whole]
        self._next()  # the end of them all
        libpq.exit_pipeline_mode()
        return results

    def _result(self) -> PGresult:
        """What the next statement came to."""
        result = self._next()
        if result is None:
            raise OperationalError("the server ended the connection before it answered")
        self._next()  # nothing: the end of this one
        return result

    def _next(self) -> PGresult | None:
        while self.pgconn.is_busy():
            self._await(select.POLLIN)
        return self.pgconn.get_result()

    def _await(self, event: int) -> None:
        self._ready.register(self.pgconn.socket, event)
        self._ready.poll()
        self.pgconn.consume_input()


class Line(Driver):
    """A connection that belongs to one block, which may end its transaction with a statement.

    If anything fails on it, close it: what it had not committed is rolled back then.
    """

    def ask(self, *asked: Asked, last: bool = False) -> list[bytes | None]:
        """Run statements in their order; of each, the first value that it gives, if any.

        The first of a transaction begin it, and the `last` commit it. Raises the driver's error of
        the first that failed; those after it were not run.
        """
        return self.run(asked, last=last)


def ask(connection: Connection[Any], *asked: Asked, last: bool = False) -> list[bytes | None]:
    """`Line.ask`, or the same on a session's connection, which commits by itself."""
    return cast("Driver", connection).run(asked, last=last and isinstance(connection, Line))


def run(
    connection: Connection[Any], statement: str, values: Sequence[object] | Mapping[str, object]
) -> Cursor[TupleRow]:
    """Run a statement that has to be quick; what it gives is to be fetched before it runs again.

    Its parameters are the driver's, such as %s, or the server's own, such as $1.
    """
    kept = cast("Driver", connection).kept
    cursor = kept.get(statement)
    if cursor is None:
        cursor = RawCursor(connection) if "$1" in statement else connection.cursor()
        kept[statement] = cursor
    return cursor.execute(statement, values, prepare=True)
