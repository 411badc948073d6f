from datetime import UTC, date, datetime

import pytest

from compliance import PersonFacts, load_packs
from compliance.validation import last_days
from domain.people import Milestone, MilestoneKind
from domain.time import local_date

LAW = load_packs()
SENT = datetime(2026, 6, 16, 2, tzinfo=UTC)
"""Still Monday 15 June in New York."""


def person(country="US", zone="America/New_York"):
    return PersonFacts(country=country, zones=(zone,))


def notice(at=SENT, kind=MilestoneKind.VALIDATION_SENT):
    return Milestone(kind=kind, at=at, account_id="acc_1")


def test_t33_the_period_of_a_notice_ends_on_the_day_that_its_pack_says_where_the_person_is():
    (ends,) = last_days(notice(), person(), LAW)
    assert (ends.kind, ends.account_id) == (MilestoneKind.VALIDATION_ENDS, "acc_1")
    assert local_date(ends.at, "America/New_York") == date(2026, 7, 23)


@pytest.mark.parametrize("zone", ["Pacific/Honolulu", "America/Chicago"])
def test_the_last_day_is_one_date_wherever_in_the_country_the_person_may_be(zone):
    (ends,) = last_days(notice(), person(), LAW)
    assert local_date(ends.at, zone) == date(2026, 7, 23)


def test_where_no_law_knows_such_a_period_none_begins():
    assert last_days(notice(), person("SA", "Asia/Riyadh"), LAW) == ()


def test_another_notice_begins_no_period_of_its_own():
    assert last_days(notice(kind=MilestoneKind.DEBIT_NOTICE), person(), LAW) == ()


def test_a_day_beyond_the_calendars_is_not_guessed():
    with pytest.raises(LookupError, match="US-federal"):
        last_days(notice(datetime(2090, 6, 15, 12, tzinfo=UTC)), person(), LAW)
