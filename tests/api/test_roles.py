"""Who may do what: every route of the application against every role."""

import asyncio

import httpx
import pytest
from fastapi.routing import APIRoute

from api.roles import CREDITORS, RIGHTS, Caller, Forbidden, Needs, NeedsHouse, Right, Role
from storage import operators, subjects
from storage.tables import Person
from tests.api.conftest import Caller as Asker
from tests.api.conftest import key_of
from tests.api.record import PUBLIC, account_json, placement, record

OPEN = {
    "/",
    "/healthz",
    "/readyz",
    "/docs",
    "/docs/oauth2-redirect",
    "/v1/me",  # any key: it says what the key may do
}
"""Routes that need no right."""
OTHERWISE = ("/webhooks/", "/p/", "/codec/")
"""Guarded by signatures, by the link in the address, and by the codec's own look at the key."""
FILLED = {"account_id": "acc_none", "hold": "pause", "name": "nobody", "payment_id": "p"}


def routes_in(router):
    """Every route, those of parts of the application too."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        elif inner := getattr(route, "original_router", None):
            yield from routes_in(inner)


def right_of(route):
    """The right that a route says it needs."""
    waiting, found = [route.dependant], set()
    while waiting:
        dependant = waiting.pop()
        waiting += dependant.dependencies
        if isinstance(dependant.call, Needs | NeedsHouse):
            found.add(dependant.call.right)
    assert len(found) <= 1, f"{route.path} needs one right, not {found}"
    return found.pop() if found else None


@pytest.fixture
def declared(built):
    """Every guarded route, and the right that it needs."""
    found = [
        (route, right_of(route))
        for route in routes_in(built.router)
        if route.path not in OPEN and not route.path.startswith(OTHERWISE)
    ]
    assert len(found) > 50
    return found


@pytest.fixture
def operator(app, database):
    """Adds an operator, and gives their way to the API."""

    def added(name, *roles, creditors=None):
        with database.transaction() as session:
            return Asker(app, operators.add(session, name, roles, creditors))

    return added


FOR_ACME = {"tahsil-creditor": "acme"}


def test_every_route_says_which_right_it_needs(declared):
    silent = [f"{route.methods} {route.path}" for route, right in declared if right is None]

    assert silent == [], "take the creditor as one of api.roles' `To…`, or say here why it is open"


def test_what_each_role_may_do_is_what_the_table_says(declared):
    def refused(caller, right):
        try:
            caller.must(right)
        except Forbidden as problem:
            return problem.body["roles"]
        return None

    rights = {right for _, right in declared}
    assert rights | {Right.DECRYPT} == set(Right)
    for role in Role:
        caller = Caller("somebody", RIGHTS[role], (role,))
        for right in rights:
            roles = refused(caller, right)
            assert (roles is None) == (right in RIGHTS[role])
            assert roles is None or (role not in roles and "admin" in roles)
    creditor = Caller("acme", CREDITORS, creditor_ids=frozenset({"acme"}))
    assert {right for right in Right if refused(creditor, right)} == {Right.MANAGE, Right.DECRYPT}
    assert not RIGHTS[Role.ANALYST] & {Right.DECRYPT, Right.PERSON, Right.CONTACT, Right.MONEY}
    assert RIGHTS[Role.AUDITOR] == RIGHTS[Role.ANALYST] | {Right.DECRYPT}


def test_whoever_has_no_right_to_it_is_refused_by_every_route(app, declared, operator):
    headers = FOR_ACME | {"authorization": f"Bearer {operator('ui', Role.CODEC).key}"}

    async def statuses():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as client:
            for route, right in declared:
                path = route.path
                for name in route.param_convertors:
                    path = path.replace(f"{{{name}}}", FILLED.get(name, "x"))
                (method,) = route.methods
                answer = await client.request(method, path, headers=headers)
                yield method, path, answer.status_code, answer.json().get("right"), right.value

    async def gathered():
        return [each async for each in statuses()]

    for method, path, status, told, needed in asyncio.run(gathered()):
        assert (status, told) == (403, needed), f"{method} {path}"


def test_a_refusal_names_the_right_and_who_has_it(operator):
    answer = operator("ann", Role.ANALYST).post("/v1/accounts/acc_1/pause", headers=FOR_ACME)

    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == "urn:tahsil:problem:forbidden"
    assert problem["detail"] == (
        "It needs the right instruct, which admin or operator has; you are analyst. "
        "An admin gives roles: `tahsil operator add`."
    )
    assert (problem["roles"], problem["yours"]) == (["admin", "operator"], ["analyst"])


def test_an_operator_acts_for_a_creditor_and_it_is_on_record(operator, api, database, door):
    placed = placement()
    door.placed[record(database, placed)] = placed
    ops = operator("ops-1", Role.OPERATOR)
    why = {"tahsil-reason": "asked%20for%20%E2%80%93%20ticket%2017"}

    paused = ops.post(f"/v1/accounts/{placed.account_id}/pause", headers=FOR_ACME | why)
    none = ops.post("/v1/accounts/acc_none/pause", headers=FOR_ACME)
    read = ops.get(f"/v1/accounts/{placed.account_id}", headers=FOR_ACME)

    assert (paused.status_code, none.status_code, read.status_code) == (200, 404, 200)
    assert paused.json()["holds"] == read.json()["holds"]
    told = api.get("/v1/acts").json()["acts"]
    assert [(each["operator"], each["account_id"], each["status"]) for each in told] == [
        ("ops-1", None, 404),
        ("ops-1", placed.account_id, 200),
    ]
    assert told[1]["what"] == "POST /v1/accounts/{account_id}/pause"
    assert told[1]["reason"] == "asked for \N{EN DASH} ticket 17"
    assert api.get(f"/v1/acts?account_id={placed.account_id}").json()["acts"] == told[1:]
    assert api.get(f"/v1/acts?before={told[0]['id']}").json()["acts"] == told[1:]


def test_an_operator_sees_the_creditors_they_act_for_and_no_other(operator, database):
    key_of(database, "other")
    both = operator("both", Role.ADMIN)
    one = operator("one", Role.ADMIN, creditors=["acme"])

    def status(asker, **headers):
        headers = {f"tahsil-{name}": value for name, value in headers.items()}
        return asker.get("/v1/statements", headers=headers).status_code

    assert status(one) == 200
    assert status(one, creditor="acme") == 200
    assert status(one, creditor="other") == 403
    assert status(both, creditor="other") == 200
    assert status(both) == 400
    assert status(both, creditor="nobody") == 404


def test_a_creditors_key_is_for_that_creditor_alone(api, other):
    assert api.get("/v1/statements", headers=FOR_ACME).status_code == 200
    assert other.get("/v1/statements", headers=FOR_ACME).status_code == 403
    assert api.get("/v1/acts").json() == {"acts": []}


def test_whoever_asks_is_told_who_they_are(operator, api, public):
    assert operator("ann", Role.ANALYST, creditors=["acme"]).get("/v1/me").json() == {
        "name": "ann",
        "roles": ["analyst"],
        "rights": ["read", "explain", "report"],
        "creditors": ["acme"],
    }
    assert operator("root", Role.ADMIN).get("/v1/me").json()["creditors"] is None
    mine = api.get("/v1/me").json()
    assert (mine["name"], mine["roles"]) == ("acme", [])
    assert "manage" not in mine["rights"]
    assert public.get("/v1/me").status_code == 401


def test_an_admin_adds_replaces_and_revokes_operators(operator, app):
    root = operator("root", Role.ADMIN)
    new = {"name": "ops-2", "roles": ["operator"], "creditors": ["acme"]}

    added = root.post("/v1/operators", json=new)
    ops = Asker(app, added.json()["key"])
    before = ops.get("/v1/me").status_code
    replaced = Asker(app, root.post("/v1/operators/ops-2/rotate").json()["key"])
    after = (ops.get("/v1/me").status_code, replaced.get("/v1/me").status_code)
    gone = root("DELETE", "/v1/operators/ops-2")

    assert (added.status_code, before, after, gone.status_code) == (201, 200, (401, 200), 200)
    assert replaced.get("/v1/me").status_code == 401
    assert root.post("/v1/operators/ops-2/rotate").status_code == 404
    assert root("DELETE", "/v1/operators/nobody%00").status_code == 404
    assert root.post("/v1/operators", json=new).status_code == 409
    wrong = root.post("/v1/operators", json=new | {"name": "x", "creditors": ["nobody"]})
    assert wrong.json()["errors"][0]["pointer"] == "/creditors"
    listed = root.get("/v1/operators").json()["operators"]
    assert [(each["name"], each["revoked_at"] is None) for each in listed] == [
        ("ops-2", False),
        ("root", True),
    ]
    assert "tahsil_op_" not in str(listed)


def test_an_admin_of_some_creditors_makes_no_operators(operator):
    some = operator("some", Role.ADMIN, creditors=["acme"])

    answer = some.post("/v1/operators", json={"name": "me-too", "roles": ["admin"]})

    assert answer.status_code == 403
    assert "you act for some" in answer.json()["detail"]


def test_what_was_said_of_a_person_is_shown_to_them_without_who_said_it_and_erased(
    operator, api, database
):
    placed = placement()
    record(database, placed)
    root = operator("root", Role.ADMIN)
    of = f"/v1/people/{placed.consumer.reference}"

    shown = root.get(of, headers=FOR_ACME | {"tahsil-reason": "their letter of May"})
    held = api.get(of).json()
    [act] = api.get("/v1/acts").json()["acts"]

    assert shown.status_code == 200
    assert act["what"] == "GET /v1/people/{reference}"
    rows = next(each for name, each in tables_in(held) if name == "operator_acts")
    assert rows[0]["reason"] == "their letter of May"
    assert "operator" not in rows[0]
    assert "root" not in str(held)
    with database.transaction() as session:
        person = session.get_one(Person, placed.person_id)
        assert subjects.erase_rest(session, person)["operator_acts"] == 1
    assert {each["reason"] for each in api.get("/v1/acts").json()["acts"]} == {"[erased]"}


def tables_in(value):
    """Every named thing in an answer, at whatever depth."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name, inner
            yield from tables_in(inner)


def test_a_placement_by_an_operator_belongs_to_the_creditor(operator, api):
    ops = operator("ops-1", Role.OPERATOR, creditors=["acme"])

    placed = ops.post("/v1/accounts", json=account_json())

    assert placed.status_code == 201
    assert api.get(f"/v1/accounts/{placed.json()['id']}").status_code == 200
