"""Safeguards hold in every journey, because no journey mentions them."""

import pytest

from compliance import Packs
from domain.accounts import Closure, Hold
from domain.contacts import sms
from domain.events import (
    BalanceChanged,
    HoldLifted,
    HoldPlaced,
    MessageReceived,
    Recalled,
)
from domain.time import days
from engine import Journey, aside, close, stage
from engine.safeguards import SAFEGUARDS, is_at_ease
from simulation.diary import A_TUESDAY, Diary, newly_placed, pays, play


@stage
async def waits(account):
    """Wait ten days, then end."""
    await account.quiet(until=account.now + days(10), because="of the test")
    await account.contact(sms("late"))
    await account.response(within=days(10))
    return close(Closure.REFERRED)


WAITING = Journey("waiting", version=1, stages=(waits,))


def placed(hold, name="1"):
    return HoldPlaced(event_id=f"{name} placed", hold=hold)


def lifted(hold, name="1"):
    return HoldLifted(event_id=f"{name} lifted", hold=hold)


@pytest.mark.parametrize(
    ("heard", "ended"),
    [
        (pays(200_00), "paid in full"),
        (pays(250_00), "paid in full"),
        (Recalled(event_id="1"), "recalled"),
        (placed(Hold.CEASE), "ceased"),
    ],
)
@pytest.mark.parametrize("day", [0, 3, 15])
def test_the_journey_ends_at_once_in_any_pause(heard, ended, day):
    diary = play(WAITING, {day: heard})

    assert diary[-1] == f"day {day:3d}  09:00  closed: {ended}"


HEARD = {
    "paid in full": BalanceChanged(event_id="1", version=2, balance=0),
    "recalled": Recalled(event_id="1"),
    "ceased": placed(Hold.CEASE),
}
"""What brings each of them about."""


@pytest.mark.parametrize("safeguard", SAFEGUARDS, ids=lambda each: each.name)
def test_nobody_is_at_ease_whom_a_safeguard_stops(safeguard):
    account = newly_placed()
    assert is_at_ease(account)

    account.hear(HEARD[safeguard.name])

    assert safeguard.holds_when(account)
    assert not is_at_ease(account)


@pytest.mark.parametrize("hold", sorted({*Hold} - {Hold.CEASE}))
def test_every_other_hold_stops_the_clock_and_deadlines_move_by_as_long_as_it_lasted(hold):
    assert play(WAITING, {4: placed(hold), 25: lifted(hold)}) == [
        "day  31  09:00  sms late",
        "day  41  09:00  closed: referred",
    ]


def test_two_holds_that_overlap_stop_the_clock_once():
    story = {
        2: placed(Hold.DISPUTE),
        5: placed(Hold.HARDSHIP, "2"),
        8: lifted(Hold.DISPUTE),
        12: lifted(Hold.HARDSHIP, "2"),
    }

    assert play(WAITING, story)[0] == "day  20  09:00  sms late"


def test_a_hold_that_is_never_lifted_keeps_the_person_in_peace():
    assert play(WAITING, {4: placed(Hold.BANKRUPTCY)}, last_day=300) == [
        "day 300  09:00  still in waits",
    ]


@pytest.mark.parametrize(
    ("heard", "ended"),
    [
        (pays(200_00), "paid in full"),
        (Recalled(event_id="9"), "recalled"),
        (placed(Hold.CEASE, "9"), "ceased"),
    ],
)
def test_a_hold_does_not_keep_an_account_from_ending(heard, ended):
    assert play(WAITING, {4: placed(Hold.DISPUTE), 6: heard}) == [
        f"day   6  09:00  closed: {ended}",
    ]


def test_a_paid_account_that_is_also_recalled_was_paid():
    assert play(WAITING, {3: (Recalled(event_id="1"), pays(200_00))}) == [
        "day   3  09:00  closed: recalled",
    ]
    account = newly_placed()
    account.hear(Recalled(event_id="1"))
    account.hear(BalanceChanged(event_id="2", version=2, balance=0))
    assert play(WAITING, account=account) == ["day   0  09:00  closed: paid in full"]


def test_a_stage_never_begins_on_an_account_that_is_paid():
    account = newly_placed()
    account.hear(BalanceChanged(event_id="1", version=2, balance=0))

    play(WAITING, account=account)

    assert account.visits == {}


def test_a_stage_begins_only_when_a_hold_is_lifted():
    @stage
    async def notes(account):
        """Write down when it began."""
        await account.hand_over(f"began with a balance of {account.balance}")
        return close(Closure.REFERRED)

    account = newly_placed()
    account.hear(placed(Hold.DISPUTE))

    story = {8: pays(50_00), 9: lifted(Hold.DISPUTE)}
    assert play(Journey("notes", version=1, stages=(notes,)), story, account=account) == [
        "day   9  09:00  handed over: began with a balance of USD 150.00",
        "day   9  09:00  closed: referred",
    ]


def test_what_is_said_during_a_hold_is_answered_when_it_is_lifted():
    @aside(on=MessageReceived)
    async def reads(account):
        """A person reads it."""
        await account.hand_over("read it")

    journey = Journey("reading", version=1, stages=(waits, reads))
    story = {
        2: placed(Hold.DISPUTE),
        3: MessageReceived(event_id="2"),
        7: lifted(Hold.DISPUTE),
    }

    assert play(journey, story)[0] == "day   7  09:00  handed over: read it"


class Overheard(Diary):
    """A diary in which something is heard in the middle of an effect."""

    def __init__(self, *args, during, **options):
        super().__init__(*args, packs=Packs(()), contacts={}, **options)
        self.during = during

    async def hand_over(self, order):
        await super().hand_over(order)
        self.during(self.account)


@stage
async def gives_up(account):
    """Wait a little, hand over, and end."""
    await account.response(within=days(2))
    await account.hand_over("gave up")
    return close(Closure.REFERRED)


GIVING_UP = Journey("giving-up", version=1, stages=(gives_up,))


def test_money_that_comes_in_the_very_moment_a_stage_gives_up_closes_as_paid():
    def pay(account):
        account.hear(BalanceChanged(event_id="1", version=2, balance=0))

    assert Overheard(newly_placed(), {}, during=pay).play(GIVING_UP) == [
        "day   2  09:00  handed over: gave up",
        "day   2  09:00  closed: paid in full",
    ]


def test_money_that_comes_on_the_dot_of_a_deadline_closes_as_paid():
    assert play(GIVING_UP, {A_TUESDAY + days(2): pays(200_00)}) == [
        "day   2  09:00  closed: paid in full",
    ]
