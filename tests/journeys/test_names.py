"""Names are stored with accounts, and so are for ever: `journeys/names.txt` only grows."""

import pytest

from cli.naming import released, unanswered, unlisted
from domain.events import Response
from engine import Stage
from journeys import JOURNEYS


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


def test_every_name_that_was_ever_released_is_answered_to():
    assert unanswered() == []


def test_every_name_is_on_the_list():
    assert unlisted() == [], "run `tahsil journeys names --write`"


def test_no_name_is_on_the_list_twice():
    assert len(released()) == len({*released()})


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
