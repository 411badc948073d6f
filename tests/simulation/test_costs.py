"""What work costs, and how many agents keep up with it."""

import pytest

from compliance.packs import PackError
from simulation.costs import SHIPPED, agents, in_time

from .lives import costs


def test_every_shipped_figure_says_that_it_is_an_assumption():
    assert all(why.startswith("assumption: ") for _, _, why in costs().listed())


def test_work_is_in_time_if_it_is_done_by_the_next_working_day():
    assert in_time([100, 0, 0], 50) == 100
    assert in_time([150, 0, 0], 50) == 100  # the last 50 are done on the third day
    assert in_time([100, 100, 0], 50) == 150
    assert in_time([0, 0], 50) == 0


def in_time_by_the_minute(work, capacity):
    """The same, minute by minute: the queue as it would stand in the office."""
    queue, done = [], 0
    for day, minutes in enumerate([*work, *[0] * 50]):
        queue += [day] * minutes
        served, queue = queue[:capacity], queue[capacity:]
        done += sum(day - came <= 1 for came in served)
    return done


@pytest.mark.parametrize("capacity", [3, 7, 11, 20])
def test_the_queue_is_that_of_an_office(capacity):
    work = [13, 0, 4, 25, 7, 7, 0, 0, 19, 2]

    assert in_time(work, capacity) == in_time_by_the_minute(work, capacity)


def test_agents_are_the_fewest_who_keep_the_service_level():
    work = [3600.0, 400.0, 400.0, 400.0]
    found = agents(work, costs())

    assert found == 5
    assert in_time(work, found * 360) >= 0.95 * sum(work) > in_time(work, (found - 1) * 360)


def test_no_work_needs_no_agents():
    assert agents([0.0, 0.0], costs()) == agents([], costs()) == 0


def test_a_figure_that_is_wrong_is_told_with_its_line(tmp_path):
    file = tmp_path / "costs.yaml"
    file.write_text(SHIPPED.read_text().replace('hour: {is: "28.00"', 'hour: {is: "-1"'))

    with pytest.raises(PackError, match=r"costs.yaml:\d+: hour.is: input should be greater"):
        costs(file)
