"""Which days `tahsil reconcile` compares."""

from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from api.services import wall
from cli.main import app
from cli.reconciling import window


def test_days_that_are_over_are_compared_whole():
    job = window(*map(datetime.fromisoformat, ("2026-02-01", "2026-02-02")), hear=False)

    assert job.since == datetime(2026, 2, 1, tzinfo=UTC)
    assert job.until == datetime(2026, 2, 3, tzinfo=UTC)


def test_today_is_compared_up_to_this_moment():
    today = datetime.combine(wall().date(), datetime.min.time())

    job = window(today, today, hear=False)

    assert job.since == today.replace(tzinfo=UTC)
    assert job.until is None


@pytest.mark.parametrize("option", ["--since", "--until"])
@pytest.mark.parametrize("day", ["2999-01-01", "9999-12-31"])
def test_a_day_that_has_not_begun_is_refused(option, day):
    told = CliRunner().invoke(app, ["reconcile", option, day], env={"COLUMNS": "250"})

    assert told.exit_code == 2
    assert f"{option} {day}: that day has not begun in UTC; give " in told.stderr
    assert f"or leave {option} out" in told.stderr
