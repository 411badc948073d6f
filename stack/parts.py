"""The parts of the stack: what is started, in which order, with which environment."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from stack.errors import UnknownPart
from stack.ports import HOST
from stack.processes import Command
from stack.services import Service

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from stack.places import Places

Part = Literal["postgres", "temporal", "sandbox", "migrations", "api", "workers"]

NEEDS: Mapping[str, tuple[str, ...]] = {
    "postgres": (),
    "temporal": (),
    "sandbox": (),
    "migrations": ("postgres",),
    "api": ("postgres", "migrations", "temporal", "sandbox"),
    "workers": ("postgres", "migrations", "temporal", "sandbox"),
}
ALL = tuple(NEEDS)
"""Every part, in the order of starting; they stop in the reverse of it."""

ROOT = Path(__file__).parent.parent
PORT_TAKEN = "address already in use"


def with_needs(parts: Collection[str]) -> list[str]:
    """`parts` and all that they need, in the order of starting."""
    wanted: set[str] = set()
    missing = list(parts)
    while missing:
        part = missing.pop()
        if part not in NEEDS:
            raise UnknownPart(part, ALL)
        wanted.add(part)
        missing.extend(need for need in NEEDS[part] if need not in wanted)
    return [part for part in ALL if part in wanted]


class Program(Service):
    """One of our own packages, run as `python -m …`."""

    def __init__(
        self,
        part: str,
        argv: Sequence[str],
        environment: Callable[[], Mapping[str, str]],
        name: str = "",
    ) -> None:
        """`environment` gives the program's whole environment; it is asked at every start."""
        super().__init__(part, NEEDS[part], name)
        self._argv = argv
        self._environment = environment

    def command(self) -> Command:
        """The module, run by the interpreter we run on."""
        return Command([sys.executable, "-m", *self._argv], self._environment())


class Migrations(Program):
    """Brings the database's tables up to date, once."""

    one_shot = True

    def __init__(self, environment: Callable[[], Mapping[str, str]]) -> None:
        super().__init__("migrations", ["storage.migrate"], environment)


class WebServer(Program):
    """A program that serves HTTP, and answers a `GET` of `ready_at` with 200 once it works."""

    def __init__(
        self,
        part: str,
        url: str,
        argv: Sequence[str],
        environment: Callable[[], Mapping[str, str]],
        ready_at: str = "/healthz",
    ) -> None:
        port = urlsplit(url).port
        super().__init__(part, [part, "--port", str(port), *argv], environment)
        self._url = url
        self._ready_at = ready_at

    async def ready(self) -> bool:
        """Whether it answers."""
        return await answers(f"{self._url}{self._ready_at}")

    def summary(self) -> str:
        """Its URL."""
        return self._url


class Worker(Program):
    """A worker process, ready once it has written the file it was told of."""

    def __init__(
        self, places: Places, name: str, environment: Callable[[], Mapping[str, str]]
    ) -> None:
        super().__init__("workers", ["workers"], environment, name)
        self._ready_file = places.ready(name)

    def command(self) -> Command:
        """The worker; what its predecessor wrote does not count."""
        self._ready_file.unlink(missing_ok=True)
        command = super().command()
        told = {**command.environment, "TAHSIL_READY_FILE": str(self._ready_file)}
        return Command(command.argv, told)

    async def ready(self) -> bool:
        """Whether it polls."""
        return self._ready_file.exists()


def worker_names(number: int) -> list[str]:
    """Just `workers` if there is one, else `workers-1`, `workers-2` and so on."""
    return ["workers"] if number == 1 else [f"workers-{n}" for n in range(1, number + 1)]


def child_environment(environ: Mapping[str, str], ours: Mapping[str, str]) -> dict[str, str]:
    """The process's environment with our variables, our packages, and no proxy on loopback."""
    merged = {**environ, **ours, "PYTHONUNBUFFERED": "1"}
    paths = [environ.get("PYTHONPATH", ""), str(ROOT)]
    merged["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    # Some clients read one spelling, some the other, and one that is set empty still wins.
    for name in ("NO_PROXY", "no_proxy"):
        direct = environ.get(name) or environ.get("NO_PROXY") or environ.get("no_proxy")
        merged[name] = ",".join(filter(None, [direct, HOST, "localhost"]))
    return merged


async def answers(url: str) -> bool:
    """Whether a `GET` is answered with 200 within two seconds."""
    try:
        status_line = await asyncio.wait_for(_first_line(url), timeout=2)
    except (OSError, TimeoutError):
        return False
    return status_line.split()[1:2] == [b"200"]


async def _first_line(url: str) -> bytes:
    """By hand, because an HTTP client would read proxies and certificates at every look."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        request = (
            f"GET {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n\r\n"
        )
        writer.write(request.encode())
        return await reader.readline()
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
