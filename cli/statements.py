"""What `tahsil statement` does: close what a creditor is owed, and write it down."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from sqlalchemy.orm import Session

from api.statements import as_csv, as_pdf, view
from cli.records import open_record
from domain.money import currency_code, figure
from stack import Addresses
from storage import creditors, statements
from storage.tables import Creditor, Statement


@dataclass(frozen=True)
class Asked:
    """Which statement is wanted, and where it is written."""

    creditor: str
    currency: str | None
    until: datetime | None
    csv: Path | None
    pdf: Path | None


def state(addresses: Addresses, asked: Asked, console: Console) -> None:
    """Close what stands on no statement yet, and print the sums; the last one if there is nothing.

    ValueError if files are asked for and there is more than one currency, and for a last day that
    is not over.
    """
    now = datetime.now(UTC)  # noqa: TID251 -- a person asks
    until = end_of(asked.until, now) if asked.until else now
    with open_record(addresses) as database, database.transaction() as session:
        if session.get(Creditor, asked.creditor) is None:
            raise LookupError(f"no creditor {asked.creditor!r}: register them first")
        for currency in _currencies(session, asked):
            made = statements.close(session, asked.creditor, currency, until)
            found = made or _last(session, asked.creditor, currency)
            if found is None:
                console.print(f"{currency}: nothing has been collected yet", highlight=False)
                continue
            _print(found, console, is_new=made is not None)
            _write(session, asked, found)


def end_of(day: datetime, now: datetime) -> datetime:
    """The end of a day in UTC; ValueError while it lasts: more may be booked before it is over."""
    if day.date() >= now.date():
        raise ValueError(
            f"--until {day:%Y-%m-%d}: that day is not over in UTC; give one before"
            f" {now:%Y-%m-%d}, or leave --until out for all that has been booked up to now"
        )
    return day.replace(tzinfo=UTC) + timedelta(days=1)


def _currencies(session: Session, asked: Asked) -> list[str]:
    if asked.currency is not None:
        return [currency_code(asked.currency)]
    found = statements.currencies(session, asked.creditor)
    if len(found) > 1 and (asked.csv or asked.pdf):
        raise ValueError(f"one file holds one currency: say --currency, of {', '.join(found)}")
    return found


def _last(session: Session, creditor: str, currency: str) -> Statement | None:
    found = statements.of_creditor(session, creditor, currency=currency, limit=1)
    return found[0] if found else None


def _print(statement: Statement, console: Console, *, is_new: bool) -> None:
    shown = view(statement)

    def amount(minor: int) -> str:
        return figure(minor, statement.currency)

    console.print(
        f"{'new' if is_new else 'nothing new since'} statement {statement.number} "
        f"({statement.id}), {statement.currency}: collected {amount(shown.collected)}, "
        f"commission {amount(shown.commission)}, remitted {amount(shown.remitted)}; "
        f"paid to them directly {amount(shown.paid_to_you)}",
        highlight=False,
        soft_wrap=True,
    )


def _write(session: Session, asked: Asked, statement: Statement) -> None:
    if asked.csv:
        asked.csv.write_text(as_csv(statement, statements.lines(session, statement)), "utf-8")
    if asked.pdf:
        name = creditors.name_of(session, asked.creditor)
        asked.pdf.write_bytes(as_pdf(statement, name, statements.lines(session, statement)))
