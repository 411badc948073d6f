"""What becomes of plans that broke, read from the journal, the plans and the charges."""

from collections import Counter
from datetime import timedelta

import pytest

from domain.accounts import Closure
from domain.orders import ChargeStatus
from storage.recovery import Recovery, recovery, split
from storage.tables import Account, ChargeRow, JournalRow, Plan
from tests.api.record import NOW, placement, record

pytestmark = pytest.mark.stack


def broke(database, *stages, closure=None, planned=None, charged=None):
    """An account whose plan broke at minute 0; a stage a minute since, a plan, a charge."""
    placed = placement()
    record(database, placed)
    minutes = [NOW + timedelta(minutes=number) for number in range(len(stages) + 1)]
    with database.transaction() as session:
        for at, stage in zip(minutes, ["broken_plan", *stages], strict=True):
            line = {"stage": stage, "journey": "standard"}
            session.add(
                JournalRow(account_id=placed.account_id, what="stage", detail=line, recorded_at=at)
            )
        for number, minute in enumerate([-5, *([planned] if planned else [])]):
            session.add(
                Plan(
                    id=f"{placed.account_id}-p{number}",
                    account_id=placed.account_id,
                    terms={},
                    recorded_at=NOW + timedelta(minutes=minute),
                )
            )
        if charged is not None:
            session.add(
                ChargeRow(
                    key=f"{placed.account_id}#1",
                    account_id=placed.account_id,
                    minor=1,
                    currency="USD",
                    status=ChargeStatus.PAID,
                    at=NOW,
                    recorded_at=NOW + timedelta(minutes=charged),
                )
            )
        session.get_one(Account, placed.account_id).closure = closure


def came(database, creditor=None):
    with database.transaction() as session:
        return recovery(session, creditor)


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ({"stages": ("on_plan",)}, Recovery.RESTARTED),
        ({"stages": ("renewed_card", "on_plan"), "charged": 1.5}, Recovery.RESTARTED),
        ({"stages": ("on_plan",), "charged": 0.5}, Recovery.RETRIED),
        ({"stages": ("on_plan",), "charged": -3}, Recovery.RESTARTED),
        ({"stages": ("on_plan", "broken_plan"), "charged": 9}, Recovery.RESTARTED),
        ({"stages": ("recovery_call", "on_plan"), "planned": 1.5}, Recovery.NEW_PLAN),
        ({"stages": ("recovery_call",), "closure": Closure.PAID_IN_FULL}, Recovery.PAID),
        ({"stages": (), "closure": Closure.PAID_IN_FULL, "charged": 1}, Recovery.RETRIED),
        ({"stages": ("on_plan",), "closure": Closure.SETTLED}, Recovery.SETTLED),
        ({"stages": ("needs_a_person",), "closure": Closure.REFERRED}, Recovery.AGENT),
        ({"stages": ("in_hardship", "breathing_space")}, Recovery.HARDSHIP),
        (
            {"stages": ("recovery_call", "second_chance"), "closure": Closure.REFERRED},
            Recovery.SILENT,
        ),
    ],
)
def test_what_came_of_a_break(database, story, expected):
    broke(database, *story.pop("stages"), **story)

    assert came(database) == Counter([expected])


def test_an_account_whose_plan_never_broke_is_no_part_of_it(database):
    record(database, placement())

    assert came(database) == Counter()


def test_one_creditor_is_counted_without_the_others(database):
    broke(database)

    assert came(database, "acme").total() == 1
    assert came(database, "other").total() == 0


def test_the_split_is_of_those_who_restarted_or_were_done_with_it():
    engaged = Counter(
        {Recovery.RESTARTED: 800, Recovery.NEW_PLAN: 119, Recovery.PAID: 80, Recovery.SETTLED: 1}
    )

    shares = split(engaged + Counter({Recovery.AGENT: 40, Recovery.SILENT: 600}))

    assert shares is not None
    assert (shares.restarted, shares.settled) == pytest.approx((91.9, 8.1))
    assert split(Counter({Recovery.AGENT: 3})) is None
