"""SendGrid's list of addresses that bounced, which it will not write to again."""

import sqlite3
from http import HTTPStatus

from sandbox.door import Answer, Call
from sandbox.personas import normal
from sandbox.sendgrid_errors import not_found
from sandbox.world import Json


def list_bounces(call: Call) -> Answer:
    """Show every suppressed address, the latest first."""
    rows = call.world.store.rows("SELECT * FROM suppressed ORDER BY at DESC")
    return Answer(HTTPStatus.OK, [_described(row) for row in rows])


def show_bounce(call: Call) -> Answer:
    """Show one address, if it is suppressed."""
    row = _found(call)
    return Answer(HTTPStatus.OK, [] if row is None else [_described(row)])


def unlist_bounce(call: Call) -> Answer:
    """Let SendGrid write to an address again."""
    if _found(call) is None:
        raise not_found(call.names["email"])
    call.world.store.run("DELETE FROM suppressed WHERE email = ?", normal(call.names["email"]))
    return Answer(HTTPStatus.NO_CONTENT)


def _found(call: Call) -> sqlite3.Row | None:
    address = normal(call.names["email"])
    return call.world.store.row("SELECT * FROM suppressed WHERE email = ?", address)


def _described(row: sqlite3.Row) -> Json:
    return {
        "created": int(row["at"]),
        "email": row["email"],
        "reason": row["reason"],
        "status": row["status"],
    }
