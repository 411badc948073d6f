"""Payments of an account, and giving them back: on record first, then asked of Stripe.

A refund that Stripe does not answer at once stays asked for: it is asked again until there is an
answer, and is made once.
"""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Self

import structlog
from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from activities import refunding
from activities.hearing import hear
from api.accounts import DOCUMENTED, only_json
from api.agreements import id_of, in_currency_of
from api.idempotency import IdempotencyKey, once
from api.problems import Invalid, NotFound, field_error
from api.recording import Asked, locked
from api.roles import ToMoveMoney, ToRead
from api.schemas import Amount
from api.services import Served, Services
from api.views import owned
from domain.ledger import Cause
from domain.money import Money
from domain.payable import AmountError
from providers.outcomes import ProviderDown
from providers.stripe_amounts import to_stripe
from storage import refunds
from storage.refunds import Payment
from storage.tables import Account, RefundRow

log = structlog.get_logger()

router = APIRouter(
    prefix="/v1/accounts/{account_id}",
    tags=["payments"],
    dependencies=[Depends(only_json)],
    responses=DOCUMENTED,
)


class PaymentView(BaseModel):
    """A payment, and what has become of it."""

    payment: str = Field(examples=["stripe:pi_3QXk2c"])
    """Its key, to refund it by."""
    cause: Cause
    amount: Money
    at: datetime
    went_back: Money
    """Refunded, or taken back by a bank, and not come again."""
    refundable: Money
    """What can still be given back; nothing of what was not paid through Stripe."""


class PaymentList(BaseModel):
    """What was paid on an account, oldest first."""

    payments: list[PaymentView]


class NewRefund(BaseModel):
    """Money to be given back to the consumer."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={
            "examples": [
                {
                    "payment": "stripe:pi_3QXk2c",
                    "amount": {"minor": 2500, "currency": "USD"},
                    "reason": "paid twice",
                }
            ]
        },
    )

    payment: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,255}$")]
    amount: Amount
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class RefundView(BaseModel):
    """A refund, and what has become of it."""

    id: str
    payment: str
    amount: Money
    reason: str
    status: str = Field(examples=["asked", "pending", "succeeded", "failed", "refused"])
    """`asked` until Stripe has answered; then Stripe's own word, or `refused`."""

    @classmethod
    def of(cls, row: RefundRow) -> Self:
        """The refund as the record has it."""
        return cls(
            id=row.key,
            payment=row.payment_key,
            amount=Money(minor=row.minor, currency=row.currency),
            reason=row.reason,
            status=row.status,
        )


class RefundList(BaseModel):
    """Every refund that was asked for on an account, oldest first."""

    refunds: list[RefundView]


@router.get("/payments")
async def show_payments(account_id: str, creditor: ToRead, services: Served) -> PaymentList:
    """What was paid, and what of it can be given back."""

    def read() -> PaymentList:
        with services.database.transaction() as session:
            account = owned(session, creditor, account_id)
            return PaymentList(
                payments=[_payment_view(each) for each in refunds.payments(session, account.id)]
            )

    return await run_in_threadpool(read)


@router.get("/refunds")
async def show_refunds(account_id: str, creditor: ToRead, services: Served) -> RefundList:
    """Refunds that were asked for, and what became of each."""

    def read() -> RefundList:
        with services.database.transaction() as session:
            account = owned(session, creditor, account_id)
            rows = refunds.of_account(session, account.id)
            return RefundList(refunds=[RefundView.of(row) for row in rows])

    return await run_in_threadpool(read)


@router.post("/refunds", response_model=RefundView, status_code=HTTPStatus.CREATED)
async def refund(
    account_id: str,
    new: NewRefund,
    creditor: ToMoveMoney,
    services: Served,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Give a payment back, or a part of it; what is given back is owed again.

    While the answer says `asked`, Stripe has not answered: it is made as soon as it does, once.
    """
    named = id_of("r", account_id, key)

    async def work() -> tuple[int, RefundView]:
        row_id = await run_in_threadpool(_order, services, creditor, account_id, new, named)
        try:
            await hear(services.database, services.door, services.stripe, row_id)
        except ProviderDown:
            log.warning("refund.waits", refund=named)  # the sweeper asks again
        return HTTPStatus.CREATED, await run_in_threadpool(_view, services, named)

    asked = Asked(account_id=account_id, what="refund", body=new)
    return await once(services.database, creditor, key, asked, work)


def _order(services: Services, creditor: str, account_id: str, new: NewRefund, key: str) -> str:
    with services.database.transaction() as session:
        account = locked(session, creditor, account_id)
        if refunds.of_key(session, key) is None:
            _check(session, account, new)
        return refunding.order(
            session, account, new.payment, new.amount, key=key, reason=new.reason
        )


def _check(session: Session, account: Account, new: NewRefund) -> None:
    """Refuse what was not paid, or not through Stripe, or has gone back already."""
    paid = refunds.payment(session, account.id, new.payment)
    if paid is None:
        raise NotFound("payment")
    in_currency_of(account, new.amount)
    if new.amount.minor > paid.refundable.minor:
        wrong = f"is more than can be given back: {paid.amount} was paid, and {paid.back} went back"
        most = f"at most {paid.refundable.minor} ({paid.refundable})"
        raise Invalid([field_error("/amount/minor", wrong, most)])
    try:
        to_stripe(new.amount)
    except AmountError as error:
        raise Invalid([field_error("/amount/minor", "cannot be refunded", str(error))]) from None


def _view(services: Services, key: str) -> RefundView:
    with services.database.transaction() as session:
        row = refunds.of_key(session, key)
        if row is None:
            raise NotFound("refund")
        return RefundView.of(row)


def _payment_view(paid: Payment) -> PaymentView:
    return PaymentView(
        payment=paid.key,
        cause=paid.cause,
        amount=paid.amount,
        at=paid.at,
        went_back=paid.back,
        refundable=paid.refundable,
    )
