"""A change of law: who it would move is known beforehand, and it moves them at once."""

import io
from datetime import timedelta

import pytest
from rich.console import Console

from api.explaining import law_in_force
from api.services import wall
from cli.applying import apply, show_plan
from domain.people import WEEK
from storage import laws

pytestmark = [pytest.mark.stack, pytest.mark.anyio]

PACK = """\
id: sg
title: A law of its own for those in Singapore
version: "{version}"
effective_from: 2026-01-01
applies_to: {{countries: [SG]}}
rules:
  - id: SG-1
    kind: {rule}
    says: only on one day
    cite: a law of the test
    force: statute
    verified: P
"""
SINGAPORE = {"country": "SG", "time_zone": "Asia/Singapore", "locale": "en"}
EIGHT_HOURS = timedelta(hours=8)


def only_in(days):
    """A window that is open on the weekday that comes in so many days, where they are."""
    day = WEEK[(wall() + EIGHT_HOURS + timedelta(days=days)).weekday()]
    return f'window\n    spans: {{{day}: ["09:00-20:00"]}}'


class Law:
    """Plans and applies packs on the running stack, and keeps what was printed."""

    def __init__(self, house, folder):
        self.house, self.folder = house, folder

    def _file(self, version, rule):
        file = self.folder / "sg.yaml"
        file.write_text(PACK.format(version=version, rule=rule), "utf-8")
        return [file]

    async def plan(self, version, rule):
        screen = io.StringIO()
        consoles = Console(file=screen, width=250), Console(file=io.StringIO())
        await show_plan(
            self.house.stack.addresses,
            self._file(version, rule),
            consoles,
            shipped=False,
            as_json=False,
            everything=False,
        )
        return screen.getvalue()

    async def apply(self, version, rule):
        return await self._apply(self._file(version, rule), shipped=False)

    async def go_back(self):
        return await self._apply([], shipped=True)

    async def _apply(self, files, *, shipped):
        screen = io.StringIO()
        console = Console(file=screen, width=250)
        stack = self.house.stack.addresses
        assert await apply(stack, files, console, shipped=shipped, loosens=True)
        return screen.getvalue()

    def in_force(self):
        with self.house.database.transaction() as session:
            return law_in_force(session), laws.number(session)


@pytest.fixture
async def law(house, tmp_path):
    changing = Law(house, tmp_path)
    yield changing
    await changing.go_back()


async def waiting(account):
    """What the account waits for, once it waits."""

    async def parked():
        return (await account.state()).parked

    return await account.house.eventually(parked)


async def moved(account, since):
    """What it waits for, once that is another moment."""

    async def parked():
        found = (await account.state()).parked
        return found if found is not None and found.until != since else None

    return await account.house.eventually(parked)


def row_of(told, account):
    (row,) = (line for line in told.splitlines() if account.id in line)
    return " ".join(row.split())


async def test_a_plan_lists_who_would_move_and_applying_moves_their_timers_at_once(house, law):
    await law.apply("1", only_in(2))
    first = await house.place(consumer=SINGAPORE | {"phone": "+6591234567"})
    second = await house.place(consumer=SINGAPORE | {"phone": "+6591234568"})
    elsewhere = await house.place()
    before = [await waiting(first), await waiting(second)]
    in_force = law.in_force()

    later = only_in(4)
    told = await law.plan("2", later)

    assert "sg@2 takes the place of sg@1" in told
    assert "SG-1: spans" in told
    assert "SG-1 -> SG-1" in row_of(told, first)
    assert "later" in row_of(told, second)
    assert elsewhere.id not in told
    assert law.in_force() == in_force
    assert [await waiting(first), await waiting(second)] == before

    at, applied = (await first.state()).at, await law.apply("2", later)
    after = [await moved(first, before[0].until), await moved(second, before[1].until)]

    assert "2 later" in applied
    assert [each.until for each in after] == [each.until + timedelta(days=2) for each in before]
    assert (await first.state()).at - at < timedelta(minutes=5)
    assert (await first.state()).law == (await second.state()).law == law.in_force()[0]
    assert await first.texts() == []


async def test_a_new_law_lets_go_whom_the_old_one_held(house, law):
    await law.apply("1", only_in(2))
    account = await house.place(consumer=SINGAPORE | {"phone": "+6591234569"})
    held = await waiting(account)

    told = await law.go_back()
    state = await house.eventually(lambda: _by_law(account, law.in_force()[0]))

    assert "sg@1 removed, with its rules: SG-1" in told
    assert "earlier" in row_of(told, account)
    assert state.parked is None or state.parked.until < held.until


async def test_a_new_law_that_refuses_says_so_beforehand_and_nothing_is_sent(house, law):
    await law.apply("1", only_in(2))
    account = await house.place(consumer=SINGAPORE | {"phone": "+6591234570"})
    await waiting(account)
    never = "place_channel"

    told = await law.plan("2", never)
    await law.apply("2", never)
    await house.eventually(lambda: _by_law(account, law.in_force()[0]))

    async def refused():
        return account.decisions("deny")

    decided = await house.eventually(refused)

    assert "refused" in row_of(told, account)
    assert "SG-1" in decided[0].rules
    assert await account.texts() == []


async def test_applying_the_law_in_force_tells_everybody_again_and_changes_nothing(house, law):
    rule = only_in(2)
    await law.apply("1", rule)
    account = await house.place(consumer=SINGAPORE | {"phone": "+6591234571"})
    parked, in_force = await waiting(account), law.in_force()

    told = await law.apply("1", rule)

    assert "is in force already: everybody is told again" in told
    assert law.in_force() == in_force
    assert await waiting(account) == parked


async def test_a_file_that_loosens_is_refused_and_nothing_changes(house, law, tmp_path):
    in_force = law.in_force()
    loose = tmp_path / "loose.yaml"
    loose.write_text(
        "id: loose\ntitle: Looser\nversion: '1'\neffective_from: 2026-01-01\n"
        "tightens: [{rule: US-F1, change: {max: 9}, cite: policy}]\n",
        "utf-8",
    )

    console = Console(file=io.StringIO())
    with pytest.raises(ValueError, match="max 9 would loosen US-F1, which says 7"):
        await apply(house.stack.addresses, [loose], console, shipped=False, loosens=True)

    assert law.in_force() == in_force


async def _by_law(account, name):
    state = await account.state()
    return state if state.law == name else None
