"""Offers to settle: made within the creditor's contract, met by what is received, or ended."""

from datetime import datetime
from decimal import Decimal
from http import HTTPStatus

from fastapi import APIRouter, Depends
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from activities.news import Told
from api.accounts import DOCUMENTED, only_json
from api.agreement_schemas import NewSettlement, SettlementList, SettlementView
from api.agreements import (
    NothingToAgree,
    id_of,
    in_currency_of,
    now_of,
    open_account,
)
from api.idempotency import IdempotencyKey
from api.problems import Invalid, NotFound, Problem, field_error
from api.recording import write
from api.roles import ToMoveMoney, ToRead
from api.services import Served
from api.views import owned
from domain.events import SettlementEnded, SettlementOffered
from domain.money import Money
from domain.payable import step
from domain.settlements import (
    BelowFloor,
    NoSettlement,
    OutOfTime,
    OverBalance,
    SettlementState,
    share,
)
from storage import ledger, settlements
from storage.tables import Account

router = APIRouter(
    prefix="/v1/accounts/{account_id}/settlements",
    tags=["agreements"],
    dependencies=[Depends(only_json)],
    responses=DOCUMENTED,
)

API = "api"
WHOLE = Decimal(100)


class Met(Problem):
    """The offer was taken up: there is nothing left to take back."""

    status, slug, title = HTTPStatus.CONFLICT, "settlement-met", "This settlement is met"

    def __init__(self) -> None:
        super().__init__("The consumer has paid what was agreed. Refund it to owe it again.")


class PlanPays(Problem):
    """A plan pays the offer: it was agreed on, and cannot be taken back alone."""

    status, slug = HTTPStatus.CONFLICT, "plan-pays-settlement"
    title = "A plan pays this settlement"

    def __init__(self) -> None:
        super().__init__("A plan pays it: end the plan first, with DELETE.")


@router.post("", response_model=SettlementView, status_code=HTTPStatus.CREATED)
async def offer(
    account_id: str,
    new: NewSettlement,
    creditor: ToMoveMoney,
    services: Served,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Offer to settle for less, in place of the offer that stands.

    Nobody can go below what the contract lets them offer, and nobody at all below its floor.
    """
    named = id_of("s", account_id, key)

    def fact(session: Session, account: Account) -> tuple[SettlementView, list[Told]]:
        open_account(account)
        if settlements.under_plan(session, account) not in {None, named}:
            raise PlanPays
        try:
            made = settlements.offer(
                session,
                account,
                _amount(session, account, new),
                settlement_id=named,
                by=new.authority,
                source=API,
                at=now_of(session, account, services.wall()),
                expires=new.expires_on,
            )
        except NoSettlement as refusal:
            raise _refused(refusal, new) from refusal
        view = _view(session, account, named, services.wall())
        event = SettlementOffered(event_id=f"settlement:{named}", settlement=made)
        stands = view.state is SettlementState.OPEN
        return view, [Told(account.workflow_id, event)] if stands else []

    return await write(
        services,
        creditor,
        account_id,
        what="settlement",
        body=new,
        key=key,
        fact=fact,
        status=HTTPStatus.CREATED,
    )


@router.get("")
async def show(account_id: str, creditor: ToRead, services: Served) -> SettlementList:
    """Every offer that was made, newest first, and what became of it."""

    def read() -> SettlementList:
        with services.database.transaction() as session:
            account = owned(session, creditor, account_id)
            at = now_of(session, account, services.wall())
            found = settlements.of_account(session, account, at)
            return SettlementList(settlements=[SettlementView.of(each) for each in found])

    return await run_in_threadpool(read)


@router.delete("/{settlement_id}", response_model=SettlementView)
async def withdraw(
    account_id: str,
    settlement_id: str,
    creditor: ToMoveMoney,
    services: Served,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Take an offer back, unless it is met. What was paid for it stays paid."""

    def fact(session: Session, account: Account) -> tuple[SettlementView, list[Told]]:
        at = now_of(session, account, services.wall())
        view = _view(session, account, settlement_id, services.wall())
        if view.state is SettlementState.MET:
            raise Met
        if settlements.under_plan(session, account) == settlement_id:
            raise PlanPays
        settlements.withdraw(session, account, settlement_id, at=at)
        event = SettlementEnded(
            event_id=f"settlement:{settlement_id}:ended", settlement_id=settlement_id
        )
        news = [] if account.closure else [Told(account.workflow_id, event)]
        return _view(session, account, settlement_id, services.wall()), news

    what = f"withdraw {settlement_id}"
    return await write(services, creditor, account_id, what=what, body=None, key=key, fact=fact)


def _view(session: Session, account: Account, settlement_id: str, wall: datetime) -> SettlementView:
    known = "\0" not in settlement_id  # Postgres cannot be asked about it
    at = now_of(session, account, wall)
    found = settlements.of_id(session, account, settlement_id, at) if known else None
    if found is None:
        raise NotFound("settlement")
    return SettlementView.of(found)


def _amount(session: Session, account: Account, new: NewSettlement) -> Money:
    """The amount that is offered: one that a card can pay, unless it is all that is owed."""
    owed = ledger.balance(session, account.id)
    if new.amount is None:
        minor = share(max(owed, 0), new.percent or WHOLE, step=step(account.currency))
        return Money(minor=minor, currency=account.currency)
    in_currency_of(account, new.amount)
    unit = Money(minor=step(account.currency), currency=account.currency)
    if new.amount.minor % unit.minor and new.amount.minor != owed:
        expected = f"a multiple of {unit}, as cards are charged, or all that is owed"
        raise Invalid([field_error("/amount/minor", "cannot be charged", expected)])
    return new.amount


def _refused(refusal: NoSettlement, new: NewSettlement) -> Problem:
    """Why an offer cannot be made, where to look, and what was expected."""
    where = "/percent" if new.amount is None else "/amount/minor"
    match refusal:
        case BelowFloor(floor=floor):
            wrong = field_error(where, str(refusal), f"at least {floor.minor} ({floor})")
        case OverBalance(owed=owed):
            wrong = field_error(where, str(refusal), f"at most {owed.minor} ({owed})")
        case OutOfTime(first=first, last=last):
            wrong = field_error("/expires_on", str(refusal), f"a date from {first} to {last}")
        case _:
            return NothingToAgree()
    return Invalid([wrong])
