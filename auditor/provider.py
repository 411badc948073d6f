"""What providers really got: the sandbox's own list over HTTP, or a list that was exported.

An exported list has one message a line: `{"id": …, "channel": "sms", "to": …, "text": …, "at": …}`,
with the contact's `key` where the provider was given it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from auditor.book import Send

CHANNELS = {"twilio": "sms", "sendgrid": "email"}
PAGE = 5000


class SendsError(ValueError):
    """A list of messages that cannot be read; names the line and what was expected."""


def read_sandbox(url: str) -> list[Send]:
    """Every message that the sandbox accepted from us, in the order in which it came."""
    sends, after = list[Send](), 0
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as sandbox:
        while True:
            asked = {"after": after, "limit": PAGE}
            page = sandbox.get("/control/messages", params=asked).raise_for_status().json()
            sends += [
                _from_sandbox(each)
                for each in page["messages"]
                if each["direction"] != "inbound" and not each["own"]
            ]
            if not page["messages"]:
                return sends
            after = page["last_seq"]


def _from_sandbox(raw: Mapping[str, Any]) -> Send:
    back = parse_qs(urlsplit(raw["callback_url"]).query)
    key = raw["args"].get("contact") or next(iter(back.get("contact", ())), None)
    return Send(
        id=raw["id"],
        channel=CHANNELS.get(raw["provider"], raw["provider"]),
        to=raw["to"],
        text=raw["text"],
        at=datetime.fromtimestamp(raw["accepted"], UTC),
        key=key,
    )


def read_file(file: Path, keys: Mapping[str, str]) -> list[Send]:
    """The messages of an exported list. `keys` are contact keys by the provider's message id."""
    with file.open(encoding="utf-8") as lines:
        return list(_listed(file.name, lines, keys))


def _listed(name: str, lines: Iterable[str], keys: Mapping[str, str]) -> Iterator[Send]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield _exported(json.loads(line), keys)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SendsError(
                f"{name}:{number}: expected one JSON object with id, channel, to, text and at"
                " (an instant with its offset)"
            ) from error


def _exported(raw: Mapping[str, Any], keys: Mapping[str, str]) -> Send:
    at = datetime.fromisoformat(raw["at"])
    if at.tzinfo is None:
        raise ValueError("an instant without an offset")
    # one provider's lists carry a longer id than its answer did, with a dot between
    known = keys.get(raw["id"]) or keys.get(raw["id"].partition(".")[0])
    return Send(raw["id"], raw["channel"], raw["to"], raw["text"], at, raw.get("key") or known)
