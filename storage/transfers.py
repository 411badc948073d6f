"""Lines of creditors' bank statements: each is kept, and once it is booked it stays as it is."""

from collections.abc import Collection
from datetime import date

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.money import Money
from domain.transfers import BOOKED, Outcome, references_in
from storage.tables import Account, TransferRow


def keep(
    session: Session, creditor_id: str, bank_id: str, *, amount: Money, booked_on: date, said: str
) -> TransferRow:
    """Write a line, or find it by the bank's id, and hold it until the transaction ends.

    What was not booked yet may come again with another text.
    """
    key = f"{creditor_id}:{bank_id}"
    row = insert(TransferRow).values(
        id=key,
        creditor_id=creditor_id,
        minor=amount.minor,
        currency=amount.currency,
        booked_on=booked_on,
        said=said,
        outcome=Outcome.UNMATCHED,
    )
    session.execute(row.on_conflict_do_nothing())
    known = session.scalars(
        select(TransferRow).where(TransferRow.id == key).with_for_update()
    ).one()
    if known.outcome not in BOOKED:
        known.minor, known.currency = amount.minor, amount.currency
        known.booked_on, known.said = booked_on, said
        session.flush()
    return known


def named_in(session: Session, creditor_id: str, said: str) -> list[Account]:
    """The creditor's accounts whose references stand in what a payer wrote."""
    found = references_in(said)
    if not found:
        return []
    return list(
        session.scalars(
            select(Account)
            .where(Account.creditor_id == creditor_id, Account.payment_reference.in_(found))
            .order_by(Account.id)
        )
    )


def settle(session: Session, row: TransferRow, outcome: Outcome, account_id: str | None) -> None:
    """Write what became of a line."""
    row.outcome, row.account_id = outcome, account_id
    session.flush()


def of_creditor(
    session: Session,
    creditor_id: str,
    outcomes: Collection[Outcome],
    *,
    after: str = "",
    limit: int = 200,
) -> list[TransferRow]:
    """A creditor's lines with these outcomes after one of them, by the bank's ids."""
    return list(
        session.scalars(
            select(TransferRow)
            .where(TransferRow.creditor_id == creditor_id, TransferRow.outcome.in_(outcomes))
            .where(TransferRow.id > after)
            .order_by(TransferRow.id)
            .limit(limit)
        )
    )
