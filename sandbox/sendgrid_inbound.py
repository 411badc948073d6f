"""A person answers an e-mail: Inbound Parse posts the mail to the app as a form."""

import json
import secrets
import sqlite3
from collections.abc import Mapping

from sandbox import clock, messages
from sandbox.messages import Message
from sandbox.personas import normal
from sandbox.webhooks import Delivery, enqueue
from sandbox.world import World

WEBHOOK = "/webhooks/sendgrid/inbound"
NOBODY = "collections@example.com"


def receive(world: World, sender: str, recipient: str | None, subject: str, text: str) -> str:
    """Take a person's mail, tell the app of it, and return its id."""
    with world.store.transaction():
        answered = _answered(world, sender)
        message = Message(
            provider="sendgrid",
            id=f"{secrets.token_urlsafe(16)}@inbound.sandbox.invalid",
            direction="inbound",
            sender=sender,
            recipient=recipient or _reply_address(answered),
            status="received",
            subject=subject,
            text=text,
        )
        messages.write(world.store, message)
        _tell(world, message, answered)
    return message.id


def _answered(world: World, sender: str) -> sqlite3.Row | None:
    return world.store.row(
        "SELECT * FROM messages WHERE provider = 'sendgrid' AND direction = 'outbound-api'"
        " AND contact = ? ORDER BY seq DESC LIMIT 1",
        normal(sender),
    )


def _reply_address(answered: sqlite3.Row | None) -> str:
    if answered is None:
        return NOBODY
    return str(json.loads(answered["headers"]).get("Reply-To", answered["sender"]))


def _tell(world: World, message: Message, answered: sqlite3.Row | None) -> None:
    boundary = "sandbox" + secrets.token_hex(12)
    delivery = Delivery(
        provider="sendgrid",
        topic="inbound",
        url=world.hook(WEBHOOK),
        body=_multipart(boundary, _fields(message, answered)),
        content_type=f"multipart/form-data; boundary={boundary}",
        line=message.sender,
    )
    enqueue(world.store, delivery)


def _fields(message: Message, answered: sqlite3.Row | None) -> dict[str, str]:
    charsets = dict.fromkeys(("to", "from", "subject", "text"), "UTF-8")
    return {
        "headers": _mail_headers(message, answered),
        "dkim": "{@sandbox.invalid : pass}",
        "to": message.recipient,
        "from": message.sender,
        "subject": message.subject,
        "text": message.text,
        "sender_ip": "127.0.0.1",
        "envelope": json.dumps({"to": [message.recipient], "from": message.sender}),
        "attachments": "0",
        "charsets": json.dumps(charsets),
        "SPF": "pass",
    }


def _mail_headers(message: Message, answered: sqlite3.Row | None) -> str:
    lines = {
        "Date": clock.now().strftime("%a, %d %b %Y %H:%M:%S +0000"),
        "From": message.sender,
        "To": message.recipient,
        "Message-ID": f"<{message.id}>",
    }
    if answered is not None:
        lines["In-Reply-To"] = f"<{answered['id']}@sandbox.invalid>"
    return "".join(f"{name}: {value}\n" for name, value in lines.items())


def _multipart(boundary: str, fields: Mapping[str, str]) -> bytes:
    parts = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    return ("".join(parts) + f"--{boundary}--\r\n").encode()
