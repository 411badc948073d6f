"""SendGrid's mail/send: one message to each recipient, taken or refused whole."""

import json
import re
import secrets
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

from starlette.requests import Request

from sandbox import messages
from sandbox.door import Answer, Call, Operation, Provider
from sandbox.messages import Message
from sandbox.sendgrid_activity import find_activity, show_activity
from sandbox.sendgrid_errors import failure, refuse
from sandbox.sendgrid_events import foretell
from sandbox.sendgrid_suppressions import list_bounces, show_bounce, unlist_bounce
from sandbox.world import Json, World

ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")
MOST_RECIPIENTS = 1000
MOST_ARGS_BYTES = 10_000


def send_mail(call: Call) -> Answer:
    """Accept a mail and set the life of each copy going."""
    mail = _validated(call.body)
    if _path(mail, "mail_settings", "sandbox_mode", "enable"):
        return Answer(HTTPStatus.OK)
    mail_id = secrets.token_urlsafe(16)
    copies = list(_copies(mail, mail_id))
    for copy in copies:
        messages.write(call.world.store, copy)
    foretell(call.world, copies, mail.get("categories", []))
    return Answer(HTTPStatus.ACCEPTED, headers={"X-Message-Id": mail_id})


def _validated(body: bytes) -> Json:
    try:
        mail = json.loads(body)
    except ValueError as error:
        raise refuse("Bad Request: the body is not JSON", None) from error
    if not isinstance(mail, dict):
        raise refuse("Bad Request: the body is not a JSON object", None)
    for check in CHECKS:
        check(mail)
    return mail


def _check_sender(mail: Json) -> None:
    if not _is_address(_path(mail, "from", "email")):
        message = "The from email does not contain a valid address."
        raise refuse(message, "from.email")


def _check_recipients(mail: Json) -> None:
    groups = mail.get("personalizations")
    if not isinstance(groups, list) or not groups:
        raise refuse("The personalizations field is required.", "personalizations")
    for number, group in enumerate(groups):
        if not group.get("to"):
            message = "The to array is required for all personalization objects."
            raise refuse(message, f"personalizations.{number}.to")
        _check_addresses(group, number)
    if sum(len(group["to"]) for group in groups) > MOST_RECIPIENTS:
        raise refuse("There is a limit of 1000 total recipients per request.", "personalizations")


def _check_addresses(group: Json, number: int) -> None:
    for place in ("to", "cc", "bcc"):
        for index, recipient in enumerate(group.get(place, [])):
            if not _is_address(recipient.get("email")):
                message = "Does not contain a valid address."
                raise refuse(message, f"personalizations.{number}.{place}.{index}.email")


def _check_subject(mail: Json) -> None:
    groups = mail["personalizations"]
    if not mail.get("subject") and not all(group.get("subject") for group in groups):
        message = (
            "The subject is required. You can get around this requirement if you use a template"
            " with a subject defined or if every personalization has a subject defined."
        )
        raise refuse(message, "subject")


def _check_content(mail: Json) -> None:
    if "template_id" in mail:
        raise refuse("The sandbox keeps no templates; send the content itself.", "template_id")
    content = mail.get("content")
    if not content:
        message = "Unless a valid template_id is provided, the content parameter is required."
        raise refuse(message, "content")
    for index, part in enumerate(content):
        if not part.get("type") or not part.get("value"):
            message = "The content value must be a string at least one character in length."
            raise refuse(message, f"content.{index}.value")
    types = [part["type"] for part in content]
    if "text/plain" in types[1:]:
        message = "If present, text/plain and text/html may only be provided in that order."
        raise refuse(message, "content")


def _check_args(mail: Json) -> None:
    for group in mail["personalizations"]:
        args = {**mail.get("custom_args", {}), **group.get("custom_args", {})}
        if not all(isinstance(value, str) for value in args.values()):
            raise refuse("Custom args must be strings.", "custom_args")
        if len(json.dumps(args)) > MOST_ARGS_BYTES:
            raise refuse("Custom args may not exceed 10000 bytes.", "custom_args")


CHECKS: tuple[Callable[[Json], None], ...] = (
    _check_sender,
    _check_recipients,
    _check_subject,
    _check_content,
    _check_args,
)


def _copies(mail: Json, mail_id: str) -> Iterator[Message]:
    number = 0
    for group in mail["personalizations"]:
        for place in ("to", "cc", "bcc"):
            for recipient in group.get(place, []):
                yield _copy(mail, group, recipient["email"], f"{mail_id}.recvd-sandbox-{number}")
                number += 1


def _copy(mail: Json, group: Json, recipient: str, copy_id: str) -> Message:
    replacements = group.get("substitutions", {})
    return Message(
        provider="sendgrid",
        id=copy_id,
        direction="outbound-api",
        sender=(group.get("from") or mail["from"])["email"],
        recipient=recipient,
        status="processed",
        subject=_replaced(group.get("subject") or mail["subject"], replacements),
        text=_replaced(_content(mail, "text/plain"), replacements),
        html=_replaced(_content(mail, "text/html"), replacements),
        args={**mail.get("custom_args", {}), **group.get("custom_args", {})},
        headers=_headers(mail, group),
    )


def _headers(mail: Json, group: Json) -> Json:
    headers = {**mail.get("headers", {}), **group.get("headers", {})}
    if mail.get("reply_to"):
        headers["Reply-To"] = mail["reply_to"]["email"]
    if mail.get("attachments"):
        headers["X-Attachments"] = ", ".join(part["filename"] for part in mail["attachments"])
    return headers


def _content(mail: Json, kind: str) -> str:
    return next((str(part["value"]) for part in mail["content"] if part["type"] == kind), "")


def _replaced(text: str, replacements: dict[str, str]) -> str:
    for tag, value in replacements.items():
        text = text.replace(tag, value)
    return text


def _path(tree: Json, *names: str) -> Any:  # noqa: ANN401 - a leaf of somebody's JSON
    for name in names:
        tree = tree.get(name, {}) if isinstance(tree, dict) else {}
    return tree


def _is_address(value: object) -> bool:
    return isinstance(value, str) and ADDRESS.fullmatch(value) is not None


def admits(world: World, request: Request) -> bool:
    """Say whether the key of a request is the sandbox's."""
    expected = f"Bearer {world.credentials.sendgrid_key}"
    told = request.headers.get("authorization", "")
    return secrets.compare_digest(told.encode(), expected.encode())


PROVIDER = Provider(
    name="sendgrid",
    operations=[
        Operation("send_mail", "POST", "/v3/mail/send", send_mail),
        Operation("find_activity", "GET", "/v3/messages", find_activity),
        Operation("show_activity", "GET", "/v3/messages/{id}", show_activity),
        Operation("list_bounces", "GET", "/v3/suppression/bounces", list_bounces),
        Operation("show_bounce", "GET", "/v3/suppression/bounces/{email}", show_bounce),
        Operation("unlist_bounce", "DELETE", "/v3/suppression/bounces/{email}", unlist_bounce),
    ],
    admits=admits,
    failure=failure,
)
