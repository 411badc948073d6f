"""Rows of portfolios for tests, as creditors send them."""

import copy
import json
from typing import Any

ROW: dict[str, Any] = {
    "reference": "A-1",
    "journey": "standard",
    "balance": {"minor": 18750, "currency": "USD"},
    "due_on": "2026-10-31",
    "consumer": {
        "reference": "C-1",
        "name": "Jo Doe",
        "country": "US",
        "locale": "en",
        "phone": "+12125550123",
        "email": "jo@example.com",
    },
}
COLUMNS = (
    "reference,journey,balance_minor,currency,due_on,consumer_reference,name,country,locale,"
    "time_zone,phone,email"
)
LINE = "A-1,standard,18750,USD,2026-10-31,C-1,Jo Doe,US,en,,+12125550123,jo@example.com"


def row(**changes):
    """A good row with changes; `a__b` stands for b of a, and ... takes a field out."""
    made = copy.deepcopy(ROW)
    for name, value in changes.items():
        *outer, field = name.split("__")
        place = made[outer[0]] if outer else made
        if value is ...:
            place.pop(field, None)
        else:
            place[field] = value
    return made


def jsonl(folder, *rows, name="portfolio.jsonl"):
    file = folder / name
    lines = (each if isinstance(each, str) else json.dumps(each) for each in rows)
    file.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return file


def csv(folder, *lines, columns=COLUMNS, name="portfolio.csv"):
    return jsonl(folder, columns, *lines, name=name)


def many(number):
    """Good rows: two accounts for every third person."""
    return [
        row(
            reference=f"A{each}",
            balance__minor=5_000 + 137 * each % 90_000,
            due_on=f"2026-10-{1 + each % 28:02d}",
            consumer__reference=f"C{each - each % 3 // 2}",
            consumer__phone=f"+1{(404, 305, 602, 206)[each % 4]}5550{100 + each % 100}",
        )
        for each in range(number)
    ]
