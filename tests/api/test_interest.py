"""Whatever is agreed through the API is agreed about what is owed that day."""

from datetime import date
from decimal import Decimal
from math import floor

import pytest

from activities.records import Records
from domain.contracts import Authority, Contract, EarlyDiscount, InterestTerms, SettlementTerms
from domain.events import BalanceChanged
from domain.orders import RecordPlacement
from domain.plans import monthly
from storage import contracts
from tests.api.record import NOW, books, contact, placement, record

pytestmark = pytest.mark.stack

SINCE_DUE = floor(20_000 * (NOW.date() - date(2026, 10, 1)).days / 3650)


@pytest.fixture
def placed(database, door):
    with database.transaction() as session:
        terms = InterestTerms(percent_a_year=Decimal(10), since="due date")
        contracts.agree(session, "acme", Contract(interest=terms))
    made = placement()
    record(database, made)
    door.placed["account/acme/" + made.reference] = made
    return made


def test_before_a_hold_begins_the_interest_up_to_its_day_is_added_and_told(
    api, database, door, placed
):
    answers = [
        api.post(f"/v1/accounts/{placed.account_id}/holds", json={"hold": "dispute"})
        for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [201, 201], answers[0].text
    assert books(database, placed)[0] == 20_000 + SINCE_DUE
    told = [event for event in door.heard() if isinstance(event, BalanceChanged)]
    assert [(each.balance, each.cause) for each in told] == [(20_000 + SINCE_DUE, "adjustment")]


def test_a_quote_is_of_what_is_owed_today_and_writes_nothing(api, database, placed):
    wish = {"parts": 4, "first": "2026-12-01"}
    quoted = api.post(f"/v1/accounts/{placed.account_id}/plan/quotes", json=wish)
    assert quoted.json()["total"] == {"minor": 20_000 + SINCE_DUE, "currency": "USD"}
    assert books(database, placed)[0] == 20_000

    agreed = api.post(f"/v1/accounts/{placed.account_id}/plan", json=wish)
    assert agreed.json()["total"] == quoted.json()["total"]
    assert agreed.json()["instalments"] == quoted.json()["instalments"]
    assert books(database, placed)[0] == 20_000 + SINCE_DUE


def test_the_page_asks_for_what_is_owed_today_and_puts_interest_to_a_plans_end(
    public, database, placed
):
    first = date(2026, 12, 1)
    plan = monthly("plan-1", placed.balance, parts=4, first=first)
    link = contact(database, placed, offer=plan)
    page = public.get(f"/p/{link}").text

    assert f"${(20_000 + SINCE_DUE) / 100:.2f}" in page
    assert f"${(5_000 + SINCE_DUE) / 100:.2f}" in page
    assert "$50.00" in page
    assert books(database, placed)[0] == 20_000


def test_a_new_early_offer_is_about_all_that_is_owed(database):
    terms = InterestTerms(percent_a_year=Decimal(10), since="due date")
    early = SettlementTerms(
        floor=Decimal(50),
        least={Authority.AUTOMATIC: Decimal(50)},
        early=EarlyDiscount(percent=Decimal(50), within_days=7),
    )
    with database.transaction() as session:
        contracts.agree(session, "acme", Contract(interest=terms, settlement=early))
    made = placement()
    order = RecordPlacement(
        key="p", account_id=made.account_id, at=NOW, placement=made, workflow_id="w"
    )
    recorded = Records(database).record_placement(order)
    assert recorded.settlement
    assert recorded.balance == recorded.settlement.balance == 20_000 + SINCE_DUE
