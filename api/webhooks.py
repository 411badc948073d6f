"""Webhooks: checked, stored, applied, told; answered with 2xx only when all of it is done.

If anything fails after an event is stored, the answer is an error, so that the provider sends it
again; and whatever nobody sends again, the sweeper finds. Logs name events by id and nothing else.
"""

import hashlib
import json
import math
import re
from collections.abc import Sequence
from email.parser import HeaderParser
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import structlog
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.responses import Response

from activities.hearing import (
    SENDGRID_EVENT,
    SENDGRID_MAIL,
    STRIPE,
    TWILIO_STATUS,
    TWILIO_TEXT,
    hear,
)
from api import metrics
from api.problems import Forged, NotNow
from api.services import Served, Services
from providers.mail_text import text_of
from providers.stripe import ForgedSignature, UnreadableEvent
from storage import inbox

log = structlog.get_logger()

Incoming = tuple[str, str, str, dict[str, Any]]
"""An event to be stored: under which name, its id, its topic, and all that it says."""

SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
MAIL_FIELDS = ("from", "to", "subject", "text", "headers")
LARGEST_PART = 32 * 1024 * 1024
NO_REPLY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
NUL_OR_HALF = re.compile("[\x00\ud800-\udfff]")
"""What Postgres cannot keep: the zero character, and halves of characters."""

router = APIRouter(prefix="/webhooks", include_in_schema=False)


@router.post("/twilio/status")
async def twilio_status(request: Request, services: Served) -> Response:
    """How a text message fared; `contact` in the address says which."""
    form = await _twilio_form(request, services)
    status = form.get("MessageStatus", "")
    event_id = f"{form.get('MessageSid') or _digest(form)}:{status}"
    contact = {"contact": request.query_params.get("contact", "")}
    await _take(services, [(TWILIO_STATUS, event_id, status, form | contact)])
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.post("/twilio/messages")
async def twilio_message(request: Request, services: Served) -> Response:
    """What a consumer texted. Whatever we have to say comes later, from the journey."""
    form = await _twilio_form(request, services)
    event_id = form.get("MessageSid") or _digest(form)
    await _take(services, [(TWILIO_TEXT, event_id, form.get("OptOutType", "message"), form)])
    return Response(NO_REPLY, media_type="text/xml")


@router.post("/sendgrid/events")
async def sendgrid_events(request: Request, services: Served) -> Response:
    """How e-mails fared, many at a time."""
    raw = await _sendgrid_body(request, services)
    await _take(services, [_mail_event(each) for each in _listed(raw)])
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.post("/sendgrid/inbound")
async def sendgrid_inbound(request: Request, services: Served) -> Response:
    """What a consumer answered by e-mail."""
    raw = await _sendgrid_body(request, services)
    mail = await _mail(request)
    sent_as = HeaderParser().parsestr(mail.get("headers", ""))["Message-ID"]
    event_id = hashlib.sha256((sent_as or "").encode() or raw).hexdigest()
    await _take(services, [(SENDGRID_MAIL, event_id, "mail", mail)])
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.post("/stripe")
async def stripe_event(request: Request, services: Served) -> Response:
    """Money and cards."""
    raw = await request.body()
    try:
        services.stripe.read_event(raw, request.headers.get("stripe-signature"))
    except ForgedSignature:
        raise Forged("Stripe") from None
    except UnreadableEvent:
        log.warning("webhook.unreadable", provider=STRIPE)
    await _take(services, [_stripe_event(raw)])
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def _twilio_form(request: Request, services: Services) -> dict[str, str]:
    """The form of a webhook that Twilio signed; Forged if it did not."""
    raw = await request.body()
    fields = dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))
    query = f"?{request.url.query}" if request.url.query else ""
    genuine = services.twilio.is_genuine(
        # The public address, never the Host header: that one a forger chooses.
        f"{services.settings.public_url.rstrip('/')}{request.url.path}{query}",
        fields,
        request.headers.get("x-twilio-signature"),
        request.headers.get("x-twilio-webhooks-signature-settings"),
    )
    if not genuine:
        raise Forged("Twilio")
    return fields


async def _sendgrid_body(request: Request, services: Services) -> bytes:
    """The raw body of a webhook that SendGrid signed; Forged if it did not."""
    raw = await request.body()
    signature, timestamp = request.headers.get(SIGNATURE), request.headers.get(TIMESTAMP)
    if not services.sendgrid.is_genuine(raw, signature, timestamp, services.wall()):
        raise Forged("SendGrid")
    return raw


def _listed(raw: bytes) -> list[Any]:
    try:
        events = json.loads(raw)
    except (ValueError, RecursionError):
        log.warning("webhook.unreadable", provider=SENDGRID_EVENT)
        return []
    return events if isinstance(events, list) else [events]


def _mail_event(event: object) -> Incoming:
    payload = event if isinstance(event, dict) else {"unreadable": str(type(event).__name__)}
    event_id = payload.get("sg_event_id")
    named = event_id if isinstance(event_id, str) and event_id else _digest(event)
    return SENDGRID_EVENT, named, str(payload.get("event", "unknown")), payload


async def _mail(request: Request) -> dict[str, str]:
    """The parts of a mail that we keep; attachments are not among them."""
    try:
        form = await request.form(max_part_size=LARGEST_PART)
    except HTTPException:
        log.warning("webhook.unreadable", provider=SENDGRID_MAIL)
        return {}
    mail = {name: _part(form, name) for name in MAIL_FIELDS}
    if not mail["text"].strip():
        mail["text"] = text_of(_part(form, "html"))
    return mail


def _part(form: FormData, name: str) -> str:
    """A part of the form in the character set that SendGrid says it is in."""
    value = form.get(name)
    if not isinstance(value, str):
        return ""
    try:
        given = json.loads(str(form.get("charsets") or "{}")).get(name, "utf-8")
        # What is not UTF-8 has been read as Latin-1, which keeps every byte.
        return value.encode("latin-1").decode(given)
    except (ValueError, LookupError, AttributeError, TypeError):
        return value


def _stripe_event(raw: bytes) -> Incoming:
    try:
        event = json.loads(raw)
    except (ValueError, RecursionError):
        event = None
    payload = event if isinstance(event, dict) else {"unreadable": len(raw)}
    event_id = payload.get("id")
    named = event_id if isinstance(event_id, str) and event_id else hashlib.sha256(raw).hexdigest()
    return STRIPE, named, str(payload.get("type", "unknown")), payload


def _digest(thing: object) -> str:
    """An id for an event that came without one: the same whenever it comes again."""
    return hashlib.sha256(json.dumps(thing, sort_keys=True).encode()).hexdigest()


async def _take(services: Services, events: Sequence[Incoming]) -> None:
    """Store all events, then apply each; NotNow if one of them has to come again."""
    keys = await run_in_threadpool(_store, services, events)
    late = 0
    for key, (provider, _, _, said) in zip(keys, events, strict=True):
        result = metrics.APPLIED
        try:
            aside = await hear(services.database, services.door, services.stripe, key)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the provider tries again
            late, result = late + 1, metrics.LATER
            log.warning("event.later", event_id=key, error=type(error).__name__)
        else:
            if aside is not None:
                result = metrics.SET_ASIDE
                log.warning("event.set_aside", event_id=key, why=aside)
        metrics.heard(provider, result, said, services.wall())
    if late:
        raise NotNow(f"{late} of {len(keys)} events are stored and not applied yet: send again.")


def _store(services: Services, events: Sequence[Incoming]) -> list[str]:
    with services.database.transaction() as session:
        return [
            inbox.store(
                session, provider, clean(event_id)[:300], clean(topic)[:100], clean(said)
            ).id
            for provider, event_id, topic, said in events
        ]


def clean(value: Any) -> Any:  # noqa: ANN401 -- any JSON
    """The value without characters that Postgres cannot keep."""
    match value:
        case str():
            return NUL_OR_HALF.sub("\ufffd", value)
        case float():
            return value if math.isfinite(value) else None
        case dict():
            return {clean(name): clean(each) for name, each in value.items()}
        case list():
            return [clean(each) for each in value]
        case _:
            return value
