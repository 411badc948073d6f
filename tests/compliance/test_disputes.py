from datetime import date, timedelta

import pytest

from compliance import load_packs
from compliance.disputes import Dispute, kind_of, within
from compliance.periods import run

ENDS = date(2026, 7, 23)


@pytest.mark.parametrize(
    ("received", "in_time"),
    [
        (ENDS - timedelta(days=30), True),
        (ENDS, True),
        (ENDS + timedelta(days=1), False),
    ],
)
def test_the_last_day_belongs_to_the_period_and_the_next_does_not(received, in_time):
    assert within(ENDS, received) is in_time


def test_a_period_that_has_not_begun_is_not_over():
    assert within(None, date(2030, 1, 1))


@pytest.mark.parametrize(
    ("received", "written", "kind"),
    [
        (ENDS, True, Dispute.WITHIN),
        (ENDS + timedelta(days=1), True, Dispute.LATE),
        (ENDS, False, Dispute.SPOKEN),
        (ENDS + timedelta(days=1), False, Dispute.SPOKEN),
    ],
)
def test_only_a_dispute_in_writing_and_in_time_is_one_of_the_period(received, written, kind):
    assert kind_of(ENDS, received, written=written) is kind


def test_t33_a_notice_mailed_on_15_june_may_be_disputed_until_23_july():
    law = load_packs()
    period = next(each for pack in law for each in pack.periods if each.id == "US-N2")
    ends = run(period, date(2026, 6, 15), law.calendars).ends
    assert kind_of(ends, date(2026, 7, 23), written=True) is Dispute.WITHIN
    assert kind_of(ends, date(2026, 7, 24), written=True) is Dispute.LATE
