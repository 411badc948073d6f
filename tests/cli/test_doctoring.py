"""How findings are printed, and who is looked into first."""

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from cli.doctoring import Seen, _suspicion, as_data, show
from tests.workflows.test_ailments import LONG_AGO, account
from workflows.ailments import Ailment, Finding, Limits


def finding(number=1, ailment=Ailment.QUIET, since=None):
    return Finding(ailment, f"acc_{number}", "silent", "look at it", since)


def printed(seen):
    file = io.StringIO()
    show(seen, Console(file=file, width=120))
    return " ".join(file.getvalue().split())


def test_a_healthy_house_is_said_to_be_so_with_how_far_was_looked():
    said = printed(Seen([], open=3, looked_into=3))
    assert said == "0 findings; 3 of 3 open accounts were looked into one by one"
    assert printed(Seen([], open=9, looked_into=3)).endswith(": --all does all")


def test_findings_of_a_kind_stand_together_with_the_first_moment_and_one_next_step():
    since = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    seen = Seen([finding(number, since=since) for number in range(5)], open=5, looked_into=5)
    said = printed(seen)
    assert said.count("look at it") == 1
    assert "acc_2: silent" in said
    assert "acc_3" not in said
    assert "and 2 more" in said
    assert "2026-11-20 09:30" in said
    assert [each["subject"] for each in as_data(seen)["findings"]][-1] == "acc_4"


@pytest.mark.parametrize(
    "ill",
    [
        {"doing_since": LONG_AGO},
        {"ended": True},
        {"stage": None},
        {"contacted_at": None},
        {"workflow_id": "reported"},
    ],
)
def test_who_is_suspicious_is_looked_into_before_who_is_not(ill):
    def rank(each):
        return _suspicion(each, {"reported"}, Limits())

    assert rank(account(**ill)) < rank(account())
