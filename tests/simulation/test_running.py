"""Whole portfolios come to the same bytes, whoever lives them."""

import pickle
from dataclasses import dataclass, field
from typing import Any

import pytest

from domain.time import days
from engine import Journey, Next, OpenAccount, stage
from journeys import standard
from simulation import running
from simulation.deeds import Act, Deed
from simulation.lives import EndlessJourneyError
from simulation.running import Knob, Variant, run
from tests.simulation.scripted import PACKS, START, Scripted, account, person

AS_IT_IS = Variant("as it is", {"standard": standard.STANDARD})
PEOPLE = [
    person(*(account(f"{number}_{each}") for each in range(1 + number % 3)), reference=f"p{number}")
    for number in range(7)
]


@dataclass
class Everything:
    """Keeps all that happened."""

    lives: list[tuple[object, ...]] = field(default_factory=list)

    def person(self, person, lives):
        self.lives.append((person.reference, lives))

    def merge(self, other):
        self.lives.extend(other.lives)


def ran(variants=(AS_IT_IS,), people=PEOPLE, **more):
    asked: dict[str, Any] = {
        "behaviour": Scripted(on={"email nudge": [Act(days(1), Deed.PAYS_PART, 40_00)]}),
        "packs": PACKS,
        "start": START,
        "days": 20,
        "new_tally": Everything,
    }
    return run(people, variants, **asked | more)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(running, "CHUNK", 2)


def test_any_number_of_processes_gives_the_same_bytes():
    alone, again, together = ran(), ran(), ran(processes=2)

    assert len(alone.lives) == len(PEOPLE)
    assert pickle.dumps(alone.lives) == pickle.dumps(again.lives)
    assert repr(alone.lives) == repr(together.lives)


def test_people_are_read_as_they_are_needed_and_progress_is_told():
    done: list[int] = []
    read: list[int] = []

    def coming():
        for each in PEOPLE:
            read.append(len(done))
            yield each

    ran(people=coming(), on_progress=done.append)

    assert sum(done) == len(PEOPLE)
    assert read == [0, 0, 1, 1, 2, 2, 3]


def test_the_same_people_meet_every_variant_and_knobs_are_put_back():
    before = standard.NUDGES
    short = Variant("short", {}, (Knob("journeys.standard", "NUDGES", before[:1]),))

    lives = [lives for _, lives in ran((AS_IT_IS, short)).lives]

    sent = [[{each.detail for each in life} for life in variants] for variants in lives]
    assert all("sms last_nudge" in long for long, _ in sent)
    assert not any("sms last_nudge" in short for _, short in sent)
    assert standard.NUDGES is before


def test_what_goes_wrong_in_another_process_is_raised_here():
    with pytest.raises(LookupError, match="no journey is called 'none'"):
        ran(people=[person(account(journey="none"))], processes=2)


def test_a_portfolio_of_nobody_is_tallied_as_nothing():
    assert ran(people=[]).lives == []


@stage
async def round_and_round(account: OpenAccount) -> Next:
    """Goes nowhere."""
    return round_and_round


def test_a_journey_that_never_ends_is_named_from_another_process_too():
    endless = Variant("endless", {"standard": Journey("endless", 1, (round_and_round,))})

    with pytest.raises(EndlessJourneyError, match="stage round_and_round goes round without time"):
        ran((endless,), processes=2)
