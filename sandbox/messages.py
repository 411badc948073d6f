"""Messages as a person would see them: the rows behind the outbox and both message APIs."""

import json
import re
import sqlite3
from dataclasses import dataclass, field
from html import unescape

from sandbox import clock
from sandbox.personas import normal
from sandbox.store import Store
from sandbox.world import Json

LINK = re.compile(r"https?://[^\s<>\"']+")
HREF = re.compile(r"""href=["'](https?://[^"']+)["']""", re.IGNORECASE)


@dataclass(frozen=True)
class Message:
    """One message as it is first written down."""

    provider: str
    id: str
    direction: str
    sender: str
    recipient: str
    status: str
    subject: str = ""
    text: str = ""
    html: str = ""
    callback_url: str = ""
    args: Json = field(default_factory=dict)
    headers: Json = field(default_factory=dict)
    service: str | None = None
    own: bool = False
    error_code: int | None = None

    @property
    def contact(self) -> str:
        """The person's side of the conversation."""
        return normal(self.sender if self.direction == "inbound" else self.recipient)


def write(store: Store, message: Message) -> None:
    """Add a message to the outbox."""
    at = clock.seconds()
    store.run(
        "INSERT INTO messages (provider, id, direction, contact, sender, recipient, subject,"
        " text, html, status, error_code, callback_url, args, headers, service, own, created,"
        " updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        message.provider,
        message.id,
        message.direction,
        message.contact,
        message.sender,
        message.recipient,
        message.subject,
        message.text,
        message.html,
        message.status,
        message.error_code,
        message.callback_url,
        json.dumps(message.args),
        json.dumps(message.headers),
        message.service,
        message.own,
        at,
        at,
    )


def set_status(store: Store, message_id: str, status: str, error_code: int | None) -> None:
    """Move a message along its life."""
    at = clock.seconds()
    store.run(
        "UPDATE messages SET status = ?, error_code = ?, updated = ?,"
        " sent = CASE WHEN sent IS NULL AND ? != 'failed' THEN ? ELSE sent END WHERE id = ?",
        status,
        error_code,
        at,
        status,
        at,
        message_id,
    )


def find(store: Store, message_id: str) -> sqlite3.Row | None:
    """Return one message by its provider's id."""
    return store.row("SELECT * FROM messages WHERE id = ?", message_id)


def described(row: sqlite3.Row) -> Json:
    """Return a message as the control API tells it."""
    return {
        "seq": row["seq"],
        "provider": row["provider"],
        "id": row["id"],
        "direction": row["direction"],
        "from": row["sender"],
        "to": row["recipient"],
        "subject": row["subject"],
        "text": row["text"],
        "html": row["html"],
        "status": row["status"],
        "error_code": row["error_code"],
        "args": json.loads(row["args"]),
        "headers": json.loads(row["headers"]),
        "callback_url": row["callback_url"],
        "own": bool(row["own"]),
        "links": links(row["text"], row["html"]),
        "at": clock.iso(row["created"]),
        "accepted": row["created"],
    }


def links(text: str, html: str) -> list[str]:
    """Return the addresses a person could click in a message, each once, in reading order."""
    found = [address.rstrip(".,;:!?)»”") for address in LINK.findall(text)]
    found += [unescape(address) for address in HREF.findall(html)]
    return list(dict.fromkeys(found))
