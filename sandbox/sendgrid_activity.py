"""SendGrid's Email Activity: the way to find out whether a mail was ever accepted."""

import re
import sqlite3
from http import HTTPStatus

from sandbox import clock, messages
from sandbox.door import Answer, Call
from sandbox.sendgrid_errors import not_found, refuse
from sandbox.store import Value
from sandbox.world import Json

CLAUSE = re.compile(r"""(?P<field>\w+)(?:\[['"](?P<arg>[^'"]+)['"]\])?\s*=\s*"(?P<value>[^"]*)\"""")
AND = re.compile(r"\s+AND\s+", re.IGNORECASE)
COLUMNS = {
    "to_email": "recipient = ?",
    "from_email": "sender = ?",
    "subject": "subject = ?",
    "msg_id": "id = ?",
}
LARGEST_PAGE = 1000
STATUSES = {"delivered": "delivered", "processed": "processed"}


def find_activity(call: Call) -> Answer:
    """Show the mails that match a query such as `unique_args['attempt_id']="a1"`."""
    asked = dict(call.query)
    conditions, values = _conditions(asked.get("query", ""))
    limit = max(1, min(int(asked.get("limit", 10)), LARGEST_PAGE))
    # Only the conditions of the table above are joined; every value is bound.
    sql = f"SELECT * FROM messages WHERE {' AND '.join(conditions)}"  # noqa: S608
    rows = call.world.store.rows(f"{sql} ORDER BY seq DESC LIMIT ?", *values, limit)
    return Answer(HTTPStatus.OK, {"messages": [_described(row) for row in rows]})


def show_activity(call: Call) -> Answer:
    """Show one mail."""
    row = messages.find(call.world.store, call.names["id"])
    if row is None or row["provider"] != "sendgrid":
        raise not_found(call.names["id"])
    return Answer(HTTPStatus.OK, _described(row) | {"events": []})


def _conditions(query: str) -> tuple[list[str], list[Value]]:
    conditions = ["provider = 'sendgrid'", "direction = 'outbound-api'"]
    values: list[Value] = []
    for text in AND.split(query.strip()) if query.strip() else []:
        clause = CLAUSE.fullmatch(text.strip())
        if clause is None:
            raise refuse(f"invalid query: the sandbox cannot read {text!r}", "query")
        conditions.append(_condition(clause))
        values += [f'$."{clause["arg"]}"'] if clause["arg"] else []
        values.append(clause["value"])
    return conditions, values


def _condition(clause: re.Match[str]) -> str:
    if clause["field"] in {"unique_args", "custom_args"} and clause["arg"]:
        return "json_extract(args, ?) = ?"
    if clause["field"] == "status":
        return _BY_STATUS
    if clause["field"] not in COLUMNS:
        raise refuse(f"invalid query: no field {clause['field']!r}", "query")
    return COLUMNS[clause["field"]]


_BY_STATUS = (
    "CASE status WHEN 'delivered' THEN 'delivered' WHEN 'processed' THEN 'processed'"
    " ELSE 'not_delivered' END = ?"
)


def _described(row: sqlite3.Row) -> Json:
    return {
        "from_email": row["sender"],
        "msg_id": row["id"],
        "subject": row["subject"],
        "to_email": row["recipient"],
        "status": STATUSES.get(row["status"], "not_delivered"),
        "opens_count": 0,
        "clicks_count": 0,
        "last_event_time": clock.iso(row["updated"]),
    }
