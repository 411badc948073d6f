"""What an account received since something was agreed, and on which day where the consumer is."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.ledger import GIVEN_BACK, OWED, RECEIVED, Cause
from domain.receipts import Received
from domain.time import local_date
from storage.tables import Account, LedgerEntry, LedgerTransaction, Person


def since(
    session: Session, account: Account, version: int, *, zones: Sequence[str]
) -> list[Received]:
    """What came, and what went back, in movements after that version.

    Their days are those of the time zones in which the consumer was when it was agreed: who moves
    later has no more time for it, and no less.
    """
    rows = session.execute(
        select(
            -func.sum(LedgerEntry.minor),
            func.coalesce(LedgerTransaction.at, LedgerTransaction.recorded_at),
            LedgerTransaction.cause,
        )
        .join(LedgerTransaction, LedgerTransaction.key == LedgerEntry.transaction_key)
        .where(LedgerTransaction.account_id == account.id, LedgerEntry.book.in_(OWED))
        .where(LedgerTransaction.version > version)
        .where(LedgerTransaction.cause.in_(RECEIVED | GIVEN_BACK))
        .group_by(LedgerTransaction.key)
    )
    return [
        Received(minor=int(minor), on=local_in(zones, at), cause=Cause(cause))
        for minor, at, cause in rows
    ]


def local(session: Session, account: Account, at: datetime) -> date:
    """The date at an instant where the consumer is."""
    return local_in(zones_of(session, account), at)


def zones_of(session: Session, account: Account) -> list[str]:
    """The time zones in which the consumer may be now."""
    return session.get_one(Person, account.person_id).zones or ["UTC"]


def local_in(zones: Sequence[str], at: datetime) -> date:
    """The date at an instant in time zones; in several, the least.

    So a day is over only once it is over everywhere that the consumer may be.
    """
    return min(local_date(at, name) for name in zones)
