"""Opening an account again: money went back after its journey had ended as paid or settled.

The record is written with the money, in one transaction, and a row in the inbox with it. From that
row the sweeper begins the journey again, should whoever booked the money die before.
"""

import asyncio
from datetime import datetime

from sqlalchemy.orm import Session

from activities.doors import Door
from activities.news import Told
from domain.accounts import PAID_UP, Closure
from domain.events import BalanceChanged, PaymentReversed
from storage import Database, accounts, inbox, ledger, reopening
from storage.reopening import Reopened
from storage.tables import Account, InboxRow

REOPENED = "reopened"
"""The name under which the inbox keeps that a journey has to begin again."""


def reopen(session: Session, account: Account, key: str, *, at: datetime) -> None:
    """Open an account that had ended as paid up and is not so any more; `key` is of the movement.

    The caller holds the person. Of an account that ended in another way a person of ours is told.
    """
    if account.closure is None or ledger.balance(session, account.id) <= 0:
        return
    times = accounts.reopen(session, account.id, closures=PAID_UP)
    session.refresh(account)
    if times is None:
        reason = "money went back after the account was closed: look at it"
        accounts.hand_over(session, f"closed:{key}", account.id, reason, at=at)
        return
    inbox.store(session, REOPENED, key, REOPENED, {"account_id": account.id, "key": key})


def reopen_at_once(session: Session, account_id: str, *, at: datetime) -> None:
    """Open an account again on which money went back while its journey was just ending."""
    account = session.get_one(Account, account_id, populate_existing=True)
    reopen(session, account, f"{account_id}:{ledger.version(session, account_id)}", at=at)


def name_end(session: Session, account: Account) -> None:
    """Call an end as paid up what it is by the ledger: money that goes back may have it settled."""
    if account.closure in PAID_UP and ledger.balance(session, account.id) <= 0:
        settled = ledger.is_settled(session, account.id)
        closure = Closure.SETTLED if settled else Closure.PAID_IN_FULL
        accounts.name_end(session, account.id, closure)
        session.refresh(account)


def reversed_told(session: Session, account: Account, key: str) -> Told:
    """News that the payment booked under `key` went back; it begins a journey that was over."""
    opened = inbox.by_key(session, f"{REOPENED}:{key}") is not None and account.closure is None
    event = PaymentReversed(event_id=f"reversed:{key}")
    return Told(account.workflow_id, event, reopens=account.id if opened else None)


def take(session: Session, row: InboxRow) -> list[Told]:
    """Begin a journey again that nobody has begun yet; once more is harmless."""
    account = accounts.by_id(session, row.payload["account_id"])
    if account is None or account.closure is not None:
        return []
    return [reversed_told(session, account, row.payload["key"])]


async def tell(database: Database, door: Door, news: list[Told]) -> None:
    """Tell workflows what the record has; a journey that has to begin again begins with it."""
    for told in news:
        if told.reopens is not None:
            await _begin_again(database, door, told.reopens, told)
        await door.tell(told.workflow_id, told.event)


async def _begin_again(database: Database, door: Door, account_id: str, told: Told) -> None:
    reopened = await asyncio.to_thread(_reopened, database, account_id)
    if reopened is None:
        return  # it has ended again in the meantime
    await door.reopen(reopened, told.event)
    # What was told after the record was read, and before there was a workflow, reached nobody.
    await door.tell(told.workflow_id, await asyncio.to_thread(_balance, database, account_id))


def _reopened(database: Database, account_id: str) -> Reopened | None:
    with database.transaction() as session:
        return reopening.reopened(session, account_id)


def _balance(database: Database, account_id: str) -> BalanceChanged:
    with database.transaction() as session:
        version = ledger.version(session, account_id)
        balance = ledger.balance(session, account_id)
    event_id = f"reopened:{account_id}:{version}"
    return BalanceChanged(event_id=event_id, version=version, balance=balance, cause="reversal")
