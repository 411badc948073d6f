"""A journey that was renamed is taken by its former name, and written down by its present one."""

import asyncio
import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

import journeys
from activities.placing import place_rows
from cli.bulk import Asked, _given
from cli.glance import glance
from cli.journey_files import find_journey
from cli.stories import _entry
from domain.accounts import differences
from domain.bulk import BulkVerb
from engine.journeys import by_name
from journeys import JOURNEYS, present_name
from storage import bulk, placements
from tests.api.record import NOW, account_json, placement, record
from workflows.account import AccountWorkflow
from workflows.messages import NewJourney


@pytest.fixture
def renamed(monkeypatch):
    """`standard` is called `consumer` from now on, and `hardship` is called `relief`."""
    others = (
        replace(JOURNEYS["standard"], name="consumer", formerly=("standard",)),
        replace(JOURNEYS["hardship"], name="relief", formerly=("hardship",)),
    )
    monkeypatch.setattr(journeys, "_BY_NAME", by_name((*others, JOURNEYS["invoice"])))


def file_of(api, *given):
    """The id of a file that was sent."""
    body = "\n".join(json.dumps(each) for each in given)
    headers = {"content-type": "application/x-ndjson"}
    told = api.post("/v1/placements", content=body.encode(), headers=headers).json()
    return told["id"]


def test_accounts_are_placed_by_either_name_and_placed_again_they_are_the_same(
    api, database, door, renamed
):
    before, new = account_json(journey="standard"), account_json(journey="standard")
    record(database, placement(**before))  # on the day before the rename

    assert api.post("/v1/accounts", json=new).json()["journey"] == "consumer"
    for name in ("standard", "consumer"):
        for each in (before, new):
            again = api.post("/v1/accounts", json=each | {"journey": name})
            assert again.status_code == 200, again.text
    assert api.post("/v1/accounts", json=new | {"journey": "invoice"}).status_code == 409

    file = file_of(api, before, account_json(journey="standard"))
    asyncio.run(place_rows(database, door, file, present_name=present_name))
    with database.transaction() as session:
        counted = placements.counts(session, file)
    assert (counted[placements.ALREADY_PLACED], counted[placements.PLACED]) == (1, 1)
    assert {each.journey for each in door.placed.values()} == {"consumer"}


def test_accounts_are_switched_by_the_former_name_one_by_one_and_many(api, database, door, renamed):
    made = placement()
    record(database, made)

    path, order = f"/v1/accounts/{made.account_id}/journey", {"journey": "hardship"}
    assert api.post(path, json=order).status_code == 202
    assert [each.journey for each in door.heard()] == ["relief"]

    asked = {"verb": "switch", "journey": "hardship", "reason": "flood in the region"}
    told = api.post("/v1/bulk", json=asked, headers={"idempotency-key": "k"}).json()
    with database.transaction() as session:
        known = bulk.by_id(session, told["id"])
    assert known
    assert known.detail == {"journey": "relief"}
    by_hand = Asked(BulkVerb.SWITCH, "creditor=acme", "flood", journey="hardship")
    assert _given(database, by_hand)[0].journey == "relief"


def test_workflows_simulation_and_backtest_take_it_too(renamed):
    workflow: Any = SimpleNamespace(_must_be_open=lambda: None)
    for name in ("hardship", "relief"):
        AccountWorkflow._can_switch(workflow, NewJourney(instruction_id="1", journey=name))
        assert _entry({"event": "switch", "journey": name, "day": 1}).journey == name
        assert find_journey(name).journey.name == "relief"
        assert glance(account_json(journey=name), NOW.date()) is not None
    with pytest.raises(ApplicationError, match="no journey is called 'nowhere'"):
        AccountWorkflow._can_switch(workflow, NewJourney(instruction_id="1", journey="nowhere"))


def test_a_journey_on_record_that_is_no_more_is_still_told_apart():
    given = placement(journey="standard")
    recorded = given.model_copy(update={"journey": "long-gone"})

    assert differences(given, recorded, present_name) == ("journey",)
    assert differences(recorded, recorded, present_name) == ()
