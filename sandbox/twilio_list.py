"""Twilio's list of messages: newest first, filtered, in pages."""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlencode

from sandbox.door import Answer, Call
from sandbox.twilio_errors import refuse
from sandbox.twilio_resource import API_VERSION, resource

PAGE, LARGEST_PAGE = 50, 1000
A_DAY = 24 * 60 * 60
FILTERS = {
    "To": "recipient = ?",
    "From": "sender = ?",
    "DateSent>": "sent >= ?",
    "DateSent<": "sent <= ?",
}


def list_messages(call: Call) -> Answer:
    """Show one page of the account's messages."""
    asked = dict(call.query)
    size = max(1, min(int(asked.get("PageSize", PAGE)), LARGEST_PAGE))
    page = int(asked.get("Page", 0))
    rows = _select(call, asked, size + 1, page * size)
    shown = [resource(row, call.world) for row in rows[:size]]
    uris = _Uris(call, asked, size)
    envelope = {
        "messages": shown,
        "page": page,
        "page_size": size,
        "start": page * size,
        "end": page * size + max(len(shown) - 1, 0),
        "uri": uris.page(page),
        "first_page_uri": uris.page(0),
        "next_page_uri": uris.page(page + 1) if len(rows) > size else None,
        "previous_page_uri": uris.page(page - 1) if page else None,
    }
    return Answer(HTTPStatus.OK, envelope)


def _select(call: Call, asked: dict[str, str], limit: int, offset: int) -> list[sqlite3.Row]:
    conditions = ["provider = 'twilio'"]
    values: list[str | float] = []
    for name, condition in FILTERS.items():
        if name in asked:
            conditions.append(condition)
            values.append(_moment(asked[name]) if name.startswith("Date") else asked[name])
    if "DateSent" in asked:
        day = _moment(asked["DateSent"]) // A_DAY * A_DAY
        conditions.append("sent >= ? AND sent < ?")
        values += [day, day + A_DAY]
    # Only the fixed conditions above are joined; every value is bound.
    sql = f"SELECT * FROM messages WHERE {' AND '.join(conditions)}"  # noqa: S608
    return call.world.store.rows(
        sql + " ORDER BY seq DESC LIMIT ? OFFSET ?", *values, limit, offset
    )


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise refuse(20001, f"DateSent {text!r} is not a date") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


@dataclass(frozen=True)
class _Uris:
    call: Call
    asked: dict[str, str]
    size: int

    def page(self, number: int) -> str:
        account = self.call.world.credentials.twilio_account
        kept = {name: value for name, value in self.asked.items() if name != "PageToken"}
        query = urlencode(kept | {"PageSize": self.size, "Page": number})
        return f"/{API_VERSION}/Accounts/{account}/Messages.json?{query}"
