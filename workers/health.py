"""Whether a process can do its work: each thing that it needs is asked, and what is missing named.

`/healthz` says that the process lives, and asks nobody. `/readyz` says that it can work. What is
wrong is told in words of ours, which hold no address and no secret.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import psycopg
from sqlalchemy.exc import SQLAlchemyError
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from storage import Database, migrate
from storage.keys import Keys
from storage.master_keys import MasterKeyError

FINE = "ok"
AWAY = (SQLAlchemyError, psycopg.Error)
PATIENCE = timedelta(seconds=2)
"""For each answer: who does not give one by then is not there."""

FRESH = timedelta(seconds=2)
"""For so long an answer is given to whoever else asks: anybody may, as often as they like."""

Check = Callable[[], Awaitable[str]]
"""Says `FINE`, or what is wrong and what to do."""
Checks = Mapping[str, Check]


def checks(database: Database, client: Client, keys: Keys) -> Checks:
    """What API and workers need, asked on threads that nobody else waits for."""
    threads = ThreadPoolExecutor(2, thread_name_prefix="health")

    async def aside(ask: Callable[[], str]) -> str:
        return await asyncio.get_running_loop().run_in_executor(threads, ask)

    return {
        "record": Shared(lambda: aside(lambda: _record(database))),
        "temporal": Shared(lambda: _temporal(client)),
        "keys": Shared(lambda: aside(lambda: _keys(keys))),
    }


class Shared:
    """A check that is asked once at a time, however many ask; its answer is good for a moment.

    Who gives up waiting leaves it to the others: what hangs has one thread, and no more.
    """

    def __init__(self, check: Check) -> None:
        """Nothing is asked before the first call."""
        self._check = check
        self._asking: asyncio.Task[str] | None = None
        self._stale_at = 0.0

    async def __call__(self) -> str:
        """What it says, or said just now."""
        now = asyncio.get_running_loop().time()
        if self._asking is None or (self._asking.done() and now >= self._stale_at):
            self._asking = asyncio.create_task(self._asked())
        return await asyncio.shield(self._asking)

    async def _asked(self) -> str:
        try:
            return await self._check()
        finally:
            self._stale_at = asyncio.get_running_loop().time() + FRESH.total_seconds()


async def ask(needed: Checks) -> dict[str, str]:
    """What each says, all being asked at once."""
    said = await asyncio.gather(*(_patiently(check) for check in needed.values()))
    return dict(zip(needed, said, strict=True))


def is_ready(said: Mapping[str, str]) -> bool:
    """Whether nothing is wrong."""
    return all(each == FINE for each in said.values())


async def _patiently(check: Check) -> str:
    try:
        return await asyncio.wait_for(check(), PATIENCE.total_seconds())
    except TimeoutError:
        return f"no answer within {PATIENCE.total_seconds():g} s"


def _record(database: Database) -> str:
    try:
        with database.apart() as session:
            version = migrate.version(session)
    except AWAY as error:
        return f"does not answer ({type(error).__name__})"
    if migrate.is_behind(version):
        return (
            f"at version {version or 'none'} of the schema, expected {migrate.newest()}:"
            " run `python -m storage.migrate`"
        )
    return FINE


async def _temporal(client: Client) -> str:
    asked = DescribeNamespaceRequest(namespace=client.namespace)
    try:
        await client.workflow_service.describe_namespace(asked, timeout=PATIENCE)
    except RPCError as error:
        return f"answers {error.status.name}"
    except RuntimeError:
        return "does not answer"
    return FINE


def _keys(keys: Keys) -> str:
    try:
        keys.check()
    except MasterKeyError:
        return "no master key that was given opens what is on record: see docs/privacy.md"
    except AWAY:
        return "cannot be looked for: the record does not answer"
    return FINE


async def serve(address: str, needed: Checks) -> asyncio.Server:
    """Answer `/healthz` and `/readyz` there, as HOST:PORT, beside other work of the loop."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError, ValueError):
            line = await asyncio.wait_for(reader.readline(), PATIENCE.total_seconds())
            writer.write(await _answer(line, needed))
            await writer.drain()
        writer.close()

    host, port = place(address)
    return await asyncio.start_server(answer, host, port)


async def _answer(line: bytes, needed: Checks) -> bytes:
    path = line.split(b" ")[1:2]
    if path == [b"/healthz"]:
        return _response("200 OK", {"alive": True})
    if path == [b"/readyz"]:
        said = await ask(needed)
        return _response("200 OK" if is_ready(said) else "503 Service Unavailable", said)
    return _response("404 Not Found", {"there_are": ["/healthz", "/readyz"]})


def _response(status: str, body: object) -> bytes:
    raw = json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(raw)}"
    return f"{head}\r\nConnection: close\r\n\r\n".encode() + raw


def place(address: str) -> tuple[str, int]:
    """Host and port of an address such as 127.0.0.1:9464; ValueError for anything else."""
    host, colon, port = address.rpartition(":")
    if not colon or not host or not port.isdigit():
        raise ValueError(f"{address!r}: expected HOST:PORT, such as 127.0.0.1:9464")
    return host.strip("[]"), int(port)
