"""A line of a bank statement: found to be of an account, and booked as its payment."""

from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy.orm import Session

from activities import paying
from activities.news import Told
from domain.ledger import Cause
from domain.money import Money
from domain.time import local_instant
from domain.transfers import BOOKED, Outcome
from storage import contacts, ledger, transfers
from storage.session import lock_account
from storage.tables import Account, Person, TransferRow

NOON = time(12)
"""A bank tells the day alone: at noon it is that day all around the person."""


@dataclass(frozen=True)
class Line:
    """One line, as the creditor's bank told it."""

    bank_id: str
    amount: Money
    """Below zero: money went out."""
    booked_on: date
    said: str
    """What the payer wrote."""


@dataclass(frozen=True)
class Taken:
    """What became of a line, and the account that it names."""

    outcome: Outcome
    account_id: str | None


def take(
    session: Session, creditor_id: str, line: Line, wall: datetime
) -> tuple[Taken, list[Told]]:
    """Book a line on the account that it names, once; else note why it cannot be."""
    row = transfers.keep(
        session,
        creditor_id,
        line.bank_id,
        amount=line.amount,
        booked_on=line.booked_on,
        said=line.said,
    )
    if row.outcome in BOOKED:
        if (row.minor, row.currency, row.booked_on) != (
            line.amount.minor,
            line.amount.currency,
            line.booked_on,
        ):
            return Taken(Outcome.DIFFERENT, None), []
        paid = session.get_one(Account, row.account_id)
        return _taken(row), _book(session, paid, row, wall)
    named = transfers.named_in(session, creditor_id, line.said)
    account = named[0] if len(named) == 1 else None
    if account is not None:
        lock_account(session, account.id)
        session.refresh(account)
    outcome = _outcome(session, row, named)
    transfers.settle(session, row, outcome, account.id if account else None)
    if account is None or outcome not in BOOKED:
        return _taken(row), []
    return _taken(row), _book(session, account, row, wall)


def _taken(row: TransferRow) -> Taken:
    return Taken(Outcome(row.outcome), row.account_id)


def _outcome(session: Session, row: TransferRow, named: list[Account]) -> Outcome:
    """What can be made of a line that is not booked yet; the one account it names is held."""
    if row.minor <= 0:
        return Outcome.OUTGOING
    if len(named) != 1:
        return Outcome.AMBIGUOUS if named else Outcome.UNMATCHED
    [account] = named
    if account.recalled_at is not None:
        return Outcome.RECALLED
    if account.currency != row.currency:
        return Outcome.WRONG_CURRENCY
    over = row.minor > ledger.balance(session, account.id)
    return Outcome.OVERPAID if over else Outcome.BOOKED


def _book(session: Session, account: Account, row: TransferRow, wall: datetime) -> list[Told]:
    """Book it as what it is, on the day on which the bank had it."""
    person = session.get_one(Person, account.person_id)
    day = local_instant(row.booked_on, NOON, person.zones[0] if person.zones else "UTC")
    return paying.received(
        session,
        account,
        f"transfer:{row.id}",
        Money(minor=row.minor, currency=row.currency),
        cause=Cause.TRANSFER,
        provider_ref=row.id,
        at=min(day, contacts.present(session, account.person_id, wall)),
    )
