import random
from typing import Any

import pytest

from tests.traces.happenings import traces
from tests.traces.replaying import Stage

REPLAYS = 12
"""Of all traces together. `python -m tests.traces 2000` plays as many as you have time for."""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return traces(tmp_path_factory.mktemp("sandbox"))


def test_every_order_with_doubles_losses_and_crashes_ends_in_the_same_record(database, told):
    stage, ends = Stage(database), dict[str, list[Any]]()
    for number in range(REPLAYS):
        trace = told[number % len(told)]
        ends.setdefault(trace.name, []).append(stage.replay(trace, random.Random(number)))
    stage.close()
    for name, each in ends.items():
        assert all(end == each[0] for end in each), name
    assert [end[0]["owed"] for end in ends.values()] == [
        {"principal owed": 6_000},
        {},
        {"principal owed": 5_000},
        {"principal owed": 10_000},
    ]
    plan, settled, won, extra = (each[0] for each in ends.values())
    assert (plan["closure"], len(plan["plan"]), plan["charge"]) == (None, 4, "paid")
    assert (settled["closure"], settled["met"]) == ("settled", True)
    assert won["closure"] is None
    assert [minor for _, minor in extra["plan"]] == [5_000, 5_000, 4_000]


@pytest.mark.parametrize("number", range(4))
def test_eight_events_tell_of_each_trace(told, number):
    assert len(told[number].events) == 8
    assert len({event["id"] for event in told[number].events}) == 8
