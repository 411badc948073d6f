"""Twilio's Messages: create, fetch and list, and what becomes of each message."""

import base64
import re
import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request

from sandbox import clock, messages
from sandbox.credentials import Credentials
from sandbox.door import Answer, Call, Operation, Provider
from sandbox.messages import Message
from sandbox.personas import Persona, persona_of
from sandbox.twilio_errors import failure, not_found, refuse
from sandbox.twilio_list import list_messages
from sandbox.twilio_resource import API_VERSION, resource
from sandbox.webhooks import FORM, Delivery, Effect, enqueue
from sandbox.world import World

E164 = re.compile(r"\+[1-9]\d{7,14}")
LONGEST_BODY = 1600
NOT_PLAYED = ("ScheduleType", "SendAt", "MediaUrl", "ContentSid")
# Twilio's own magic numbers, which fail without anybody setting a persona.
MAGIC = {
    "+15005550001": (21211, "Invalid 'To' Phone Number: +15005550001"),
    "+15005550002": (21612, "Message cannot be sent with the current combination of To and From"),
    "+15005550003": (21408, "Permission to send an SMS has not been enabled for the region"),
    "+15005550009": (21614, "'To' number is not a valid mobile number"),
}


@dataclass(frozen=True)
class _Request:
    to: str
    sender: str
    service: str
    body: str
    callback: str


def create_message(call: Call) -> Answer:
    """Accept a message and set its life going."""
    request = _validated(call)
    _refuse_opted_out(call.world, request.to)
    message = Message(
        provider="twilio",
        id="SM" + secrets.token_hex(16),
        direction="outbound-api",
        sender=request.sender,
        recipient=request.to,
        status="accepted" if request.service else "queued",
        text=request.body,
        callback_url=request.callback,
        service=request.service or None,
    )
    messages.write(call.world.store, message)
    _foretell(call.world, message, persona_of(call.world.store, request.to))
    return Answer(HTTPStatus.CREATED, resource(_found(call, message.id), call.world))


def fetch_message(call: Call) -> Answer:
    """Show one message as it stands now."""
    return Answer(HTTPStatus.OK, resource(_found(call, call.names["sid"]), call.world))


def _found(call: Call, sid: str) -> sqlite3.Row:
    row = messages.find(call.world.store, sid)
    if row is None or row["provider"] != "twilio":
        raise not_found(call.path)
    return row


def _validated(call: Call) -> _Request:
    form = dict(call.form)
    for name in NOT_PLAYED:
        if name in form:
            raise refuse(20001, f"The sandbox does not play {name}; send a plain Body")
    request = _Request(
        to=form.get("To", ""),
        sender=form.get("From", ""),
        service=form.get("MessagingServiceSid", ""),
        body=form.get("Body", ""),
        callback=form.get("StatusCallback", ""),
    )
    _check_ends(call.world.credentials, request)
    _check_content(request)
    own_number = call.world.credentials.from_number
    return _Request(
        request.to,
        request.sender or own_number,
        request.service,
        request.body,
        request.callback,
    )


def _check_ends(credentials: Credentials, request: _Request) -> None:
    if not request.to:
        raise refuse(21604, "A 'To' phone number is required.")
    if not (request.sender or request.service):
        raise refuse(21603, "A 'From' or 'MessagingServiceSid' parameter is required.")
    if request.service and request.service != credentials.messaging_service:
        raise refuse(21701, f"The Messaging Service {request.service} does not exist.")
    if request.sender and request.sender != credentials.from_number:
        raise refuse(21606, f"The 'From' phone number {request.sender} is not yours to send from.")
    if not E164.fullmatch(request.to):
        raise refuse(21211, f"Invalid 'To' Phone Number: {request.to}")
    if request.to == credentials.from_number:
        raise refuse(21266, "'To' and 'From' number cannot be the same.")
    if request.to in MAGIC:
        raise refuse(*MAGIC[request.to])


def _check_content(request: _Request) -> None:
    if not request.body:
        raise refuse(21602, "Message body is required.")
    if len(request.body) > LONGEST_BODY:
        message = f"The message body of {len(request.body)} exceeds the 1600 character limit."
        raise refuse(21617, message)
    url = urlsplit(request.callback)
    if request.callback and not (url.scheme in {"http", "https"} and url.hostname):
        raise refuse(21609, f"The StatusCallback URL {request.callback} is not a valid URL.")


def _refuse_opted_out(world: World, number: str) -> None:
    listed = world.store.row("SELECT 1 FROM opted_out WHERE number = ?", number)
    if listed is not None or persona_of(world.store, number).kind == "unsubscribed":
        raise refuse(21610, "Attempt to send to unsubscribed recipient")


def _foretell(world: World, message: Message, persona: Persona) -> None:
    """Write down the statuses still to come, each with the callback that tells of it."""
    slow = persona.delay_seconds if persona.kind == "slow" else 0
    for status, code in _life(persona):
        effect = Effect(message.id, status, code)
        delay = slow if status == "delivered" else 0
        enqueue(
            world.store,
            Delivery(
                provider="twilio",
                topic=status,
                url=message.callback_url,
                body=_callback(world, message, effect).encode(),
                content_type=FORM,
                line=message.id,
                effects=[effect],
                delay_seconds=delay,
            ),
        )


def _life(persona: Persona) -> Sequence[tuple[str, int | None]]:
    if persona.kind == "undeliverable":
        return [("sent", None), ("undelivered", persona.code)]
    if persona.kind == "failed":
        return [("failed", persona.code)]
    return [("sent", None), ("delivered", None)]


def _callback(world: World, message: Message, effect: Effect) -> str:
    fields = {
        "MessageSid": message.id,
        "SmsSid": message.id,
        "MessageStatus": effect.status,
        "SmsStatus": effect.status,
        "To": message.recipient,
        "From": message.sender,
        "AccountSid": world.credentials.twilio_account,
        "ApiVersion": API_VERSION,
    }
    if message.service:
        fields["MessagingServiceSid"] = message.service
    if effect.error_code is not None:
        fields["ErrorCode"] = str(effect.error_code)
    if effect.status in {"delivered", "undelivered"}:
        fields["RawDlrDoneDate"] = clock.now().strftime("%y%m%d%H%M")
    return urlencode(fields)


def admits(world: World, request: Request) -> bool:
    """Say whether the account and token of a request are the sandbox's."""
    account = world.credentials.twilio_account
    plain = f"{account}:{world.credentials.twilio_token}".encode()
    expected = "Basic " + base64.b64encode(plain).decode()
    told = request.headers.get("authorization", "")
    same_account = request.path_params.get("account", account) == account
    return same_account and secrets.compare_digest(told.encode(), expected.encode())


MESSAGES = "/api/2010-04-01/Accounts/{account}/Messages"
PROVIDER = Provider(
    name="twilio",
    operations=[
        Operation("create_message", "POST", MESSAGES + ".json", create_message),
        Operation("list_messages", "GET", MESSAGES + ".json", list_messages),
        Operation("fetch_message", "GET", MESSAGES + "/{sid}.json", fetch_message),
    ],
    admits=admits,
    failure=failure,
)
