"""Stripe's lists: newest first, filtered by equality and by age, walked with cursors."""

from collections.abc import Sequence
from http import HTTPStatus

from sandbox.door import Answer, Call, Perform
from sandbox.store import Value
from sandbox.stripe_books import Books, loaded
from sandbox.stripe_errors import invalid, missing
from sandbox.stripe_forms import tree
from sandbox.world import Json

PAGE, LARGEST_PAGE = 10, 100
AGES = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
COMMON = {"limit", "starting_after", "ending_before", "expand", "created"}


def listing(kind: str, url: str, filters: Sequence[str] = ()) -> Perform:
    """Return the operation that lists one kind of object."""

    def list_objects(call: Call) -> Answer:
        asked = tree(call.query)
        for name in asked:
            if name not in COMMON and name not in filters:
                raise invalid(f"Received unknown parameter: {name}", name, "parameter_unknown")
        wanted = {name: str(asked[name]) for name in filters if name in asked}
        return Answer(HTTPStatus.OK, page(Books.of(call), kind, url, asked, wanted))

    return list_objects


def page(books: Books, kind: str, url: str, asked: Json, wanted: dict[str, str]) -> Json:
    """Return one page of the objects of a kind whose fields are as wanted."""
    conditions: list[str] = ["kind = ?"]
    values: list[Value] = [kind]
    for name, value in wanted.items():
        # Names come from our own route table; only values come from outside, and are bound.
        conditions.append(f"json_extract(body, '$.{name}') = ?")
        values.append(value)
    _by_age(asked, conditions, values)
    backwards = "ending_before" in asked
    _by_cursor(books, asked, conditions, values)
    limit = max(1, min(int(asked.get("limit", PAGE)), LARGEST_PAGE))
    order = "ASC" if backwards else "DESC"
    sql = f"SELECT body FROM objects WHERE {' AND '.join(conditions)}"  # noqa: S608 - see above
    rows = books.world.store.rows(f"{sql} ORDER BY seq {order} LIMIT ?", *values, limit + 1)
    found = [loaded(row["body"]) for row in rows[:limit]]
    shown = found[::-1] if backwards else found
    expand = [path.removeprefix("data.") for path in asked.get("expand", [])]
    return {
        "object": "list",
        "url": "/v1" + url,
        "has_more": len(rows) > limit,
        "data": [books.expanded(thing, expand) for thing in shown],
    }


def _by_age(asked: Json, conditions: list[str], values: list[Value]) -> None:
    created = asked.get("created", {})
    bounds = created if isinstance(created, dict) else {"gte": created, "lte": created}
    for name, bound in bounds.items():
        if name not in AGES:
            raise invalid(f"Received unknown parameter: created[{name}]", f"created[{name}]")
        conditions.append(f"created {AGES[name]} ?")
        values.append(int(bound))


def _by_cursor(books: Books, asked: Json, conditions: list[str], values: list[Value]) -> None:
    for name, compared in (("starting_after", "<"), ("ending_before", ">")):
        if name not in asked:
            continue
        row = books.world.store.row("SELECT seq FROM objects WHERE id = ?", asked[name])
        if row is None:
            raise missing("object", asked[name], name)
        conditions.append(f"seq {compared} ?")
        values.append(row["seq"])
