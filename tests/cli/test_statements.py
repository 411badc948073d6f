"""Up to which day a creditor's statement may be closed."""

from datetime import UTC, datetime

import pytest

from cli.statements import end_of

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-11-22", "2027-01-01", "9999-12-31"])
def test_a_statement_up_to_a_day_that_is_not_over_is_refused(text):
    day = datetime.fromisoformat(text)

    with pytest.raises(ValueError, match="that day is not over in UTC") as told:
        end_of(day, NOW)

    (line,) = str(told.value).splitlines()
    assert line.startswith(f"--until {text}: ")
    assert "give one before 2026-11-22, or leave --until out" in line


def test_a_day_that_is_over_is_closed_to_its_last_moment():
    assert end_of(datetime.fromisoformat("2026-11-21"), NOW) == datetime(2026, 11, 22, tzinfo=UTC)
