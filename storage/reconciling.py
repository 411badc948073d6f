"""Stripe's books as we have read them, beside the ledger, and in what the two were found to differ.

A movement and a line belong to one payment if they name it by any of its ids: of the payment
intent, the charge, the refund or the dispute.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    SelectBase,
    Subquery,
    case,
    false,
    func,
    null,
    select,
    true,
    union,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.ledger import Book, Cause
from domain.reconciling import (
    OF_CAUSES,
    OF_LINES,
    Difference,
    Line,
    LineKind,
    Movement,
    Part,
    Payment,
    Why,
)
from storage import tables
from storage.tables import Account, LedgerEntry, LedgerTransaction, Reconciliation, StripeLine

IDS = "(?:pi|ch|py|re|pyr|du|dp)_[A-Za-z0-9_]+"
"""Stripe's ids of what moves a consumer's money."""
OVERLAP = timedelta(days=2)
"""Lines are read again for so long, should one have come to the list late."""
AT_A_TIME = 2000


def keep(session: Session, lines: Sequence[dict[str, Any]]) -> None:
    """Write lines of Stripe's books; those that are on record already stay as they are."""
    if lines:
        session.execute(insert(StripeLine).on_conflict_do_nothing(), lines)


def read_from(session: Session) -> datetime | None:
    """From when on Stripe's lines have to be read; None while nobody owes anything.

    Nobody has paid before the first account was placed.
    """
    last = session.scalar(select(func.max(Reconciliation.read_until)))
    return last - OVERLAP if last else beginning(session)


def beginning(session: Session) -> datetime | None:
    """When the first account was placed, by the wall; None if there is none."""
    return session.scalar(select(func.min(Account.recorded_at)))


def payments(session: Session, since: datetime, until: datetime) -> Iterator[Payment]:
    """Payments of which something was booked in that time, in either book, with all their lines.

    They are streamed from one snapshot: of the whole ledger, only one payment is in memory.
    """
    both = union_all(_lines(), _movements(_names())).subquery()
    rows = session.execute(
        select(both).order_by(both.c.payment, both.c.at, both.c.id),
        execution_options={"yield_per": AT_A_TIME},
    )
    for name, found in groupby(rows, key=lambda row: row.payment):
        booked = list(found)
        if any(since <= row.at < until for row in booked):
            yield Payment(
                name,
                [_line(row) for row in booked if row.line],
                [_movement(row) for row in booked if not row.line],
            )


def _lines() -> SelectBase:
    return (
        select(
            StripeLine.payment.label("payment"),
            true().label("line"),
            StripeLine.id.label("id"),
            StripeLine.kind.label("kind"),
            StripeLine.source_id.label("named"),
            StripeLine.minor.label("minor"),
            StripeLine.currency.label("currency"),
            Account.id.label("account_id"),
            StripeLine.created.label("at"),
            StripeLine.by_bank.label("by_bank"),
        )
        .outerjoin(Account, Account.id == StripeLine.account_id)
        .where(StripeLine.kind.in_(OF_LINES))
    )


def _names() -> Subquery:
    """Every id by which a payment may be called."""
    ids = (StripeLine.payment, StripeLine.charge_id, StripeLine.source_id)
    return union(
        *(
            select(each.label("name"), StripeLine.payment.label("payment")).where(
                StripeLine.kind.in_(OF_LINES), each.is_not(None)
            )
            for each in ids
        )
    ).subquery()


def _movements(names: Subquery) -> SelectBase:
    named = _named()
    collected = (
        select(func.coalesce(func.sum(LedgerEntry.minor), 0))
        .where(LedgerEntry.transaction_key == LedgerTransaction.key)
        .where(LedgerEntry.book == Book.COLLECTED)
        .scalar_subquery()
    )
    return (
        select(
            func.coalesce(names.c.payment, named),
            false(),
            LedgerTransaction.key,
            LedgerTransaction.cause,
            named,
            collected,
            LedgerTransaction.currency,
            LedgerTransaction.account_id,
            LedgerTransaction.recorded_at,
            null(),
        )
        .outerjoin(names, names.c.name == named)
        .where(LedgerTransaction.cause.in_(OF_CAUSES), named.is_not(None))
    )


def _named() -> ColumnElement[str | None]:
    """What of Stripe's a movement names, by its reference or else by its key."""
    return func.coalesce(
        func.substring(LedgerTransaction.provider_ref, f"^{IDS}$"),
        case(
            (
                LedgerTransaction.key.startswith("stripe:"),
                func.substring(LedgerTransaction.key, IDS),
            ),
            else_=null(),
        ),
    )


def _line(row: Row[Any]) -> Line:
    return Line(
        row.id,
        LineKind(row.kind),
        int(row.minor),
        row.currency,
        row.account_id,
        row.at,
        by_bank=row.by_bank,
    )


REFUND_IDS = ("re_", "pyr_")


def _movement(row: Row[Any]) -> Movement:
    # What is booked for a refund is part of the refunds, also when it says that one did not arrive.
    is_refund = row.named.startswith(REFUND_IDS)
    part = Part.REFUND if is_refund else OF_CAUSES[Cause(row.kind)]
    return Movement(row.id, part, int(row.minor), row.currency, row.account_id, row.at)


def costs_of_balance(session: Session, since: datetime, until: datetime) -> dict[str, int]:
    """What Stripe kept in that time, in minor units by currency of the balance."""
    rows = session.execute(
        select(
            StripeLine.balance_currency,
            func.sum(
                case(
                    (StripeLine.kind == LineKind.FEE, -StripeLine.net),
                    else_=StripeLine.fee,
                )
            ),
        )
        .where(StripeLine.created >= since, StripeLine.created < until)
        .group_by(StripeLine.balance_currency)
    )
    return {currency: int(minor) for currency, minor in rows}


def write(
    session: Session,
    *,
    window: tuple[datetime, datetime],
    read_until: datetime,
    compared: int,
    sums: Mapping[str, Any],
    found: Iterable[Difference],
) -> int:
    """Put the result of a comparison on record; its id."""
    since, until = window
    row = Reconciliation(
        since=since, until=until, read_until=read_until, compared=compared, sums=dict(sums)
    )
    session.add(row)
    session.flush()
    session.add_all(
        tables.Difference(
            reconciliation_id=row.id,
            cause=each.why,
            stripe_id=each.line,
            ledger_key=each.key,
            account_id=each.account_id,
            currency=each.currency,
            at_stripe=each.at_provider,
            in_ledger=each.in_ledger,
        )
        for each in found
    )
    return row.id


def found_in(session: Session, reconciliation_id: int) -> list[Difference]:
    """The differences of one comparison, as they were found."""
    rows = session.scalars(
        select(tables.Difference)
        .where(tables.Difference.reconciliation_id == reconciliation_id)
        .order_by(tables.Difference.id)
    )
    return [
        Difference(
            Why(row.cause),
            row.currency,
            row.at_stripe,
            row.in_ledger,
            line=row.stripe_id,
            key=row.ledger_key,
            account_id=row.account_id,
        )
        for row in rows
    ]


def read_lines(session: Session, ids: Sequence[str]) -> list[StripeLine]:
    """Lines of Stripe's books by their ids."""
    return list(session.scalars(select(StripeLine).where(StripeLine.id.in_(ids))))
