"""Promises to pay, as they were made; the ledger says whether they were kept."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.money import Money
from domain.promises import Promise, PromiseState, promised, state_of
from storage import contracts, journal, ledger
from storage.receipts import local, since, zones_of
from storage.session import lock_account
from storage.tables import Account, PromiseRow


def record(
    session: Session,
    account: Account,
    *,
    promise_id: str,
    due: date,
    source: str,
    at: datetime,
    minor: int | None = None,
) -> Promise | None:
    """Write a promise, of all that is owed unless an amount is given; None if nothing is owed.

    The same id again finds the same promise; NoPromise if it is not one that is taken. `at` is the
    account's present.
    """
    lock_account(session, account.id)
    if (known := session.get(PromiseRow, promise_id)) is not None:
        return _promise(known, account)
    owed = Money(minor=ledger.balance(session, account.id), currency=account.currency)
    if owed.minor <= 0:
        return None
    today = local(session, account, at)
    made = promised(promise_id, owed, owed.minor if minor is None else minor, due, today=today)
    session.add(
        PromiseRow(
            id=promise_id,
            account_id=account.id,
            minor=made.minor,
            balance=made.balance,
            version=ledger.version(session, account.id),
            due=due,
            zones=zones_of(session, account),
            source=source,
            at=at,
        )
    )
    session.flush()
    journal.note(session, account.id, "promised", at=at, amount=str(made.amount), due=str(due))
    return made


@dataclass(frozen=True)
class Promised:
    """A promise, and what has become of it."""

    promise: Promise
    state: PromiseState
    source: str
    at: datetime


def of_account(session: Session, account: Account, today: date) -> list[Promised]:
    """Every promise made on an account, newest first, as it stands on that day."""
    grace = contracts.of_account(session, account.id).plans.grace_days
    rows = session.scalars(
        select(PromiseRow)
        .where(PromiseRow.account_id == account.id)
        .order_by(PromiseRow.recorded_at.desc(), PromiseRow.at.desc(), PromiseRow.id)
    )
    return [_promised(session, account, row, today, grace) for row in rows]


def _promised(
    session: Session, account: Account, row: PromiseRow, today: date, grace_days: int
) -> Promised:
    promise = _promise(row, account)
    received = since(session, account, row.version, zones=row.zones)
    state = state_of(promise, received, today=today, grace_days=grace_days)
    return Promised(promise=promise, state=state, source=row.source, at=row.at)


def _promise(row: PromiseRow, account: Account) -> Promise:
    return Promise(
        promise_id=row.id,
        minor=row.minor,
        balance=row.balance,
        currency=account.currency,
        due=row.due,
    )
