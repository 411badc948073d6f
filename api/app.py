"""The application: its parts put together."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.telemetry import TelemetryConfig
from fastapi_offline import FastAPIOffline
from psycopg import OperationalError as ServerGone
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, Response
from temporalio.service import RPCError

from api import (
    accounts,
    bulk,
    call_list,
    calls,
    codec,
    contracts,
    explaining,
    health,
    instructions,
    journeys,
    letters,
    means,
    operators,
    people,
    placements,
    plans,
    portal,
    portal_means,
    promises,
    refunds,
    settlements,
    statements,
    subjects,
    tasks,
    transfers,
    webhooks,
)
from api.limits import LastResort, LimitBody
from api.metrics import TimeRequests
from api.problems import (
    Invalid,
    Malformed,
    MethodNotAllowed,
    NotFound,
    NotNow,
    Problem,
    TooLarge,
    field_errors,
)
from api.roles import NoteAnswers
from api.services import Served, Services

PARTS = (
    accounts,
    people,
    subjects,
    calls,
    call_list,
    tasks,
    explaining,
    instructions,
    bulk,
    journeys,
    plans,
    settlements,
    letters,
    promises,
    means,
    refunds,
    transfers,
    contracts,
    placements,
    statements,
    webhooks,
    portal,
    portal_means,
    operators,
    codec,
    health,
)
"""What is served, in the order of the page of documentation."""

ABOUT = """Hand over overdue accounts, one by one or by the file; read what happens to each and why.

Amounts are integers of minor units with an ISO 4217 currency. Errors are
[RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problems. The same placement sent twice finds the
first; give an `Idempotency-Key` to get the very same answer again."""

TRACED: TelemetryConfig = {
    "tracing": True,
    "operation_spans": False,
    "metrics": False,
    "logs": False,
    "auto_configure": False,
}
"""Requests are spans where the process is traced; `workers.telemetry` says what leaves of them."""


def build(services: Services) -> FastAPI:
    """The application on these services."""
    app = FastAPIOffline(
        title="Tahsil", version="1", description=ABOUT, redoc_url=None, telemetry=TRACED
    )
    app.state.services = services
    for part in PARTS:
        app.include_router(part.router)
    app.add_api_route("/", index, include_in_schema=False)
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _gone)
    for trouble in (OperationalError, ServerGone, RPCError):
        app.add_exception_handler(trouble, _not_now)
    app.add_middleware(NoteAnswers)
    app.add_middleware(LimitBody)
    app.add_middleware(LastResort)
    app.add_middleware(TimeRequests)
    return app


async def index(services: Served) -> HTMLResponse:
    """Where to go from here."""
    settings = services.settings
    return portal.html(
        "index.html", "en", outbox=settings.sandbox_url, temporal=settings.temporal_ui_url
    )


async def _problem(_: Request, error: Exception) -> Response:
    return error.response() if isinstance(error, Problem) else Response(status_code=500)


async def _invalid(_: Request, error: Exception) -> Response:
    refused = error if isinstance(error, RequestValidationError) else RequestValidationError([])
    errors = refused.errors()
    for each in errors:
        if each["type"] == "json_invalid":
            why = each.get("ctx", {}).get("error", "")
            place = f"at character {each['loc'][-1]}"
            return Malformed(f"The body is not JSON: {why} {place}.").response()
    return Invalid(field_errors(errors, refused.body)).response()


async def _http(_: Request, error: Exception) -> Response:
    """Starlette's and FastAPI's own refusals as problems."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = getattr(error, "headers", None) or {}
    match status:
        case HTTPStatus.NOT_FOUND:
            answer = NotFound("address").response()
        case HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = headers.get("Allow") or headers.get("allow") or "another method"
            answer = MethodNotAllowed(f"Use {allowed}.").response()
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            answer = TooLarge(str(getattr(error, "detail", ""))).response()
        case _:
            answer = Malformed("The body cannot be read as what it says it is.").response()
    answer.headers.update(headers)
    return answer


async def _not_now(_: Request, error: Exception) -> Response:
    who = "Temporal" if isinstance(error, RPCError) else "The database"
    return NotNow(f"{who} does not answer. It is safe to send the same again.").response()


async def _gone(_: Request, error: Exception) -> Response:
    """Whoever asked hung up; nobody reads this."""
    del error
    return Response(status_code=HTTPStatus.BAD_REQUEST)
