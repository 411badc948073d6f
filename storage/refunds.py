"""Refunds that creditors asked for, and what of each payment can still be given back."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.ledger import GIVEN_BACK, OWED, RECEIVED, Cause
from domain.money import Money
from storage.tables import LedgerEntry, LedgerTransaction, RefundRow

ASKED = "asked"
"""On record; Stripe is asked, and has not answered yet."""
REFUSED = "refused"
UNDONE = frozenset({"failed", "canceled", REFUSED})
"""The money stayed with us, or is ours again."""

BY_STRIPE = "stripe:pi_"
"""Begins the keys of payments that can be refunded where they were made."""


@dataclass(frozen=True)
class Payment:
    """A payment, and what has become of it."""

    key: str
    cause: Cause
    amount: Money
    at: datetime
    back: Money
    """What went back of it and did not return: refunds, disputes."""
    refundable: Money
    """What can still be given back through Stripe; nothing of what was paid elsewhere."""


def payments(session: Session, account_id: str) -> list[Payment]:
    """What was paid on an account, oldest first."""
    paid = session.scalars(
        select(LedgerTransaction)
        .where(LedgerTransaction.account_id == account_id)
        .where(LedgerTransaction.cause.in_((Cause.PAYMENT, Cause.TRANSFER, Cause.DIRECT_PAYMENT)))
        .order_by(LedgerTransaction.version)
    ).all()
    came = (_payment(session, each) for each in paid)
    return [each for each in came if each.amount.minor > 0]


def payment(session: Session, account_id: str, key: str) -> Payment | None:
    """The payment of that key on an account."""
    return next((each for each in payments(session, account_id) if each.key == key), None)


def _payment(session: Session, row: LedgerTransaction) -> Payment:
    came = -_moved(session, LedgerTransaction.key == row.key)
    back = _back(session, row)
    left = came - back - _asked(session, row.key) if row.key.startswith(BY_STRIPE) else 0
    return Payment(
        key=row.key,
        cause=Cause(row.cause),
        amount=Money(minor=came, currency=row.currency),
        at=row.at or row.recorded_at,
        back=Money(minor=back, currency=row.currency),
        refundable=Money(minor=max(0, left), currency=row.currency),
    )


def _back(session: Session, row: LedgerTransaction) -> int:
    """What went back of a payment, and did not return."""
    if not row.key.startswith(BY_STRIPE):
        return _moved(session, LedgerTransaction.key == f"{row.key}:reversed")
    return _moved(  # whatever else is booked under the payment's id at Stripe
        session,
        LedgerTransaction.account_id == row.account_id,
        LedgerTransaction.provider_ref == row.key.removeprefix("stripe:"),
        LedgerTransaction.key != row.key,
        LedgerTransaction.cause.in_(RECEIVED | GIVEN_BACK),
    )


def _moved(session: Session, *which: ColumnElement[bool]) -> int:
    """By how many minor units movements changed what is owed."""
    return int(
        session.scalar(
            select(func.coalesce(func.sum(LedgerEntry.minor), 0))
            .join(LedgerTransaction, LedgerTransaction.key == LedgerEntry.transaction_key)
            .where(LedgerEntry.book.in_(OWED), *which)
        )
        or 0
    )


def _asked(session: Session, payment_key: str) -> int:
    """Minor units of refunds of a payment that are under way, and not booked yet."""
    return int(
        session.scalar(
            select(func.coalesce(func.sum(RefundRow.minor), 0)).where(
                RefundRow.payment_key == payment_key, RefundRow.status == ASKED
            )
        )
        or 0
    )


def ask(
    session: Session, key: str, account_id: str, payment_key: str, amount: Money, *, reason: str
) -> None:
    """Write that money is to be given back, once per key, before Stripe is asked."""
    row = insert(RefundRow).values(
        key=key,
        account_id=account_id,
        payment_key=payment_key,
        minor=amount.minor,
        currency=amount.currency,
        reason=reason,
        status=ASKED,
    )
    session.execute(row.on_conflict_do_nothing())


def of_key(session: Session, key: str) -> RefundRow | None:
    """The refund that was asked for under this key."""
    return session.get(RefundRow, key, populate_existing=True)


def settle(session: Session, refund_id: str, status: str, *, key: str | None) -> None:
    """Write what became of a refund that we asked for; one that came to nothing stays so."""
    if key is not None:
        session.execute(
            update(RefundRow)
            .where(RefundRow.key == key, RefundRow.status.not_in(UNDONE))
            .values(refund_id=refund_id, status=status)
        )


def refuse(session: Session, key: str) -> bool:
    """Write that Stripe refused a refund; False if it has an answer already."""
    refused = session.execute(
        update(RefundRow)
        .where(RefundRow.key == key, RefundRow.status == ASKED)
        .values(status=REFUSED)
        .returning(RefundRow.key)
    ).scalar()
    return refused is not None


def of_account(session: Session, account_id: str) -> list[RefundRow]:
    """Every refund that was asked for on an account, oldest first."""
    return list(
        session.scalars(
            select(RefundRow)
            .where(RefundRow.account_id == account_id)
            .order_by(RefundRow.recorded_at, RefundRow.key)
        )
    )
