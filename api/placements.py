"""Placing accounts by the file: streamed in, judged row by row, placed in the background."""

import secrets
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from api.accounts import DOCUMENTED
from api.problems import Invalid, NotFound, NotNow, WrongMediaType, field_error
from api.roles import ToPlace
from api.schemas import EXAMPLE, PlacementView, RowList, RowView
from api.services import Served, Services
from api.upload import (
    COLUMNS,
    Judge,
    Line,
    Reader,
    UnreadableLine,
    batches,
    columns_of,
    csv_reader,
    lines,
    read_json,
)
from domain.accounts import opaque_id
from storage import placements
from storage.tables import PlacementFile, PlacementRow
from workflows.door import NotYet

NDJSON, CSV = "application/x-ndjson", "text/csv"
EXAMPLE_CSV = (
    ",".join(COLUMNS) + "\nINV-2026-0042,standard,18750,USD,2026-10-31,C-1001,Jo Doe,US,en,,"
    "+14045550123,jo@example.com\n"
)
BODIES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            NDJSON: {"schema": {"type": "string"}, "example": EXAMPLE},
            CSV: {"schema": {"type": "string"}, "example": EXAMPLE_CSV},
        },
    }
}
OWN_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"

router = APIRouter(prefix="/v1/placements", tags=["placements"], responses=DOCUMENTED)


@router.post("", status_code=HTTPStatus.ACCEPTED, openapi_extra=BODIES)
async def place_file(
    request: Request,
    response: Response,
    creditor: ToPlace,
    services: Served,
    name: Annotated[
        str | None,
        Header(
            alias="Placement-Id",
            pattern=OWN_NAME,
            description="A name of your own for this upload, or the id of an earlier answer. "
            "Send the whole file again with it to go on after an interruption: lines that are "
            "kept already are skipped.",
        ),
    ] = None,
) -> PlacementView:
    """Send a file of accounts, one on each line: NDJSON, or CSV with its columns on line 1.

    Good rows are placed in the background and bad ones are reported; see the placement's rows.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in {NDJSON, CSV} or request.headers.get("content-encoding"):
        raise WrongMediaType(NDJSON, CSV)
    placement_id = await run_in_threadpool(_identity, services, creditor, name)
    await _receive(services, creditor, placement_id, request, as_csv=kind == CSV)
    view = await run_in_threadpool(_received, services, placement_id)
    try:
        await services.door.place_file(placement_id)
    except NotYet as error:
        raise NotNow(f"The file is kept, but {error}. Send it again with Placement-Id.") from error
    response.headers["Location"] = f"/v1/placements/{placement_id}"
    return view


async def _receive(
    services: Services, creditor: str, placement_id: str, request: Request, *, as_csv: bool
) -> None:
    """Keep the file's rows, a batch in each transaction."""
    found = lines(request.stream())
    reader: Reader = read_json
    if as_csv:
        reader = csv_reader(await _columns(found))
    judge = Judge(reader, creditor, services.wall().date(), by_column=as_csv)

    def keep(batch: list[Line]) -> None:
        rows = judge.rows(batch)
        with services.database.transaction() as session:
            placements.begin(session, placement_id, creditor)
            placements.add(session, placement_id, rows)

    empty = True
    async for batch in batches(found):
        empty = False
        await run_in_threadpool(keep, batch)
    if empty:
        raise Invalid([field_error("", "the file has no rows", "one account on each line")])


async def _columns(found: AsyncIterator[Line]) -> list[str]:
    try:
        return columns_of((await anext(found))[1])
    except StopAsyncIteration:
        return columns_of(b"")
    except UnreadableLine as error:
        raise Invalid([field_error("", "line 1 cannot be read", str(error))]) from None


def _identity(services: Services, creditor: str, name: str | None) -> str:
    """The id of the upload: a new one, or the one that the creditor's name stands for."""
    if name is None:
        return f"plc_{secrets.token_hex(10)}"
    if not name.startswith("plc_"):
        return opaque_id("plc", creditor, name)
    with services.database.transaction() as session:
        if placements.of_creditor(session, creditor, name) is None:
            raise NotFound("placement")
    return name


def _received(services: Services, placement_id: str) -> PlacementView:
    with services.database.transaction() as session:
        file = placements.received(session, placement_id)
        return _view(file, placements.counts(session, placement_id))


@router.get("/{placement_id}")
async def show_placement(placement_id: str, creditor: ToPlace, services: Served) -> PlacementView:
    """How far the placing of a file has come."""

    def read() -> PlacementView:
        with services.database.transaction() as session:
            file = placements.of_creditor(session, creditor, placement_id)
            if file is None:
                raise NotFound("placement")
            return _view(file, placements.counts(session, placement_id))

    return await run_in_threadpool(read)


def _view(file: PlacementFile, outcomes: dict[str, int]) -> PlacementView:
    return PlacementView.model_validate(
        {
            "id": file.id,
            "status": file.status,
            "rows": sum(outcomes.values()),
            "outcomes": outcomes,
            "received_at": file.recorded_at,
            "finished_at": file.finished_at,
        }
    )


@router.get("/{placement_id}/rows")
async def show_rows(  # noqa: PLR0917 -- what a page of rows is chosen by
    placement_id: str,
    creditor: ToPlace,
    services: Served,
    outcome: Annotated[str | None, Query(pattern=f"^({'|'.join(placements.OUTCOMES)})$")] = None,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> RowList:
    """The rows of a file and what became of each; of one outcome, or all."""

    def read() -> RowList:
        with services.database.transaction() as session:
            if placements.of_creditor(session, creditor, placement_id) is None:
                raise NotFound("placement")
            found = placements.rows(
                session, placement_id, outcome=outcome, after=after, limit=limit + 1
            )
        shown = found[:limit]
        more = shown[-1].number if len(found) > limit else None
        return RowList(rows=[_row_view(row) for row in shown], next=more)

    return await run_in_threadpool(read)


def _row_view(row: PlacementRow) -> RowView:
    return RowView(
        row=row.number,
        reference=row.reference,
        outcome=row.outcome,
        account_id=row.account_id,
        errors=row.errors or [],
    )
