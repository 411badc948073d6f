"""E-mail through SendGrid.

SendGrid has no idempotency, so every e-mail carries the key of its contact as a custom argument,
by which it can be looked up. SendGrid does not treat custom arguments as personal data: nothing
but the key may go there. Calls block; use them from threads.
"""

import base64
import json
import re
from datetime import datetime, timedelta
from email.utils import parseaddr
from http import HTTPStatus
from http.client import HTTPException
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from python_http_client.exceptions import HTTPError  # type: ignore[import-untyped]
from sendgrid import SendGridAPIClient
from sendgrid.helpers.eventwebhook import EventWebhook

from providers.outcomes import (
    Accepted,
    Found,
    Missing,
    NotSent,
    Outcome,
    Rejected,
    Search,
    Unknown,
    of_silence,
    of_status,
)
from providers.settings import SendGridSettings, SettingsError, hush

SENDGRID = "SendGrid"
FRESH = timedelta(minutes=10)
"""How far a webhook's own time may be from ours; the SDK itself would take one of any age."""
KEY = re.compile(r"[A-Za-z0-9._/#:@-]{1,200}")
RECIPIENT = re.compile(r"personalizations\.\d+\.to\.\d+\.email")
NO_TRACKING = {
    # A rewritten link would show SendGrid, and whoever reads its logs, the consumer's private link.
    "click_tracking": {"enable": False, "enable_text": False},
    "open_tracking": {"enable": False},
    "subscription_tracking": {"enable": False},
}


class SendGrid:
    """A client for one SendGrid account, or for a sandbox in its place."""

    def __init__(self, settings: SendGridSettings) -> None:
        hush()
        host = {"host": settings.base_url} if settings.base_url else {}
        self._api = SendGridAPIClient(settings.api_key.get_secret_value(), **host)
        self._api.client.timeout = settings.timeout_seconds
        self._sender = _address(settings.sender)
        self._public_key = _public_key(settings.webhook_public_key)

    def send_email(self, to: str, subject: str, text: str, html: str, contact_key: str) -> Outcome:
        """Send an e-mail once. `contact_key` comes back in every event about it as `contact`."""
        mail = {
            "personalizations": [{"to": [{"email": to}]}],
            "from": self._sender,
            "subject": subject,
            "content": [
                {"type": "text/plain", "value": text},
                {"type": "text/html", "value": html},
            ],
            "custom_args": {"contact": _opaque(contact_key)},
            "tracking_settings": NO_TRACKING,
        }
        try:
            answer = self._api.client.mail.send.post(request_body=mail)
        except HTTPError as error:
            return _refusal(error.status_code, error.body)
        except (OSError, HTTPException, ValueError) as error:
            return of_silence(SENDGRID, error)
        return _acceptance(answer.headers.get("X-Message-Id"))

    def find_email(self, contact_key: str) -> Search:
        """Look for the e-mail of a contact in Email Activity, a paid addition to SendGrid.

        Without that addition, the answer is Unknown. What was sent shows up there only after some
        minutes: a Missing that comes sooner proves nothing.
        """
        asked = {"query": f"unique_args['contact']=\"{_opaque(contact_key)}\"", "limit": 10}
        try:
            answer = self._api.client.messages.get(query_params=asked)
            listed = json.loads(answer.body)["messages"]
            ids = [str(each["msg_id"]) for each in listed]
        except HTTPError as error:
            return Unknown(reason=f"{SENDGRID} answered {error.status_code}")
        except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
            return Unknown(reason=f"{SENDGRID} could not be asked ({type(error).__name__})")
        return Found(provider_id=message_id(ids[0])) if ids else Missing()

    def is_genuine(
        self, raw_body: bytes, signature: str | None, timestamp: str | None, now: datetime
    ) -> bool:
        """Whether SendGrid signed these very bytes within ten minutes of `now`. Never raises.

        For events and for parsed inbound e-mail. The headers are
        X-Twilio-Email-Event-Webhook-Signature and X-Twilio-Email-Event-Webhook-Timestamp.
        """
        try:
            if abs(now.timestamp() - int(timestamp or "")) > FRESH.total_seconds():
                return False
            signed = (timestamp or "").encode() + raw_body
            mark = base64.b64decode(signature or "", validate=True)
            self._public_key.verify(mark, signed, ec.ECDSA(hashes.SHA256()))
        except (ValueError, OverflowError, InvalidSignature):
            return False
        return True


def message_id(text: str) -> str:
    """The id that `send_email` gave, from the longer one that events and Email Activity carry."""
    return re.split(r"\.(?:filter|recvd)", text, maxsplit=1)[0]


def _acceptance(given: str | None) -> Outcome:
    if not given:
        return Unknown(reason=f"{SENDGRID} accepted it without giving an id")
    return Accepted(provider_id=given)


def _refusal(status: int, body: bytes) -> Outcome:
    """SendGrid's own message is left out: it may repeat the address."""
    if status == HTTPStatus.FORBIDDEN:  # the key may not send, or the sender is not verified
        return NotSent(
            reason=f"{SENDGRID} answered {status}: check the key's rights and the sender"
        )
    if shared := of_status(SENDGRID, status):
        return shared
    field = _blamed_field(body)
    return Rejected(
        code=str(status),
        reason=f"{SENDGRID} refused it because of the field {field or 'it does not name'}",
        bad_address=RECIPIENT.fullmatch(field) is not None,
    )


def _blamed_field(body: bytes) -> str:
    try:
        field = json.loads(body)["errors"][0]["field"]
    except (ValueError, KeyError, IndexError, TypeError):
        return ""
    return field if isinstance(field, str) and re.fullmatch(r"[\w.]{1,80}", field) else ""


def _opaque(contact_key: str) -> str:
    if not KEY.fullmatch(contact_key):
        raise ValueError("a contact key holds letters, digits and . _ / # : @ - only, at most 200")
    return contact_key


def _address(text: str) -> dict[str, str]:
    name, address = parseaddr(text)
    return {"email": address, "name": name} if name else {"email": address}


def _public_key(text: str) -> Any:  # noqa: ANN401 - the SDK has no types
    try:
        return EventWebhook(text).public_key
    except ValueError as error:
        raise SettingsError(
            "SENDGRID_WEBHOOK_PUBLIC_KEY is not a public key: copy it from Mail Settings"
        ) from error
