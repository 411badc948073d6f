"""Spans of time as people type them."""

from datetime import timedelta

import pytest

from cli.spans import span


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("30d", timedelta(days=30)),
        ("12h", timedelta(hours=12)),
        ("45m", timedelta(minutes=45)),
        ("99999d", timedelta(days=99_999)),
    ],
)
def test_days_hours_and_minutes_are_understood(text, meant):
    assert span(text) == meant


@pytest.mark.parametrize(
    "text", ["", "d", "30", "0d", "-1d", "1.5h", "30 d", "30D", "1w", "100000d"]
)
def test_anything_else_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="is not a span of time such as 30d, 12h or 45m"):
        span(text)
