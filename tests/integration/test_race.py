"""Fifty accounts of one person race for the last slots, and workers die on the way."""

import asyncio
from contextlib import contextmanager
from datetime import date
from functools import partial

import pytest
from sqlalchemy import func, select

from compliance import Pack, Packs, load_packs
from compliance.laws import write_law
from domain.contacts import COUNTED, ContactStatus
from storage import laws
from storage.tables import Account as AccountRow
from storage.tables import ContactRow
from tests.house import Account

pytestmark = [pytest.mark.stack, pytest.mark.anyio]

RACERS, SLOTS, KILLS = 50, 7, 2
PATIENCE = 90

RACE = Pack.model_validate(
    {
        "id": "race",
        "title": "Seven in seven days",
        "version": "1",
        "effective_from": date(2020, 1, 1),
        "applies_to": {"countries": ["JP"]},
        "rules": [
            {
                "id": "RACE",
                "kind": "cap",
                "max": SLOTS,
                "days": 7,
                "says": "seven contacts a person in seven days",
                "cite": "of the test",
                "force": "policy",
                "verified": "P",
            }
        ],
    }
)


@contextmanager
def law(database, packs, why):
    """Goes by these packs until the block ends, and then by those before."""
    with database.transaction() as session:
        before = laws.text_of(session, laws.current(session)) or ""
        laws.put(session, write_law(packs), why)
    try:
        yield
    finally:
        with database.transaction() as session:
            laws.put(session, before, "the race is over")


async def test_fifty_accounts_of_one_person_never_take_more_than_the_slots_there_are(house):
    shipped = load_packs().without("house")  # one contact a day would leave nothing to race for
    with law(house.database, Packs([*shipped, RACE], shipped.calendars.values()), "a race"):
        killing = asyncio.create_task(kill_twice(house))
        placed = await asyncio.gather(*(place(house, number) for number in range(RACERS)))
        await killing

        for each in placed:
            await house.eventually(partial(has_raced, each), within=PATIENCE)
        await house.settle()

    made = [row for each in placed for row in each.contacts() if row.status in COUNTED]
    assert len(made) == len({row.account_id for row in made}) == SLOTS
    left = [row for row in made if row.status != ContactStatus.UNKNOWN]
    # What was under way with a worker that died may have left or not: then nobody sends it again.
    assert SLOTS - KILLS <= len(left) <= len(await placed[0].mails()) <= SLOTS
    parked = [(await each.state()).parked for each in placed if not each.contacts()]
    assert {each and each.rules for each in parked} == {("RACE",)}


async def place(house, number):
    """Place an account of the one person; while no worker answers, again."""
    consumer = {"reference": "race", "country": "JP", "phone": None, "email": "race@example.com"}
    consumer |= {"time_zone": "Asia/Tokyo"}
    placement = house.placement(reference=f"race-{number}", consumer=consumer)

    async def placed():
        answer = await house.api.post("/v1/accounts", json=placement)
        return answer if answer.is_success else None

    answer = await house.eventually(placed, within=PATIENCE)
    return Account(house, placement, answer.json())


async def has_raced(account):
    """Whether the account has used a slot, or knows that there is none."""
    made = account.contacts()
    if any(each.status == ContactStatus.INTENDED for each in made):
        return False  # its worker died, and nobody has looked yet what it came to
    return made or (await account.state()).parked


async def kill_twice(house):
    """Kills the worker with the first slot taken, and the next one with most of them."""
    for taken in (1, SLOTS - 2):

        async def under_way(taken=taken):
            return slots_taken(house) >= taken

        await house.eventually(under_way, within=PATIENCE)
        await house.kill_worker()


def slots_taken(house):
    """How many intents the record has of the race."""
    racing = AccountRow.reference.like("race-%")
    query = select(func.count()).select_from(ContactRow).join(AccountRow).where(racing)
    with house.database.transaction() as session:
        return session.scalar(query)
