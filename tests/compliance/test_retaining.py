from datetime import date

import pytest

from compliance.facts import PersonFacts
from compliance.laws import LAWS, shipped_id
from compliance.retaining import retained


@pytest.fixture
def packs():
    return LAWS.called(shipped_id())


def facts(country="US", zone="America/New_York"):
    return PersonFacts(country=country, zones=(zone,), creditor="acme")


def rules(packs, country, last, today):
    found = retained(packs, [(facts(country), last)], today)
    return [(each.rule, each.until.isoformat()) for each in found]


def test_evidence_is_kept_three_years_after_the_last_activity_in_the_us(packs):
    last = date(2026, 11, 21)

    assert rules(packs, "US", last, last) == [("US-K5", "2029-11-21")]
    assert rules(packs, "US", last, date(2029, 11, 21)) == [("US-K5", "2029-11-21")]
    assert rules(packs, "US", last, date(2029, 11, 22)) == []


def test_a_leap_day_lasts_to_the_first_of_march(packs):
    last = date(2028, 2, 29)

    assert rules(packs, "US", last, last) == [("US-K5", "2031-03-01")]


def test_where_no_pack_keeps_anything_nothing_is_kept(packs):
    assert rules(packs, "NZ", date(2026, 11, 21), date(2026, 11, 21)) == []


def test_recordings_are_none_of_what_is_kept_here(packs):
    assert rules(packs, "GR", date(2026, 11, 21), date(2026, 11, 21)) == []


def test_of_several_accounts_the_one_that_was_worked_last_binds_first(packs):
    known = [(facts(), date(2026, 1, 5)), (facts(), date(2026, 11, 21))]

    found = retained(packs, known, date(2026, 11, 21))

    assert [each.until for each in found] == [date(2029, 11, 21), date(2029, 1, 5)]
    assert found[0].cite == "12 CFR 1006.100(a)"
