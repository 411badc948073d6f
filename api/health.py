"""Whether the API lives, and whether it can work."""

from http import HTTPStatus

from fastapi import APIRouter
from starlette.responses import JSONResponse, PlainTextResponse, Response

from api.services import Served
from workers.health import ask, is_ready

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def healthz() -> Response:
    """The process lives: it is not to be killed, whatever else is down."""
    return PlainTextResponse("ok")


@router.get("/readyz")
async def readyz(services: Served) -> Response:
    """What the API needs, and what is wrong with it; 503 while anything is."""
    said = await ask(services.needed)
    status = HTTPStatus.OK if is_ready(said) else HTTPStatus.SERVICE_UNAVAILABLE
    return JSONResponse(said, status, {"Cache-Control": "no-store"})
