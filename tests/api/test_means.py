"""What somebody can afford: worked out from what they told, which goes nowhere else."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from domain.contracts import Contract, HardshipTerms
from domain.events import MeansStated
from domain.money import LARGEST, Money
from domain.plans import monthly
from domain.rhythms import Monthly, Weekly
from storage import contracts, journal, ledger, plans
from storage.tables import MeansRow
from tests.api.record import NOW, placement, record, usd

TERMS = HardshipTerms(
    share_of_disposable=Decimal(50),
    least_instalments=(Money(minor=10_00, currency="USD"),),
    deferral_days=60,
)
MEANS = {
    "currency": "USD",
    "income": [{"minor": 1_234_56}],
    "essentials": {"housing": {"minor": 1_134_56}},
}
"""100.00 a month is left of it."""


@pytest.fixture
def placed(api, database, door):
    with database.transaction() as session:
        contracts.agree(session, "acme", Contract(hardship=TERMS))
    one = placement()
    record(database, one)
    return one


def tell(api, placed, *, key=None, **changes):
    headers = {"idempotency-key": key} if key else {}
    path = f"/v1/accounts/{placed.account_id}/means"
    return api.post(path, json=MEANS | changes, headers=headers)


def money(minor):
    return {"minor": minor, "currency": "USD"}


def test_half_of_what_is_left_may_be_asked_and_a_plan_of_it_is_suggested(api, placed, door):
    answer = tell(api, placed)

    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["disposable"], told["committed"], told["affordable"]) == (
        money(100_00),
        money(0),
        money(50_00),
    )
    assert told["plan"] == {
        "rhythm": {"kind": "monthly", "day": None},
        "first": "2026-12-21",
        "amount": money(50_00),
    }
    assert told["defer_until"] is None
    [event] = door.heard()
    assert isinstance(event, MeansStated)
    assert event.monthly == 50_00


def test_the_suggestion_is_a_plan_that_is_taken_as_it_is(api, placed):
    suggestion = tell(api, placed).json()["plan"]
    answer = api.post(
        f"/v1/accounts/{placed.account_id}/plan", json=suggestion | {"autopay": False}
    )

    assert answer.status_code == 201, answer.text
    assert len(answer.json()["instalments"]) == 4


@pytest.mark.parametrize("housing", [1_214_57, 1_300_00])
def test_where_too_little_is_left_nothing_is_asked_for_a_while(api, placed, housing, door):
    told = tell(api, placed, essentials={"housing": {"minor": housing}}).json()

    assert (told["plan"], told["defer_until"]) == (None, "2027-01-20")
    assert told["disposable"]["minor"] == 1_234_56 - housing
    assert door.heard()[0].monthly < 10_00


def test_what_their_other_plans_take_is_not_asked_again(api, placed, database):
    other = placement(consumer=placed.consumer.model_dump(mode="json"))
    record(database, other)
    plan = monthly("p1", usd(200_00), parts=10, first=date(2026, 12, 1))
    with database.transaction() as session:
        plans.accept(session, other.account_id, plan.model_copy(update={"rhythm": Monthly()}))

    told = tell(api, placed).json()

    assert (told["committed"], told["affordable"]) == (money(20_00), money(30_00))


def test_plans_in_weeks_that_take_more_of_a_month_than_any_amount_leave_nothing(
    api, placed, database
):
    huge = usd(LARGEST)
    other = placement(consumer=placed.consumer.model_dump(mode="json"), balance=huge)
    record(database, other)
    plan = monthly("p1", huge, parts=1, first=date(2026, 12, 1))
    with database.transaction() as session:
        plans.accept(session, other.account_id, plan.model_copy(update={"rhythm": Weekly()}))

    answer = tell(api, placed)

    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["committed"], told["affordable"]) == (money(LARGEST), money(0))


def test_what_was_told_is_kept_once_and_shown_nowhere_else(api, placed, database, logged):
    answers = [tell(api, placed, key="k1").json() for _ in range(2)]

    assert answers[0] == answers[1]
    with database.transaction() as session:
        [row] = session.scalars(select(MeansRow))
        told = [line.detail for line in journal.lines(session, placed.account_id)]
    assert (row.disposable, row.figures["income"]) == (
        100_00,
        [{"minor": 1_234_56, "every": "month"}],
    )
    assert (row.account_id, row.person_id) == (placed.account_id, placed.person_id)
    shown = f"{answers} {told} {logged()}"
    assert "123456" not in shown
    assert "113456" not in shown


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"currency": "EUR"}, "/currency"),
        ({"income": []}, "/income"),
        ({"income": [{"minor": 10**12, "every": "week"}] * 3}, "/income"),
        ({"income": [{"minor": 987_654}] * 51}, "/income"),
        ({"essentials": {"housing": {"minor": 10**12, "every": "week"}}}, "/essentials"),
        ({"debts": [{"minor": 10**12}] * 2}, "/debts"),
        ({"debts": [{"minor": 987_654}] * 51}, "/debts"),
        ({"income": [{"minor": -987_654}]}, "/income/0/minor"),
        ({"income": [{"minor": 987_654, "every": "blue moon"}]}, "/income/0/every"),
        ({"rhythm": {"kind": "custom"}}, "/rhythm"),
        ({"extra": 987_654}, "/extra"),
    ],
)
def test_what_is_wrong_is_said_without_a_figure(api, placed, logged, changes, pointer):
    answer = tell(api, placed, **changes)

    assert answer.status_code == 422
    fault = answer.json()["errors"][0]
    assert fault["pointer"] == pointer
    assert fault["expected"] != "see /docs"
    assert "987654" not in answer.text + logged()
    assert "123456" not in answer.text + logged()


def test_nobody_is_asked_where_nothing_is_owed_or_by_another_creditor(api, other, placed, database):
    assert tell(other, placed).status_code == 404
    with database.transaction() as session:
        ledger.pay(session, placed.account_id, "p1", usd(200_00), at=NOW)
    answer = tell(api, placed)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:tahsil:problem:nothing-owed")
