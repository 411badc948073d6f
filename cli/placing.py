"""Send a file of accounts to the API, and watch it being placed."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

import httpx
from rich.progress import Progress

from cli.calling import caller

CHUNK = 64
POLL = 0.3
"""Seconds between two looks at how far the placing has come."""


class PlacingError(RuntimeError):
    """The API refused the file; says what it answered."""


@dataclass(frozen=True)
class Placing:
    """A creditor's way to place many accounts."""

    api_url: str
    key: str

    async def place(
        self, lines: Iterable[bytes], progress: Progress, content_type: str = "application/x-ndjson"
    ) -> dict[str, Any]:
        """Stream the lines, then follow the placing to its end; returns its last status."""
        headers = {"authorization": f"Bearer {self.key}", "content-type": content_type}
        async with caller(self.api_url, timeout=600, headers=headers) as api:
            sent = await api.post("/v1/placements", content=_streamed(lines))
            if sent.status_code != httpx.codes.ACCEPTED:
                raise PlacingError(refusal(sent))
            return await self._follow(api, sent.json(), progress)

    async def _follow(
        self, api: httpx.AsyncClient, status: dict[str, Any], progress: Progress
    ) -> dict[str, Any]:
        task = progress.add_task("accounts placed", total=status["rows"])
        while True:
            got = await api.get(f"/v1/placements/{status['id']}")
            status = got.raise_for_status().json()
            progress.update(task, total=status["rows"], completed=_done(status))
            if status["status"] == "finished":
                return status
            await asyncio.sleep(POLL)


def refusal(answer: httpx.Response) -> str:
    """What the API answered, in a sentence: a problem (RFC 9457), if it is one of its own."""
    if answer.headers.get("content-type") != "application/problem+json":
        return f"the API answered {answer.status_code}: {answer.text[:500]}"
    problem = answer.json()
    wrong = [f"{each['pointer']} {each['detail']}" for each in problem.get("errors") or ()]
    return "; ".join([f"{problem['title']}: {problem['detail']}", *wrong])


def _done(status: dict[str, Any]) -> int:
    return int(status["rows"]) - int(status["outcomes"].get("waiting", 0))


async def _streamed(lines: Iterable[bytes]) -> AsyncIterator[bytes]:
    rest = iter(lines)
    while chunk := list(itertools.islice(rest, CHUNK)):
        yield b"".join(chunk)
