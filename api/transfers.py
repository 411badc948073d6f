"""Bank transfers: lines of a creditor's bank statement, matched by reference and booked once."""

from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from activities import transfers as taking
from activities.lookups import close_other_pages
from activities.news import Told
from activities.reopening import tell
from api.accounts import DOCUMENTED, only_json
from api.idempotency import IdempotencyKey, once
from api.roles import ToMoveMoney, ToRead
from api.services import Served, Services
from domain.money import Money
from domain.transfers import BOOKED, REASONS, Outcome
from storage import transfers

router = APIRouter(
    prefix="/v1/transfers",
    tags=["payments"],
    dependencies=[Depends(only_json)],
    responses=DOCUMENTED,
)

MOST_LINES = 1000
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)

BankId = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,100}$")]
Text = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00]*$")]


class BankLine(BaseModel):
    """A line of a bank statement."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    id: BankId
    """The bank's own id of it; the same again is the same line."""
    amount: Money
    """Below zero: money went out."""
    booked_on: Annotated[date, Field(ge=EARLIEST, le=LATEST)]
    text: Text = ""
    """What the payer wrote: the reference is found in it."""

    def line(self) -> taking.Line:
        """As it is taken in."""
        return taking.Line(
            bank_id=self.id, amount=self.amount, booked_on=self.booked_on, said=self.text
        )


class BankLines(BaseModel):
    """Lines of a bank statement, in any order."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "lines": [
                        {
                            "id": "2026-11-21/17",
                            "amount": {"minor": 5000, "currency": "USD"},
                            "booked_on": "2026-11-21",
                            "text": "Payment RF71 7S7N 0X4K 2M9P",
                        }
                    ]
                }
            ]
        },
    )

    lines: Annotated[list[BankLine], Field(min_length=1, max_length=MOST_LINES)]


class TransferView(BaseModel):
    """A line, and what became of it."""

    id: str
    outcome: Outcome
    reason: str
    account_id: str | None


class TransferList(BaseModel):
    """Lines, and what became of them."""

    lines: list[TransferView]
    counts: dict[str, int] = Field(examples=[{"booked": 41, "unmatched": 2}])


class WaitingLine(BaseModel):
    """A line on record."""

    id: str
    outcome: Outcome
    reason: str
    account_id: str | None
    amount: Money
    booked_on: date


class WaitingList(BaseModel):
    """Lines on record, by the bank's ids."""

    lines: list[WaitingLine]
    next: str | None
    """Give it as `after` to read on; null at the end."""


class Uploaded(BaseModel):
    """All that makes one upload another than the next."""

    what: str = "transfers"
    body: BankLines


@router.post("", response_model=TransferList)
async def take_lines(
    given: BankLines, creditor: ToMoveMoney, services: Served, key: IdempotencyKey = None
) -> JSONResponse:
    """Book what consumers paid by bank transfer on the accounts whose references they wrote.

    Each line is booked once, whatever happens: the same file may be sent again. Lines that cannot
    be booked are kept, and answered with the reason; send them again with the reference in their
    text.
    """

    async def work() -> tuple[int, TransferList]:
        views = [await _take(services, creditor, line) for line in given.lines]
        outcomes = [view.outcome for view in views]
        counts = {str(each): outcomes.count(each) for each in Outcome if each in outcomes}
        return HTTPStatus.OK, TransferList(lines=views, counts=counts)

    return await once(services.database, creditor, key, Uploaded(body=given), work)


@router.get("")
async def show(
    creditor: ToRead,
    services: Served,
    outcome: Annotated[
        list[Outcome] | None, Query(description="Left out: all that are not booked.")
    ] = None,
    after: Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> WaitingList:
    """Lines on record and what became of them; those that still wait, unless asked otherwise."""
    wanted = frozenset(outcome) if outcome else frozenset(Outcome) - BOOKED

    def read() -> WaitingList:
        with services.database.transaction() as session:
            rows = transfers.of_creditor(
                session, creditor, wanted, after=f"{creditor}:{after}", limit=limit + 1
            )
            lines = [
                WaitingLine(
                    id=row.id.removeprefix(f"{creditor}:"),
                    outcome=Outcome(row.outcome),
                    reason=REASONS[Outcome(row.outcome)],
                    account_id=row.account_id,
                    amount=Money(minor=row.minor, currency=row.currency),
                    booked_on=row.booked_on,
                )
                for row in rows[:limit]
            ]
            return WaitingList(lines=lines, next=lines[-1].id if len(rows) > limit else None)

    return await run_in_threadpool(read)


async def _take(services: Services, creditor: str, line: BankLine) -> TransferView:
    """Take one line in, and tell who must know of it."""

    def transaction() -> tuple[taking.Taken, list[Told]]:
        with services.database.transaction() as session:
            return taking.take(session, creditor, line.line(), services.wall())

    taken, news = await run_in_threadpool(transaction)
    await tell(services.database, services.door, news)
    if taken.outcome in BOOKED and taken.account_id is not None:
        await close_other_pages(
            services.database, services.door, services.stripe, taken.account_id, services.wall()
        )
    return TransferView(
        id=line.id,
        outcome=taken.outcome,
        reason=REASONS[taken.outcome],
        account_id=taken.account_id,
    )
