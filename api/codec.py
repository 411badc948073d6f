"""Opens what is encrypted for Temporal's UI, for whoever may read it; closes what is typed there.

The UI's page in the browser sends payloads here as they are in the history (Temporal's remote data
encoder). An operator's key comes as `Authorization: Bearer`, or in the address where the UI can be
given nothing but an address; a key for that has the role `codec` and no other. Nothing that passes
here is logged, opened or closed.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Security
from fastapi.security import HTTPAuthorizationCredentials
from google.protobuf import json_format
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from temporalio.api.common.v1 import Payload, Payloads

from api.problems import Malformed, NoKey, Problem
from api.roles import Right, known
from api.services import Served, Services, bearer
from storage.keys import UnreadableError
from storage.master_keys import MasterKeyError
from workers.settings import Settings

router = APIRouter(prefix="/codec", include_in_schema=False)

Given = Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]
LOOPBACK = ("127.0.0.1", "localhost")
ALLOWED = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "authorization, content-type, x-namespace",
    "Access-Control-Max-Age": "600",
    "Vary": "Origin",
}
PLAIN = {"encoding": b"json/plain"}


@router.post("/decode")
@router.post("/{key}/decode")
async def decode(request: Request, services: Served, given: Given, key: str = "") -> Response:
    """The payloads, opened; one that nobody can open any more says so in its place."""

    async def opened(payloads: Sequence[Payload]) -> list[Payload]:
        codec = services.codec
        return [await _opened(codec.decode, each) for each in payloads] if codec else []

    return await _answered(request, services, _told(given, key), opened)


@router.post("/encode")
@router.post("/{key}/encode")
async def encode(request: Request, services: Served, given: Given, key: str = "") -> Response:
    """The payloads, closed with the house's key: the UI does not say of whose account they are."""

    async def closed(payloads: Sequence[Payload]) -> list[Payload]:
        return await services.codec.encode(payloads) if services.codec else []

    return await _answered(request, services, _told(given, key), closed)


@router.options("/{rest:path}")
async def preflight(rest: str, request: Request, services: Served) -> Response:
    """What a browser asks before it sends anything for a page of another origin."""
    del rest
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=_cors(request, services.settings))


def _told(given: HTTPAuthorizationCredentials | None, key: str) -> str:
    return given.credentials if given else key


async def _answered(
    request: Request,
    services: Services,
    key: str,
    work: Callable[[Sequence[Payload]], Awaitable[list[Payload]]],
) -> Response:
    """The answer, refusals included, as a page of the UI's origin may read it."""
    try:
        await run_in_threadpool(_check, services, key)
        payloads = await work(_read(await request.body()))
        answer: Response = JSONResponse(json_format.MessageToDict(Payloads(payloads=payloads)))
    except Problem as problem:
        answer = problem.response()
    answer.headers.update(_cors(request, services.settings) | {"Cache-Control": "no-store"})
    return answer


def _check(services: Services, key: str) -> None:
    """NoKey or Forbidden unless whoever has this key may read what Temporal holds."""
    caller = known(services.database, key)
    if caller is None:
        raise NoKey
    caller.must(Right.DECRYPT)


def _read(body: bytes) -> Sequence[Payload]:
    try:
        return json_format.Parse(body, Payloads()).payloads
    except (json_format.ParseError, UnicodeDecodeError):
        raise Malformed('Expected {"payloads": […]} as Temporal\'s UI sends it.') from None


async def _opened(
    decode_all: Callable[[Sequence[Payload]], Awaitable[list[Payload]]], payload: Payload
) -> Payload:
    try:
        (opened,) = await decode_all([payload])
    except (UnreadableError, MasterKeyError) as error:
        return Payload(metadata=PLAIN, data=json.dumps(f"[{error}]").encode())
    return opened


def _cors(request: Request, settings: Settings) -> dict[str, str]:
    """That the UI's page, and no other site's, may read the answer."""
    origin = request.headers.get("origin", "")
    if origin not in _origins(settings.temporal_ui_url):
        return {}
    return {"Access-Control-Allow-Origin": origin} | ALLOWED


def _origins(ui_url: str) -> set[str]:
    """The UI's own; on loopback under both of its names."""
    ui = urlsplit(ui_url)
    port = f":{ui.port}" if ui.port else ""
    names = LOOPBACK if ui.hostname in LOOPBACK else (ui.hostname,)
    return {f"{ui.scheme}://{name}{port}" for name in names}
