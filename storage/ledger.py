"""The ledger of an account: append-only, balanced, each cause booked once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.ledger import (
    COSTS_FIRST,
    GIVEN_BACK,
    OWED,
    RECEIVED,
    Book,
    Cause,
    Entry,
    Transaction,
    forgiven,
    given_back,
    paid,
    undone,
)
from domain.money import Money
from storage import contracts, money_laws
from storage.tables import Account, LedgerEntry, LedgerTransaction


def book(
    session: Session,
    account_id: str,
    transaction: Transaction,
    *,
    provider_ref: str | None = None,
    at: datetime | None = None,
) -> bool:
    """Book a movement; False if its key is booked already. Bookings of an account take turns."""
    _take_turns(session, account_id)
    if is_booked(session, transaction.key):
        return False
    session.add(
        LedgerTransaction(
            key=transaction.key,
            account_id=account_id,
            version=version(session, account_id) + 1,
            cause=transaction.cause,
            currency=transaction.currency,
            provider_ref=provider_ref,
            at=at,
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


def pay(
    session: Session,
    account_id: str,
    key: str,
    amount: Money,
    *,
    cause: Cause = Cause.PAYMENT,
    provider_ref: str | None = None,
    at: datetime | None = None,
) -> bool:
    """Book what the consumer paid, allocated as law and contract order; False if it is booked."""
    _take_turns(session, account_id)
    owed, order = portions(session, account_id), allocation(session, account_id, at)
    transaction = paid(key, amount, owed, order=order, cause=cause)
    return book(session, account_id, transaction, provider_ref=provider_ref, at=at)


def give_back(
    session: Session,
    account_id: str,
    key: str,
    amount: Money,
    *,
    cause: Cause = Cause.REFUND,
    provider_ref: str | None = None,
    at: datetime | None = None,
) -> bool:
    """Book money that went back, owed again where it was paid last; False if it is booked."""
    _take_turns(session, account_id)
    so_far, order = _paid_so_far(session, account_id), allocation(session, account_id, at)
    transaction = given_back(key, amount, so_far, order=order, cause=cause)
    return book(session, account_id, transaction, provider_ref=provider_ref, at=at)


def forgive(
    session: Session, account_id: str, key: str, *, cause: Cause, at: datetime | None = None
) -> bool:
    """Book that all that is still owed is forgiven; False if nothing is, or it is booked."""
    _take_turns(session, account_id)
    if balance(session, account_id) <= 0:
        return False
    currency = session.get_one(Account, account_id).currency
    transaction = forgiven(key, currency, portions(session, account_id), cause=cause)
    return book(session, account_id, transaction, at=at)


def undo(
    session: Session,
    account_id: str,
    key: str,
    *,
    of: str,
    cause: Cause,
    at: datetime | None = None,
) -> bool:
    """Book the opposite of a movement; False if there is no such, or it is undone already.

    It is dated `at`, the account's time, but never before what it undoes; None: the wall's.
    """
    _take_turns(session, account_id)
    before = session.get(LedgerTransaction, of)
    if before is None:
        return False
    lines = session.scalars(select(LedgerEntry).where(LedgerEntry.transaction_key == of))
    transaction = Transaction(
        key=of,
        cause=Cause(before.cause),
        currency=before.currency,
        entries=tuple(Entry(book=Book(each.book), minor=each.minor) for each in lines),
    )
    dated = at and max(at, before.at or before.recorded_at)
    return book(session, account_id, undone(key, transaction, cause=cause), at=dated)


def _take_turns(session: Session, account_id: str) -> None:
    session.execute(select(Account.id).where(Account.id == account_id).with_for_update())


def is_booked(session: Session, key: str) -> bool:
    """Whether a movement of that key is on record."""
    return session.get(LedgerTransaction, key) is not None


def allocation(session: Session, account_id: str, at: datetime | None = None) -> Sequence[Book]:
    """In which order payments on this account pay costs, interest and principal at `at`.

    The law names it; where it does not, the creditor's contract does.
    """
    by_law = money_laws.of_account(session, account_id, at).order
    return by_law or contracts.of_account(session, account_id).allocation or COSTS_FIRST


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
    return sum(portions(session, account_id).values())


def portions(session: Session, account_id: str) -> dict[Book, int]:
    """What is still owed, by costs, interest and principal, in minor units."""
    rows = session.execute(
        select(LedgerEntry.book, func.sum(LedgerEntry.minor))
        .where(LedgerEntry.account_id == account_id, LedgerEntry.book.in_(OWED))
        .group_by(LedgerEntry.book)
    )
    return {Book(name): int(minor) for name, minor in rows}


def _paid_so_far(session: Session, account_id: str) -> dict[Book, int]:
    """What was paid into each portion and has not gone back, in minor units."""
    rows = session.execute(
        select(LedgerEntry.book, -func.sum(LedgerEntry.minor))
        .join(LedgerTransaction, LedgerTransaction.key == LedgerEntry.transaction_key)
        .where(LedgerEntry.account_id == account_id, LedgerEntry.book.in_(OWED))
        .where(LedgerTransaction.cause.in_(RECEIVED | GIVEN_BACK))
        .group_by(LedgerEntry.book)
    )
    return {Book(name): int(minor) for name, minor in rows}


def is_settled(session: Session, account_id: str) -> bool:
    """Whether a settlement was met, and its rest is forgiven still."""
    forgiven_so_far = session.scalar(
        select(func.coalesce(func.sum(LedgerEntry.minor), 0))
        .join(LedgerTransaction, LedgerTransaction.key == LedgerEntry.transaction_key)
        .where(LedgerTransaction.account_id == account_id, LedgerEntry.book == Book.FORGIVEN)
        .where(LedgerTransaction.cause.in_((Cause.SETTLEMENT, Cause.SETTLEMENT_UNDONE)))
    )
    return bool(forgiven_so_far)


def written_off(session: Session, account_id: str) -> int:
    """Minor units of a rest that was let go, and is not owed again."""
    return int(
        session.scalar(
            select(func.coalesce(func.sum(LedgerEntry.minor), 0))
            .join(LedgerTransaction, LedgerTransaction.key == LedgerEntry.transaction_key)
            .where(LedgerTransaction.account_id == account_id, LedgerEntry.book == Book.FORGIVEN)
            .where(LedgerTransaction.cause == Cause.WRITE_OFF)
        )
        or 0
    )


def owe_again(session: Session, account_id: str, key: str, *, at: datetime | None = None) -> bool:
    """Book that the rest that was let go last is owed again; False if none was."""
    newest = session.scalar(
        select(LedgerTransaction.key)
        .where(LedgerTransaction.account_id == account_id)
        .where(LedgerTransaction.cause == Cause.WRITE_OFF)
        .order_by(LedgerTransaction.version.desc())
        .limit(1)
    )
    if newest is None:
        return False
    return undo(session, account_id, key, of=newest, cause=Cause.WRITE_OFF, at=at)


def provider_ref(session: Session, key: str) -> str | None:
    """What a booked movement is called where it came from; None if it is not booked."""
    return session.scalar(
        select(LedgerTransaction.provider_ref).where(LedgerTransaction.key == key)
    )


def recorded_at(session: Session, key: str) -> datetime:
    """When a movement was booked, by the wall."""
    return session.execute(
        select(LedgerTransaction.recorded_at).where(LedgerTransaction.key == key)
    ).scalar_one()


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
    minor = session.scalar(
        select(func.sum(LedgerEntry.minor)).where(
            LedgerEntry.transaction_key == key, LedgerEntry.book.in_(OWED)
        )
    )
    return None if minor is None else int(minor)


def account_of(session: Session, key: str) -> str | None:
    """The account on which a movement of that key is booked."""
    return session.scalar(select(LedgerTransaction.account_id).where(LedgerTransaction.key == key))
