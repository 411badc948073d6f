"""The worklist over the API: read, done, and told to the journey that waits for it."""

from datetime import timedelta

import pytest
from temporalio.service import RPCError, RPCStatusCode

from api.roles import Role
from domain.accounts import Closure
from domain.events import TaskDone
from storage import accounts, operators
from tests.api.conftest import Caller
from tests.api.record import NOW, placement, record, usd

READ, PAID = "wrote, or wants a call: read it and answer", "says that it is paid"


@pytest.fixture
def ops(app, database):
    """The API for an operator who acts for Acme."""
    with database.transaction() as session:
        return Caller(app, operators.add(session, "ops-1", [Role.OPERATOR], ["acme"]))


@pytest.fixture
def two(database):
    """Two accounts of Acme's: with a task each, and the first with a second one."""
    placed = [placement() for _ in range(2)]
    for each in placed:
        record(database, each)
    with database.transaction() as session:
        for number, which, reason in ((2, 0, READ), (0, 1, PAID), (1, 0, PAID)):
            key, at = key_of(placed[which], number), NOW - timedelta(days=9 - number)
            accounts.hand_over(session, key, placed[which].account_id, reason, at=at)
    return placed


def key_of(placed, number):
    return f"account/acme/{placed.reference}#{number}"


def ids(answer):
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["tasks"]]


def test_what_waits_is_listed_longest_first_by_pages_and_by_account(api, other, two, database):
    first, second = two
    mine = [key_of(second, 0), key_of(first, 1), key_of(first, 2)]
    with database.transaction() as session:
        accounts.close(session, second.account_id, Closure.REFERRED, at=NOW)

    page = api.get("/v1/tasks", params={"limit": 2})
    assert ids(page) == mine[:2]
    assert page.json()["next"] == mine[1]
    rest = api.get("/v1/tasks", params={"after": page.json()["next"]})
    assert (ids(rest), rest.json()["next"]) == (mine[2:], None)
    assert page.json()["tasks"][0] == {
        "id": mine[0],
        "account_id": second.account_id,
        "reference": second.reference,
        "journey": "standard",
        "reason": PAID,
        "at": "2026-11-12T15:00:00Z",
        "owed": usd(20_000).model_dump(),
        "closure": "referred",
        "done_at": None,
        "done_by": None,
    }
    assert ids(api.get("/v1/tasks", params={"account_id": first.account_id})) == mine[1:]
    assert ids(api.get("/v1/tasks?done=true")) == []
    assert ids(other.get("/v1/tasks")) == []
    assert other.get(f"/v1/tasks?account_id={first.account_id}").status_code == 404
    strange = (
        other.get("/v1/tasks", params={"after": mine[0]}),
        api.get("/v1/tasks", params={"after": mine[0], "done": True}),
        api.get("/v1/tasks?after=%00"),
    )
    for answer in strange:
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/after"


def test_a_task_is_done_once_and_its_journey_hears(ops, api, other, two, door):
    first, second = two
    path, target = f"/v1/accounts/{first.account_id}/tasks/done", key_of(first, 1).split("#")[0]
    one = {"tasks": [key_of(first, 1)]}

    answers = [ops.post(path, json=one), api.post(path, json=one)]

    assert answers[0].json() == answers[1].json()
    [view] = answers[0].json()["tasks"]
    assert (view["done_by"], view["done_at"]) == ("ops-1", "2026-11-21T15:00:00Z")
    told = TaskDone(event_id=f"done:{key_of(first, 1)}", task=key_of(first, 1))
    assert door.told == [(target, told)] * 2
    assert ids(api.get("/v1/tasks")) == [key_of(second, 0), key_of(first, 2)]
    assert ids(api.get("/v1/tasks?done=true")) == [key_of(first, 1)]
    story = api.get(f"/v1/accounts/{first.account_id}/timeline").json()["lines"]
    assert [line["detail"] for line in story if line["what"] == "seen to"] == [
        {"reason": PAID, "by": "house"}
    ]
    for caller, body, status in (
        (other, one, 404),
        (api, {"tasks": [key_of(second, 0)]}, 404),
        (api, {"tasks": [key_of(first, 2), "nothing\0"]}, 404),
        (api, {"tasks": []}, 422),
        (api, {}, 422),
        (api, {"note": "called them"}, 422),
    ):
        assert caller.post(path, json=body).status_code == status
    assert ids(api.get("/v1/tasks")) == [key_of(second, 0), key_of(first, 2)]


def test_what_was_done_is_told_again_if_that_failed_and_nothing_else_is_done(api, two, door):
    first, _ = two
    path, key = f"/v1/accounts/{first.account_id}/tasks/done", {"idempotency-key": "k1"}
    seen, unread = key_of(first, 1), key_of(first, 2)
    door.failure = RPCError("away", RPCStatusCode.UNAVAILABLE, b"")
    assert api.post(path, headers=key, json={"tasks": [seen]}).status_code == 503
    assert unread in ids(api.get("/v1/tasks"))
    assert seen not in ids(api.get("/v1/tasks")), "the record has it, told or not"
    door.failure = None

    again = [api.post(path, headers=key, json={"tasks": [seen]}) for _ in range(2)]

    assert [ids(each) for each in again] == [[seen]] * 2
    assert {each["done_by"] for each in again[0].json()["tasks"]} == {"acme"}
    assert [event.task for event in door.heard()] == [seen], "the second is answered as the first"
    assert api.post(path, headers=key, json={"tasks": [unread]}).status_code == 422
    assert unread in ids(api.get("/v1/tasks"))


def test_tasks_of_a_closed_account_are_done_with_nobody_told(api, two, database, door):
    _, second = two
    with database.transaction() as session:
        accounts.close(session, second.account_id, Closure.PAID_IN_FULL, at=NOW)

    done = {"tasks": [key_of(second, 0)]}
    assert ids(api.post(f"/v1/accounts/{second.account_id}/tasks/done", json=done)) == done["tasks"]
    assert door.told == []


def test_a_person_is_shown_what_was_asked_about_them_and_not_who_has_seen_to_it(api, ops, two):
    first, _ = two
    done = {"tasks": [key_of(first, 1)]}
    ops.post(f"/v1/accounts/{first.account_id}/tasks/done", json=done).raise_for_status()

    held = api.get(f"/v1/people/{first.consumer.reference}").raise_for_status().text

    assert READ in held
    assert "ops-1" not in held
