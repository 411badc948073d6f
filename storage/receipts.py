"""What an account received since something was agreed, and on which day where the consumer is."""

from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.ledger import GIVEN_BACK, OWED, RECEIVED
from domain.receipts import Received
from domain.time import local_date
from storage.tables import Account, LedgerEntry, LedgerTransaction, Person


def since(session: Session, account: Account, version: int) -> list[Received]:
    """What came, and what went back, in movements after that version."""
    rows = session.execute(
        select(
            -func.sum(LedgerEntry.minor),
            func.coalesce(LedgerTransaction.at, LedgerTransaction.recorded_at),
        )
        .join(LedgerTransaction, LedgerTransaction.key == LedgerEntry.transaction_key)
        .where(LedgerTransaction.account_id == account.id, LedgerEntry.book.in_(OWED))
        .where(LedgerTransaction.version > version)
        .where(LedgerTransaction.cause.in_(RECEIVED | GIVEN_BACK))
        .group_by(LedgerTransaction.key)
    )
    return [Received(minor=int(minor), on=local(session, account, at)) for minor, at in rows]


def local(session: Session, account: Account, at: datetime) -> date:
    """The date at an instant where the consumer is; where that may be several places, the least.

    So a day is over only once it is over everywhere that they may be.
    """
    zones = session.get_one(Person, account.person_id).zones
    return min(local_date(at, name) for name in zones or ["UTC"])
