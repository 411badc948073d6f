"""Sending an account on another journey is a person's decision, and is told to its workflow."""

import pytest

from domain.accounts import Closure
from domain.events import JourneySwitched
from storage import accounts, journal
from tests.api.record import NOW, placement, record

pytestmark = pytest.mark.stack


@pytest.fixture
def placed(database):
    one = placement()
    record(database, one)
    return one


def switch(api, placed, journey, key="k", **more):
    path = f"/v1/accounts/{placed.account_id}/journey"
    body = {"journey": journey} | more
    return api.post(path, json=body, headers={"idempotency-key": key})


def test_the_workflow_hears_of_it_once_and_the_story_says_why(api, database, door, placed):
    first, again = (switch(api, placed, "hardship", reason="lost the job") for _ in range(2))

    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert [each.journey for each in door.heard()] == ["hardship"]
    assert isinstance(door.heard()[0], JourneySwitched)
    with database.transaction() as session:
        lines = journal.lines(session, placed.account_id)
        (line,) = [each for each in lines if each.what == "journey switched"]
    assert line.detail == {"journey": "hardship", "reason": "lost the job", "before": "standard"}


def test_a_journey_that_there_is_not_is_refused_with_those_there_are(api, door, placed):
    answer = switch(api, placed, "special")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/journey"
    assert "hardship, invoice, standard, subscription" in answer.text
    assert door.heard() == []


def test_a_closed_account_takes_no_journey_any_more(api, database, door, placed):
    with database.transaction() as session:
        accounts.close(session, placed.account_id, Closure.REFERRED, at=NOW)

    assert switch(api, placed, "standard").status_code == 409
    assert door.heard() == []
