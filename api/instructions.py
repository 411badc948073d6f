"""Instructions about an account: the facts go on record first, then its workflow is told.

Once the record has a hold or a payment, nothing leaves any more, whether the workflow has heard of
it or not; so an answer of 503 here means that telling it is to be tried again, with the same call.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from activities.doors import AccountClosed
from activities.news import Told, balance_told
from api.accounts import DOCUMENTED, only_json
from api.idempotency import IdempotencyKey, once
from api.problems import Closed, Invalid, NotNow, PaidDifferently, field_error
from api.schemas import AccountView, DirectPayment, HoldRequest, ReasonRequest
from api.services import CreditorId, Served, Services
from api.views import account_view, owned
from domain.accounts import Closure, Hold
from domain.ledger import paid_directly
from domain.money import Money
from storage import accounts, journal, ledger
from storage.session import lock_account
from storage.tables import Account
from workflows.door import NotYet, Verb
from workflows.messages import Instruction

router = APIRouter(
    prefix="/v1/accounts/{account_id}",
    tags=["instructions"],
    dependencies=[Depends(only_json)],
    responses=DOCUMENTED,
)

STILL_OWED = frozenset({Closure.REFERRED, Closure.CEASED})
"""Ends after which the debt stands, so that it may still be paid."""


@dataclass(frozen=True)
class Order:
    """An instruction: the fact to be written, and how the workflow is told of it."""

    verb: Verb
    hold: Hold | None
    body: HoldRequest | ReasonRequest | None
    fact: Callable[[Session, Account], object]


class Asked(BaseModel):
    """All that makes one instruction another than the next."""

    account_id: str
    verb: Verb
    body: HoldRequest | ReasonRequest | None


@router.post("/pause", response_model=AccountView)
async def pause(
    account_id: str,
    creditor: CreditorId,
    services: Served,
    asked: HoldRequest | None = None,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Stop the clock and all contact until `resume`."""
    given = asked or HoldRequest()

    def fact(session: Session, account: Account) -> None:
        accounts.place_hold(session, account.id, given.hold, reason=given.reason)

    order = Order("pause", given.hold, given, fact)
    return await _once(services, creditor, account_id, key, order)


@router.post("/resume", response_model=AccountView)
async def resume(
    account_id: str,
    creditor: CreditorId,
    services: Served,
    asked: HoldRequest | None = None,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Lift a hold; the clock goes on unless another hold stands."""
    given = asked or HoldRequest()

    def fact(session: Session, account: Account) -> None:
        accounts.lift_hold(session, account.id, given.hold)

    order = Order("resume", given.hold, given, fact)
    return await _once(services, creditor, account_id, key, order)


@router.post("/dispute", response_model=AccountView)
async def dispute(
    account_id: str,
    creditor: CreditorId,
    services: Served,
    asked: ReasonRequest | None = None,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """The consumer disputes the debt: the clock stops until `resume` with hold `dispute`."""
    given = asked or ReasonRequest()

    def fact(session: Session, account: Account) -> None:
        accounts.place_hold(session, account.id, Hold.DISPUTE, reason=given.reason)

    order = Order("dispute", Hold.DISPUTE, given, fact)
    return await _once(services, creditor, account_id, key, order)


@router.post("/recall", response_model=AccountView)
async def recall(
    account_id: str, creditor: CreditorId, services: Served, key: IdempotencyKey = None
) -> JSONResponse:
    """Take the account back: its journey ends, and what is still owed leaves our books."""

    def fact(session: Session, account: Account) -> None:
        accounts.recall(session, account.id)

    order = Order("recall", None, None, fact)
    return await _once(services, creditor, account_id, key, order)


@router.post("/payments")
async def record_payment(
    account_id: str, payment: DirectPayment, creditor: CreditorId, services: Served
) -> AccountView:
    """The consumer paid you directly: what is owed falls. The same reference books once."""
    view, told = await run_in_threadpool(_book, services, creditor, account_id, payment)
    if told is not None:
        await services.door.tell(told.workflow_id, told.event)
    return view


def _book(
    services: Services, creditor: str, account_id: str, payment: DirectPayment
) -> tuple[AccountView, Told | None]:
    with services.database.transaction() as session:
        account = _locked(session, creditor, account_id)
        key = f"direct:{account.id}:{payment.reference}"
        if (before := ledger.booked_amount(session, key)) is None:
            _check(session, account, payment.amount)
            ledger.book(session, account.id, paid_directly(key, payment.amount))
            amount = str(payment.amount)
            journal.note(session, account.id, "direct payment", amount=amount, key=key)
        elif (-before, account.currency) != (payment.amount.minor, payment.amount.currency):
            raise PaidDifferently("Use another reference for another payment.")
        # The journey of a closed account is over, and needs no news.
        told = balance_told(session, account, key) if account.closure is None else None
        return account_view(session, account), told


def _check(session: Session, account: Account, amount: Money) -> None:
    """Refuse a payment that this account cannot have had."""
    if account.closure is not None and account.closure not in STILL_OWED:
        raise Closed(account.closure)
    if amount.currency != account.currency:
        wrong = "is not the account's currency"
        raise Invalid([field_error("/amount/currency", wrong, account.currency)])
    owed = Money(minor=ledger.balance(session, account.id), currency=account.currency)
    if amount.minor > owed.minor:
        wrong = "is more than is owed"
        raise Invalid([field_error("/amount/minor", wrong, f"at most {owed.minor} ({owed})")])


async def _once(
    services: Services, creditor: str, account_id: str, key: str | None, order: Order
) -> JSONResponse:
    """Carry the instruction out once per key: late, after others, it is answered and not done."""
    named = f"api:{order.verb}:{order.hold or 'none'}:{key or uuid.uuid4()}"
    instruction = Instruction(instruction_id=named, hold=order.hold, recorded=True)

    async def work() -> tuple[int, AccountView]:
        return HTTPStatus.OK, await _instruct(services, creditor, account_id, order, instruction)

    asked = Asked(account_id=account_id, verb=order.verb, body=order.body)
    return await once(services.database, creditor, key, asked, work)


async def _instruct(
    services: Services, creditor: str, account_id: str, order: Order, instruction: Instruction
) -> AccountView:
    """Write the fact under the person's lock, tell the workflow, and answer as it then stands."""
    view, workflow = await run_in_threadpool(_write, services, creditor, account_id, order)
    try:
        state = await services.door.instruct(workflow, order.verb, instruction)
    except AccountClosed:
        raise Closed(view.closure) from None
    except NotYet as error:
        raise NotNow(
            f"It is on record and holds from now on, but {error}. Send the same again."
        ) from error
    return view.model_copy(update={"next": state.next, "stage": state.stage})


def _write(
    services: Services, creditor: str, account_id: str, order: Order
) -> tuple[AccountView, str]:
    with services.database.transaction() as session:
        account = _locked(session, creditor, account_id)
        if account.closure is not None:
            raise Closed(account.closure)
        order.fact(session, account)
        session.refresh(account)
        return account_view(session, account), account.workflow_id


def _locked(session: Session, creditor: str, account_id: str) -> Account:
    account = owned(session, creditor, account_id)
    lock_account(session, account.id)
    session.refresh(account)
    return account
