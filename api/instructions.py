"""Instructions about an account: the facts go on record first, then its workflow is told.

Pause, resume, dispute and recall concern this account, at once and as a whole; its workflow answers
with what it does next. `holds` is for all the rest: days, a part of the debt, the person's other
accounts. It needs no worker, because workflows are only sent the news.

Once the record has a hold or a payment, nothing leaves any more, whether the workflow has heard of
it or not; so an answer of 503 here means that telling it is to be tried again, with the same call.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from activities.doors import AccountClosed
from activities.lookups import close_other_pages
from activities.news import Told
from activities.paying import received, went_back
from activities.reopening import tell
from activities.replying import note_dispute
from api.accounts import DOCUMENTED, only_json
from api.idempotency import IdempotencyKey, once
from api.person_schemas import DisputeRequest, NewHold
from api.problems import (
    Closed,
    Invalid,
    NotNow,
    NotReversible,
    PaidDifferently,
    field_error,
)
from api.recording import cause_of, locked, write
from api.roles import ToInstruct, ToMoveMoney
from api.schemas import AccountView, DirectPayment, HoldRequest
from api.services import Served, Services
from api.views import account_view
from domain.accounts import PERSONAL_HOLDS, Closure, Hold
from domain.events import HardshipDeclared, HoldLifted, HoldPlaced
from domain.ledger import Cause
from domain.money import Money
from storage import accounts, contacts, ledger
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
    body: HoldRequest | DisputeRequest | None
    fact: Callable[[Session, Account], list[Told]]
    """Writes it; the news that follows it."""


class Asked(BaseModel):
    """All that makes one instruction another than the next."""

    account_id: str
    verb: Verb
    body: HoldRequest | DisputeRequest | None


@router.post("/pause", response_model=AccountView)
async def pause(
    account_id: str,
    creditor: ToInstruct,
    services: Served,
    asked: HoldRequest | None = None,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Stop the clock and all contact until `resume`; after hardship its own journey begins."""
    given = asked or HoldRequest()

    def fact(session: Session, account: Account) -> list[Told]:
        accounts.place_hold(session, account.id, given.hold, reason=given.reason)
        return []

    order = Order("pause", given.hold, given, fact)
    return await _once(services, creditor, account_id, key, order)


@router.post("/resume", response_model=AccountView)
async def resume(
    account_id: str,
    creditor: ToInstruct,
    services: Served,
    asked: HoldRequest | None = None,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Lift a hold; the clock goes on unless another hold stands."""
    given = asked or HoldRequest()

    def fact(session: Session, account: Account) -> list[Told]:
        accounts.lift_hold(session, account.id, given.hold)
        return []

    order = Order("resume", given.hold, given, fact)
    return await _once(services, creditor, account_id, key, order)


@router.post("/dispute", response_model=AccountView)
async def dispute(
    account_id: str,
    creditor: ToInstruct,
    services: Served,
    asked: DisputeRequest | None = None,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """The consumer disputes the debt: the clock stops until `resume` with hold `dispute`.

    Of a part of the debt, or one that came earlier: `holds`.
    """
    given = asked or DisputeRequest()

    def fact(session: Session, account: Account) -> list[Told]:
        if accounts.place_hold(session, account.id, Hold.DISPUTE, reason=given.reason):
            received = contacts.present(session, account.person_id, services.wall())
            note_dispute(session, account, received, written=given.written)
        return []

    order = Order("dispute", Hold.DISPUTE, given, fact)
    return await _once(services, creditor, account_id, key, order)


@router.post("/holds", response_model=AccountView, status_code=HTTPStatus.CREATED)
async def place_hold(
    account_id: str,
    new: NewHold,
    creditor: ToInstruct,
    services: Served,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Stop the clock for a reason, on some days or for a part of the debt.

    A hold that concerns a person stands on all of their open accounts. The same again stands once.
    After one for hardship the `hardship` journey begins, and no demand goes out any more.
    """

    def fact(session: Session, account: Account) -> tuple[AccountView, list[Told]]:
        concerned, now = _concerned(session, account, of_person=new.of_person), services.wall()
        owed = ledger.balance(session, account.id)
        if faults := new.faults(
            account.currency, owed, contacts.present(session, account.person_id, now)
        ):
            raise Invalid(faults)
        part = new.part.minor if new.part else None
        days = {"starts": new.starts, "ends": new.ends}
        placed = [
            each
            for each in concerned
            if accounts.place_hold(session, each.id, new.hold, reason=new.reason, part=part, **days)
        ]
        if new.hold is Hold.DISPUTE and placed:
            received = new.received or contacts.present(session, account.person_id, now)
            note_dispute(session, account, received, written=new.written)
        event = HoldPlaced(
            event_id=f"{cause_of(account.id, key)}:{new.hold} placed",
            hold=new.hold,
            part=part,
            **days,
        )
        told = [Told(each.workflow_id, event) for each in concerned]
        return account_view(session, account), told + _declared(session, concerned, new.hold)

    return await write(
        services,
        creditor,
        account_id,
        what="hold",
        body=new,
        key=key,
        fact=fact,
        status=HTTPStatus.CREATED,
    )


def _declared(session: Session, concerned: Sequence[Account], hold: Hold) -> list[Told]:
    """News of hardship for accounts on which a hold was just placed, once for each hold."""
    if hold is not Hold.HARDSHIP:
        return []
    return [
        Told(each.workflow_id, HardshipDeclared(event_id=f"hold:{number}:hardship declared"))
        for each in concerned
        if (number := accounts.last_hold(session, each.id, hold)) is not None
    ]


@router.delete("/holds/{hold}", response_model=AccountView)
async def lift_hold(
    account_id: str,
    hold: Hold,
    creditor: ToInstruct,
    services: Served,
    *,
    scope: Annotated[
        Literal["account", "person"] | None,
        Query(description="Left out: the person for holds that concern one."),
    ] = None,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Lift every hold of this kind; the clock goes on unless another stands.

    One that concerns a person is lifted on their closed accounts, too: a new one would inherit it.
    """
    of_person = scope == "person" if scope else hold in PERSONAL_HOLDS

    def fact(session: Session, account: Account) -> tuple[AccountView, list[Told]]:
        concerned = _concerned(session, account, of_person=of_person)
        everywhere = accounts.of_person(session, account.person_id) if of_person else concerned
        for each in everywhere:
            accounts.lift_hold(session, each.id, hold)
        event = HoldLifted(event_id=f"{cause_of(account.id, key)}:{hold} lifted", hold=hold)
        return account_view(session, account), [Told(each.workflow_id, event) for each in concerned]

    what = f"lift {hold} {scope}"
    return await write(services, creditor, account_id, what=what, body=None, key=key, fact=fact)


def _concerned(session: Session, account: Account, *, of_person: bool) -> list[Account]:
    """The accounts on which a hold stands: this one, or all open ones of the person."""
    if account.closure is not None:
        raise Closed(account.closure)
    return accounts.open_of_person(session, account.person_id) if of_person else [account]


@router.post("/recall", response_model=AccountView)
async def recall(
    account_id: str, creditor: ToInstruct, services: Served, key: IdempotencyKey = None
) -> JSONResponse:
    """Take the account back: its journey ends, and what is still owed leaves our books."""

    def fact(session: Session, account: Account) -> list[Told]:
        accounts.recall(session, account.id)
        return []

    order = Order("recall", None, None, fact)
    return await _once(services, creditor, account_id, key, order)


@router.post("/payments")
async def record_payment(
    account_id: str, payment: DirectPayment, creditor: ToMoveMoney, services: Served
) -> AccountView:
    """The consumer paid you directly: what is owed falls. The same reference books once."""
    view, news = await run_in_threadpool(_book, services, creditor, account_id, payment)
    await tell(services.database, services.door, news)
    await close_other_pages(
        services.database, services.door, services.stripe, account_id, services.wall()
    )
    return view


def _book(
    services: Services, creditor: str, account_id: str, payment: DirectPayment
) -> tuple[AccountView, list[Told]]:
    with services.database.transaction() as session:
        account = locked(session, creditor, account_id)
        key = direct_key(account.id, payment.reference)
        before = ledger.booked_amount(session, key)
        if before is None:
            _check(session, account, payment.amount)
        elif (-before, account.currency) != (payment.amount.minor, payment.amount.currency):
            raise PaidDifferently("Use another reference for another payment.")
        at = contacts.present(session, account.person_id, services.wall())
        cause = Cause.DIRECT_PAYMENT
        news = received(session, account, key, payment.amount, cause=cause, at=at)
        # The journey of a closed account is over, and needs no news.
        return account_view(session, account), news if account.closure is None else []


@router.post("/payments/{reference}/reversal", response_model=AccountView)
async def reverse_payment(
    account_id: str,
    reference: str,
    creditor: ToMoveMoney,
    services: Served,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """A payment that you reported was none, or went back: it is owed again.

    An account that it had closed as paid or settled is opened again, and a person of ours looks at
    it before anything is sent.
    """
    asked_as = cause_of(account_id, key)

    def fact(session: Session, account: Account) -> tuple[AccountView, list[Told]]:
        paid = ledger.booked_amount(session, direct_key(account.id, reference))
        undone = f"{direct_key(account.id, reference)}:reversed"
        by = ledger.provider_ref(session, undone)
        if paid is None or by not in {None, asked_as}:
            raise NotReversible(known=paid is not None)
        news = went_back(
            session,
            account,
            undone,
            Money(minor=-paid, currency=account.currency),
            cause=Cause.DIRECT_PAYMENT,
            provider_ref=asked_as,
            at=contacts.present(session, account.person_id, services.wall()),
        )
        return account_view(session, account), news

    what = f"reverse {reference}"
    return await write(services, creditor, account_id, what=what, body=None, key=key, fact=fact)


def direct_key(account_id: str, reference: str) -> str:
    """The key under which a payment to the creditor is booked."""
    return f"direct:{account_id}:{reference}"


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
    view, workflow, news = await run_in_threadpool(_write, services, creditor, account_id, order)
    try:
        state = await services.door.instruct(workflow, order.verb, instruction)
    except AccountClosed:
        return await run_in_threadpool(_ended, services, creditor, account_id, order)
    except NotYet as error:
        raise NotNow(
            f"It is on record and holds from now on, but {error}. Send the same again."
        ) from error
    await tell(services.database, services.door, news)
    return view.model_copy(update={"next": state.next, "stage": state.stage})


def _ended(services: Services, creditor: str, account_id: str, order: Order) -> AccountView:
    """What to answer if the workflow was over when it was to be told.

    A recall may have been carried out already: whoever reaches out reads the record first.
    """
    with services.database.transaction() as session:
        account = locked(session, creditor, account_id)
        if account.closure is None:
            raise NotNow(
                "It is on record and holds from now on, but no workflow carries the account. "
                "Operations have to set it going again; then send the same again."
            )
        if order.verb != "recall" or account.closure != Closure.RECALLED:
            raise Closed(account.closure)
        return account_view(session, account)


def _write(
    services: Services, creditor: str, account_id: str, order: Order
) -> tuple[AccountView, str, list[Told]]:
    with services.database.transaction() as session:
        account = locked(session, creditor, account_id)
        if account.closure is not None:
            raise Closed(account.closure)
        news = order.fact(session, account)
        session.refresh(account)
        return account_view(session, account), account.workflow_id, news
