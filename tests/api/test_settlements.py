"""Offers to settle: nobody goes below what the contract lets them offer."""

from datetime import date
from decimal import Decimal

import pytest
from temporalio.service import RPCError, RPCStatusCode

from domain.contracts import Authority, Contract, SettlementTerms
from domain.events import SettlementEnded, SettlementOffered
from storage import accounts, contracts, ledger, settlements
from storage.tables import Account
from tests.api.record import NOW, placement, record, usd

TERMS = SettlementTerms(
    floor=Decimal(30), least={Authority.AGENT: Decimal(60), Authority.SUPERVISOR: Decimal(30)}
)


@pytest.fixture
def placed(api, database, door):
    """An account of 200.00, under a contract that lets agents settle for 60 %."""
    return owing(database)


def owing(database, **balance):
    with database.transaction() as session:
        contracts.agree(session, "acme", Contract(settlement=TERMS))
    one = placement(**balance)
    record(database, one)
    return one


def path(placed, sid=""):
    return f"/v1/accounts/{placed.account_id}/settlements{sid and '/' + sid}"


def offer(api, placed, *, key=None, **new):
    headers = {"idempotency-key": key} if key else {}
    return api.post(path(placed), json=new, headers=headers)


def money(minor, currency="USD"):
    return {"minor": minor, "currency": currency}


def fault(answer):
    """The one thing that is wrong with a request."""
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    return error["pointer"], error["detail"], error["expected"]


def standing(api, placed):
    return [(each["id"], each["state"]) for each in api.get(path(placed)).json()["settlements"]]


def pay(database, placed, minor):
    with database.transaction() as session:
        account = session.get_one(Account, placed.account_id)
        ledger.pay(session, account.id, f"pay:{minor}", usd(minor), at=NOW)
        settlements.complete(session, account, at=NOW)


def test_an_offer_is_answered_with_its_figures_and_told_to_the_workflow(api, placed, door):
    answer = offer(api, placed, percent="60.0001", expires_on="2026-12-01")

    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["amount"], told["forgiven"]) == (money(120_01), money(79_99))
    assert (told["state"], told["authority"], told["expires_on"]) == ("open", "agent", "2026-12-01")
    (event,) = door.heard()
    assert isinstance(event, SettlementOffered)
    assert (event.settlement.minor, event.settlement.expires) == (120_01, date(2026, 12, 1))
    assert api.get(path(placed)).json()["settlements"] == [told]


def test_below_the_floor_is_refused_with_both_figures_and_tells_nobody(api, placed, door):
    assert fault(offer(api, placed, amount=money(40_00))) == (
        "/amount/minor",
        "settlement 40.00 is below the floor 120.00 that an agent may offer",
        "at least 12000 (USD 120.00)",
    )
    assert fault(offer(api, placed, percent=29, authority="supervisor"))[0] == "/percent"
    assert fault(offer(api, placed, percent=99, authority="automatic"))[2] == (
        "at least 20000 (USD 200.00)"
    )
    assert door.told == []
    assert standing(api, placed) == []


def test_who_may_go_lower_does(api, placed):
    assert offer(api, placed, percent=30, authority="supervisor").status_code == 201


@pytest.mark.parametrize(
    ("new", "pointer", "expected"),
    [
        ({"amount": money(200_01)}, "/amount/minor", "at most 20000 (USD 200.00)"),
        ({"amount": money(120_00, "EUR")}, "/amount/currency", "USD"),
        (
            {"percent": 70, "expires_on": "2026-11-20"},
            "/expires_on",
            "a date from 2026-11-21 to 2026-12-05",
        ),
        (
            {"percent": 70, "expires_on": "2026-12-06"},
            "/expires_on",
            "a date from 2026-11-21 to 2026-12-05",
        ),
        ({}, "", "one of the two"),
        ({"percent": 70, "amount": money(150_00)}, "", "one of the two"),
    ],
)
def test_what_is_wrong_with_an_offer_is_said_in_words(api, placed, new, pointer, expected):
    where, detail, wanted = fault(offer(api, placed, **new))

    assert (where, wanted) == (pointer, expected)
    assert detail


def test_an_offer_in_dinars_is_an_amount_that_a_card_can_pay(api, database, door):
    placed = owing(database, balance=money(5_124, "KWD"))

    assert offer(api, placed, percent=60).json()["amount"] == money(3_080, "KWD")
    assert fault(offer(api, placed, amount=money(3_999, "KWD")))[1:] == (
        "cannot be charged",
        "a multiple of KWD 0.010, as cards are charged, or all that is owed",
    )
    assert offer(api, placed, amount=money(5_124, "KWD")).status_code == 201


def test_a_new_offer_replaces_the_one_before_and_the_same_key_makes_no_second(api, placed, door):
    first = offer(api, placed, percent=70).json()["id"]
    again = [offer(api, placed, percent=60, key="k1").json() for _ in range(2)]

    assert again[0] == again[1]
    assert standing(api, placed) == [(again[0]["id"], "open"), (first, "withdrawn")]
    assert [event.settlement.minor for event in door.heard()] == [140_00, 120_00]


def test_an_offer_that_could_not_be_told_is_told_with_the_same_call(api, placed, door):
    door.failure = RPCError("down", RPCStatusCode.UNAVAILABLE, b"")
    assert offer(api, placed, percent=60, key="k1").status_code == 503

    door.failure = None
    made = offer(api, placed, percent=60, key="k1").json()

    assert standing(api, placed) == [(made["id"], "open")]
    assert [event.settlement.settlement_id for event in door.heard()] == [made["id"]]


def test_an_offer_is_taken_back_once_it_is_made_and_until_it_is_met(api, placed, door, database):
    made = offer(api, placed, percent=60).json()["id"]
    ended = api("DELETE", path(placed, made))

    assert (ended.status_code, ended.json()["state"]) == (200, "withdrawn")
    assert isinstance(door.heard()[-1], SettlementEnded)
    assert api("DELETE", path(placed, made)).json() == ended.json()
    assert api("DELETE", path(placed, "s_nobodys")).status_code == 404
    assert api("DELETE", path(placed, "%00")).status_code == 404

    met = offer(api, placed, percent=60).json()["id"]
    pay(database, placed, 120_00)
    refused = api("DELETE", path(placed, met))
    assert (refused.status_code, refused.json()["type"]) == (
        409,
        "urn:tahsil:problem:settlement-met",
    )
    assert standing(api, placed)[0] == (met, "met")


def test_an_offer_that_a_plan_pays_stands_until_the_plan_is_ended(api, placed):
    made = offer(api, placed, percent=60).json()["id"]
    plan = f"/v1/accounts/{placed.account_id}/plan"
    wish = {"rhythm": {"kind": "weekly"}, "first": "2026-11-24", "parts": 2}
    assert api.post(plan, json=wish | {"settlement_id": made}).status_code == 201

    for refused in (api("DELETE", path(placed, made)), offer(api, placed, percent=70)):
        assert refused.status_code == 409
        assert refused.json()["type"] == "urn:tahsil:problem:plan-pays-settlement"
        assert "end the plan first" in refused.json()["detail"]
    assert standing(api, placed) == [(made, "open")]

    assert api("DELETE", plan).status_code == 200
    assert api("DELETE", path(placed, made)).json()["state"] == "withdrawn"


def test_nothing_is_offered_where_nothing_is_owed_or_the_account_is_closed(api, placed, database):
    pay(database, placed, 200_00)
    assert offer(api, placed, percent=60).json()["type"] == "urn:tahsil:problem:nothing-owed"

    with database.transaction() as session:
        accounts.recall(session, placed.account_id)
    answer = offer(api, placed, percent=60)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:tahsil:problem:account-closed")


def test_another_creditor_sees_none_of_it(api, other, placed):
    made = offer(api, placed, percent=60).json()["id"]

    assert other.get(path(placed)).status_code == 404
    assert offer(other, placed, percent=60).status_code == 404
    assert other("DELETE", path(placed, made)).status_code == 404
