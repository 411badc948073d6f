"""What goes wrong follows from the seed, so that a finding can be looked at again."""

from collections import Counter

from tests.chaos.schedule import PARTS, Fault, Kill, schedule


def kills(plan):
    return [each.part for troubles in plan for each in troubles if isinstance(each, Kill)]


def test_the_same_seed_plans_the_same_troubles():
    assert schedule(3, 30) == schedule(3, 30)


def test_another_seed_plans_others():
    assert schedule(3, 30) != schedule(4, 30)


def test_every_part_is_killed_before_any_is_killed_again():
    killed = kills(schedule(1, 60))

    for first in range(0, len(killed) - len(PARTS) + 1, len(PARTS)):
        assert set(killed[first : first + len(PARTS)]) == set(PARTS)
    assert max(Counter(killed).values()) >= 3


def test_every_provider_fails_within_five_seeds():
    plans = [schedule(seed, 30) for seed in range(1, 6)]
    faults = [each for plan in plans for day in plan for each in day if isinstance(each, Fault)]

    assert {each.said["provider"] for each in faults} == {"twilio", "sendgrid", "stripe"}
    assert {"drop", "status", "delay_seconds", "webhook"} <= {
        name for each in faults for name in each.said
    }
