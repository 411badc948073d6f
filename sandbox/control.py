"""The control API: how a test or a demo sees, steers and counts what the providers do."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from sandbox import audit, faults, personas, sendgrid_inbound, twilio_inbound, webhooks
from sandbox.faults import Fault
from sandbox.here import TheCourier, TheWorld
from sandbox.messages import described
from sandbox.personas import Persona, normal
from sandbox.stripe_banks import BANKS
from sandbox.stripe_books import Books
from sandbox.stripe_cards import CARDS
from sandbox.stripe_instruments import Instrument, find_instrument
from sandbox.stripe_pay import Visitor, pay
from sandbox.world import Json

router = APIRouter(prefix="/control")
NO_CONTENT = HTTPStatus.NO_CONTENT
MOST_MESSAGES = 5000


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class InboundText(_Body):
    """A text from a person to the service's number."""

    sender: str = Field(alias="from", min_length=1)
    body: str


class InboundMail(_Body):
    """A mail from a person; without `to`, an answer to the latest mail they got."""

    sender: str = Field(alias="from", min_length=3)
    to: str | None = None
    subject: str = ""
    text: str = ""


class Payment(_Body):
    """A test card or bank account at a checkout page, and what the bank is told.

    `card` is a number or a token. The same number is another card with another `holder`; see
    `Visitor` for who that is when nobody says.
    """

    card: str = "4242424242424242"
    email: str | None = None
    bank: Literal["unasked", "approved", "refused"] = "unasked"
    holder: str | None = None


@router.get("/messages")
async def list_messages(
    world: TheWorld,
    to: str | None = None,
    after: int = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_MESSAGES)] = 500,
) -> Response:
    """List messages in the order they were accepted, those to one address or all."""
    whose, values = ("", []) if to is None else (" AND recipient = ? COLLATE NOCASE", [to])
    # The condition is one of the two above; the address is bound.
    sql = f"SELECT * FROM messages WHERE seq > ?{whose} ORDER BY seq LIMIT ?"  # noqa: S608
    rows = world.store.rows(sql, after, *values, limit)
    last = rows[-1]["seq"] if rows else after
    return JSONResponse({"messages": [described(row) for row in rows], "last_seq": last})


@router.post("/sms/inbound")
async def receive_text(world: TheWorld, courier: TheCourier, text: InboundText) -> Response:
    """Send a text as a person would."""
    message = twilio_inbound.receive(world, text.sender, text.body)
    courier.wake()
    return JSONResponse({"id": message, "opt_out_type": twilio_inbound.opt_out_type(text.body)})


@router.post("/email/inbound")
async def receive_mail(world: TheWorld, courier: TheCourier, mail: InboundMail) -> Response:
    """Send an e-mail as a person would."""
    message = sendgrid_inbound.receive(world, mail.sender, mail.to, mail.subject, mail.text)
    courier.wake()
    return JSONResponse({"id": message})


@router.get("/cards")
async def list_cards() -> Response:
    """List the test cards and the test bank accounts."""
    return JSONResponse({"cards": _labelled(CARDS), "bank_accounts": _labelled(BANKS)})


def _labelled(instruments: Iterable[Instrument]) -> list[Json]:
    return [{"number": i.number, "token": i.token, "label": i.label} for i in instruments]


@router.post("/checkout/{session_id}/pay")
async def pay_session(
    world: TheWorld, courier: TheCourier, session_id: str, payment: Payment
) -> Response:
    """Pay at a checkout page as a person would."""
    instrument = _instrument(payment.card)
    visitor = Visitor(instrument, payment.email, payment.bank, payment.holder)
    paid = pay(Books(world), session_id, visitor)
    courier.wake()
    return JSONResponse(paid.told())


def _instrument(name: str) -> Instrument:
    instrument = find_instrument(name)
    if instrument is None:
        message = f"no test card or bank account {name!r}; GET /control/cards lists them"
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, message)
    return instrument


@router.get("/personas")
async def list_personas(world: TheWorld) -> Response:
    """List the addresses that behave in a way of their own."""
    return JSONResponse({"personas": personas.list_personas(world.store)})


@router.post("/personas")
async def set_persona(world: TheWorld, persona: Persona) -> Response:
    """Give an address its behaviour."""
    personas.set_persona(world.store, persona)
    return JSONResponse(persona.model_dump())


@router.delete("/personas/{address}", status_code=NO_CONTENT)
async def forget_persona(world: TheWorld, address: str) -> None:
    """Let an address take delivery again."""
    personas.forget_persona(world.store, normal(address))


@router.get("/faults")
async def list_faults(world: TheWorld) -> Response:
    """List the faults still waiting."""
    return JSONResponse({"faults": faults.list_faults(world.store)})


@router.post("/faults")
async def set_fault(world: TheWorld, fault: Fault) -> Response:
    """Switch a fault on."""
    return JSONResponse(faults.set_fault(world.store, fault))


@router.delete("/faults", status_code=NO_CONTENT)
async def clear_faults(world: TheWorld) -> None:
    """Switch every fault off."""
    faults.clear_faults(world.store)


@router.delete("/faults/{fault_id}", status_code=NO_CONTENT)
async def clear_fault(world: TheWorld, fault_id: int) -> None:
    """Switch one fault off."""
    faults.clear_fault(world.store, fault_id)


@router.get("/log")
async def read_log(world: TheWorld) -> Response:
    """Count what happened, for an audit from outside."""
    return JSONResponse(audit.counts(world.store))


@router.get("/requests")
async def list_requests(
    world: TheWorld,
    provider: str | None = None,
    operation: str | None = None,
    after: int = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_MESSAGES)] = 500,
) -> Response:
    """List the calls made to the providers; status 0 means the answer was cut off."""
    rows = world.store.rows(
        "SELECT seq, provider, operation, method, path, idempotency_key, status FROM requests"
        " WHERE seq > ? AND provider = coalesce(?, provider)"
        " AND operation = coalesce(?, operation) ORDER BY seq LIMIT ?",
        after,
        provider,
        operation,
        limit,
    )
    return JSONResponse({"requests": [dict(row) for row in rows]})


@router.post("/settle")
async def settle(
    world: TheWorld,
    courier: TheCourier,
    timeout: Annotated[float, Query(ge=0, le=600)] = 30,  # noqa: ASYNC109 - a query parameter
) -> Response:
    """Wait until every webhook is answered or given up."""
    settled = await courier.settled(timeout)
    return JSONResponse({"settled": settled, **webhooks.standing(world.store)})


@router.post("/webhooks/retry")
async def retry_webhooks(world: TheWorld, courier: TheCourier) -> Response:
    """Queue the webhooks that were given up once more."""
    queued = webhooks.retry_failed(world.store)
    courier.wake()
    return JSONResponse({"queued": queued})


@router.post("/reset", status_code=NO_CONTENT)
async def reset(world: TheWorld, courier: TheCourier) -> None:
    """Forget everything but the credentials."""
    world.store.forget()
    await courier.abandon()
