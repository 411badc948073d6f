"""Promises to pay: taken within reason, and kept or broken by what is received."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from api.app import build
from domain.events import PromiseToPay
from storage import ledger
from tests.api.conftest import Caller
from tests.api.record import NOW, placement, record, services, usd


@pytest.fixture
def placed(api, database, door):
    one = placement()
    record(database, one)
    return one


def path(placed):
    return f"/v1/accounts/{placed.account_id}/promises"


def promise(api, placed, *, key=None, due="2026-11-30", **new):
    headers = {"idempotency-key": key} if key else {}
    return api.post(path(placed), json={"due": due} | new, headers=headers)


def money(minor, currency="USD"):
    return {"minor": minor, "currency": currency}


def later(api, database, door, days):
    """The same API, so many days later."""
    ahead = replace(services(database, door), wall=lambda: NOW + timedelta(days=days))
    return Caller(build(ahead), api.key)


def states(api, placed):
    return [each["state"] for each in api.get(path(placed)).json()["promises"]]


def pay(database, placed, key, minor, at):
    with database.transaction() as session:
        ledger.pay(session, placed.account_id, key, usd(minor), at=at)


def test_a_promise_is_on_record_and_the_journey_hears_how_much_and_when(api, placed, door):
    answer = promise(api, placed, amount=money(50_00))

    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["amount"], told["due"], told["state"]) == (money(50_00), "2026-11-30", "open")
    (event,) = door.heard()
    assert isinstance(event, PromiseToPay)
    assert (event.due, event.minor, event.balance) == (date(2026, 11, 30), 50_00, 200_00)
    assert api.get(path(placed)).json()["promises"] == [told]


def test_without_an_amount_it_is_all_that_is_owed(api, placed):
    assert promise(api, placed).json()["amount"] == money(200_00)


def test_the_ledger_says_whether_it_was_kept_also_when_money_goes_back(api, placed, database, door):
    promise(api, placed, amount=money(50_00))
    in_grace, over = (later(api, database, door, days) for days in (12, 13))

    assert (states(in_grace, placed), states(over, placed)) == (["open"], ["broken"])
    pay(database, placed, "p1", 50_00, NOW + timedelta(days=12))
    assert states(over, placed) == ["kept"]
    with database.transaction() as session:
        ledger.give_back(session, placed.account_id, "b1", usd(1), at=NOW + timedelta(days=20))
    assert states(over, placed) == ["broken"]


SPAN = "from 2026-11-21 to 2027-01-05"


@pytest.mark.parametrize(
    ("new", "fault"),
    [
        (
            {"due": "2027-01-06"},
            ("/due", f"promise is due on 2027-01-06, and is taken {SPAN}", f"a date {SPAN}"),
        ),
        (
            {"due": "2026-11-20"},
            ("/due", f"promise is due on 2026-11-20, and is taken {SPAN}", f"a date {SPAN}"),
        ),
        (
            {"amount": money(200_01)},
            (
                "/amount/minor",
                "promise 200.01 is more than the 200.00 owed",
                "at most 20000 (USD 200.00)",
            ),
        ),
        (
            {"amount": money(50_00, "EUR")},
            ("/amount/currency", "is not the account's currency", "USD"),
        ),
    ],
)
def test_a_promise_that_cannot_be_taken_is_refused_with_the_reason(api, placed, door, new, fault):
    answer = promise(api, placed, **new)

    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["detail"], error["expected"]) == fault
    assert door.told == []
    assert states(api, placed) == []


def test_the_same_key_is_one_promise(api, placed, door):
    answers = [promise(api, placed, key="k1").json() for _ in range(2)]

    assert answers[0] == answers[1]
    assert len(door.told) == 1
    assert states(api, placed) == ["open"]


def test_nobody_promises_on_an_account_that_is_paid_or_of_another_creditor(
    api, other, placed, database
):
    assert promise(other, placed).status_code == 404
    assert other.get(path(placed)).status_code == 404

    pay(database, placed, "p1", 200_00, NOW)
    answer = promise(api, placed)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:tahsil:problem:nothing-owed")
