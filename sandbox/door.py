"""The door every provider call passes: who is there, what should fail, what was answered.

An operation is a plain function from a `Call` to an `Answer`. It runs inside one
transaction; a `Refusal` undoes it, an `Answer` of any status keeps it.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox import clock
from sandbox.faults import Fault, take_call_fault
from sandbox.webhooks import Courier
from sandbox.world import Json, World

DROPPED = 0
Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Call:
    """One request to a provider, read."""

    world: World
    method: str
    path: str
    names: Mapping[str, str]
    query: Pairs
    body: bytes
    headers: Mapping[str, str]
    base_url: str
    key: str | None

    @property
    def form(self) -> Pairs:
        """The fields of a form body, blank ones kept."""
        return parse_qsl(self.body.decode(), keep_blank_values=True)


@dataclass(frozen=True)
class Answer:
    """What a provider says back."""

    status: int
    body: Json | list[Json] | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """Return the answer as it goes over the wire."""
        content = b"" if self.body is None else json.dumps(self.body, ensure_ascii=False).encode()
        media_type = None if self.body is None else "application/json"
        return Response(content, self.status, self.headers, media_type)


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not a mishap
    """The provider says no, and nothing of the call happened."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status}: {answer.body}")
        self.answer = answer


Perform = Callable[[Call], Answer]


@dataclass(frozen=True)
class Operation:
    """One thing a provider can be asked."""

    name: str
    method: str
    path: str
    perform: Perform


@dataclass(frozen=True)
class Provider:
    """A provider: its operations, how it knows its clients, how it words a failure."""

    name: str
    operations: Sequence[Operation]
    admits: Callable[[World, Request], bool]
    failure: Callable[[int, str], Json]


class Door:
    """Serves the operations of one provider."""

    def __init__(self, provider: Provider, world: World, courier: Courier) -> None:
        self._provider = provider
        self._world = world
        self._courier = courier
        self._keys_in_use: set[str] = set()

    def routes(self, prefix: str) -> list[Route]:
        """Return the provider's routes, and one behind them for everything it lacks."""
        routes = [
            Route(prefix + operation.path, self._serving(operation), methods=[operation.method])
            for operation in self._provider.operations
        ]
        lacking = Operation("unknown", "ANY", "/{rest:path}", self._unknown)
        methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        return [*routes, Route(prefix + lacking.path, self._serving(lacking), methods=methods)]

    def _serving(self, operation: Operation) -> Callable[[Request], object]:
        async def serve(request: Request) -> Response:
            call = await _read(request, self._world)
            answer = await self._answer(operation, request, call)
            self._log(operation, call, answer.status if answer else DROPPED)
            self._courier.wake()
            return answer.response() if answer else await _hang_up(request)

        return serve

    async def _answer(self, operation: Operation, request: Request, call: Call) -> Answer | None:
        if not self._provider.admits(self._world, request):
            return self._failed(HTTPStatus.UNAUTHORIZED, "the credentials are not the sandbox's")
        if call.key is None or call.method != "POST":
            return await self._with_faults(operation, call)
        if call.key in self._keys_in_use:
            return self._failed(HTTPStatus.CONFLICT, call.key)
        self._keys_in_use.add(call.key)
        try:
            return await self._with_faults(operation, call)
        finally:
            self._keys_in_use.discard(call.key)

    async def _with_faults(self, operation: Operation, call: Call) -> Answer | None:
        fault = take_call_fault(self._world.store, self._provider.name, operation.name)
        if fault is None:
            return self._perform(operation, call)
        if fault.when == "after":
            answer = self._perform(operation, call)
            # The effect is real now: its webhooks leave even while the answer is held back.
            self._courier.wake()
            return await self._suffer(fault, answer)
        suffered = await self._suffer(fault, None)
        if fault.status or fault.drop:
            return suffered
        return self._perform(operation, call)

    async def _suffer(self, fault: Fault, answer: Answer | None) -> Answer | None:
        await asyncio.sleep(fault.delay_seconds or 0)
        if fault.drop:
            return None
        return self._failed(fault.status, "a fault was set") if fault.status else answer

    def _perform(self, operation: Operation, call: Call) -> Answer:
        try:
            with self._world.store.transaction():
                return operation.perform(call)
        except Refusal as refusal:
            return refusal.answer

    def _failed(self, status: int, about: str) -> Answer:
        return Answer(status, self._provider.failure(status, about))

    def _unknown(self, call: Call) -> Answer:
        about = f"the sandbox has no {call.method} {call.path}"
        return self._failed(HTTPStatus.NOT_FOUND, about)

    def _log(self, operation: Operation, call: Call, status: int) -> None:
        self._world.store.run(
            "INSERT INTO requests (provider, operation, method, path, idempotency_key, status, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            self._provider.name,
            operation.name,
            call.method,
            call.path,
            call.key,
            status,
            clock.seconds(),
        )


async def _read(request: Request, world: World) -> Call:
    return Call(
        world=world,
        method=request.method,
        path=request.url.path,
        names=dict(request.path_params),
        query=parse_qsl(request.url.query, keep_blank_values=True),
        body=await request.body(),
        headers=request.headers,
        base_url=str(request.base_url).rstrip("/"),
        key=request.headers.get("idempotency-key"),
    )


async def _hang_up(request: Request) -> Response:
    """Cut the connection without a word, as a network does."""
    request.scope["sandbox.hang_up"]()
    # Lets the server notice the lost connection before this response is written to it.
    await asyncio.sleep(0)
    return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE)
