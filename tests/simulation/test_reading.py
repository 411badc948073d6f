"""What reading a journey's code tells of it, and whether that is what journeys then do."""

import inspect
from collections import Counter
from datetime import timedelta
from functools import cache
from random import Random
from typing import Any, cast

import pytest

from domain.accounts import Closure
from domain.contacts import ContactStatus, email, sms
from domain.events import (
    CallRequested,
    CardStored,
    HardshipDeclared,
    InstalmentFailed,
    MeansStated,
    MessageReceived,
    PaymentClaimed,
    PaymentReversed,
    PlanRequested,
    PromiseToPay,
)
from domain.orders import ChargeStatus
from domain.time import days
from engine import Closed, Journey, OpenAccount, Stage, Switched, aside, close, drive, stage, switch
from engine.accounts import Diverted
from journeys import JOURNEYS
from simulation.charts import Lead, Sends, Way
from simulation.diary import (
    A_TUESDAY,
    accepts_offer,
    changes_plan,
    declined,
    gives_up_plan,
    newly_placed,
    pays,
    pays_by_hand,
    play,
)
from simulation.reading import UnreadableError, read
from simulation.walking import KNOWN_VERBS

TRIES = 40
"""Random stories for each journey; by then every way that stories find was found many times."""

NUDGES = ((sms("nudge"), days(3)), (email("nudge"), days(4)))
FIRM, KIND = (sms("firm"),), (sms("kind"), email("kind"))
MOST = 3
LONG = days(45)
WORDS = {"first": "begins", "second": "ends"}


@cache
def shipped(name):
    return read(JOURNEYS[name])


def chart_of(*stages):
    return read(Journey("drawn", version=1, stages=stages))


def read_one(made):
    return chart_of(*([ends] if made.is_aside else []), made).stages[-1]


def to(name):
    return Lead(Way.TO, name)


@stage
async def ends(account):
    """End."""
    return close(Closure.REFERRED)


async def helped(account, then, otherwise=None):
    if account.balance:
        return then
    await account.hand_over(f"owes {account.balance} of {MOST}")
    return otherwise or close(Closure.CEASED)


# ways


def test_every_way_that_a_stage_returns_is_a_way_of_its_chart():
    @stage
    async def begins(account):
        """Begin."""
        if account.plan:
            return ends
        if account.means:
            return switch("hardship")
        if account.promise:
            return account.back()
        return begins if account.overdue else account.stay()

    assert read_one(begins).leads == (
        to("ends"),
        Lead(Way.SWITCHES, "hardship"),
        Lead(Way.BACK),
        to("begins"),
        Lead(Way.STAYS),
    )


def test_what_a_helper_returns_is_found_whatever_it_is_given():
    @stage
    async def begins(account):
        """Begin."""
        return await helped(account, then=ends)

    assert read_one(begins).leads == (to("ends"), Lead(Way.CLOSES, "ceased"))
    assert read_one(begins).hands == ("owes … of 3",)


def test_a_default_that_is_not_given_leads_nowhere_else():
    @stage
    async def begins(account):
        """Begin."""
        return await helped(account, ends, begins)

    assert read_one(begins).leads == (to("ends"), to("begins"))


def test_an_aside_goes_back_where_it_returns_nothing():
    @aside(on=CardStored)
    async def remarks(account):
        """Remark."""
        return ends if account.plan else None

    @aside(on=PlanRequested)
    async def says_nothing(account):
        """Say nothing."""

    assert read_one(remarks).leads == (to("ends"), Lead(Way.BACK))
    assert read_one(says_nothing).leads == (Lead(Way.BACK),)
    assert read_one(remarks).file == "tests/simulation/test_reading.py"
    assert read_one(remarks).says == "Remark."


def test_what_only_the_account_knows_is_an_unknown_way():
    @stage
    async def begins(account):
        """Begin."""
        return WORDS.get(account.came_from)

    @stage
    async def forgets(account):
        """Forget to return."""
        return ends if account.plan else None

    assert [lead.way for lead in read_one(begins).leads] == [Way.UNKNOWN]
    assert read_one(forgets).leads == (to("ends"), Lead(Way.UNKNOWN, "None"))


def test_conditions_that_are_known_are_not_ways():
    @stage
    async def begins(account):
        """Begin."""
        if MOST > 2 and not FIRM:
            return begins
        while MOST < 2:
            return begins
        return ends if len(KIND) + 1 == MOST and "first" in WORDS else begins

    assert read_one(begins).leads == (to("ends"),)


def test_what_has_an_effect_is_not_done_while_reading(tmp_path):
    file = str(tmp_path / "made")

    @stage
    async def begins(account):
        """Begin."""
        return begins if open(file, "w") else ends  # noqa: PTH123, ASYNC230

    assert read_one(begins).leads == (to("begins"), to("ends"))
    assert not list(tmp_path.iterdir())


def test_every_kind_of_statement_is_walked():
    @stage
    async def begins(account):
        """Begin."""
        following: Stage = ends
        left = 1
        left += 1
        match await account.response(within=days(2)):
            case PromiseToPay(due=day) if day == account.due_on:
                return begins
            case PlanRequested():
                pass
            case _:
                left = 2
        try:
            await account.hand_over("look")
        except ValueError:
            return begins
        finally:
            assert left
        if (plan := account.plan) is None:
            raise LookupError
        for part in plan.instalments:
            if part.minor:
                continue
            if part.number == 1:
                break
            await account.collect(part)
        else:
            return account.interrupted
        with account.contract as contract:
            return following if contract else (ends, begins)[1]

    assert read_one(begins).leads == (
        to("begins"),
        Lead(Way.BACK),
        to("ends"),
    )


# contacts and pauses


def test_a_loop_over_a_constant_keeps_each_message_with_its_patience():
    @stage
    async def begins(account):
        """Begin."""
        for nudge, patience in NUDGES:
            contact = await account.contact(nudge)
            await account.answer(to=contact, within=patience)
        return ends

    read_so = read_one(begins)
    assert read_so.sends == (sms("nudge"), email("nudge"))
    assert [waits.span.plus for waits in read_so.waits] == [days(3), days(4)]


def test_one_of_two_loops_is_walked_as_one_of_two():
    @stage
    async def begins(account):
        """Begin."""
        for notice in FIRM if account.plan else KIND:
            await account.contact(notice, about=account.overdue)
        return ends

    sends = [deed for _, deed in read_one(begins).flow.deeds() if isinstance(deed, Sends)]
    assert [str(deed.message) for deed in sends] == ["sms firm", "sms kind", "email kind"]
    assert all(deed.about for deed in sends)


def test_a_message_that_a_function_chooses_is_known_by_all_that_it_may_be():
    def word(account):
        return sms("due") if account.plan else sms("reminder")

    @stage
    async def begins(account):
        """Begin."""
        await account.contact(word(account), ahead=days(2))
        return ends

    assert read_one(begins).sends == (sms("due"), sms("reminder"))


def from_now(account):
    return account.now + days(2)


def from_its_beginning(account):
    return account.entered + days(2) - days(1)


def from_the_day(account):
    return account.morning_of(account.due_on) - days(7)


def from_whichever(account):
    return min(account.now, account.now + days(2))


@pytest.mark.parametrize(
    ("until", "kind", "span"),
    [
        (from_now, "now", 2),
        (from_its_beginning, "entered", 1),
        (from_the_day, "due", -7),
        (from_whichever, "", 0),
    ],
)
def test_a_pause_says_from_when_it_counts(until, kind, span):
    @stage
    async def begins(account):
        """Begin."""
        await account.quiet(until=until(account), because="of a test")
        return ends

    (waits,) = read_one(begins).waits
    assert (waits.span.since, waits.span.plus) == (kind, timedelta(days=span))


def test_the_longer_of_two_spans_is_at_least_the_one_that_is_known():
    @stage
    async def begins(account):
        """Begin."""
        contact = await account.contact(sms("nudge"))
        await account.answer(to=contact, within=max(LONG, days(account.contract.grace)))
        return ends

    (waits,) = read_one(begins).waits
    assert waits.span.least == LONG


# what cannot be read


def test_a_stage_without_a_file_cannot_be_read():
    names: dict[str, Any] = {"stage": stage, "close": close, "Closure": Closure}
    exec("async def made(account):\n    'Made.'\n    return close(Closure.CEASED)\n", names)

    with pytest.raises(UnreadableError, match="stage made: its code cannot be read"):
        read_one(stage(names["made"]))
    with pytest.raises(UnreadableError, match="stage odd: expected a function, found 7"):
        read_one(Stage("odd", cast("Any", 7), (), "Odd."))


def test_reading_knows_every_verb_of_an_account_that_takes_time():
    verbs = {
        name
        for name, made in vars(OpenAccount).items()
        if inspect.iscoroutinefunction(made) and not name.startswith("_")
    }

    assert verbs - {"played"} <= KNOWN_VERBS
    assert {name for name in KNOWN_VERBS if not hasattr(OpenAccount, name)} == set()


# what journeys that ship then do


@pytest.mark.parametrize("name", JOURNEYS)
def test_all_is_known_of_the_journeys_that_ship(name):
    chart = shipped(name)

    for each in chart.stages:
        assert Way.UNKNOWN not in {lead.way for lead in each.leads}
        assert all(deed.message for _, deed in each.flow.deeds() if isinstance(deed, Sends))
    assert chart.purpose.endswith(".")
    assert chart.file == f"journeys/{name}.py"
    assert chart.line > 1
    assert chart.safeguards == ("paid in full", "recalled", "ceased")


@pytest.fixture
def moves(monkeypatch):
    """Every step from a stage to what follows it: journey, stage, what broke into it, and what
    followed: by itself, or because of something heard."""
    seen, heard = [], []
    real_divert = OpenAccount._divert

    def divert(account, until):
        try:
            real_divert(account, until)
        except Diverted as diverted:
            heard.append(diverted.to)
            raise

    async def attempt(journey, at, progress, *rest, **more):
        heard.clear()
        interrupted = progress.interrupted
        following = await drive.attempt(journey, at, progress, *rest, **more)
        seen.append((journey.name, at.name, interrupted, following, bool(heard)))
        return following

    monkeypatch.setattr(OpenAccount, "_divert", divert)
    monkeypatch.setattr("simulation.diary.attempt", attempt)
    return seen


def told_if(possible, event):
    """What is heard if it can be, and else something written."""

    def told(progress):
        if possible(progress):
            return event(progress)
        return MessageReceived(event_id=f"instead {len(progress.heard)}")

    return told


def heard_by_chance(dice, number):
    events = [
        lambda key: PlanRequested(event_id=key),
        lambda key: CardStored(event_id=key),
        lambda key: PaymentClaimed(event_id=key),
        lambda key: PaymentReversed(event_id=key),
        lambda key: CallRequested(event_id=key),
        lambda key: InstalmentFailed(event_id=key, number=1),
        lambda key: HardshipDeclared(event_id=key),
        lambda key: MeansStated(event_id=key, monthly=dice.choice((0, 5_00, 50_00))),
        lambda key: PromiseToPay(event_id=key, due=A_TUESDAY.date() + days(dice.randint(1, 60))),
        lambda key: pays(dice.choice((1_00, 50_00))),
        lambda key: told_if(lambda now: now.offer, accepts_offer),
        lambda key: told_if(lambda now: now.offer, accepts_offer),
        lambda key: told_if(lambda now: now.offer, pays_by_hand),
        lambda key: told_if(lambda now: now.plan, gives_up_plan),
        lambda key: told_if(lambda now: now.plan, changes_plan((40, 50_00), (80, 150_00))),
    ]
    return dice.choice(events)(f"chance {number}")


def lived(journey, dice):
    """A random life on a journey, of people who say much and whose cards fail often."""
    story = {
        dice.randint(0, 150): heard_by_chance(dice, number) for number in range(dice.randint(0, 9))
    }
    statuses = (ContactStatus.SENT, ContactStatus.UNDELIVERED, ContactStatus.REJECTED)
    charges = [
        dice.choice(
            (ChargeStatus.PAID, ChargeStatus.PROCESSING, declined(), declined(again_in=days(2)))
        )
        for _ in range(30)
    ]
    play(
        journey,
        story,
        account=newly_placed(),
        start=A_TUESDAY - days(dice.choice((0, 0, 20))),
        contacts={channel: dice.choice(statuses) for channel in ("sms", "email", "voice")},
        charges=charges,
        last_day=300,
    )


def is_drawn(charts, move):
    journey, name, interrupted, following, was_heard = move
    chart = charts[journey]
    at = chart.stage(name)
    match following:
        case Closed(closure):
            return closure in chart.safeguards or Lead(Way.CLOSES, closure) in at.leads
        case Switched(other):
            return Lead(Way.SWITCHES, other) in at.leads
        case Stage() if was_heard:
            return chart.stage(following.name) in chart.hearing
        case Stage():
            back = Lead(Way.BACK) in at.leads and following.name == (
                interrupted or chart.stages[0].name
            )
            return back or following.name in chart.follows(at)


@pytest.mark.parametrize("name", JOURNEYS)
def test_journeys_take_no_way_that_is_not_drawn(name, moves):
    charts = {name: shipped(name) for name in JOURNEYS}
    for seed in range(TRIES):
        lived(JOURNEYS[name], Random(seed))

    strange = [move for move in moves if not is_drawn(charts, move)]
    assert strange == []
    kinds = Counter((move[0], move[1], str(move[3])) for move in moves)
    assert len(kinds) > 30
