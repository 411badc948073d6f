"""Consumers, an agent and a creditor who ask again when nobody answers, as people do."""

import asyncio
import time
import uuid
from collections import Counter, defaultdict

import httpx
import psycopg
from sqlalchemy.exc import SQLAlchemyError

from cli import crowd
from cli.calling import IDLE

PATIENCE = 60.0
"""Seconds for which the same is asked again and again."""
PAUSE = 0.2

GONE = (SQLAlchemyError, psycopg.Error)
"""What is raised while PostgreSQL is away."""


class Patient(httpx.AsyncBaseTransport):
    """Sends a request again, the very same, until it is answered by something but an excuse."""

    def __init__(self):
        self._wire = httpx.AsyncHTTPTransport(limits=IDLE)
        self.answers = Counter[str]()
        """Excuses, by status and by what was asked; 0: the connection broke."""

    async def handle_async_request(self, request):
        await request.aread()
        if request.method == "POST" and request.url.path.startswith("/v1/"):
            request.headers.setdefault("idempotency-key", uuid.uuid4().hex)
        end = time.monotonic() + PATIENCE
        while True:
            answer = await self._tried(request)
            if answer is not None and not answer.is_server_error:
                return answer
            status = answer.status_code if answer else 0
            self.answers[f"{status} /{request.url.path.split('/')[1]}"] += 1
            if time.monotonic() > end:
                raise httpx.ReadTimeout(f"{request.url.path}: no answer", request=request)
            await asyncio.sleep(PAUSE)

    async def _tried(self, request):
        try:
            answer = await self._wire.handle_async_request(request)
            if answer.is_server_error:
                await answer.aread()
        except httpx.TransportError:
            return None
        return answer

    async def aclose(self):
        await self._wire.aclose()


def patient(base_url, transport, *, headers=None):
    """A client that does not give up soon."""
    return httpx.AsyncClient(base_url=base_url, timeout=90, headers=headers, transport=transport)


async def patiently(work):
    """The result of work on the record, in a thread; done again while the record is away."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return await asyncio.to_thread(work)
        except GONE:
            if time.monotonic() > end:
                raise
            await asyncio.sleep(PAUSE)


class Crowd(crowd.Crowd):
    """The demo's consumers; what they meant to do survives that the record was away."""

    def _read(self, keys, day):
        end = time.monotonic() + PATIENCE
        while True:
            kept = self.had.copy(), self.did.copy(), set(self._met), dict(self._ahead)
            ahead = {each: list(acts) for each, acts in kept[3].items()}
            try:
                return super()._read(keys, day)
            except GONE:
                self.had, self.did, self._met = kept[:3]
                self._ahead = defaultdict(list, ahead)
                if time.monotonic() > end:
                    raise
                time.sleep(PAUSE)
