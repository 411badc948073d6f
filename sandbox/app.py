"""The sandbox as one web application."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial
from http import HTTPStatus
from pathlib import Path

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox import (
    control,
    control_money,
    outbox,
    pay_page,
    sendgrid_mail,
    stripe_api,
    twilio_messages,
)
from sandbox.credentials import load_credentials
from sandbox.door import Door, Refusal
from sandbox.store import Store
from sandbox.stripe_checkout import expire_overdue
from sandbox.stripe_outcomes import bring_due
from sandbox.webhooks import Courier
from sandbox.world import World

EXPIRY_ROUND_SECONDS = 15
API_VERSION = "0.1.0"


class Sandbox(FastAPI):
    """A FastAPI application that can hang up on a client without a word."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, remembering the wire under it for the faults that cut it."""
        # Only uvicorn's own `send` knows the transport, before any middleware wraps it.
        transport = getattr(getattr(send, "__self__", None), "transport", None)

        def hang_up() -> None:
            if transport is None:
                raise ConnectionResetError("this server gives no socket to cut")
            transport.abort()

        scope["sandbox.hang_up"] = hang_up
        await super().__call__(scope, receive, send)


def create_app(data: Path, app_url: str) -> FastAPI:
    """Build the sandbox that keeps its state in `data` and calls the app at `app_url`."""
    credentials = load_credentials(data)
    world = World(Store(data / "sandbox.sqlite3"), credentials, app_url)
    app = Sandbox(title="Provider sandbox", version=API_VERSION, lifespan=_life)
    app.state.world = world
    app.state.courier = courier = Courier(world, partial(bring_due, world))
    for prefix, provider in (
        ("/twilio", twilio_messages.PROVIDER),
        ("/sendgrid", sendgrid_mail.PROVIDER),
    ):
        app.router.routes.extend(Door(provider, world, courier).routes(prefix))
    app.include_router(pay_page.router)
    app.router.routes.extend(Door(stripe_api.PROVIDER, world, courier).routes("/stripe"))
    app.include_router(control.router)
    app.include_router(control_money.router)
    app.include_router(outbox.router)
    app.add_api_route("/healthz", _healthz, include_in_schema=False)
    app.add_api_route("/", _front, include_in_schema=False)
    app.add_exception_handler(Refusal, _refused)
    return app


@contextlib.asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    tasks = [
        asyncio.create_task(app.state.courier.run()),
        asyncio.create_task(_expire(app.state.world, app.state.courier)),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        app.state.world.store.close()


async def _expire(world: World, courier: Courier) -> None:
    while True:
        expire_overdue(world)
        courier.wake()
        await asyncio.sleep(EXPIRY_ROUND_SECONDS)


async def _healthz() -> dict[str, str]:
    return {"status": "ok"}


async def _front() -> RedirectResponse:
    return RedirectResponse("/outbox", HTTPStatus.SEE_OTHER)


async def _refused(_: Request, refusal: Exception) -> Response:
    """Answer a page or control call that a provider would refuse, in the provider's words."""
    if not isinstance(refusal, Refusal):
        raise refusal
    return JSONResponse(refusal.answer.body, refusal.answer.status)
