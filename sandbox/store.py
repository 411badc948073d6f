"""What the sandbox remembers, in one SQLite file that survives a kill.

Every provider call runs in one transaction that commits before the answer leaves, so an
answer that was seen is an effect that is kept.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA busy_timeout = 5000;

CREATE TABLE IF NOT EXISTS messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    provider TEXT NOT NULL, id TEXT NOT NULL UNIQUE, direction TEXT NOT NULL,
    contact TEXT NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL,
    subject TEXT NOT NULL, text TEXT NOT NULL, html TEXT NOT NULL,
    status TEXT NOT NULL, error_code INTEGER, callback_url TEXT NOT NULL,
    args TEXT NOT NULL, headers TEXT NOT NULL, service TEXT, own INTEGER NOT NULL,
    created REAL NOT NULL, updated REAL NOT NULL, sent REAL
);
CREATE INDEX IF NOT EXISTS messages_by_contact ON messages (contact, seq);
CREATE INDEX IF NOT EXISTS messages_to ON messages (recipient COLLATE NOCASE, seq);
CREATE INDEX IF NOT EXISTS messages_by_recipient ON messages (provider, recipient, seq);

CREATE TABLE IF NOT EXISTS deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    provider TEXT NOT NULL, topic TEXT NOT NULL, url TEXT NOT NULL, body BLOB NOT NULL,
    content_type TEXT NOT NULL, line TEXT, effects TEXT NOT NULL, lose_first INTEGER NOT NULL,
    due REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'pending', last_answer TEXT
);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS deliveries_waiting ON deliveries (seq) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS deliveries_by_state ON deliveries (state, url);
CREATE INDEX IF NOT EXISTS deliveries_in_line ON deliveries (line, seq) WHERE state = 'pending';

CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL, id TEXT NOT NULL UNIQUE, created INTEGER NOT NULL, body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (kind, seq);
CREATE INDEX IF NOT EXISTS objects_by_customer
    ON objects (kind, json_extract(body, '$.customer'), seq);
CREATE INDEX IF NOT EXISTS objects_by_payment
    ON objects (kind, json_extract(body, '$.payment_intent'), seq);
CREATE INDEX IF NOT EXISTS objects_by_charge
    ON objects (kind, json_extract(body, '$.charge'), seq);
CREATE INDEX IF NOT EXISTS objects_by_source
    ON objects (kind, json_extract(body, '$.source'), seq);
CREATE INDEX IF NOT EXISTS objects_by_method
    ON objects (kind, json_extract(body, '$.payment_method'), seq);

CREATE TABLE IF NOT EXISTS kept_answers (
    key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL,
    body TEXT NOT NULL, request TEXT NOT NULL, at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS outcomes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, due REAL NOT NULL, kind TEXT NOT NULL,
    subject TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS outcomes_due ON outcomes (due, seq);
CREATE TABLE IF NOT EXISTS delays (kind TEXT PRIMARY KEY, seconds REAL);
CREATE TABLE IF NOT EXISTS card_tries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, fingerprint TEXT NOT NULL, at REAL NOT NULL,
    charge TEXT NOT NULL, breach INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS card_tries_by_card ON card_tries (fingerprint, breach, at);
CREATE TABLE IF NOT EXISTS faults (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, provider TEXT NOT NULL, operation TEXT,
    body TEXT NOT NULL, remaining INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS personas (address TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS opted_out (number TEXT PRIMARY KEY, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS suppressed (
    email TEXT PRIMARY KEY, reason TEXT NOT NULL, status TEXT NOT NULL, at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS requests (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, provider TEXT NOT NULL, operation TEXT NOT NULL,
    method TEXT NOT NULL, path TEXT NOT NULL, idempotency_key TEXT, status INTEGER NOT NULL,
    at REAL NOT NULL
);
"""

FORGET_EVERYTHING = """
DELETE FROM messages; DELETE FROM deliveries; DELETE FROM objects; DELETE FROM kept_answers;
DELETE FROM faults; DELETE FROM personas; DELETE FROM opted_out; DELETE FROM suppressed;
DELETE FROM requests; DELETE FROM outcomes; DELETE FROM delays; DELETE FROM card_tries;
"""

Value = str | bytes | int | float | None


class Store:
    """One SQLite connection, used from the event loop's thread alone."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.executescript(SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep all of the block or none of it; a block within a block joins the outer one."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo the block if it fails, and nothing else of the transaction around it."""
        self._db.execute("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK TO attempt")
            raise
        finally:
            self._db.execute("RELEASE attempt")

    def run(self, sql: str, *values: Value) -> int:
        """Run one statement; return the number of the row it inserted last."""
        return self._db.execute(sql, values).lastrowid or 0

    def rows(self, sql: str, *values: Value) -> list[sqlite3.Row]:
        """Return every row of a query."""
        return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Value) -> sqlite3.Row | None:
        """Return the first row of a query, if there is one."""
        found: sqlite3.Row | None = self._db.execute(sql, values).fetchone()
        return found

    def count(self, sql: str, *values: Value) -> int:
        """Return the single number a query asks for, nothing being zero."""
        row = self.row(sql, *values)
        return int(row[0]) if row is not None and row[0] is not None else 0

    def tally(self, sql: str, *values: Value) -> dict[str, Any]:
        """Return the two columns of a query as names and numbers."""
        return {row[0]: row[1] for row in self.rows(sql, *values)}

    def forget(self) -> None:
        """Empty every table; numbering goes on, so a reader's `after` stays valid."""
        self._db.executescript(FORGET_EVERYTHING)

    def close(self) -> None:
        """Give the file back."""
        self._db.close()
