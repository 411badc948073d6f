"""What the providers' world brings later by itself: a debit that settles, a refund that fails.

Each kind of outcome comes after a delay that a test or a demo can set; without one, it comes
only when the control API says so. What is planned survives a restart.
"""

from collections.abc import Callable, Mapping
from typing import Literal, get_args

from sandbox import clock
from sandbox.store import Store

Kind = Literal["bank_debit", "late_return", "dispute", "refund_fails", "refund_arrives"]

KINDS: tuple[Kind, ...] = get_args(Kind)
AT_FIRST: Mapping[Kind, float | None] = {
    "bank_debit": None,
    "late_return": 0,
    "dispute": 0,
    "refund_fails": 0,
    "refund_arrives": None,
}
"""In seconds of the wall's clock, until a delay is set; None waits for the control API."""


def delays(store: Store) -> dict[Kind, float | None]:
    """Return how long each kind of outcome takes to come by itself, in seconds."""
    told = store.tally("SELECT kind, seconds FROM delays")
    return {kind: told.get(kind, AT_FIRST[kind]) for kind in KINDS}


def set_delay(store: Store, kind: Kind, seconds: float | None) -> None:
    """Say how long a kind of outcome takes from now on; what is planned already stays."""
    store.run("INSERT OR REPLACE INTO delays VALUES (?, ?)", kind, seconds)


def plan(store: Store, kind: Kind, subject: str) -> None:
    """Plan an outcome for an object, unless that kind waits for the control API."""
    seconds = delays(store)[kind]
    if seconds is not None:
        sql = "INSERT INTO outcomes (due, kind, subject) VALUES (?, ?, ?)"
        store.run(sql, clock.seconds() + seconds, kind, subject)


def waiting(store: Store) -> int:
    """Return how many outcomes are due and have not come yet."""
    return store.count("SELECT count(*) FROM outcomes WHERE due <= ?", clock.seconds())


def next_due(store: Store, after: float) -> float | None:
    """Return when the next outcome after a moment comes, if one is planned."""
    row = store.row("SELECT min(due) FROM outcomes WHERE due > ?", after)
    return None if row is None else row[0]


def hasten(store: Store) -> int:
    """Make every planned outcome due now; return how many there are."""
    store.run("UPDATE outcomes SET due = min(due, ?)", clock.seconds())
    return waiting(store)


def bring_one(store: Store, now: float, act: Callable[[Kind, str], None]) -> bool:
    """Let the first outcome that is due happen; say whether there was one."""
    with store.transaction():
        sql = "SELECT * FROM outcomes WHERE due <= ? ORDER BY due, seq LIMIT 1"
        row = store.row(sql, now)
        if row is None:
            return False
        store.run("DELETE FROM outcomes WHERE seq = ?", row["seq"])
        act(row["kind"], row["subject"])
    return True
