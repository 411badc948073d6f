"""Files of accounts: every row is judged by itself and placed once, whatever breaks down."""

import json
from collections import Counter

import pytest
from sqlalchemy import select

from storage.tables import Account, JournalRow, LedgerTransaction, PlacementRow

pytestmark = [pytest.mark.stack, pytest.mark.anyio]

NDJSON = {"content-type": "application/x-ndjson"}


async def test_each_row_of_a_file_has_its_own_outcome_and_the_same_file_places_nothing_twice(house):
    new, other = house.placement(), house.placement()
    known = (await house.place()).placement
    changed = (await house.place()).placement | {"balance": {"minor": 1, "currency": "USD"}}
    owes_nothing = house.placement(balance={"minor": 0, "currency": "USD"})
    wrong_phone = house.placement(consumer={"phone": "call me"})
    lines = [*map(json.dumps, (new, other, known, changed, owes_nothing, wrong_phone, new)), "{"]

    first = await _placed(house, lines)
    before = _accounts(house, [new, other, known, changed])
    again = await _placed(house, lines)

    def outcomes(rows):
        return [row["outcome"] for row in rows]

    judged = ["conflict", "refused", "refused", "repeated", "refused"]
    assert outcomes(first) == ["placed", "placed", "already placed", *judged]
    assert outcomes(again) == ["already placed", "already placed", "already placed", *judged]
    assert [error["pointer"] for error in first[5]["errors"]] == ["/consumer/phone"]
    assert all(row["errors"] for row in first[3:])
    assert [row["account_id"] for row in first[:3]] == [row["account_id"] for row in again[:3]]
    assert _accounts(house, [new, other, known, changed]) == before
    assert len(before) == 4
    assert _accounts(house, [owes_nothing, wrong_phone]) == {}


async def test_placing_that_a_crash_interrupts_goes_on_and_places_every_row_once(house):
    placements = [house.placement() for _ in range(60)]
    sent = await _sent(house, map(json.dumps, placements))

    async def some_are_placed():
        return _outcomes(house, sent)["waiting"] <= 50

    await house.eventually(some_are_placed)
    await house.kill_worker()
    left = _outcomes(house, sent)["waiting"]
    rows = await _rows(house, sent)

    assert left > 0, "the crash came after the last row"
    assert {row["outcome"] for row in rows} <= {"placed", "already placed"}
    placed = _accounts(house, placements)
    assert [row["account_id"] for row in rows] == [placed[each["reference"]] for each in placements]
    with house.database.transaction() as session:
        ours = LedgerTransaction.account_id.in_(placed.values())
        booked = session.scalars(select(LedgerTransaction.account_id).where(ours)).all()
        lines = session.scalars(
            select(JournalRow.account_id)
            .where(JournalRow.account_id.in_(placed.values()))
            .where(JournalRow.what == "placed")
        ).all()
    assert sorted(booked) == sorted(lines) == sorted(placed.values())


async def _sent(house, lines):
    """Send a file; gives the placement's id."""
    answer = await house.api.post("/v1/placements", content="\n".join(lines), headers=NDJSON)
    assert answer.status_code == 202, answer.text
    return answer.json()["id"]


async def _rows(house, placement_id):
    """Wait until a file is finished; gives its rows."""

    async def finished():
        shown = await house.api.get(f"/v1/placements/{placement_id}")
        return shown.json()["status"] == "finished"

    await house.eventually(finished, within=60)
    answer = await house.api.get(f"/v1/placements/{placement_id}/rows")
    return answer.json()["rows"]


async def _placed(house, lines):
    return await _rows(house, await _sent(house, lines))


def _outcomes(house, placement_id):
    """How many rows came to what, straight from the record."""
    with house.database.transaction() as session:
        query = select(PlacementRow.outcome).where(PlacementRow.placement_id == placement_id)
        return Counter(session.scalars(query))


def _accounts(house, placements):
    """Ids of the accounts on record, by reference."""
    with house.database.transaction() as session:
        references = [each["reference"] for each in placements]
        query = select(Account.reference, Account.id).where(Account.reference.in_(references))
        return dict(session.execute(query).all())
