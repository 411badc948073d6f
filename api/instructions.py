"""Instructions about an account: the facts go on record first, then its workflow is told.

Once the record has a hold or a payment, nothing leaves any more, whether the workflow has heard of
it or not; so an answer of 503 here means that telling it is to be tried again, with the same call.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter, Depends
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from activities.doors import AccountClosed
from activities.news import Told, balance_told
from api.accounts import DOCUMENTED, only_json
from api.idempotency import IdempotencyKey
from api.problems import Closed, Invalid, NotNow, PaidDifferently, field_error
from api.schemas import AccountView, DirectPayment, HoldRequest, ReasonRequest
from api.services import CreditorId, Served, Services
from api.views import account_view, owned
from domain.accounts import Hold
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


@dataclass(frozen=True)
class Order:
    """An instruction: the fact to be written, and how the workflow is told of it."""

    verb: Verb
    instruction: Instruction
    fact: Callable[[Session, Account], object]


@router.post("/pause")
async def pause(
    account_id: str,
    creditor: CreditorId,
    services: Served,
    asked: HoldRequest | None = None,
    key: IdempotencyKey = None,
) -> AccountView:
    """Stop the clock and all contact until `resume`."""
    given = asked or HoldRequest()

    def fact(session: Session, account: Account) -> None:
        accounts.place_hold(session, account.id, given.hold, reason=given.reason)

    order = Order("pause", _instruction(key, given.hold), fact)
    return await _instruct(services, creditor, account_id, order)


@router.post("/resume")
async def resume(
    account_id: str,
    creditor: CreditorId,
    services: Served,
    asked: HoldRequest | None = None,
    key: IdempotencyKey = None,
) -> AccountView:
    """Lift a hold; the clock goes on unless another hold stands."""
    given = asked or HoldRequest()

    def fact(session: Session, account: Account) -> None:
        accounts.lift_hold(session, account.id, given.hold)

    order = Order("resume", _instruction(key, given.hold), fact)
    return await _instruct(services, creditor, account_id, order)


@router.post("/dispute")
async def dispute(
    account_id: str,
    creditor: CreditorId,
    services: Served,
    asked: ReasonRequest | None = None,
    key: IdempotencyKey = None,
) -> AccountView:
    """The consumer disputes the debt: the clock stops until `resume` with hold `dispute`."""
    given = asked or ReasonRequest()

    def fact(session: Session, account: Account) -> None:
        accounts.place_hold(session, account.id, Hold.DISPUTE, reason=given.reason)

    order = Order("dispute", _instruction(key, Hold.DISPUTE), fact)
    return await _instruct(services, creditor, account_id, order)


@router.post("/recall")
async def recall(
    account_id: str, creditor: CreditorId, services: Served, key: IdempotencyKey = None
) -> AccountView:
    """Take the account back: its journey ends, and what is still owed leaves our books."""

    def fact(session: Session, account: Account) -> None:
        accounts.recall(session, account.id)

    order = Order("recall", _instruction(key, None), fact)
    return await _instruct(services, creditor, account_id, order)


@router.post("/payments")
async def record_payment(
    account_id: str, payment: DirectPayment, creditor: CreditorId, services: Served
) -> AccountView:
    """The consumer paid you directly: what is owed falls. The same reference books once."""
    view, told = await run_in_threadpool(_book, services, creditor, account_id, payment)
    await services.door.tell(told.workflow_id, told.event)
    return view


def _book(
    services: Services, creditor: str, account_id: str, payment: DirectPayment
) -> tuple[AccountView, Told]:
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
        return account_view(session, account), balance_told(session, account, key)


def _check(session: Session, account: Account, amount: Money) -> None:
    """Refuse a payment that this account cannot have had."""
    if account.closure is not None:
        raise Closed(account.closure)
    if amount.currency != account.currency:
        wrong = "is not the account's currency"
        raise Invalid([field_error("/amount/currency", wrong, account.currency)])
    owed = Money(minor=ledger.balance(session, account.id), currency=account.currency)
    if amount.minor > owed.minor:
        wrong = "is more than is owed"
        raise Invalid([field_error("/amount/minor", wrong, f"at most {owed.minor} ({owed})")])


def _instruction(key: str | None, hold: Hold | None) -> Instruction:
    return Instruction(instruction_id=f"api:{key or uuid.uuid4()}", hold=hold, recorded=True)


async def _instruct(
    services: Services, creditor: str, account_id: str, order: Order
) -> AccountView:
    """Write the fact under the person's lock, tell the workflow, and answer as it then stands."""
    view, workflow = await run_in_threadpool(_write, services, creditor, account_id, order)
    try:
        state = await services.door.instruct(workflow, order.verb, order.instruction)
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
