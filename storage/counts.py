"""Figures over the whole record, for reports and for the check against the other books."""

from collections.abc import Iterable

from sqlalchemy import Subquery, and_, case, distinct, func, select
from sqlalchemy.orm import Session

from domain.contacts import ContactStatus
from domain.ledger import OWED, Book, Cause
from storage.people import OPTED_OUT
from storage.tables import (
    Account,
    AddressFact,
    ChargeRow,
    ContactRow,
    Decision,
    HoldRow,
    JournalRow,
    LedgerEntry,
    LedgerTransaction,
    Plan,
    Task,
)

LEFT = (ContactStatus.SENT, ContactStatus.DELIVERED, ContactStatus.UNDELIVERED)
"""Statuses of contacts that a provider accepted."""


def accounts_by_state(session: Session) -> dict[str, int]:
    """Accounts by closure; those still open under "open"."""
    state = func.coalesce(Account.closure, "open")
    return _counted(session.execute(select(state, func.count()).group_by(state)).all())


def open_by_stage(session: Session) -> dict[str, int]:
    """Open accounts by stage."""
    stage = func.coalesce(Account.stage, "none")
    rows = session.execute(
        select(stage, func.count()).where(Account.closure.is_(None)).group_by(stage)
    )
    return _counted(rows.all())


def messages_by_channel(session: Session) -> dict[str, int]:
    """Messages that a provider accepted, by channel."""
    rows = session.execute(
        select(ContactRow.channel, func.count())
        .where(ContactRow.status.in_(LEFT))
        .group_by(ContactRow.channel)
    )
    return _counted(rows.all())


def contacts_by_status(session: Session) -> dict[str, int]:
    """All attempts to contact, by what became of them."""
    rows = session.execute(select(ContactRow.status, func.count()).group_by(ContactRow.status))
    return _counted(rows.all())


def verdicts_by_rule(session: Session, verdict: str) -> dict[str, int]:
    """Verdicts of one kind ("deny" or "wait"), by the rule named first."""
    rule = Decision.rules[1]
    rows = session.execute(
        select(rule, func.count()).where(Decision.verdict == verdict).group_by(rule)
    )
    return _counted(rows.all())


def opted_out(session: Session) -> dict[str, int]:
    """Addresses that are opted out now, by channel."""
    rows = session.execute(
        select(AddressFact.channel, func.count(distinct(AddressFact.address)))
        .where(AddressFact.fact == OPTED_OUT, AddressFact.lifted_at.is_(None))
        .group_by(AddressFact.channel)
    )
    return _counted(rows.all())


def holds(session: Session) -> dict[str, int]:
    """Accounts that were ever put on hold, by hold."""
    rows = session.execute(
        select(HoldRow.hold, func.count(distinct(HoldRow.account_id))).group_by(HoldRow.hold)
    )
    return _counted(rows.all())


def standing_holds(session: Session) -> dict[str, int]:
    """Open accounts that are on hold now, by hold."""
    rows = session.execute(
        select(HoldRow.hold, func.count(distinct(HoldRow.account_id)))
        .join(Account, Account.id == HoldRow.account_id)
        .where(HoldRow.lifted_at.is_(None), Account.closure.is_(None))
        .group_by(HoldRow.hold)
    )
    return _counted(rows.all())


def plans(session: Session) -> int:
    """Plans that were accepted."""
    return session.scalar(select(func.count(distinct(Plan.id)))) or 0


def broken(session: Session) -> int:
    """Accounts of which a plan broke."""
    return session.scalar(select(func.count(distinct(_stage("broken_plan").c.account_id)))) or 0


def recovered(session: Session) -> int:
    """Accounts of which a plan broke, and then went on or was paid."""
    broke, back = _stage("broken_plan"), _stage("on_plan")
    on_again = select(back.c.account_id).where(
        back.c.account_id == broke.c.account_id, back.c.id > broke.c.id
    )
    paid = select(Account.id).where(
        Account.id == broke.c.account_id, Account.closure == "paid in full"
    )
    return (
        session.scalar(
            select(func.count(distinct(broke.c.account_id))).where(
                on_again.exists() | paid.exists()
            )
        )
        or 0
    )


def charges(session: Session) -> dict[str, int]:
    """Charges of stored cards, by what became of them."""
    rows = session.execute(select(ChargeRow.status, func.count()).group_by(ChargeRow.status))
    return _counted(rows.all())


def tasks(session: Session) -> dict[str, int]:
    """All that was ever handed over to a person of ours, by what became of it."""
    became = case(
        (Task.done_at.is_not(None), "seen to"),
        (Account.closure.is_(None), "waiting"),
        else_="waiting, the account closed",
    )
    rows = session.execute(
        select(became, func.count()).join(Account, Account.id == Task.account_id).group_by(became)
    )
    return _counted(rows.all())


def book_sums(session: Session, *books: Book) -> dict[str, int]:
    """The sum of these books in minor units, by currency."""
    rows = session.execute(
        select(LedgerTransaction.currency, func.sum(LedgerEntry.minor))
        .join(LedgerTransaction, LedgerTransaction.key == LedgerEntry.transaction_key)
        .where(LedgerEntry.book.in_(books))
        .group_by(LedgerTransaction.currency)
    )
    return {currency: int(total) for currency, total in rows}


def collected_through_stripe(session: Session) -> dict[str, int]:
    """What is collected less what went back, in minor units by currency, without transfers."""
    rows = session.execute(
        select(LedgerTransaction.currency, func.sum(LedgerEntry.minor))
        .join(LedgerTransaction, LedgerTransaction.key == LedgerEntry.transaction_key)
        .where(LedgerEntry.book == Book.COLLECTED, LedgerTransaction.cause != Cause.TRANSFER)
        .group_by(LedgerTransaction.currency)
    )
    return {currency: int(total) for currency, total in rows}


def movements_by_cause(session: Session) -> dict[str, int]:
    """How many movements of money there were, by cause."""
    rows = session.execute(
        select(LedgerTransaction.cause, func.count()).group_by(LedgerTransaction.cause)
    )
    return _counted(rows.all())


def plans_by_rhythm(session: Session) -> dict[str, int]:
    """Plans that were agreed, by how often they are paid."""
    kind = func.coalesce(Plan.terms["rhythm"]["kind"].astext, "on dates of its own")
    rows = session.execute(select(kind, func.count(distinct(Plan.id))).group_by(kind))
    return _counted(rows.all())


def ledger_sum(session: Session) -> int:
    """The sum of every entry ever made: zero, or something is badly wrong."""
    return int(session.scalar(select(func.coalesce(func.sum(LedgerEntry.minor), 0))) or 0)


def owed_by_account(session: Session) -> dict[str, int]:
    """Minor units owed, by workflow id, of accounts that were not recalled."""
    rows = session.execute(
        select(Account.workflow_id, func.sum(LedgerEntry.minor))
        .join(
            LedgerEntry,
            and_(LedgerEntry.account_id == Account.id, LedgerEntry.book.in_(OWED)),
        )
        .where(Account.recalled_at.is_(None))
        .group_by(Account.workflow_id)
    )
    return {workflow_id: int(total) for workflow_id, total in rows}


def _stage(name: str) -> Subquery:
    return (
        select(JournalRow.id, JournalRow.account_id)
        .where(JournalRow.what == "stage", JournalRow.detail["stage"].astext == name)
        .subquery()
    )


def _counted(rows: Iterable[tuple[str | None, int]]) -> dict[str, int]:
    return {str(name): number for name, number in rows}
