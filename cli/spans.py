"""Spans of time as people type them: 30d, 12h, 45m."""

import re
from datetime import timedelta

UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def span(text: str) -> timedelta:
    """`30d`, `12h` or `45m` as a span; ValueError says what was expected."""
    found = re.fullmatch(r"([1-9][0-9]{0,4})([dhm])", text)
    if found is None:
        raise ValueError(f"{text!r} is not a span of time such as 30d, 12h or 45m")
    return timedelta(**{UNITS[found[2]]: int(found[1])})
