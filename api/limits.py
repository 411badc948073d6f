"""What stands around every request: a limit to its body, and an answer to whatever goes wrong."""

import secrets
import traceback
from http import HTTPStatus
from pathlib import Path

import structlog
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Internal, TooLarge
from api.upload import LARGEST_FILE

log = structlog.get_logger()

LARGEST_BODY = 10_000_000
LARGER = {"/v1/placements": LARGEST_FILE, "/webhooks/sendgrid/inbound": 32 * 1024 * 1024}
"""Paths whose bodies may be larger: files of accounts, and mails with attachments."""


class LimitBody:
    """Refuses a body that is too large, by its announced length or once it has grown too long."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, counting."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        largest = LARGER.get(scope["path"], LARGEST_BODY)
        if _announced(scope) > largest:
            problem = TooLarge(f"At most {largest} bytes are read here.")
            await problem.response()(scope, receive, send)
            return
        await self._app(scope, _counted(receive, largest), send)


def _announced(scope: Scope) -> int:
    length = dict(scope["headers"]).get(b"content-length", b"0")
    return int(length) if length.isdigit() else 0


def _counted(receive: Receive, largest: int) -> Receive:
    read = 0

    async def counted() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > largest:
            raise HTTPException(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"At most {largest} bytes are read here."
            )
        return message

    return counted


class LastResort:
    """Answers what nobody foresaw. Logs where it happened and never what it was said to be.

    The message of a database's error holds the values of the row: nothing of it may reach a log.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and answer for what it raises."""
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:  # noqa: BLE001 -- that is what it is for
            error_id = secrets.token_hex(6)
            log.error("request.failed", error_id=error_id, **_place(error))  # noqa: TRY400
            if scope["type"] == "http" and not started:
                await Internal(error_id).response()(scope, receive, send)


def _place(error: Exception) -> dict[str, object]:
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    where = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    return {"error": _kind(error), "where": where}


def _kind(error: BaseException) -> str:
    """The error's kind, with those in a group of several; never its text."""
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    kinds = ", ".join(sorted({_kind(each) for each in inner}))
    return f"{type(error).__name__}({kinds})" if kinds else type(error).__name__
