"""The API as a process: `python -m api --port 8000`."""

import argparse
import asyncio
from concurrent.futures import ThreadPoolExecutor

import anyio.to_thread
import uvicorn
from temporalio.client import Client

from api import metrics
from api.app import build
from api.services import Services
from compliance.laws import LAWS
from providers.sendgrid import SendGrid
from providers.settings import (
    SendGridSettings,
    StripeSettings,
    TwilioSettings,
    from_environment,
)
from providers.stripe import Stripe
from providers.twilio import Twilio
from storage import Database, laws
from workers import health
from workers.logs import log_as_json
from workers.settings import Settings
from workers.telemetry import end_traces, interceptors, send_traces, traced
from workflows.door import TemporalDoor
from workflows.payloads import Sealed, sealed

ANSWERING, HEARING = 40, 16
"""Threads that answer requests, and threads that apply webhooks. Each may hold a connection."""


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m api", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    given = parser.parse_args()
    log_as_json()
    asyncio.run(serve(given.host, given.port))


async def serve(host: str, port: int) -> None:
    """Connect everything and answer requests."""
    settings = Settings()
    send_traces(settings.otlp_endpoint, "tahsil-api")
    ring = settings.keyring()
    await ring.check()
    client = await Client.connect(
        settings.temporal_address,
        namespace=settings.temporal_namespace,
        data_converter=sealed(ring),
        interceptors=interceptors(),
        # A Temporal that is down takes nobody's page away: only what needs it has to wait.
        lazy=True,
    )
    anyio.to_thread.current_default_thread_limiter().total_tokens = ANSWERING
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(HEARING))
    database = Database(settings.database_url, pool_size=ANSWERING + HEARING)
    LAWS.fetch_from(laws.fetcher(database))
    services = Services(
        settings=settings,
        database=database,
        door=TemporalDoor(client, fast_forward=settings.fast_forward),
        twilio=Twilio(from_environment(TwilioSettings)),
        sendgrid=SendGrid(from_environment(SendGridSettings)),
        stripe=traced(Stripe(from_environment(StripeSettings)), "stripe"),
        codec=Sealed(ring),
        needed=health.checks(database, client, ring.keys),
    )
    if settings.metrics_address is not None:
        metrics.serve(health.place(settings.metrics_address), database)
    config = uvicorn.Config(
        build(services), host=host, port=port, log_config=None, access_log=False
    )
    try:
        await uvicorn.Server(config).serve()
    finally:
        database.close()
        ring.close()
        end_traces()


if __name__ == "__main__":
    main()
