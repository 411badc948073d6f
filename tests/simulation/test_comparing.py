"""Intervals and differences: held against what can be worked out another way."""

import random
from math import sqrt
from statistics import mean, stdev

import pytest

from simulation.comparing import compare, quantile
from simulation.happenings import Happening, What

from .lives import account, happening, paid, person, sent
from .lives import measure as measured
from .lives import tallied as counted

DAYS = 4
"""Few, so that thousands of figures are worked out in no time."""


def tallied(*several, variants=1):
    return counted(*several, variants=variants, days=DAYS)


def measure(people):
    return measured(people, days=DAYS)


def crowd(number, seed=1, *, variants=2):
    """People with one account; each pays some, and a little more under the second variant."""
    dice = random.Random(seed)
    for each in range(number):
        minor = dice.randrange(0, 100_00)
        more = minor + dice.randrange(0, 5_00)
        lives = [[paid(3, minor)], [paid(3, min(more, 100_00))]][:variants]
        yield person(f"p{each}"), *lives


def ends(found):
    """Value, low and high of an estimate that has all three."""
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    return found.value, found.low, found.high


def collected(several):
    return [sum(each.minor for each in life) / 100_00 for _, life, *_ in several]


def test_a_figure_and_its_interval_are_those_of_a_mean():
    several = list(crowd(600, variants=1))
    (table,) = compare(tallied(*several), measure(600))
    value, low, high = ends(table["collected", ""].own)
    shares = collected(several)

    assert value == pytest.approx(mean(shares))
    assert high - low == pytest.approx(2 * 1.96 * stdev(shares) / sqrt(len(shares)), rel=0.25)
    assert value == pytest.approx((high + low) / 2)


def test_the_interval_covers_the_truth_as_often_as_it_says():
    covered = 0
    for seed in range(100):
        (table,) = compare(tallied(*crowd(40, seed, variants=1)), measure(40))
        _, low, high = ends(table["collected", ""].own)
        covered += low <= 0.5 <= high

    assert 89 <= covered <= 99  # of 100


def test_people_are_left_out_whole():
    """Ten accounts of one person that go together tell no more than one of them."""
    apart, together = [], []
    for number, (who, life) in enumerate(crowd(100, variants=1)):
        apart.append((who, life))
        names = [f"{number}-{each}" for each in range(10)]
        minor = life[0].minor
        lives = [paid(3, minor, of=name) for name in names]
        together.append((person(who.reference, *map(account, names)), lives))
    (one,), (ten,) = (compare(tallied(*each), measure(100)) for each in (apart, together))

    assert ten["collected", ""].own.low == pytest.approx(one["collected", ""].own.low)


def test_a_difference_on_the_same_people_is_narrower_than_the_figures():
    base, other = compare(tallied(*crowd(500), variants=2), measure(500))
    value, low, high = ends(other["collected", ""].own)
    difference, least, most = ends(other["collected", ""].difference)

    assert difference == pytest.approx(value - ends(base["collected", ""].own)[0])
    assert other["collected", ""].difference.is_clear
    assert most - least < (high - low) / 5
    assert base["collected", ""].difference.value is None


def test_two_that_do_the_same_do_not_differ():
    several = [(who, life, life) for who, life in crowd(50, variants=1)]
    _, other = compare(tallied(*several, variants=2), measure(50))
    found = other["collected", ""].difference

    assert (found.value, found.low, found.high) == (0, 0, 0)
    assert not found.is_clear


def test_what_never_happened_may_still_happen():
    (table,) = compare(tallied(*crowd(300, variants=1)), measure(300))
    found = table["complaints", ""].own

    assert (found.value, found.low) == (0, 0)
    assert found.high == pytest.approx(0.01)


def test_no_upper_end_is_made_up_for_money_and_time_that_never_were():
    (table,) = compare(tallied(*crowd(30, variants=1)), measure(30))
    found = table["work", ""].own

    assert (found.value, found.low, found.high) == (0, 0, 0)


def test_what_always_happened_may_still_stay_away():
    always = [(who, [happening(1, What.DID, "complains")]) for who, _ in crowd(300, variants=1)]
    (table,) = compare(tallied(*always), measure(300))
    found = table["complaints", ""].own

    assert (found.value, found.high) == (1, 1)
    assert found.low == pytest.approx(0.99)


def test_what_only_one_variant_has_is_nothing_in_the_other():
    nothing: list[Happening] = []
    several = [(who, nothing, [sent(1)]) for who, _ in crowd(20, variants=1)]
    base, other = compare(tallied(*several, variants=2), measure(20))

    assert base["contacts", "sms"].own.value == 0
    assert other["contacts", "sms"].difference.value == 1
    assert [*base] == [*other]


def test_a_figure_of_nothing_is_told_as_none():
    (table,) = compare(tallied(*crowd(20, variants=1)), measure(20))

    assert table["plans-kept", ""].own.value is None


def test_of_one_person_there_is_a_figure_and_no_interval():
    (table,) = compare(tallied((person(), [paid(1, 50_00)])), measure(1))
    found = table["collected", ""].own

    assert (found.value, found.low) == (0.5, None)
    assert not found.is_clear


def test_the_same_counts_in_any_order_and_in_any_parts_give_the_same():
    several = list(crowd(60))
    whole = tallied(*several, variants=2)
    parts = tallied(*several[40:], variants=2)
    parts.merge(tallied(*reversed(several[:40]), variants=2))

    assert compare(parts, measure(60)) == compare(whole, measure(60))


def test_agents_and_the_peak_are_compared_without_an_interval_of_the_difference():
    nothing: list[Happening] = []
    several = [
        (who, nothing, [happening(2, What.HANDED, "wrote"), sent(1), sent(2)])
        for who, _ in crowd(200, variants=1)
    ]
    base, other = compare(tallied(*several, variants=2), measure(200))

    assert base["agents", ""].own.value == 0
    assert other["agents", ""].own.value == other["agents", ""].difference.value == 3
    assert other["peak-in-7-days", ""].difference.value == 2


@pytest.mark.parametrize(
    ("freedom", "t"), [(1, 12.706), (4, 2.776), (5, 2.571), (10, 2.228), (30, 2.042), (99, 1.984)]
)
def test_quantiles_are_those_of_student(freedom, t):
    assert quantile(freedom) == pytest.approx(t, abs=0.004)


def test_where_neither_saw_anything_no_interval_of_the_difference_is_claimed():
    _, other = compare(tallied(*crowd(50), variants=2), measure(50))
    found = other["complaints", ""].difference

    assert (found.value, found.low, found.high) == (0, None, None)
