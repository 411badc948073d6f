"""The outbox: every message as its reader sees it, with a way to answer it."""

import json
import sqlite3
from http import HTTPStatus
from typing import Annotated, get_args
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request
from pydantic import BaseModel, ValidationError
from starlette.responses import RedirectResponse, Response

from sandbox import faults, personas, sendgrid_inbound, twilio_inbound
from sandbox.faults import Fault, ProviderName
from sandbox.here import TheCourier, TheWorld
from sandbox.messages import links
from sandbox.pages import TEMPLATES
from sandbox.personas import Kind, Persona, normal
from sandbox.stripe_api import PROVIDER as STRIPE
from sandbox.webhooks import standing
from sandbox.world import Json, World

router = APIRouter(prefix="/outbox", include_in_schema=False)
PAGE = 50


@router.get("")
async def show_conversations(
    request: Request, world: TheWorld, q: str = "", page: Annotated[int, Query(ge=0)] = 0
) -> Response:
    """Show who was written to, the latest first."""
    rows = world.store.rows(
        "SELECT m.*, c.messages AS messages FROM messages m JOIN (SELECT max(seq) AS latest,"
        " count(*) AS messages FROM messages WHERE contact LIKE ? ESCAPE '\\' GROUP BY contact) c"
        " ON m.seq = c.latest ORDER BY m.seq DESC LIMIT ? OFFSET ?",
        f"%{_like(normal(q))}%",
        PAGE + 1,
        page * PAGE,
    )
    context = {
        "conversations": rows[:PAGE],
        "q": q,
        "page": page,
        "more": len(rows) > PAGE,
        "webhooks": standing(world.store),
    }
    return TEMPLATES.TemplateResponse(request, "conversations.html", context)


@router.get("/faults")
async def show_faults(request: Request, world: TheWorld) -> Response:
    """Show the fault switch."""
    return _faults_page(request, world, None)


class Switch(BaseModel):
    """The fault form as it was filled in; `kind` is such as `status-500` or `webhook-delay`."""

    provider: str
    kind: str
    operation: str = ""
    delay_seconds: float = 5
    times: int = 1

    def fault(self) -> Fault:
        """Return the fault the form describes."""
        asked = {"provider": self.provider, "operation": self.operation.strip() or None}
        return Fault.model_validate(asked | {"times": self.times} | self._what())

    def _what(self) -> Json:
        what, _, detail = self.kind.partition("-")
        if what == "status":
            return {"status": detail}
        if what == "drop":
            return {"drop": True, "when": detail}
        if what == "webhook":
            wait = {"delay_seconds": self.delay_seconds} if detail == "delay" else {}
            return {"webhook": detail, **wait}
        return {"delay_seconds": self.delay_seconds}


@router.post("/faults")
async def set_fault(
    request: Request, world: TheWorld, switch: Annotated[Switch, Form()]
) -> Response:
    """Switch a fault on from the form."""
    try:
        faults.set_fault(world.store, switch.fault())
    except ValidationError as error:
        return _faults_page(request, world, str(error.errors()[0]["msg"]))
    return _see("/outbox/faults")


@router.post("/faults/clear")
async def clear_faults(world: TheWorld) -> Response:
    """Switch every fault off."""
    faults.clear_faults(world.store)
    return _see("/outbox/faults")


@router.get("/{address}")
async def show_thread(request: Request, world: TheWorld, address: str) -> Response:
    """Show one person's messages in the order they came."""
    contact = normal(address)
    rows = world.store.rows(
        "SELECT * FROM (SELECT * FROM messages WHERE contact = ? ORDER BY seq DESC LIMIT 200)"
        " ORDER BY seq",
        contact,
    )
    context = {
        "address": contact,
        "messages": [_shown(row) for row in rows],
        "persona": personas.persona_of(world.store, contact),
        "kinds": get_args(Kind),
        "is_phone": contact.startswith("+"),
        "subject": _answer_subject(rows),
    }
    return TEMPLATES.TemplateResponse(request, "thread.html", context)


@router.post("/{address}/reply")
async def reply(
    world: TheWorld,
    courier: TheCourier,
    address: str,
    text: Annotated[str, Form()],
    subject: Annotated[str, Form()] = "",
) -> Response:
    """Answer as the person would."""
    contact = normal(address)
    if contact.startswith("+"):
        twilio_inbound.receive(world, contact, text)
    else:
        sendgrid_inbound.receive(world, contact, None, subject, text)
    courier.wake()
    return _see(f"/outbox/{quote(contact)}#latest")


@router.post("/{address}/persona")
async def set_persona(
    world: TheWorld,
    address: str,
    kind: Annotated[Kind, Form()],
    code: Annotated[int, Form()] = 30003,
) -> Response:
    """Choose how the person's phone or mailbox behaves."""
    contact = normal(address)
    personas.set_persona(world.store, Persona(address=contact, kind=kind, code=code))
    return _see(f"/outbox/{quote(contact)}")


def _faults_page(request: Request, world: World, error: str | None) -> Response:
    context = {
        "faults": faults.list_faults(world.store),
        "providers": get_args(ProviderName),
        "operations": ["create_message", "send_mail", *(o.name for o in STRIPE.operations)],
        "error": error,
    }
    status = HTTPStatus.OK if error is None else HTTPStatus.UNPROCESSABLE_ENTITY
    return TEMPLATES.TemplateResponse(request, "faults.html", context, status)


def _shown(row: sqlite3.Row) -> Json:
    shown = dict(row)
    shown["links"] = links(row["text"], row["html"])
    shown["headers"] = json.loads(row["headers"])
    # Links of a mail open beside the outbox, not inside the small frame that shows it.
    shown["frame"] = f'<base target="_blank">{row["html"]}' if row["html"] else ""
    return shown


def _answer_subject(rows: list[sqlite3.Row]) -> str:
    latest = next((row["subject"] for row in reversed(rows) if row["subject"]), "")
    return latest if latest.lower().startswith("re:") else f"Re: {latest}"


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _see(path: str) -> RedirectResponse:
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)
