"""Files of accounts: rows as they arrived, and what became of each."""

from collections.abc import Sequence
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.accounts import Placement
from storage.lines import ask
from storage.session import driver
from storage.tables import PlacementFile, PlacementRow

RECEIVING, PLACING, FINISHED = "receiving", "placing", "finished"
"""Where a file stands: its rows still come, they are being placed, or nothing is left to do."""

WAITING = "waiting"
PLACED = "placed"
ALREADY_PLACED = "already placed"
CONFLICT = "conflict"
REFUSED = "refused"
REPEATED = "repeated"
OUTCOMES = (WAITING, PLACED, ALREADY_PLACED, CONFLICT, REFUSED, REPEATED)
"""What can become of a row. `repeated`: an earlier row of the file has the same reference."""


class ReadRow(BaseModel):
    """A row as it was read from a file: a placement to carry out, or the errors in it."""

    model_config = ConfigDict(frozen=True)

    number: int
    """The line of the file, counted from 1."""
    reference: str | None = None
    placement: Placement | None = None
    errors: tuple[dict[str, str], ...] = ()


def begin(session: Session, placement_id: str, creditor_id: str) -> PlacementFile:
    """The file of that id, begun now or in an upload that was interrupted."""
    row = insert(PlacementFile).values(id=placement_id, creditor_id=creditor_id, status=RECEIVING)
    session.execute(row.on_conflict_do_nothing())
    return session.get_one(PlacementFile, placement_id)


def of_creditor(session: Session, creditor_id: str, placement_id: str) -> PlacementFile | None:
    """The file of that id, if it is this creditor's."""
    return session.scalar(
        select(PlacementFile).where(
            PlacementFile.id == placement_id, PlacementFile.creditor_id == creditor_id
        )
    )


def by_id(session: Session, placement_id: str) -> PlacementFile | None:
    """The file of that id."""
    return session.get(PlacementFile, placement_id)


def add(session: Session, placement_id: str, rows: Sequence[ReadRow]) -> None:
    """Keep rows of a file. Rows kept before are left as they are, so that an upload can resume."""
    if not rows:
        return
    earlier = _first_lines(session, placement_id, rows)
    values = [_values(placement_id, row, earlier) for row in rows]
    session.execute(insert(PlacementRow).on_conflict_do_nothing(), values)


def _first_lines(session: Session, placement_id: str, rows: Sequence[ReadRow]) -> dict[str, int]:
    """The first line of the file that carries each reference, these rows included."""
    carried = [(row.reference, row.number) for row in rows if row.placement and row.reference]
    kept = session.execute(
        select(PlacementRow.reference, func.min(PlacementRow.number))
        .where(PlacementRow.placement_id == placement_id)
        .where(PlacementRow.reference.in_({reference for reference, _ in carried}))
        .where(PlacementRow.outcome.not_in((REFUSED, REPEATED)))
        .group_by(PlacementRow.reference)
    ).all()
    first = {reference: number for reference, number in kept if reference is not None}
    for reference, number in carried:
        first[reference] = min(number, first.get(reference, number))
    return first


def _values(placement_id: str, row: ReadRow, first: dict[str, int]) -> dict[str, Any]:
    line = first.get(row.reference or "", row.number)
    repeated = row.placement is not None and line < row.number
    errors = [_repeats(line)] if repeated else list(row.errors)
    waits = row.placement is not None and not repeated
    outcome = WAITING if waits else REPEATED if repeated else REFUSED
    return {
        "placement_id": placement_id,
        "number": row.number,
        "reference": row.reference,
        "placement": row.placement.model_dump(mode="json") if waits and row.placement else None,
        "outcome": outcome,
        "errors": errors or None,
    }


def _repeats(line: int) -> dict[str, str]:
    return {
        "pointer": "/reference",
        "detail": f"line {line} of this file carries the same reference",
        "expected": "each reference once in a file; the first is placed",
    }


def received(session: Session, placement_id: str) -> PlacementFile:
    """The whole file is here: count its rows, and let the placing begin unless it has begun."""
    rows = select(func.count()).where(PlacementRow.placement_id == placement_id).scalar_subquery()
    session.execute(
        update(PlacementFile)
        .where(PlacementFile.id == placement_id)
        .where(PlacementFile.status.in_((RECEIVING, PLACING)))
        .values(status=PLACING, rows=rows)
    )
    return session.get_one(PlacementFile, placement_id, populate_existing=True)


def finish(session: Session, placement_id: str) -> None:
    """Nothing is left to do with the file."""
    session.execute(
        update(PlacementFile)
        .where(PlacementFile.id == placement_id, PlacementFile.finished_at.is_(None))
        .values(status=FINISHED, finished_at=func.now())
    )


def waiting(
    session: Session, placement_id: str, *, after: int = 0, limit: int = 200
) -> list[PlacementRow]:
    """Rows that wait to be placed, after a line of the file, in its order."""
    return rows(session, placement_id, outcome=WAITING, after=after, limit=limit)


_SETTLE = f"""
update placement_rows set outcome = $3, placement = null, account_id = $4, errors = $5::jsonb
where placement_id = $1 and number = $2 and outcome = '{WAITING}'"""  # noqa: S608 -- a constant of ours; values are parameters


def settle(
    session: Session,
    placement_id: str,
    number: int,
    outcome: str,
    *,
    account_id: str | None = None,
    errors: Sequence[dict[str, str]] = (),
) -> None:
    """Write what became of a row and erase the consumer's data from it."""
    told = orjson.dumps(list(errors)).decode() if errors else None
    session.flush()
    ask(driver(session), (_SETTLE, (placement_id, number, outcome, account_id, told)))


def counts(session: Session, placement_id: str) -> dict[str, int]:
    """How many rows came to each outcome."""
    found = session.execute(
        select(PlacementRow.outcome, func.count())
        .where(PlacementRow.placement_id == placement_id)
        .group_by(PlacementRow.outcome)
    ).all()
    return dict.fromkeys(OUTCOMES, 0) | dict(found)


def rows(
    session: Session,
    placement_id: str,
    *,
    outcome: str | None = None,
    after: int = 0,
    limit: int = 200,
) -> list[PlacementRow]:
    """Rows after a line of the file, in its order; of one outcome, or all."""
    chosen = select(PlacementRow).where(
        PlacementRow.placement_id == placement_id, PlacementRow.number > after
    )
    if outcome is not None:
        chosen = chosen.where(PlacementRow.outcome == outcome)
    return list(session.scalars(chosen.order_by(PlacementRow.number).limit(limit)))
