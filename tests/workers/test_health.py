"""A process says what it lacks, and lives on."""

import asyncio
import itertools
import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from temporalio.client import Client

from storage import Database, migrate
from storage.keys import Keys
from storage.master_keys import MasterKeys
from workers import health
from workers.health import FINE, Shared, ask, checks, is_ready, place, serve

NOWHERE = "postgresql+psycopg://nobody:word-of-pass@127.0.0.1:1/none"


def asked(database, *, master=bytes(32)):
    async def work():
        client = await Client.connect("127.0.0.1:1", lazy=True)
        return await ask(checks(database, client, Keys(database, MasterKeys([master]))))

    return asyncio.run(work())


def test_what_answers_is_fine_and_what_does_not_is_named(database):
    said = asked(database)

    assert (said["record"], said["keys"]) == (FINE, FINE)
    assert "answer" in said["temporal"]
    assert not is_ready(said)


def test_without_a_record_its_address_is_not_told():
    database = Database(NOWHERE)

    said = asked(database)

    database.close()
    assert said["record"] == "does not answer (OperationalError)"
    assert "record" in said["keys"]
    assert not any(word in str(said) for word in ("127.0.0.1", "nobody", "word-of-pass"))


def test_another_master_key_than_the_records_is_missed(database):
    asked(database)  # the house's key is made and wrapped

    said = asked(database, master=bytes(31) + b"x")

    assert said["keys"].startswith("no master key that was given opens")


@pytest.mark.parametrize("version", [None, "0003"])
def test_a_record_that_was_not_migrated_says_what_to_do(database, version):
    with at_version(database, version):
        said = asked(database)

    expected = f"at version {version or 'none'} of the schema, expected {migrate.newest()}"
    assert said["record"] == f"{expected}: run `python -m storage.migrate`"


def test_a_record_that_the_next_release_has_migrated_goes_on_serving_this_one(database):
    with at_version(database, "9999"):
        assert asked(database)["record"] == FINE


def test_however_many_ask_at_once_each_thing_is_asked_once_and_again_when_it_is_stale(monkeypatch):
    numbers = itertools.count(1)

    async def record():
        await asyncio.sleep(0)
        return f"answer {next(numbers)}"

    async def story():
        needed = {"record": Shared(record)}
        first = await asyncio.gather(*(ask(needed) for _ in range(50)), ask(needed))
        fresh = await ask(needed)
        monkeypatch.setattr(health, "FRESH", timedelta())
        needed = {"record": Shared(record)}
        return [*first, fresh], [await ask(needed) for _ in range(2)]

    at_once, one_by_one = asyncio.run(story())
    assert at_once == [{"record": "answer 1"}] * 52
    assert one_by_one == [{"record": "answer 2"}, {"record": "answer 3"}]


def test_a_record_that_hangs_keeps_one_thread_of_its_own_and_is_heard_again_when_it_wakes(
    monkeypatch,
):
    """The threads on which webhooks are applied, and files placed, stay free."""
    unused: Any = (None, None, None)
    awake, threads = threading.Event(), []

    def hangs(_):
        threads.append(threading.current_thread().name)
        awake.wait()
        return FINE

    monkeypatch.setattr(health, "_record", hangs)
    monkeypatch.setattr(health, "_keys", lambda _: FINE)
    monkeypatch.setattr(health, "PATIENCE", timedelta(seconds=0.01))

    async def story():
        needed = {"record": checks(*unused)["record"]}
        while_away = [(await ask(needed))["record"] for _ in range(20)]
        awake.set()
        monkeypatch.setattr(health, "PATIENCE", timedelta(seconds=5))
        return while_away, (await ask(needed))["record"]

    while_away, then = asyncio.run(story())
    assert set(while_away) == {"no answer within 0.01 s"}
    assert then == FINE
    assert len(threads) == 1
    assert threads[0].startswith("health")


class at_version:  # noqa: N801 -- reads as a word
    """The record claims to be at another version of its schema."""

    def __init__(self, database, version):
        self._database, self._version = database, version

    def __enter__(self):
        self._set(self._version)

    def __exit__(self, *_):
        self._set(migrate.newest())

    def _set(self, version):
        with self._database.transaction() as session:
            session.execute(text("delete from alembic_version"))
            if version is not None:
                session.execute(text("insert into alembic_version values (:v)"), {"v": version})


def test_a_worker_answers_on_a_port_of_its_own():
    said = {"record": FINE}

    async def record():
        return said["record"]

    async def asked_over_the_wire(port, line):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(line + b"\r\n\r\n")
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        return int(head.split()[1]), json.loads(body)

    async def story():
        server = await serve("127.0.0.1:0", {"record": record})
        port = server.sockets[0].getsockname()[1]
        yield await asked_over_the_wire(port, b"GET /readyz HTTP/1.1")
        said["record"] = "does not answer"
        yield await asked_over_the_wire(port, b"GET /readyz HTTP/1.1")
        yield await asked_over_the_wire(port, b"GET /healthz HTTP/1.1")
        yield await asked_over_the_wire(port, b"nonsense")
        server.close()

    async def gathered():
        return [each async for each in story()]

    assert asyncio.run(gathered()) == [
        (200, {"record": "ok"}),
        (503, {"record": "does not answer"}),
        (200, {"alive": True}),
        (404, {"there_are": ["/healthz", "/readyz"]}),
    ]


@pytest.mark.parametrize("wrong", ["9464", "host:", ":9464", "host:port", ""])
def test_an_address_is_a_host_and_a_port(wrong):
    with pytest.raises(ValueError, match="expected HOST:PORT"):
        place(wrong)
    assert place("0.0.0.0:9464") == ("0.0.0.0", 9464)
    assert place("[::1]:9464") == ("::1", 9464)
