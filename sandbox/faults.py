"""The fault switch: what should go wrong, where, and how many times."""

import json
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sandbox.store import Store
from sandbox.world import Json

ProviderName = Literal["twilio", "sendgrid", "stripe"]
EVER = -1


class Fault(BaseModel):
    """One thing that goes wrong, on the provider's API or on its webhooks.

    `operation` is an operation's name for an API fault (`create_message`) and a topic for a
    webhook fault (`delivered`, `charge.succeeded`); without it, every one is hit.
    """

    model_config = ConfigDict(extra="forbid")

    provider: ProviderName
    operation: str | None = None
    status: int | None = Field(default=None, ge=400, le=599)
    delay_seconds: float | None = Field(default=None, gt=0, le=600)
    drop: bool = False
    when: Literal["before", "after"] = "before"
    webhook: Literal["duplicate", "reorder", "delay", "lose_first"] | None = None
    times: int = Field(default=1, ge=EVER, description="-1 means until cleared")

    @model_validator(mode="after")
    def _does_something(self) -> "Fault":
        if self.webhook == "delay" and self.delay_seconds is None:
            raise ValueError("a webhook delay needs delay_seconds")
        if not (self.webhook or self.status or self.delay_seconds or self.drop):
            raise ValueError("a fault needs one of status, delay_seconds, drop, webhook")
        return self


def set_fault(store: Store, fault: Fault) -> Json:
    """Switch a fault on."""
    seq = store.run(
        "INSERT INTO faults (provider, operation, body, remaining) VALUES (?, ?, ?, ?)",
        fault.provider,
        fault.operation,
        fault.model_dump_json(exclude={"times"}),
        fault.times,
    )
    return {"id": seq, **fault.model_dump()}


def list_faults(store: Store) -> list[Json]:
    """Return the faults still waiting, `times` being what is left of each."""
    rows = store.rows("SELECT * FROM faults WHERE remaining != 0 ORDER BY seq")
    return [
        {"id": row["seq"], **json.loads(row["body"]), "times": row["remaining"]} for row in rows
    ]


def clear_fault(store: Store, seq: int) -> None:
    """Switch one fault off."""
    store.run("DELETE FROM faults WHERE seq = ?", seq)


def clear_faults(store: Store) -> None:
    """Switch every fault off."""
    store.run("DELETE FROM faults")


def take_call_fault(store: Store, provider: str, operation: str) -> Fault | None:
    """Use up one occurrence of the oldest fault set for this API operation."""
    return _take(store, provider, operation, webhook=False)


def take_webhook_fault(store: Store, provider: str, topic: str) -> Fault | None:
    """Use up one occurrence of the oldest fault set for this kind of webhook."""
    return _take(store, provider, topic, webhook=True)


def _take(store: Store, provider: str, operation: str, *, webhook: bool) -> Fault | None:
    row = store.row(
        "SELECT seq, body, remaining FROM faults WHERE provider = ? AND remaining != 0"
        " AND (operation IS NULL OR operation = ?)"
        " AND (json_extract(body, '$.webhook') IS NOT NULL) = ? ORDER BY seq LIMIT 1",
        provider,
        operation,
        webhook,
    )
    if row is None:
        return None
    if row["remaining"] != EVER:
        store.run("UPDATE faults SET remaining = remaining - 1 WHERE seq = ?", row["seq"])
    return Fault.model_validate_json(row["body"])
