"""What the API tells Prometheus: its own requests and webhooks, and how the record stands.

It is served on an address of its own (TAHSIL_METRICS_ADDRESS), so that nobody who follows a
consumer's link reaches it. Labels are codes of ours: no account, no person, no creditor.

What stands in the record is the same whichever API process tells it: take the `max` over them.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import psycopg
import structlog
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    start_http_server,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from storage import Database, figures

log = structlog.get_logger()

REQUESTS = Histogram(
    "tahsil_http_request_seconds",
    "Requests to the API, by the pattern of their path.",
    ("method", "route", "status"),
    registry=None,
)
WEBHOOKS = Counter(
    "tahsil_webhooks",
    "Providers' events that came in: applied, set aside, or later (not applied yet).",
    ("provider", "result"),
    registry=None,
)
AGES = Histogram(
    "tahsil_webhook_age_seconds",
    "From the provider's own time of an event until it was applied; Twilio does not tell it.",
    ("provider",),
    buckets=(1, 3, 10, 30, 120, 600, 3600, 6 * 3600, 24 * 3600, 72 * 3600),
    registry=None,
)
OURS: tuple[Collector, ...] = (REQUESTS, WEBHOOKS, AGES)

SOON, SELDOM = 15.0, 120.0
"""Seconds for which a figure is told again without asking: those of few rows, and of all rows."""
APPLIED, SET_ASIDE, LATER = "applied", "set_aside", "later"
STAMPS = ("created", "timestamp")
"""Where Stripe and SendGrid write when something happened, in seconds since 1970."""


def registry(database: Database) -> CollectorRegistry:
    """All that this process tells."""
    made = CollectorRegistry()
    for each in OURS:
        made.register(each)
    made.register(OfRecord(database))
    ProcessCollector(registry=made)
    return made


def serve(address: tuple[str, int], database: Database) -> None:
    """Tell it to whoever asks at this host and port, from a thread of its own."""
    host, port = address
    start_http_server(port, host, registry(database))


def heard(provider: str, result: str, payload: Mapping[str, Any], wall: datetime) -> None:
    """Count an event of a provider, and how old it was."""
    WEBHOOKS.labels(provider, result).inc()
    stamp = next((payload[each] for each in STAMPS if each in payload), None)
    if result == APPLIED and isinstance(stamp, int):
        age = (wall - datetime.fromtimestamp(stamp, UTC)).total_seconds()
        AGES.labels(provider).observe(max(age, 0))


class TimeRequests:
    """Measures every request until its answer begins."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with a watch running."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "none")
                labels = scope["method"], route, str(message["status"])
                REQUESTS.labels(*labels).observe(time.perf_counter() - began)
            await send(message)

        await self._app(scope, receive, sending)


class OfRecord(Collector):
    """How the record stands, asked when somebody looks, and not more often than it changes."""

    def __init__(self, database: Database, now: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._now = now
        self._kept: dict[str, tuple[float, list[Metric]]] = {}

    def describe(self) -> Iterable[Metric]:
        """Nothing, lest the record be asked as the process starts."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Every figure; `tahsil_record_up` is 0 while the record does not answer."""
        up, told = 1, list[Metric]()
        try:
            for name, (every, ask) in FIGURES.items():
                told += self._figures(name, every, ask)
        except (SQLAlchemyError, psycopg.Error) as error:
            log.warning("metrics.record_away", error=type(error).__name__)
            up = 0
        yield GaugeMetricFamily("tahsil_record_up", "Whether the record answers.", value=up)
        yield from told

    def _figures(self, name: str, every: float, ask: "Ask") -> list[Metric]:
        now = self._now()
        at, known = self._kept.get(name, (now, []))
        if known and now - at < every:
            return known
        with self._database.transaction() as session:
            known = list(ask(session))
        self._kept[name] = now, known
        return known


def _accounts(session: Session) -> Iterator[Metric]:
    labels = "journey", "stage", "state"
    told = GaugeMetricFamily(
        "tahsil_accounts", "Accounts, open or by how they ended.", labels=labels
    )
    for journey, stage, state, number in figures.accounts(session):
        told.add_metric([journey, stage, state], number)
    yield told


def _money(session: Session) -> Iterator[Metric]:
    labels = "cause", "currency"
    says = "Minor units that came in, in all; below zero: they went back."
    told = GaugeMetricFamily("tahsil_money_minor", says, labels=labels)
    for cause, currency, minor in figures.money(session):
        told.add_metric([cause, currency], int(minor))
    yield told


def _inbox(session: Session) -> Iterator[Metric]:
    waiting = GaugeMetricFamily(
        "tahsil_inbox_waiting", "Events stored and not applied.", labels=["provider"]
    )
    oldest = GaugeMetricFamily(
        "tahsil_inbox_oldest_seconds", "The age of the oldest of them.", labels=["provider"]
    )
    for provider, number, age in figures.inbox(session):
        waiting.add_metric([provider], number)
        oldest.add_metric([provider], float(age))
    yield waiting
    yield oldest


def _tasks(session: Session) -> Iterator[Metric]:
    waiting = GaugeMetricFamily(
        "tahsil_tasks_waiting",
        "Tasks that wait for a person of ours, by their account: open, or how it ended.",
        labels=["state"],
    )
    oldest = GaugeMetricFamily(
        "tahsil_tasks_oldest_seconds", "The age of the oldest of them.", labels=["state"]
    )
    for state, number, age in figures.tasks(session):
        waiting.add_metric([state], number)
        oldest.add_metric([state], float(age))
    yield waiting
    yield oldest


Ask = Callable[[Session], Iterable[Metric]]
FIGURES: dict[str, tuple[float, Ask]] = {
    "accounts": (SELDOM, _accounts),
    "money": (SELDOM, _money),
    "inbox": (SOON, _inbox),
    "tasks": (SOON, _tasks),
}
"""Each with the seconds for which it holds."""
