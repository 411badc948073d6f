"""Names are stored with accounts, and so are for ever: this list only grows."""

import pytest

from domain.events import Response
from engine import Stage
from journeys import JOURNEYS

LISTENING = {"promised", "claimed_payment", "reversed_payment", "needs_a_person", "in_hardship"}
PLANS = {
    *("plan_offer", "on_plan", "resting_plan", "broken_plan", "recovery_call", "second_chance"),
    "ended_plan",
}
NAMES = {
    "standard": {"reminders", "escalation", "renewed_card", *PLANS, *LISTENING},
    "subscription": {"retries", "last_try", "new_card", *PLANS, *LISTENING},
    "invoice": {"upcoming", "due_today", "friendly", "firm", "renewed_card", *PLANS, *LISTENING},
    "hardship": {
        *("breathing_space", "means_question", "plan_offer", "deferral", "decision"),
        *("on_plan", "resting_plan", "broken_plan", "ended_plan", "renewed_card", "failed_later"),
        "given_up",
        *LISTENING,
    },
}


def names_in(stage: Stage, known: dict[str, Stage]) -> set[str]:
    """Stages that a stage's code, or a function of the same journeys that it calls, names."""
    seen: set[object] = set()
    found: set[str] = set()

    def look(function: object) -> None:
        code = getattr(function, "__code__", None)
        if code is None or function in seen:
            return
        seen.add(function)
        for cell in getattr(function, "__closure__", None) or ():
            look(cell.cell_contents)
        for name in code.co_names:
            value = getattr(function, "__globals__", {}).get(name)
            if isinstance(value, Stage):
                found.add(value.name)
            elif getattr(value, "__module__", "").startswith("journeys."):
                look(value)

    look(stage.attempt)
    return found & known.keys()


@pytest.mark.parametrize("name", JOURNEYS)
def test_stage_names_are_kept(name):
    assert {stage.name for stage in JOURNEYS[name].stages} == NAMES[name]


def test_no_journey_is_forgotten():
    assert JOURNEYS.keys() == NAMES.keys()


@pytest.mark.parametrize("name", JOURNEYS)
def test_every_stage_can_be_reached(name):
    journey = JOURNEYS[name]
    known = {stage.name: stage for stage in journey.stages}
    ahead = {journey.first.name} | {stage.name for stage in journey.stages if stage.on}
    reached: set[str] = set()
    while ahead:
        current = ahead.pop()
        reached.add(current)
        ahead |= names_in(known[current], known) - reached

    assert reached == known.keys()


@pytest.mark.parametrize("name", JOURNEYS)
def test_a_stage_leads_only_to_stages_of_its_journey(name):
    journey = JOURNEYS[name]
    every = {stage.name: stage for each in JOURNEYS.values() for stage in each.stages}
    known = {stage.name: stage for stage in journey.stages}

    for stage in journey.stages:
        assert names_in(stage, every) <= known.keys()


def test_what_consumers_say_in_every_journey_is_answered():
    for journey in JOURNEYS.values():
        answered = {kind for stage in journey.stages for kind in stage.on}
        kinds = set(Response.__subclasses__())
        assert {kind.__name__ for kind in kinds - answered} == {"Undelivered"}


def test_every_stage_says_in_a_sentence_what_it_is_for():
    for journey in JOURNEYS.values():
        for stage in journey.stages:
            assert stage.says.endswith(".")
            assert "\n" not in stage.says
