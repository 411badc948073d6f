"""The worklist: what people of ours were asked to look at, and what of it is done.

`storage.accounts.hand_over` puts a task on it; a task never leaves the record.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from domain.ledger import OWED
from storage import journal
from storage.tables import Account, LedgerEntry, Task


class NoSuchTask(LookupError):  # noqa: N818 -- as the API calls what is not there
    """A task was named that the account does not have."""


@dataclass(frozen=True)
class Listed:
    """A task as whoever works on it needs to see it."""

    task: Task
    account: Account
    owed: int
    """Minor units of the account's currency."""


@dataclass(frozen=True)
class Doer:
    """Whoever says that a task is done."""

    name: str
    """The creditor's slug, or the operator's name."""
    of_house: bool
    """An operator, or somebody at `tahsil`; else the creditor."""


def worklist(
    session: Session,
    *,
    creditor_id: str | None = None,
    account_id: str | None = None,
    done: bool = False,
    after: Task | None = None,
    limit: int = 100,
) -> list[Listed]:
    """Tasks that wait, longest waiting first; or those that are done, the last first.

    Of one creditor or account if named; `after` is the last task of the page before.
    """
    place = tuple_(Task.done_at, Task.key) if done else tuple_(Task.at, Task.key)
    owed = (
        select(func.coalesce(func.sum(LedgerEntry.minor), 0))
        .where(LedgerEntry.account_id == Task.account_id, LedgerEntry.book.in_(OWED))
        .scalar_subquery()
    )
    asked = (
        select(Task, Account, owed)
        .join(Account, Account.id == Task.account_id)
        .where(Task.done_at.is_not(None) if done else Task.done_at.is_(None))
        .order_by(*([Task.done_at.desc(), Task.key.desc()] if done else [Task.at, Task.key]))
        .limit(limit)
    )
    if creditor_id is not None:
        asked = asked.where(Account.creditor_id == creditor_id)
    if account_id is not None:
        asked = asked.where(Task.account_id == account_id)
    if after is not None:
        asked = asked.where(
            place < (after.done_at, after.key) if done else place > (after.at, after.key)
        )
    return [Listed(task, account, int(minor)) for task, account, minor in session.execute(asked)]


def of_creditor(session: Session, creditor_id: str, key: str) -> Task | None:
    """The task of that key, if it is about one of the creditor's accounts."""
    return session.scalar(
        select(Task)
        .join(Account, Account.id == Task.account_id)
        .where(Task.key == key, Account.creditor_id == creditor_id)
    )


def see_to(
    session: Session, account: Account, keys: Collection[str], *, by: Doer, at: datetime
) -> Sequence[Task]:
    """Write down that these tasks of the account are done, and give them back.

    What was done before keeps its time and its name. NoSuchTask if one is named that the account
    does not have. The caller holds the account's person.
    """
    known = [key for key in keys if "\0" not in key]  # none that Postgres can be asked about
    asked = select(Task).where(Task.account_id == account.id, Task.key.in_(known))
    found = session.scalars(asked.order_by(Task.at, Task.key)).all()
    if missing := set(keys) - {task.key for task in found}:
        raise NoSuchTask(
            f"{account.id} has no task {min(missing)!r}: expected an id as the worklist has it"
        )
    waited = [task for task in found if task.done_at is None]
    # An account that was run ahead may hand over later than the last that is known of its present.
    moment = max(at, *(task.at for task in waited)) if waited else at
    for task in waited:
        task.done_at, task.done_by = moment, by.name
        whose = "house" if by.of_house else "creditor"
        journal.note(session, account.id, "seen to", at=moment, reason=task.reason, by=whose)
    session.flush()
    return found
