"""Idempotency-Key: the same key with the same body gets the same answer, for ever."""

import hashlib
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated

from fastapi import Header
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from api.problems import MEDIA_TYPE, KeyReused, Problem
from storage import Database, creditors
from storage.tables import IdempotentRequest

_KEY = Header(
    alias="Idempotency-Key",
    pattern=r"^[\x21-\x7e]{1,255}$",
    description="Your own key of the request: sent again with it, it is answered as before.",
)
IdempotencyKey = Annotated[str | None, _KEY]
RequiredKey = Annotated[str, _KEY]
"""Of a request that must not be carried out twice, whoever sends it again."""

Work = Callable[[], Awaitable[tuple[int, BaseModel]]]


async def once(
    database: Database, creditor: str, key: str | None, asked: BaseModel, work: Work
) -> JSONResponse:
    """Do the work and keep its answer under the key; or give the answer that is kept.

    Answers that a later try may better (5xx) are not kept.
    """
    if key is None:
        return _answer(*await _answered(work, keep=False))
    fingerprint = hashlib.sha256(asked.model_dump_json().encode()).hexdigest()
    kept = await run_in_threadpool(_begun, database, creditor, key, fingerprint)
    if kept.fingerprint != fingerprint:
        raise KeyReused
    if kept.status is None:
        status, body = await _answered(work, keep=True)
        await run_in_threadpool(_keep, database, creditor, key, status, body)
        return _answer(status, body)
    return _answer(kept.status, kept.answer or {})


async def _answered(work: Work, *, keep: bool) -> tuple[int, dict[str, object]]:
    try:
        status, answer = await work()
    except Problem as problem:
        if not keep or problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise
        return problem.status, problem.body
    return status, answer.model_dump(mode="json")


def _answer(status: int, body: dict[str, object]) -> JSONResponse:
    refused = status >= HTTPStatus.BAD_REQUEST
    return JSONResponse(body, status, media_type=MEDIA_TYPE if refused else None)


def _begun(database: Database, creditor: str, key: str, fingerprint: str) -> IdempotentRequest:
    with database.transaction() as session:
        return creditors.begin_request(session, creditor, key, fingerprint)


def _keep(
    database: Database, creditor: str, key: str, status: int, body: dict[str, object]
) -> None:
    with database.transaction() as session:
        creditors.answer_request(session, creditor, key, status, body)
