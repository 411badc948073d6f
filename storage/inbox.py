"""The inbox: every provider event is stored before it is applied, and applied once."""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from storage.tables import InboxRow


def store(
    session: Session, provider: str, event_id: str, topic: str, payload: dict[str, Any]
) -> InboxRow:
    """Keep an event; a second delivery of it finds the first."""
    key = f"{provider}:{event_id}"
    row = insert(InboxRow).values(id=key, provider=provider, topic=topic, payload=payload)
    session.execute(row.on_conflict_do_nothing())
    return session.get_one(InboxRow, key)


def applied(session: Session, key: str) -> None:
    """Mark an event as applied."""
    session.execute(
        update(InboxRow)
        .where(InboxRow.id == key, InboxRow.applied_at.is_(None))
        .values(applied_at=func.now(), failure=None)
    )


def failed(session: Session, key: str, failure: str) -> None:
    """Note why an event could not be applied yet; the sweeper tries it again."""
    session.execute(update(InboxRow).where(InboxRow.id == key).values(failure=failure))


def by_key(session: Session, key: str) -> InboxRow | None:
    """The stored event of that key."""
    return session.get(InboxRow, key)


def set_aside(session: Session, key: str, failure: str) -> None:
    """Mark an event that nothing can be made of, with the reason; nobody tries it again."""
    session.execute(
        update(InboxRow)
        .where(InboxRow.id == key, InboxRow.applied_at.is_(None))
        .values(applied_at=func.now(), failure=failure)
    )


def is_older(session: Session, key: str, age: timedelta) -> bool:
    """Whether an event was stored longer ago than that."""
    found = session.scalar(
        select(InboxRow.id).where(InboxRow.id == key, InboxRow.recorded_at < func.now() - age)
    )
    return found is not None


def left_over(
    session: Session,
    *,
    older_than: timedelta,
    after: InboxRow | None = None,
    limit: int = 100,
) -> list[InboxRow]:
    """Events stored and not applied, oldest first: somebody crashed in between.

    `after` is the last of an earlier page, so that those which cannot be applied yet hide nobody.
    """
    waiting = (
        select(InboxRow)
        .where(InboxRow.applied_at.is_(None))
        .where(InboxRow.recorded_at < func.now() - older_than)
    )
    if after is not None:
        place = tuple_(InboxRow.recorded_at, InboxRow.id)
        waiting = waiting.where(place > (after.recorded_at, after.id))
    ordered = waiting.order_by(InboxRow.recorded_at, InboxRow.id).limit(limit)
    return list(session.scalars(ordered))
