import asyncio
import logging
from typing import Any

import httpx
import pytest
import structlog

from api.app import build
from storage import creditors
from tests.api.record import PUBLIC, services


class Caller:
    """Sends requests to the application, without a server between."""

    def __init__(self, app, key):
        self._app = app
        self.app_services = app.state.services
        self.key = key

    def __call__(self, method, path, **request):
        headers = {"authorization": f"Bearer {self.key}"} if self.key else {}
        headers |= request.pop("headers", {})

        async def send():
            transport = httpx.ASGITransport(self._app, raise_app_exceptions=True)
            async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as client:
                return await client.request(method, path, headers=headers, **request)

        return asyncio.run(send())

    def get(self, path, **request):
        return self("GET", path, **request)

    def post(self, path, **request):
        return self("POST", path, **request)


@pytest.fixture(scope="session")
def built():
    """One application for all tests: FastAPI keeps what it has worked out of a route for ever."""
    later: Any = None
    return build(later)


@pytest.fixture
def app(built, database, door):
    built.state.services = services(database, door)
    return built


def key_of(database, creditor="acme"):
    with database.transaction() as session:
        creditors.register(session, creditor, creditor.title())
        return creditors.issue_key(session, creditor, "tests")


@pytest.fixture
def api(app, database):
    """The API for Acme."""
    return Caller(app, key_of(database))


@pytest.fixture
def other(app, database):
    """The API for another creditor."""
    return Caller(app, key_of(database, "other"))


@pytest.fixture
def public(app):
    """The API for somebody without a key."""
    return Caller(app, None)


@pytest.fixture
def logged(caplog):
    """All that was logged, ours and others', as one text when asked."""
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as ours:
        yield lambda: f"{ours} {caplog.text}"
