"""How much there is of what, for those who watch: counts and sums, by things that name nobody."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.ledger import GIVEN_BACK, OWED, RECEIVED
from storage.tables import Account, InboxRow, LedgerEntry, LedgerTransaction, Task

Rows = Sequence[Any]
"""Of columns, as each function names them."""

OPEN = "open"
"""What the state of an account is called that has not come to its end."""


def accounts(session: Session) -> Rows:
    """Journey, stage (empty once it is over), how it ended or `open`, and how many accounts."""
    ended = func.coalesce(Account.closure, OPEN)
    stage = func.coalesce(Account.stage, "")
    asked = select(Account.journey, stage, ended, func.count())
    return session.execute(asked.group_by(Account.journey, stage, ended)).all()


def money(session: Session) -> Rows:
    """Cause, currency, and the minor units that came in, all time; below zero: they went back."""
    moved = (
        select(
            LedgerTransaction.cause,
            LedgerTransaction.currency,
            -func.sum(LedgerEntry.minor),
        )
        .join(LedgerEntry, LedgerEntry.transaction_key == LedgerTransaction.key)
        .where(LedgerTransaction.cause.in_(RECEIVED | GIVEN_BACK), LedgerEntry.book.in_(OWED))
        .group_by(LedgerTransaction.cause, LedgerTransaction.currency)
    )
    return session.execute(moved).all()


def inbox(session: Session) -> Rows:
    """Provider, how many of its events wait to be applied, and the age of the oldest in seconds."""
    age = func.extract("epoch", func.now() - func.min(InboxRow.recorded_at))
    asked = select(InboxRow.provider, func.count(), age)
    waiting = asked.where(InboxRow.applied_at.is_(None)).group_by(InboxRow.provider)
    return session.execute(waiting).all()


def tasks(session: Session) -> Rows:
    """How the account ended or `open`, its tasks that wait, and the oldest one's age in seconds."""
    ended = func.coalesce(Account.closure, OPEN)
    age = func.extract("epoch", func.now() - func.min(Task.recorded_at))
    asked = select(ended, func.count(), age).join(Account, Account.id == Task.account_id)
    return session.execute(asked.where(Task.done_at.is_(None)).group_by(ended)).all()
