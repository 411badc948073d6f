"""Temporal's UI reads what is encrypted, with an operator's key and from its own page."""

import asyncio
import base64
import dataclasses
import json

import pytest
from google.protobuf import json_format
from temporalio.api.common.v1 import Payloads
from temporalio.converter import WorkflowSerializationContext

from api.roles import RIGHTS, Right, Role
from storage import operators
from storage.keys import erase
from storage.master_keys import MasterKeys
from tests.api.record import placement
from workflows.names import workflow_id
from workflows.payloads import KeyRing, Sealed, sealed

UI = "http://127.0.0.1:8233"
SECRET = "Zephyrine Quillfeather"


@pytest.fixture
def rings(database, database_url):
    opened = []

    def ring():
        opened.append(KeyRing(database_url, MasterKeys([bytes(32)])))
        return opened[-1]

    yield ring
    for each in opened:
        each.close()


def key_of(database, name, *roles, creditors=None):
    with database.transaction() as session:
        return operators.add(session, name, roles, creditors)


@pytest.fixture
def key(database):
    """The key of Temporal's UI."""
    return key_of(database, "temporal-ui", Role.CODEC)


@pytest.fixture
def codec(app, public, rings, key):
    """Asks the endpoint as a page of Temporal's UI does."""
    set_up(app, rings())

    def ask(what, payloads, **headers):
        body = json_format.MessageToDict(Payloads(payloads=payloads))
        sent = {"origin": UI, "x-namespace": "default", "authorization": f"Bearer {key}"}
        return public.post(f"/codec/{what}", json=body, headers=sent | headers)

    return ask


def set_up(app, ring):
    """Give the application a codec, and a UI."""
    services = app.state.services
    settings = services.settings.model_copy(update={"temporal_ui_url": UI})
    app.state.services = dataclasses.replace(services, codec=Sealed(ring), settings=settings)


def closed(ring, *values):
    """Payloads of an account, as they stand in its history; and whose they are."""
    placed = placement()

    async def work():
        await ring.belongs(placed)
        named = workflow_id(placed.creditor, placed.reference)
        context = WorkflowSerializationContext(namespace="default", workflow_id=named)
        return await sealed(ring).with_context(context).encode(values)

    return asyncio.run(work()), placed


def shown(answer):
    """What the UI shows of an answer."""
    assert answer.status_code == 200, answer.text
    return [json.loads(base64.b64decode(each["data"])) for each in answer.json()["payloads"]]


def test_whoever_has_the_key_reads_an_accounts_payloads(codec, rings):
    payloads, _ = closed(rings(), SECRET, {"balance": 5})

    answer = codec("decode", payloads)

    assert shown(answer) == [SECRET, {"balance": 5}]
    assert answer.headers["cache-control"] == "no-store"


def test_the_key_may_stand_in_the_address_of_the_endpoint(codec, rings, key):
    payloads, _ = closed(rings(), SECRET)

    assert shown(codec(f"{key}/decode", payloads, authorization="")) == [SECRET]


@pytest.mark.parametrize("what", ["decode", "encode", "wrong/decode"])
@pytest.mark.parametrize("shows", ["", "Bearer wrong", "Bearer ", "Basic bGV0LW1lLXJlYWQ="])
def test_without_a_key_nothing_is_opened_or_closed(codec, rings, what, shows):
    payloads, _ = closed(rings(), SECRET)

    answer = codec(what, payloads, authorization=shows)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["type"] == "urn:tahsil:problem:no-key"


def test_only_roles_that_may_decrypt_do(codec, api, rings, database):
    payloads, _ = closed(rings(), SECRET)

    def asked_with(key):
        return codec("decode", payloads, authorization=f"Bearer {key}").status_code

    for role in Role:
        allowed = Right.DECRYPT in RIGHTS[role]
        assert asked_with(key_of(database, role.value, role)) == (200 if allowed else 403)
    assert asked_with(key_of(database, "acmes", Role.ADMIN, creditors=["acme"])) == 403
    assert asked_with(api.key) == 403


def test_a_key_that_was_revoked_or_replaced_opens_nothing(codec, rings, database):
    payloads, _ = closed(rings(), SECRET)
    gone, old = (key_of(database, name, Role.CODEC) for name in ("gone", "old"))
    with database.transaction() as session:
        operators.revoke(session, "gone")
        new = operators.rotate(session, "old")

    answers = [codec("decode", [], authorization=f"Bearer {each}") for each in (gone, old, new)]

    assert [each.status_code for each in answers] == [401, 401, 200]
    assert shown(codec("decode", payloads, authorization=f"Bearer {new}")) == [SECRET]


def test_what_was_erased_says_so_beside_what_can_be_read(codec, rings, database):
    ring = rings()
    gone, placed = closed(ring, SECRET)
    there, _ = closed(ring, "still here")
    with database.transaction() as session:
        erase(session, placed.person_id)

    first, second = shown(codec("decode", [*gone, *there]))

    assert first.startswith(f"[the key {gone[0].metadata['key-id'].decode()} was erased")
    assert second == "still here"


def test_what_is_typed_into_the_ui_is_closed_and_a_worker_opens_it(codec, rings):
    typed = Payloads()
    typed.payloads.add(metadata={"encoding": b"json/plain"}, data=b'{"instruction_id": "ops-1"}')

    answer = codec("encode", typed.payloads)

    sent = json_format.ParseDict(answer.json(), Payloads()).payloads
    assert b"ops-1" not in sent[0].SerializeToString()
    assert asyncio.run(sealed(rings()).decode(sent)) == [{"instruction_id": "ops-1"}]


def test_only_pages_of_the_ui_may_read_the_answer(codec, public, key):
    def allowed(origin):
        asked = {"origin": origin, "access-control-request-method": "POST"}
        answer = public("OPTIONS", f"/codec/{key}/decode", headers=asked)
        assert answer.status_code == 204
        return answer.headers.get("access-control-allow-origin")

    assert allowed(UI) == UI
    assert allowed("http://localhost:8233") == "http://localhost:8233"
    for elsewhere in ("http://127.0.0.1:8234", "https://127.0.0.1:8233", "http://evil.test", ""):
        assert allowed(elsewhere) is None
    refused = codec("decode", [], authorization="")
    assert refused.headers["access-control-allow-origin"] == UI  # so that the UI can say why
    assert "x-namespace" in refused.headers["access-control-allow-headers"]


def test_what_is_no_payload_is_refused_without_repeating_it(codec, public, rings, logged, key):
    headers = {"authorization": f"Bearer {key}"}
    for body in (SECRET, f'{{"payloads": "{SECRET}"}}', b"\xff"):
        answer = public.post("/codec/decode", content=body, headers=headers)

        assert answer.status_code == 400, body
        assert SECRET not in answer.text
    payloads, _ = closed(rings(), SECRET)
    assert shown(codec("decode", payloads)) == [SECRET]
    assert SECRET not in logged()
