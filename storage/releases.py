"""What each build of the journeys does, as its worker wrote it down, and who is in which stage.

Names of journeys and stages are whatever they were when an account entered them.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from storage.tables import Account, JournalRow, ReleaseRow

Parked = dict[tuple[str, str], int]
"""Numbers of open accounts by journey and stage."""


def record(session: Session, build: str, digest: str, outline: Mapping[str, Any]) -> bool:
    """Write what a build does; False if it was written last, by the digest of its code."""
    if digest_of(session, build) == digest:
        return False
    session.add(ReleaseRow(build=build, digest=digest, outline=dict(outline)))
    return True


def digest_of(session: Session, build: str) -> str | None:
    """The digest of what was written last of a build; None if nothing was."""
    found = deployed(session, build)
    return found.digest if found else None


def deployed(session: Session, build: str | None = None) -> ReleaseRow | None:
    """What was written last: of that build, or of any."""
    newest = select(ReleaseRow).order_by(ReleaseRow.id.desc()).limit(1)
    return session.scalar(newest if build is None else newest.where(ReleaseRow.build == build))


def parked(session: Session) -> Parked:
    """How many open accounts are in each stage."""
    rows = session.execute(
        select(Account.journey, Account.stage, func.count())
        .where(Account.closure.is_(None), Account.stage.is_not(None))
        .group_by(Account.journey, Account.stage)
    )
    return {(row[0], str(row[1])): row[2] for row in rows}


def coming_back(session: Session, journeys: Collection[str], asides: Collection[str]) -> Parked:
    """How many open accounts of journeys are in one of their asides, by the stage they left."""
    left = came_from(asides)
    answered = (
        select(Account.journey, left.label("left"))
        .where(Account.closure.is_(None))
        .where(Account.journey.in_(journeys), Account.stage.in_(asides))
        .subquery()
    )
    rows = session.execute(
        select(answered.c.journey, answered.c.left, func.count())
        .where(answered.c.left.is_not(None))
        .group_by(answered.c.journey, answered.c.left)
    )
    return {(row[0], row[1]): row[2] for row in rows}


def came_from(asides: Collection[str]) -> ColumnElement[str | None]:
    """The stage that an account in an aside comes back to: the last that was none."""
    entered = JournalRow.detail["stage"].astext
    return (
        select(entered)
        .where(JournalRow.account_id == Account.id, JournalRow.what == "stage")
        .where(entered.not_in(asides))
        .order_by(JournalRow.id.desc())
        .limit(1)
        .correlate(Account)
        .scalar_subquery()
    )
