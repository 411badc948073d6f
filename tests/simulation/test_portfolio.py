"""Generated people who owe: the same for the same seed, one by one, by the shares named there."""

from collections import Counter
from datetime import date
from itertools import islice

import pytest

from simulation.portfolio import LATENESS, SEVERAL, SUBSCRIPTIONS, people_of

TODAY = date(2026, 3, 10)


@pytest.fixture(scope="module")
def people():
    return list(people_of(7, accounts=5000, today=TODAY))


def test_the_same_seed_makes_the_same_people_and_another_makes_others(people):
    assert list(people_of(7, accounts=5000, today=TODAY)) == people
    assert list(people_of(8, accounts=5000, today=TODAY)) != people


def test_there_are_as_many_accounts_as_asked_for_each_with_an_id_of_its_own(people):
    ids = [account.account_id for person in people for account in person.accounts]

    assert len(ids) == len(set(ids)) == 5000
    assert len({person.reference for person in people}) == len(people)


def test_they_are_made_as_they_are_asked_for():
    first = list(islice(people_of(7, accounts=10**12, today=TODAY), 3))

    assert first == list(people_of(7, accounts=20, today=TODAY))[:3]


def test_people_owe_one_to_four_accounts_as_often_as_was_seen(people):
    loads = Counter(len(person.accounts) for person in people)

    assert set(loads) == {1, 2, 3, 4}
    assert 1 - loads[1] / len(people) == pytest.approx(SEVERAL, abs=0.03)


def test_lateness_journeys_and_amounts_are_as_in_the_demo(people):
    accounts = [account for person in people for account in person.accounts]
    late = [(TODAY - account.due_on).days for account in accounts]

    for share, first, last in LATENESS:
        seen = sum(first <= each <= last for each in late) / len(late)
        assert seen == pytest.approx(share, abs=0.03)
    subscriptions = [account for account in accounts if account.journey == "subscription"]
    assert len(subscriptions) / len(accounts) == pytest.approx(SUBSCRIPTIONS, abs=0.03)
    assert all(account.has_card for account in subscriptions)
    assert all(account.balance > 0 for account in accounts)


def test_people_live_in_many_zones_and_the_gate_knows_where_and_how_to_reach_them(people):
    zones = {zone for person in people for zone in person.facts.zones}

    assert {"America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"} <= zones
    assert all(person.facts.regions for person in people)
    assert {"en", "ar"} == {person.facts.language for person in people}
