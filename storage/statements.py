"""Remittance statements: every movement of a creditor's money stands on one of them, and on one.

A statement takes whatever stands on none yet. What is booked while it is being made comes on the
next; nothing is looked for by its date alone, so that nothing late is lost.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, func, insert, select
from sqlalchemy.orm import Session

from domain.accounts import opaque_id
from domain.commission import StatementLine, StatementTotals
from domain.contracts import CommissionTerms
from domain.ledger import Book
from domain.reconciling import LineKind
from storage import contracts, tables
from storage.tables import Account, LedgerEntry, LedgerTransaction, Statement, StripeLine

AT_A_TIME = 1000
STRIPE = "stripe:"
"""What the key of a payment through Stripe begins with; the payment's own id follows."""


@dataclass(frozen=True)
class Stated:
    """One line of a statement, with the movement that it stands for."""

    key: str
    reference: str
    """The creditor's own, of the account."""
    cause: str
    at: datetime
    line: StatementLine


def close(session: Session, creditor_id: str, currency: str, until: datetime) -> Statement | None:
    """Make the statement of all movements up to then that stand on none; None if there are none.

    Whoever closes at the same time waits: numbers have no gap, and no movement is on two.
    """
    _take_turns(session, creditor_id, currency)
    lines = _new_lines(session, creditor_id, currency, until)
    if not lines:
        return None
    number = _last_number(session, creditor_id, currency) + 1
    statement = Statement(
        id=opaque_id("sta", creditor_id, currency, str(number)),
        creditor_id=creditor_id,
        currency=currency,
        number=number,
        until=until,
        totals=StatementTotals.of(lines.values()).model_dump(),
    )
    session.add(statement)
    session.flush()
    session.execute(
        insert(tables.StatementLine),
        [
            {
                "transaction_key": key,
                "statement_id": statement.id,
                "minor": line.collected,
                "commission": line.commission,
            }
            for key, line in lines.items()
        ],
    )
    return statement


def _take_turns(session: Session, creditor_id: str, currency: str) -> None:
    name = f"statement:{creditor_id}:{currency}"
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def _last_number(session: Session, creditor_id: str, currency: str) -> int:
    mine = select(func.max(Statement.number)).where(
        Statement.creditor_id == creditor_id, Statement.currency == currency
    )
    return session.scalar(mine) or 0


def _new_lines(
    session: Session, creditor_id: str, currency: str, until: datetime
) -> dict[str, StatementLine]:
    @cache
    def terms(contract_id: int | None) -> CommissionTerms:
        return contracts.by_id(session, contract_id).commission

    rows = session.execute(
        _moved()
        .outerjoin(
            tables.StatementLine, tables.StatementLine.transaction_key == LedgerTransaction.key
        )
        .where(tables.StatementLine.transaction_key.is_(None))
        .where(Account.creditor_id == creditor_id, LedgerTransaction.currency == currency)
        .where(LedgerTransaction.recorded_at < until)
    )
    return {
        row.key: StatementLine.of(
            terms(row.contract_id),
            collected=int(row.collected),
            direct=int(row.direct),
            fee=int(row.fee),
        )
        for row in rows
    }


def _moved() -> Select[*tuple[Any, ...]]:
    """What movements collected, or were told to have been paid directly; and Stripe's fee."""
    fee = (
        select(func.coalesce(func.sum(StripeLine.fee), 0))
        .where(StripeLine.payment == func.substr(LedgerTransaction.key, len(STRIPE) + 1))
        .where(LedgerTransaction.key.startswith(STRIPE), StripeLine.kind == LineKind.CHARGE)
        .where(StripeLine.balance_currency == LedgerTransaction.currency)
        .scalar_subquery()
    )
    return (
        select(
            LedgerTransaction.key,
            LedgerTransaction.cause,
            LedgerTransaction.recorded_at,
            Account.reference,
            Account.contract_id,
            _sum_of(Book.COLLECTED).label("collected"),
            _sum_of(Book.REPORTED).label("direct"),
            fee.label("fee"),
        )
        .join(Account, Account.id == LedgerTransaction.account_id)
        .join(LedgerEntry, LedgerEntry.transaction_key == LedgerTransaction.key)
        .where(LedgerEntry.book.in_((Book.COLLECTED, Book.REPORTED)))
        .group_by(LedgerTransaction.key, Account.id)
        .order_by(
            LedgerTransaction.recorded_at, LedgerTransaction.account_id, LedgerTransaction.version
        )
    )


def _sum_of(book: Book) -> ColumnElement[int]:
    return func.coalesce(func.sum(LedgerEntry.minor).filter(LedgerEntry.book == book), 0)


def lines(session: Session, statement: Statement) -> Iterator[Stated]:
    """The lines of a statement, oldest first, streamed."""
    rows = session.execute(
        _moved()
        .add_columns(tables.StatementLine.commission)
        .join(tables.StatementLine, tables.StatementLine.transaction_key == LedgerTransaction.key)
        .where(tables.StatementLine.statement_id == statement.id)
        .group_by(tables.StatementLine.transaction_key),
        execution_options={"yield_per": AT_A_TIME},
    )
    for row in rows:
        line = StatementLine(
            collected=int(row.collected), direct=int(row.direct), commission=row.commission
        )
        yield Stated(row.key, row.reference, row.cause, row.recorded_at, line)


def of_creditor(
    session: Session, creditor_id: str, *, currency: str | None = None, limit: int = 100
) -> list[Statement]:
    """Statements of a creditor, the newest first."""
    found = select(Statement).where(Statement.creditor_id == creditor_id)
    if currency is not None:
        found = found.where(Statement.currency == currency)
    ordered = found.order_by(Statement.recorded_at.desc(), Statement.id)
    return list(session.scalars(ordered.limit(limit)))


def by_id(session: Session, creditor_id: str, statement_id: str) -> Statement | None:
    """A statement of that creditor's."""
    found = session.get(Statement, statement_id)
    return found if found is not None and found.creditor_id == creditor_id else None


def currencies(session: Session, creditor_id: str) -> list[str]:
    """The currencies in which a creditor has accounts."""
    mine = select(Account.currency).where(Account.creditor_id == creditor_id).distinct()
    return list(session.scalars(mine.order_by(Account.currency)))
