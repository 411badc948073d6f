"""The API says that it lives, and whether it can work."""

import asyncio
import dataclasses

from workers import health


def needing(app, **said):
    async def say(words):
        return words

    needed = {name: lambda words=words: say(words) for name, words in said.items()}
    app.state.services = dataclasses.replace(app.state.services, needed=needed)


def test_what_is_missing_is_named_to_whoever_asks(app, public):
    needing(app, record="ok", temporal="does not answer")

    alive, ready = public.get("/healthz"), public.get("/readyz")

    assert (alive.status_code, alive.text) == (200, "ok")
    assert ready.status_code == 503
    assert ready.json() == {"record": "ok", "temporal": "does not answer"}
    assert ready.headers["cache-control"] == "no-store"


def test_with_all_that_it_needs_the_api_is_ready(app, public):
    needing(app, record="ok", temporal="ok", keys="ok")

    assert public.get("/readyz").status_code == 200


def test_whoever_does_not_answer_in_time_is_not_there(app, public, monkeypatch):
    async def never():
        await asyncio.Event().wait()

    app.state.services = dataclasses.replace(app.state.services, needed={"record": never})
    monkeypatch.setattr(health, "PATIENCE", health.PATIENCE / 1000)

    assert public.get("/readyz").json() == {"record": "no answer within 0.002 s"}
