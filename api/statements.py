"""Remittance statements: what was collected for a creditor, what we keep, and what is paid out."""

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from api.paper import Paper
from api.problems import NotFound, ProblemBody
from api.roles import ToReport
from api.services import Served
from domain.commission import StatementTotals
from domain.money import CurrencyCode, figure
from storage import creditors, statements
from storage.statements import Stated
from storage.tables import Statement

CSV, PDF = "text/csv; charset=utf-8", "application/pdf"
COLUMNS = (
    *("booked_at", "account", "movement", "currency"),
    *("collected", "paid_to_you", "commission", "remitted"),
)
ON_PAPER = ("Booked (UTC)", "Account", "Movement", "Collected", "Paid to you", "Commission")
FIGURES = range(3, 6)
PRINTED = 1000
"""Lines on paper; the CSV has every one."""
DOCUMENTED: dict[int | str, dict[str, Any]] = {
    status: {
        "model": ProblemBody,
        "description": HTTPStatus(status).phrase,
        "content": {"application/problem+json": {}},
    }
    for status in (401, 404, 422, 503)
}

router = APIRouter(prefix="/v1/statements", tags=["statements"], responses=DOCUMENTED)


class StatementView(BaseModel):
    """A statement: amounts are minor units of its currency."""

    id: str = Field(examples=["sta_0c9d7c3e5f1a2b4c6d8e"])
    number: int = Field(description="1, 2, 3 … without a gap, by currency.")
    currency: str
    until: datetime = Field(description="Movements that were booked before this moment.")
    collected: int = Field(description="Through us, less what went back.")
    paid_to_you: int = Field(description="Reported as paid to the creditor directly.")
    commission: int
    remitted: int = Field(description="Paid out; below zero: owed to us.")
    stripe_fees: int = Field(description="As far as they were known; for information.")


class StatementList(BaseModel):
    """Statements, the newest first."""

    statements: list[StatementView]


@router.get("")
async def list_statements(
    creditor: ToReport,
    services: Served,
    currency: CurrencyCode | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> StatementList:
    """Your statements, the newest first."""

    def read() -> StatementList:
        with services.database.transaction() as session:
            found = statements.of_creditor(session, creditor, currency=currency, limit=limit)
        return StatementList(statements=[view(each) for each in found])

    return await run_in_threadpool(read)


@router.get(
    "/{statement_id}",
    response_model=StatementView,
    responses={200: {"content": {"text/csv": {}, "application/pdf": {}}}},
)
async def show_statement(
    statement_id: str,
    creditor: ToReport,
    services: Served,
    kind: Annotated[
        Literal["json", "csv", "pdf"], Query(alias="format", description="CSV has every line.")
    ] = "json",
) -> StatementView | Response:
    """One statement: its sums, or all of its lines as a file."""

    def read() -> StatementView | Response:
        with services.database.transaction() as session:
            statement = statements.by_id(session, creditor, statement_id)
            if statement is None:
                raise NotFound("statement")
            match kind:
                case "csv":
                    text = as_csv(statement, statements.lines(session, statement))
                    return _file(text.encode(), CSV, statement, kind)
                case "pdf":
                    name = creditors.name_of(session, creditor)
                    found = statements.lines(session, statement)
                    return _file(as_pdf(statement, name, found), PDF, statement, kind)
            return view(statement)

    return await run_in_threadpool(read)


def _file(content: bytes, media_type: str, statement: Statement, kind: str) -> Response:
    name = f"statement-{statement.currency}-{statement.number}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)


def view(statement: Statement) -> StatementView:
    """A statement as it is answered."""
    totals = StatementTotals.model_validate(statement.totals)
    return StatementView(
        id=statement.id,
        number=statement.number,
        currency=statement.currency,
        until=statement.until,
        collected=totals.collected,
        paid_to_you=totals.direct,
        commission=totals.commission,
        remitted=totals.remitted,
        stripe_fees=totals.fees,
    )


def as_csv(statement: Statement, lines: Iterable[Stated]) -> str:
    """All lines, amounts in whole units with the currency's decimals: they sum to the statement."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    for each in lines:
        line = each.line
        figures = (line.collected, line.direct, line.commission, line.collected - line.commission)
        writer.writerow(
            [
                each.at.isoformat(timespec="seconds"),
                each.reference,
                each.cause,
                statement.currency,
                *(figure(minor, statement.currency) for minor in figures),
            ]
        )
    return written.getvalue()


def as_pdf(statement: Statement, creditor: str, lines: Iterable[Stated]) -> bytes:
    """The statement on paper: its sums, and its first lines."""
    shown, currency = view(statement), statement.currency
    title = f"Statement {statement.number} ({currency})"
    paper = Paper(title, "en", rtl=False, at=statement.recorded_at)
    paper.heading(title)
    paper.paragraph(f"{creditor}\nMovements booked before {statement.until:%Y-%m-%d %H:%M} UTC")
    sums = {
        "Collected for you": shown.collected,
        "Our commission": -shown.commission,
        "Remitted to you" if shown.remitted >= 0 else "Owed by you": shown.remitted,
        "Paid to you directly": shown.paid_to_you,
        "Stripe's fees, as known": shown.stripe_fees,
    }
    paper.rows([(name, f"{currency} {figure(minor, currency)}") for name, minor in sums.items()])
    rows: list[list[str]] = []
    more = 0
    for each in lines:
        if len(rows) < PRINTED:
            rows.append(_row(each, currency))
        else:
            more += 1
    paper.table(ON_PAPER, rows, numbers=FIGURES)
    if more:
        paper.small(f"and {more:,} more lines: the CSV file of this statement has every one.")
    return paper.pdf()


def _row(each: Stated, currency: str) -> list[str]:
    figures = (each.line.collected, each.line.direct, each.line.commission)
    return [
        f"{each.at:%Y-%m-%d %H:%M}",
        each.reference,
        each.cause,
        *(figure(minor, currency) for minor in figures),
    ]
