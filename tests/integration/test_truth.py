"""The simulator tells the truth: the same people live the same on the real Temporal server."""

import asyncio

import pytest

from api.services import wall
from compliance import load_packs
from simulation.happenings import What
from tests.integration.worlds import (
    RealWorld,
    differences,
    households,
    in_peace_until,
    lines,
    new_key,
    placements,
    simulated,
    with_cards,
)

pytestmark = [pytest.mark.stack, pytest.mark.anyio]

SEED, ACCOUNTS, PEOPLE, AT_ONCE = 8, 100, 70, 10
SHORT, LONG = 10, 40
"""Days in which people live; a few live long enough for plans to break."""


async def test_a_hundred_accounts_live_the_same_in_the_simulator_and_on_the_server(house):
    packs, wish = load_packs(), in_peace_until(wall().date())
    rows = await with_cards(house, SEED, placements(SEED, accounts=ACCOUNTS, people=PEOPLE))
    world, places = RealWorld(house, SEED, new_key(house)), asyncio.Semaphore(AT_ONCE)

    async def lived(number, home):
        async with places:
            start, waits = wall(), (wish.until - wall().date()).days
            days = waits + (LONG if number % 12 == 5 and len(home.placements) == 1 else SHORT)
            await world.place(home, rows, wish)
            happened = simulated(SEED, home, packs=packs, start=start, days=days)
            await world.live(home, happened, start=start, days=days)
            return lines(home, happened)

    homes = households(rows.values(), wish)
    each = await asyncio.gather(*(lived(number, home) for number, home in enumerate(homes)))
    expected = [line for lived_by in each for line in lived_by]
    told = [line for home in homes for line in world.lines(home)]

    assert differences(expected, told) == []
    assert sum(len(home.placements) for home in homes) == ACCOUNTS
    assert sum(line.kind is What.CONTACT for line in told) > 150
