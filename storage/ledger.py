"""The ledger of an account: append-only, balanced, each cause booked once."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.ledger import Book, Cause, Transaction
from storage.tables import Account, LedgerEntry, LedgerTransaction


def book(
    session: Session, account_id: str, transaction: Transaction, *, provider_ref: str | None = None
) -> bool:
    """Book a movement; False if its key is booked already. Bookings of an account take turns."""
    session.execute(select(Account.id).where(Account.id == account_id).with_for_update())
    if session.get(LedgerTransaction, transaction.key) is not None:
        return False
    session.add(
        LedgerTransaction(
            key=transaction.key,
            account_id=account_id,
            version=version(session, account_id) + 1,
            cause=transaction.cause,
            currency=transaction.currency,
            provider_ref=provider_ref,
        )
    )
    session.flush()
    session.add_all(
        LedgerEntry(
            transaction_key=transaction.key,
            account_id=account_id,
            book=entry.book,
            minor=entry.minor,
        )
        for entry in transaction.entries
    )
    session.flush()
    return True


def version(session: Session, account_id: str) -> int:
    """How many movements the account has seen."""
    return (
        session.scalar(
            select(func.count())
            .select_from(LedgerTransaction)
            .where(LedgerTransaction.account_id == account_id)
        )
        or 0
    )


def balance(session: Session, account_id: str) -> int:
    """Minor units that the consumer still owes."""
    return int(
        session.scalar(
            select(func.coalesce(func.sum(LedgerEntry.minor), 0)).where(
                LedgerEntry.account_id == account_id, LedgerEntry.book == Book.OWED
            )
        )
        or 0
    )


def movements(session: Session, account_id: str) -> list[LedgerTransaction]:
    """All movements of an account, oldest first."""
    return list(
        session.scalars(
            select(LedgerTransaction)
            .where(LedgerTransaction.account_id == account_id)
            .order_by(LedgerTransaction.version)
        )
    )


def booked_amount(session: Session, key: str) -> int | None:
    """Minor units by which a booked movement changed what is owed; None if it is not booked."""
    return session.scalar(
        select(LedgerEntry.minor).where(
            LedgerEntry.transaction_key == key, LedgerEntry.book == Book.OWED
        )
    )


def account_of(session: Session, key: str) -> str | None:
    """The account on which a movement of that key is booked."""
    return session.scalar(select(LedgerTransaction.account_id).where(LedgerTransaction.key == key))


def given_back(session: Session, account_id: str, provider_ref: str) -> int:
    """Minor units refunded so far for what the provider knows by this id."""
    return int(
        session.scalar(
            select(func.coalesce(func.sum(LedgerEntry.minor), 0))
            .join(LedgerTransaction, LedgerTransaction.key == LedgerEntry.transaction_key)
            .where(LedgerTransaction.account_id == account_id)
            .where(LedgerTransaction.provider_ref == provider_ref)
            .where(LedgerTransaction.cause == Cause.REFUND, LedgerEntry.book == Book.OWED)
        )
        or 0
    )


__all__ = [
    "Cause",
    "account_of",
    "balance",
    "book",
    "booked_amount",
    "given_back",
    "movements",
    "version",
]
