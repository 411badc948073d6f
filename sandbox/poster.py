"""Posts webhooks from a few threads, each keeping its connection open.

Measured here, the async client of the house spends some 5 ms on a post to loopback and the
standard library a fifth of that; a demo sends thousands.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult, urlsplit


class _Mine(threading.local):
    """The connections of one thread."""

    def __init__(self) -> None:
        self.by_place: dict[tuple[str, str], HTTPConnection] = {}


class Poster:
    """A small HTTP client that can only POST, and only tell the status."""

    def __init__(self, threads: int, answer_within: float) -> None:
        self._answer_within = answer_within
        self._threads = ThreadPoolExecutor(threads, "webhook")
        self._mine = _Mine()
        self._open: set[HTTPConnection] = set()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> str:
        """Post a body; return the status as text, or what went wrong instead."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._post, urlsplit(url), body, headers)

    def close(self) -> None:
        """Cut what is under way, so that no thread outlives the sandbox."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                if connection.sock is not None:
                    connection.sock.shutdown(socket.SHUT_RDWR)
        self._threads.shutdown(wait=True, cancel_futures=True)
        for connection in self._open:
            connection.close()

    def _post(self, url: SplitResult, body: bytes, headers: Mapping[str, str]) -> str:
        try:
            return self._tried(url, body, headers)
        except (OSError, HTTPException, ValueError) as error:
            return f"{type(error).__name__}: {error}"

    def _tried(self, url: SplitResult, body: bytes, headers: Mapping[str, str]) -> str:
        connection = self._connection(url)
        used_before = connection.sock is not None
        try:
            return _status(connection, url, body, headers)
        except (ConnectionError, HTTPException):
            connection.close()
            if not used_before:
                raise
            # An app closes a connection that has been idle; a webhook may come twice anyway.
            return _status(connection, url, body, headers)
        except OSError:
            connection.close()
            raise

    def _connection(self, url: SplitResult) -> HTTPConnection:
        mine = self._mine.by_place
        place = (url.scheme, url.netloc)
        if place not in mine:
            kind = HTTPSConnection if url.scheme == "https" else HTTPConnection
            mine[place] = kind(url.netloc, timeout=self._answer_within)
            self._open.add(mine[place])
        return mine[place]


def _status(
    connection: HTTPConnection, url: SplitResult, body: bytes, headers: Mapping[str, str]
) -> str:
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    connection.request("POST", path, body, dict(headers))
    with connection.getresponse() as answer:
        answer.read()
        return str(answer.status)
