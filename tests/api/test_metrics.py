"""What Prometheus is told: requests, webhooks, and how the record stands; and who nobody is."""

import json
import re
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import temporalio.bridge
from prometheus_client import generate_latest

from api import metrics
from domain.accounts import Closure
from domain.ledger import Cause
from storage import Database, inbox, ledger
from storage.tables import Account, Task
from tests.api.record import NOW, placement, record, stripe_event, stripe_signed, usd
from workers.telemetry import Counting


def told(registry):
    """What is told, by name and labels."""
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for metric in registry.collect()
        for sample in metric.samples
    }


@pytest.fixture
def books(database):
    """Three accounts: one in its first stage, one later, one paid."""
    placed = [placement() for _ in range(3)]
    for each in placed:
        record(database, each)
    with database.transaction() as session:
        rows = [session.get_one(Account, each.account_id) for each in placed]
        rows[0].stage = rows[1].stage = "reminders"
        rows[2].closure = Closure.PAID_IN_FULL
        for key, row, done in (("t", rows[0], None), ("u", rows[2], None), ("v", rows[1], NOW)):
            session.add(Task(key=key, account_id=row.id, reason="asked", at=NOW, done_at=done))
        inbox.store(session, "stripe", "evt_1", "charge.succeeded", {})
        ledger.pay(session, rows[0].id, "p1", usd(700))
        ledger.pay(session, rows[1].id, "p2", usd(50), cause=Cause.DIRECT_PAYMENT)
        ledger.give_back(session, rows[0].id, "r1", usd(200))
    return placed


def test_how_the_record_stands_is_told_without_naming_anybody(database, books):
    registry = metrics.registry(database)

    figures = told(registry)

    assert figures["tahsil_accounts", "open", "reminders", "standard"] == 2
    assert figures["tahsil_accounts", "", "paid in full", "standard"] == 1
    assert figures["tahsil_inbox_waiting", "stripe"] == 1
    assert figures["tahsil_inbox_oldest_seconds", "stripe"] >= 0
    assert figures["tahsil_tasks_waiting", "open"] == 1
    assert figures["tahsil_tasks_waiting", "paid in full"] == 1
    assert figures["tahsil_tasks_oldest_seconds", "open"] >= 0
    assert figures["tahsil_record_up",] == 1
    assert {
        name[1:]: value for name, value in figures.items() if name[0] == "tahsil_money_minor"
    } == {("USD", "payment"): 700, ("USD", "direct payment"): 50, ("USD", "refund"): -200}
    page = generate_latest(registry).decode()
    for placed in books:
        consumer = placed.consumer
        assert not any(
            each in page for each in ("acme", placed.account_id, consumer.phone, "Secret")
        )


def test_what_was_asked_a_moment_ago_is_told_again_without_asking(database, books):
    clock = {"now": 0.0}
    figures = metrics.OfRecord(database, now=lambda: clock["now"])

    def open_ones():
        samples = [each for metric in figures.collect() for each in metric.samples]
        ours = [each for each in samples if each.name == "tahsil_accounts"]
        return sum(each.value for each in ours if each.labels["state"] == "open")

    before = open_ones()
    with database.transaction() as session:
        session.get_one(Account, books[0].account_id).closure = Closure.RECALLED
    kept = open_ones()
    clock["now"] += metrics.SELDOM

    assert (before, kept, open_ones()) == (2, 2, 1)


def test_a_record_that_is_away_is_told_as_such():
    database = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")

    figures = told(metrics.registry(database))

    database.close()
    assert figures["tahsil_record_up",] == 0
    assert not any(name.startswith("tahsil_accounts") for name, *_ in figures)


def test_requests_are_measured_by_the_pattern_of_their_path(api, database):
    registry = metrics.registry(database)
    labels = ("tahsil_http_request_seconds_count", "/v1/accounts/{account_id}", "404", "GET")
    before = told(registry).get(labels, 0)

    api.get("/v1/accounts/acc_nobody")

    assert told(registry)[labels] == before + 1
    assert "acc_nobody" not in generate_latest(registry).decode()


def test_webhooks_are_counted_by_what_came_of_them_with_their_age(public, database, door):
    registry = metrics.registry(database)

    def counts():
        found = told(registry)
        names = [("tahsil_webhooks_total", result, "stripe") for result in ("applied", "later")]
        return [found.get(name, 0) for name in names]

    before = counts()
    event = stripe_event("customer.created", {"id": "cus_1"})
    event["created"] -= 60
    assert public.post("/webhooks/stripe", **stripe_signed(event)).status_code == 204
    applied, later = (now - then for now, then in zip(counts(), before, strict=True))

    assert (applied, later) == (1, 0)
    seconds = told(registry)["tahsil_webhook_age_seconds_sum", "stripe"]
    assert seconds >= timedelta(minutes=1).total_seconds()


PARTS = {
    "counter": ("_total",),
    "gauge": ("",),
    "histogram": ("_bucket", "_count", "_sum"),
}
"""How the names of a figure's lines end, by its kind."""
ROOT = Path(__file__).parents[2]


class Meter:
    """Stands for the runtime's, and remembers what is counted with it."""

    def __init__(self):
        self.counted = set()

    def create_counter(self, name, description=None, unit=None):
        self.counted.add(f"{name}_total")


def sdk_has(name):
    """Whether Temporal's SDK knows a figure by that name, as its own program has it."""
    plain = name.removeprefix("temporal_")
    for ending in ("_bucket", "_count", "_sum", "_seconds", "_total"):
        plain = plain.removesuffix(ending)
    return plain.encode() in sdk_program()


@cache
def sdk_program():
    [program] = Path(temporalio.bridge.__file__).parent.glob("temporal_sdk_bridge*")
    return program.read_bytes()


def test_the_dashboard_asks_for_nothing_that_no_process_tells(database, books):
    board = json.loads((ROOT / "grafana" / "tahsil.json").read_text("utf-8"))
    asked = {
        name
        for panel in board["panels"]
        for target in panel.get("targets", [])
        for name in re.findall(r"\b(?:tahsil|temporal|process)_\w+", target["expr"])
    }
    api = {
        metric.name + part
        for metric in metrics.registry(database).collect()
        for part in PARTS[metric.type]
    }
    meter: Any = Meter()
    Counting(meter)

    ours = {name for name in asked if name.startswith("tahsil_")}
    sdk = {name for name in asked if name.startswith("temporal_")}
    assert ours <= api | meter.counted
    assert {name for name in api | meter.counted if name.startswith("tahsil_")} - ours <= {
        "tahsil_http_request_seconds_sum",
        "tahsil_webhook_age_seconds_count",
        "tahsil_webhook_age_seconds_sum",
    }
    assert len(sdk) > 8
    assert [name for name in sdk if not sdk_has(name)] == []
    assert not sdk_has("temporal_nobody_tells_this_total")
    panels = [panel for panel in board["panels"] if panel["type"] != "row"]
    assert all(panel["description"] and panel["targets"] for panel in panels)
