"""What SendGrid tells of a mail: processed, delivered, deferred, bounced, dropped."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from sandbox import clock
from sandbox.messages import Message
from sandbox.personas import normal, persona_of
from sandbox.webhooks import Delivery, Effect, enqueue
from sandbox.world import Json, World

WEBHOOK = "/webhooks/sendgrid/events"
NO_SUCH_USER = {
    "type": "bounce",
    "reason": "550 5.1.1 The email account that you tried to reach does not exist",
    "status": "5.1.1",
    "bounce_classification": "Invalid Address",
}
BLOCKED = {
    "type": "blocked",
    "reason": "421 4.7.0 Try again later, closing connection",
    "status": "4.7.0",
    "bounce_classification": "Reputation",
}
DEFERRED = {"response": "451 4.3.0 Temporarily unable to process", "attempt": "1"}
DELIVERED = {"response": "250 2.0.0 OK"}
UNSUBSCRIBED = {"reason": "Unsubscribed Address"}
# SendGrid calls both kinds of refusal "bounce" in its events and "not_delivered" afterwards.
ENDS = {"bounce": "bounce", "dropped": "dropped", "delivered": "delivered"}


@dataclass(frozen=True)
class _Event:
    name: str
    fields: Json = field(default_factory=dict)
    after_seconds: float = 0


def foretell(world: World, copies: Sequence[Message], categories: list[str]) -> None:
    """Write down the events of a mail: one batch at once, one for each that comes later."""
    told = [(copy, event) for copy in copies for event in _life(world, copy)]
    for delay in sorted({event.after_seconds for _, event in told}):
        batch = [(copy, event) for copy, event in told if event.after_seconds == delay]
        _enqueue(world, batch, categories, delay)


def _enqueue(
    world: World, batch: list[tuple[Message, _Event]], categories: list[str], delay: float
) -> None:
    events = [_event(copy, event, categories) for copy, event in batch]
    ends = [Effect(copy.id, ENDS[event.name]) for copy, event in batch if event.name in ENDS]
    delivery = Delivery(
        provider="sendgrid",
        topic=batch[-1][1].name,
        url=world.hook(WEBHOOK),
        # SendGrid ends its batches with CRLF, and signs that too.
        body=json.dumps(events).encode() + b"\r\n",
        line=batch[0][0].id,
        effects=ends,
        delay_seconds=delay,
    )
    enqueue(world.store, delivery)


def _life(world: World, copy: Message) -> list[_Event]:
    suppressed = world.store.row(
        "SELECT reason FROM suppressed WHERE email = ?", normal(copy.recipient)
    )
    if suppressed is not None:
        return [_Event("dropped", {"reason": "Bounced Address"})]
    persona = persona_of(world.store, copy.recipient)
    match persona.kind:
        case "hard_bounce":
            _suppress(world, copy.recipient)
            return [_Event("processed"), _Event("bounce", NO_SUCH_USER)]
        case "soft_bounce":
            return [_Event("processed"), _Event("bounce", BLOCKED)]
        case "unsubscribed":
            return [_Event("dropped", UNSUBSCRIBED)]
        case "slow":
            late = _Event("delivered", DELIVERED, persona.delay_seconds)
            return [_Event("processed"), _Event("deferred", DEFERRED), late]
        case _:
            return [_Event("processed"), _Event("delivered", DELIVERED)]


def _suppress(world: World, address: str) -> None:
    world.store.run(
        "INSERT OR IGNORE INTO suppressed VALUES (?, ?, ?, ?)",
        normal(address),
        NO_SUCH_USER["reason"],
        NO_SUCH_USER["status"],
        clock.seconds(),
    )


def _event(copy: Message, event: _Event, categories: list[str]) -> Json:
    about = {
        "email": copy.recipient,
        "timestamp": int(clock.seconds() + event.after_seconds),
        "event": event.name,
        "sg_event_id": secrets.token_urlsafe(22),
        "sg_message_id": copy.id,
        "smtp-id": f"<{copy.id}@sandbox.invalid>",
        **event.fields,
    }
    if categories:
        about["category"] = categories
    return {**copy.args, **about}
