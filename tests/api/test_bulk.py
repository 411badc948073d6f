"""One instruction for many accounts, over the API: a creditor's own, at once, and once."""

import pytest

from domain.accounts import Hold
from domain.bulk import BulkVerb, Where
from storage import bulk, people
from storage.tables import Instruction
from tests.api.conftest import Caller, key_of
from tests.api.record import placement, record
from workflows.door import NotYet

WHY = "the mail merge names the wrong creditor"


@pytest.fixture
def two(database):
    made = [placement(), placement()]
    for each in made:
        record(database, each)
    return [each.account_id for each in made]


def give(api, key="k", **asked):
    headers = {"idempotency-key": key} if key else {}
    return api.post("/v1/bulk", json={"verb": "pause", "reason": WHY} | asked, headers=headers)


def holds(database, account_id):
    with database.transaction() as session:
        return people.standing_holds(session, account_id)


def test_a_pause_stands_when_it_is_answered_and_its_accounts_are_then_told(
    api, database, two, door
):
    answer = give(api, "k1", where="journey=standard")

    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert (told["accounts"], told["told"], told["verb"]) == (2, 0, "pause")
    assert told["where"] == "creditor=acme and journey=standard"
    assert [holds(database, each) for each in two] == [(Hold.PAUSE,)] * 2
    assert door.bulks == [told["id"]]
    with database.transaction() as session:
        known = session.get_one(Instruction, told["id"])
        assert (known.given_by, known.reason) == ("acme", WHY)
    assert api.get(f"/v1/bulk/{told['id']}").json() == told
    assert give(api, "k1", where="journey=standard").json() == told


def test_another_creditors_accounts_are_neither_found_nor_shown(api, app, database, two):
    other = Caller(app, key_of(database, "other"))
    assert give(other).json()["accounts"] == 0
    assert holds(database, two[0]) == ()
    given = give(api).json()
    assert other.get(f"/v1/bulk/{given['id']}").status_code == 404
    with database.transaction() as session:
        found = bulk.unfinished(session, BulkVerb.PAUSE, Where(creditor="acme"))
    assert found == given["id"]


@pytest.mark.parametrize(
    "asked",
    [
        {"where": "name=Alex"},
        {"where": "creditor=other"},
        {"verb": "switch"},
        {"verb": "switch", "journey": "nowhere"},
        {"journey": "standard"},
        {"reason": ""},
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_done(api, database, two, asked):
    assert give(api, **asked).status_code == 422
    assert holds(database, two[0]) == ()


def test_without_a_key_it_is_refused_for_it_could_not_be_sent_again(api, database, two):
    answer = give(api, key=None)
    assert answer.status_code == 422
    assert "Idempotency-Key" in answer.text
    assert holds(database, two[0]) == ()


def test_what_broke_off_is_the_same_instruction_when_it_is_sent_again(api, door, database, two):
    door.failure = NotYet("no worker answered in time")
    assert give(api, verb="recall").status_code == 503
    door.failure = None
    answer = give(api, verb="recall")
    assert (answer.status_code, answer.json()["accounts"]) == (202, 2)
    assert door.bulks == [answer.json()["id"]]
