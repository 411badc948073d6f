"""Stripe's objects as the sandbox keeps them, and the events that tell of their changes."""

import json
import secrets
from dataclasses import dataclass
from typing import Any

import stripe

from sandbox import clock
from sandbox.door import Call
from sandbox.stripe_errors import invalid, missing
from sandbox.stripe_skeletons import skeleton
from sandbox.webhooks import Delivery, enqueue
from sandbox.world import Json, World

WEBHOOK = "/webhooks/stripe"
KINDS = {
    "cus": "customer",
    "pm": "payment_method",
    "pi": "payment_intent",
    "seti": "setup_intent",
    "ch": "charge",
    "re": "refund",
    "txn": "balance_transaction",
    "cs": "checkout.session",
    "evt": "event",
}


def new_id(prefix: str) -> str:
    """Invent an identifier such as Stripe gives."""
    return f"{prefix}_{secrets.token_hex(12)}"


@dataclass(frozen=True)
class Books:
    """Reads and writes Stripe's objects on behalf of one request."""

    world: World
    key: str | None = None
    base_url: str = ""

    @classmethod
    def of(cls, call: Call) -> "Books":
        """Open the books for a call."""
        return cls(call.world, call.key, call.base_url)

    def put(self, thing: Json) -> Json:
        """Keep an object, new or changed."""
        self.world.store.run(
            "INSERT INTO objects (kind, id, created, body) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            thing["object"],
            thing["id"],
            thing["created"],
            json.dumps(thing),
        )
        return thing

    def get(self, kind: str, name: str, param: str = "id") -> Json:
        """Return an object, or refuse as Stripe does when there is none."""
        row = self.world.store.row("SELECT body FROM objects WHERE id = ? AND kind = ?", name, kind)
        if row is None:
            raise missing(kind.replace("checkout.", ""), name, param)
        found: Json = json.loads(row["body"])
        return found

    def new(self, resource: type[stripe.StripeObject], prefix: str, **fields: Any) -> Json:  # noqa: ANN401 - a field holds any JSON
        """Keep a new object: the SDK's fields, those given filled in."""
        thing = skeleton(resource)
        born = {"id": new_id(prefix), "created": int(clock.seconds()), "livemode": False}
        return self.put({**thing, **born, **fields})

    def tell(self, kind: str, thing: Json, **before: object) -> None:
        """Emit an event and queue its webhook; `before` holds what the changed fields were."""
        data: Json = {"object": thing} | ({"previous_attributes": before} if before else {})
        event = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": stripe.api_version,
            "created": int(clock.seconds()),
            "data": data,
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": new_id("req") if self.key else None, "idempotency_key": self.key},
            "type": kind,
        }
        self.put(event)
        delivery = Delivery(
            provider="stripe",
            topic=kind,
            url=self.world.hook(WEBHOOK),
            body=json.dumps(event).encode(),
            line=str(thing.get("payment_intent") or thing["id"]),
        )
        enqueue(self.world.store, delivery)

    def expanded(self, thing: Json, wanted: list[str]) -> Json:
        """Replace the ids a call asks to expand by the objects they name."""
        for path in wanted:
            self._expand(thing, path.split("."))
        return thing

    def _expand(self, thing: Json, steps: list[str]) -> None:
        name, rest = steps[0], steps[1:]
        value = thing.get(name)
        if isinstance(value, list):
            for child in value:
                self._expand(child, rest)
            return
        if isinstance(value, str):
            value = thing[name] = self._named(value, ".".join(steps))
        if isinstance(value, dict) and rest:
            self._expand(value, rest)

    def _named(self, name: str, path: str) -> Json:
        kind = KINDS.get(name.partition("_")[0])
        if kind is None:
            raise invalid(f"This property cannot be expanded ({path}).", "expand[]")
        return self.get(kind, name, path)
