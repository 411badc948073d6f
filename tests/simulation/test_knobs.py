"""What a sweep may turn, and what it says of what it may not."""

from datetime import timedelta

import pytest

from journeys import JOURNEYS
from simulation.knobs import KnobError, grid, knobs, written
from simulation.running import Knob

STANDARD = JOURNEYS["standard"]


def labels(journey, *sweeps):
    return [[each.label for each in settings] for settings in grid(journey, sweeps)]


def test_spans_and_whole_numbers_of_the_journey_and_of_shared_stages_are_knobs():
    found = knobs(STANDARD)

    assert found["TIME_TO_ANSWER"] == "10d"  # of its own module
    assert found["PARTS"] == "4"  # of journeys.plans
    assert found["GRACE"] == "3d"  # of journeys.listening, inside asides
    assert "NUDGES" not in found


def test_a_knob_names_the_module_that_its_stages_read():
    ((setting,),) = grid(STANDARD, ["GRACE=12h"])

    assert setting.knobs == (Knob("journeys.listening", "GRACE", timedelta(hours=12)),)


def test_several_sweeps_make_a_grid_without_what_stands_already():
    assert labels(STANDARD, "GRACE=2d,3d", "PARTS=4,6") == [
        ["GRACE=2d"],
        ["GRACE=2d", "PARTS=6"],
        ["PARTS=6"],
    ]


def test_a_constant_that_a_module_took_over_is_turned_in_both():
    ((setting,),) = grid(JOURNEYS["hardship"], ["TIME_TO_ASK=5d"])

    assert {each.module for each in setting.knobs} == {"journeys.hardship", "journeys.plans"}


def test_of_two_of_one_name_the_journey_s_own_needs_no_module_and_the_other_does():
    ((own,),) = grid(JOURNEYS["invoice"], ["LONG=30d"])
    ((other,),) = grid(JOURNEYS["invoice"], ["plans.LONG=30d"])

    assert [each.module for each in own.knobs] == ["journeys.invoice"]
    assert [each.module for each in other.knobs] == ["journeys.plans"]


@pytest.mark.parametrize(
    ("sweep", "says"),
    [
        ("GRACES=2d", "GRACES is no knob of standard; knobs are CHARGE_AT=9h, "),
        ("NUDGES=2d", "NUDGES holds no span and no whole number; knobs are "),
        ("GRACE=2x", "'2x' is not a span of time such as 30d, 12h or 45m; it is 3d now"),
        ("PARTS=3d", "'3d' is not a whole number; it is 4 now"),
        ("GRACE", "expected NAME=VALUE,VALUE such as GRACE=2d,3d"),
        ("GRACE=", "expected NAME=VALUE,VALUE"),
        ("=2d", "--sweep =2d: expected NAME=VALUE,VALUE"),
        ("GRACE=2d,", "--sweep GRACE: a value is empty; expected values with commas between"),
        ("GRACE=2d,,5d", "a value is empty"),
        ("GRACE=2d,5", "--sweep GRACE: '5' is not a span of time such as 30d, 12h or 45m;"),
        ("GRACE=2d,5d,2d", "--sweep GRACE: 2d is given twice; give each value once"),
        ("GRACE=48h,2d", "--sweep GRACE: 2d is the same as 48h; give each value once"),
        ("GRACE=3d", "that is standard as it is written"),
        ("PARTS=" + ",".join(map(str, range(5, 40))), "35 combinations; expected at most 24"),
    ],
)
def test_a_sweep_that_cannot_be_says_why(sweep, says):
    with pytest.raises(KnobError) as refused:
        grid(STANDARD, [sweep])

    assert says in str(refused.value)


def test_one_knob_is_swept_once():
    with pytest.raises(KnobError, match="GRACE: given twice"):
        grid(STANDARD, ["GRACE=1d", "GRACE=2d"])


def test_two_constants_of_one_name_outside_the_journey_want_a_module(monkeypatch):
    monkeypatch.setattr("journeys.plans.GRACE", timedelta(days=9), raising=False)

    with pytest.raises(KnobError, match=r"which one\? There are plans.GRACE, listening.GRACE"):
        grid(STANDARD, ["GRACE=1d"])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (timedelta(days=3), "3d"),
        (timedelta(hours=36), "36h"),
        (timedelta(minutes=5), "5m"),
        (timedelta(seconds=1), "0:00:01"),
        (4, "4"),
    ],
)
def test_values_are_written_as_people_type_them(value, text):
    assert written(value) == text
