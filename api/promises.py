"""Promises to pay: taken within a few weeks and the balance, and kept or broken by the ledger."""

from http import HTTPStatus

from fastapi import APIRouter, Depends
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from activities.news import Told
from api.accounts import DOCUMENTED, only_json
from api.agreement_schemas import NewPromise, PromiseList, PromiseView
from api.agreements import (
    NothingToAgree,
    id_of,
    in_currency_of,
    now_of,
    open_account,
    today_of,
)
from api.idempotency import IdempotencyKey
from api.problems import Invalid, Problem, field_error
from api.recording import write
from api.roles import ToMoveMoney, ToRead
from api.services import Served
from api.views import owned
from domain.events import PromiseToPay
from domain.promises import NoPromise, OverOwed, TooFar
from storage import promises
from storage.tables import Account

router = APIRouter(
    prefix="/v1/accounts/{account_id}/promises",
    tags=["agreements"],
    dependencies=[Depends(only_json)],
    responses=DOCUMENTED,
)

API = "api"


@router.post("", response_model=PromiseView, status_code=HTTPStatus.CREATED)
async def promise(
    account_id: str,
    new: NewPromise,
    creditor: ToMoveMoney,
    services: Served,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Note that the consumer will pay by a day: until then the journey leaves them in peace."""
    named = id_of("p", account_id, key)

    def fact(session: Session, account: Account) -> tuple[PromiseView, list[Told]]:
        open_account(account)
        if new.amount is not None:
            in_currency_of(account, new.amount)
        try:
            made = promises.record(
                session,
                account,
                promise_id=named,
                minor=new.amount.minor if new.amount else None,
                due=new.due,
                source=API,
                at=now_of(session, account, services.wall()),
            )
        except NoPromise as refusal:
            raise _refused(refusal) from refusal
        if made is None:
            raise NothingToAgree
        event = PromiseToPay(
            event_id=f"promise:{named}", due=made.due, minor=made.minor, balance=made.balance
        )
        today = today_of(session, account, services.wall())
        found = promises.of_account(session, account, today)
        view = next(each for each in found if each.promise.promise_id == named)
        return PromiseView.of(view), [Told(account.workflow_id, event)]

    return await write(
        services,
        creditor,
        account_id,
        what="promise",
        body=new,
        key=key,
        fact=fact,
        status=HTTPStatus.CREATED,
    )


@router.get("")
async def show(account_id: str, creditor: ToRead, services: Served) -> PromiseList:
    """Every promise, newest first, and whether it was kept."""

    def read() -> PromiseList:
        with services.database.transaction() as session:
            account = owned(session, creditor, account_id)
            today = today_of(session, account, services.wall())
            found = promises.of_account(session, account, today)
            return PromiseList(promises=[PromiseView.of(each) for each in found])

    return await run_in_threadpool(read)


def _refused(refusal: NoPromise) -> Problem:
    """Why a promise is not taken, where to look, and what was expected."""
    match refusal:
        case OverOwed(owed=owed):
            wrong = field_error("/amount/minor", str(refusal), f"at most {owed.minor} ({owed})")
        case TooFar(first=first, last=last):
            wrong = field_error("/due", str(refusal), f"a date from {first} to {last}")
        case _:
            raise refusal
    return Invalid([wrong])
