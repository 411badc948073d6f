"""An account's story, line by line."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.tables import JournalRow


def note(
    session: Session, account_id: str, what: str, *, at: datetime | None = None, **detail: object
) -> None:
    """Add a line. Details hold codes, amounts and keys: never names, addresses or words."""
    session.add(JournalRow(account_id=account_id, what=what, at=at, detail=detail))


def last_of(session: Session, account_id: str, *whats: str) -> datetime | None:
    """The account's time of the latest of such lines; None if there is none."""
    return session.scalar(
        select(func.max(JournalRow.at)).where(
            JournalRow.account_id == account_id, JournalRow.what.in_(whats)
        )
    )


def lines(
    session: Session, account_id: str, *, after: int = 0, limit: int = 200
) -> list[JournalRow]:
    """Lines after a line's id, oldest first."""
    return list(
        session.scalars(
            select(JournalRow)
            .where(JournalRow.account_id == account_id, JournalRow.id > after)
            .order_by(JournalRow.id)
            .limit(limit)
        )
    )
