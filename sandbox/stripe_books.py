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
# Charges and refunds of a bank account have prefixes of their own, as at Stripe.
KINDS = {
    "cus": "customer",
    "pm": "payment_method",
    "pi": "payment_intent",
    "seti": "setup_intent",
    "ch": "charge",
    "py": "charge",
    "re": "refund",
    "pyr": "refund",
    "du": "dispute",
    "mandate": "mandate",
    "txn": "balance_transaction",
    "cs": "checkout.session",
    "evt": "event",
}


def loaded(body: str) -> Json:
    """Read a kept object; money in the balance becomes available with time alone."""
    thing: Json = json.loads(body)
    if thing["object"] == "balance_transaction" and thing["available_on"] <= clock.seconds():
        thing["status"] = "available"
    return thing


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
            thing.get("created", 0),
            json.dumps(thing),
        )
        return thing

    def get(self, kind: str, name: str, param: str = "id") -> Json:
        """Return an object, or refuse as Stripe does when there is none."""
        row = self.world.store.row("SELECT body FROM objects WHERE id = ? AND kind = ?", name, kind)
        if row is None:
            raise missing(kind.replace("checkout.", ""), name, param)
        return loaded(row["body"])

    def find(self, kind: str, field: str, value: str) -> list[Json]:
        """Return the objects of a kind that name something in a field, the oldest first."""
        # Field names are written in our own code; the value is bound.
        condition = f"json_extract(body, '$.{field}') = ?"
        sql = f"SELECT body FROM objects WHERE kind = ? AND {condition} ORDER BY seq"  # noqa: S608
        return [loaded(row["body"]) for row in self.world.store.rows(sql, kind, value)]

    def new(self, resource: type[stripe.StripeObject], prefix: str, **fields: Any) -> Json:  # noqa: ANN401 - a field holds any JSON
        """Keep a new object: the SDK's fields, those given filled in."""
        thing = skeleton(resource)
        born = {"id": new_id(prefix), "created": int(clock.seconds()), "livemode": False}
        # Not every object of Stripe's has all three: a mandate has no `created`.
        thing |= {name: value for name, value in born.items() if name in thing}
        return self.put(thing | fields)

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
