"""The creditor's own contract: what their consumers may be offered, and what may be added."""

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from api.accounts import DOCUMENTED
from api.roles import ToReport
from api.services import Served
from domain.contracts import Contract
from storage import contracts

router = APIRouter(prefix="/v1/contract", tags=["agreements"], responses=DOCUMENTED)


@router.get("")
async def show(creditor: ToReport, services: Served) -> Contract:
    """The terms under which new accounts are placed; one that is placed keeps its own."""

    def read() -> Contract:
        with services.database.transaction() as session:
            return contracts.current(session, creditor)

    return await run_in_threadpool(read)
