"""Bank transfers: matched by reference, booked once, and nothing is lost."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from temporalio.service import RPCError, RPCStatusCode

from api.app import build
from domain.contracts import Authority, Contract, SettlementTerms
from domain.events import BalanceChanged
from domain.transfers import as_written, reference_of
from storage import accounts, contracts, payments, settlements
from storage.tables import Account, Task
from tests.api.conftest import Caller
from tests.api.record import NOW, books, placement, record, usd


@pytest.fixture
def placed(api, database, door):
    one = placement()
    record(database, one)
    return one


def written(placed):
    return f"Debt {as_written(reference_of(placed.account_id)).lower()} thanks"


def line(said="", *, named="b1", minor=50_00, currency="USD", on="2026-11-20"):
    amount = {"minor": minor, "currency": currency}
    return {"id": named, "amount": amount, "booked_on": on, "text": said}


def send(api, *lines, key=None):
    headers = {"idempotency-key": key} if key else {}
    return api.post("/v1/transfers", json={"lines": lines}, headers=headers)


def outcomes(answer):
    assert answer.status_code == 200, answer.text
    return [each["outcome"] for each in answer.json()["lines"]]


def later(api, days):
    """The same API, so many days later."""
    ahead = replace(api.app_services, wall=lambda: NOW + timedelta(days=days))
    return Caller(build(ahead), api.key)


def waiting(api, **asked):
    found = api.get("/v1/transfers", params=asked).json()
    return [(each["id"], each["outcome"]) for each in found["lines"]], found["next"]


def test_what_names_an_account_is_booked_on_it_and_its_journey_hears(api, placed, database, door):
    answer = send(api, line(written(placed)))

    assert outcomes(answer) == ["booked"]
    assert answer.json()["counts"] == {"booked": 1}
    assert answer.json()["lines"][0]["account_id"] == placed.account_id
    balance, keys = books(database, placed)
    assert (balance, keys[-1]) == (150_00, "transfer:acme:b1")
    [event] = door.heard()
    assert isinstance(event, BalanceChanged)
    assert event.balance == 150_00
    assert waiting(api) == ([], None)


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("way", ["transfer", "direct"])
def test_money_that_came_another_way_closes_the_pages_that_are_open(
    api, placed, database, way, down
):
    stripe = api.app_services.stripe
    with database.transaction() as session:
        payments.opened_checkout(
            session, "cs_1", placed.account_id, purpose="full", contact_key=None
        )
    stripe.down = down

    if way == "transfer":
        assert outcomes(send(api, line(written(placed)))) == ["booked"]
        assert outcomes(send(api, line("no reference", named="b2"))) == ["unmatched"]
    else:
        paid = {"reference": "R1", "amount": {"minor": 50_00, "currency": "USD"}}
        api.post(f"/v1/accounts/{placed.account_id}/payments", json=paid).raise_for_status()

    assert books(database, placed)[0] == 150_00
    assert stripe.expired == ([] if down else ["cs_1"])


def test_the_reference_is_known_from_placement_on(api, placed, public, database):
    told = api.get(f"/v1/accounts/{placed.account_id}").json()

    assert told["payment_reference"] == reference_of(placed.account_id)


def test_the_same_line_books_once_however_often_and_however_close(api, placed, database):
    with ThreadPoolExecutor(4) as together:
        answers = list(together.map(lambda _: send(api, line(written(placed))), range(8)))

    assert [outcomes(answer) for answer in answers] == [["booked"]] * 8
    assert books(database, placed)[0] == 150_00
    assert outcomes(send(api, line(written(placed)), line(written(placed)))) == ["booked"] * 2
    assert books(database, placed)[0] == 150_00


def test_a_line_of_a_known_id_with_other_figures_is_told_and_changes_nothing(api, placed, database):
    send(api, line(written(placed)))

    for other in ({"minor": 60_00}, {"on": "2026-11-19"}, {"currency": "EUR"}):
        assert outcomes(send(api, line(written(placed), **other))) == ["different"]
    assert books(database, placed)[0] == 150_00
    assert outcomes(send(api, line("another text"))) == ["booked"]


def test_what_cannot_be_booked_is_kept_with_the_reason(api, other, placed, database, door):
    second = placement()
    record(database, second)
    answer = send(
        api,
        line("rent", named="none"),
        line(f"{written(placed)} {written(second)}", named="two"),
        line(written(placed), named="euros", currency="EUR"),
        line(written(placed), named="out", minor=-50_00),
    )

    assert outcomes(answer) == ["unmatched", "ambiguous", "wrong currency", "outgoing"]
    assert all(each["reason"] for each in answer.json()["lines"])
    assert books(database, placed)[0] == 200_00
    assert door.told == []
    found, more = waiting(api, limit=3)
    assert (found, more) == (
        [("euros", "wrong currency"), ("none", "unmatched"), ("out", "outgoing")],
        "out",
    )
    assert waiting(api, after=more) == ([("two", "ambiguous")], None)
    assert waiting(api, outcome="unmatched") == ([("none", "unmatched")], None)
    assert waiting(other) == ([], None)


def test_once_the_payer_is_found_the_line_is_sent_again(api, placed, database):
    assert outcomes(send(api, line("rent"))) == ["unmatched"]
    assert outcomes(send(api, line(written(placed)))) == ["booked"]
    assert books(database, placed)[0] == 150_00


def test_another_creditors_references_are_nobodys(other, placed, database):
    assert outcomes(send(other, line(written(placed)))) == ["unmatched"]
    assert books(database, placed)[0] == 200_00


def test_more_than_is_owed_is_booked_and_a_person_gives_the_rest_back(api, placed, database):
    assert outcomes(send(api, line(written(placed), minor=250_00))) == ["overpaid"]
    assert outcomes(send(api, line(written(placed), named="b2", minor=1))) == ["overpaid"]

    assert books(database, placed)[0] == -50_01
    with database.transaction() as session:
        tasks = session.query(Task).filter_by(account_id=placed.account_id).all()
    assert sorted(task.reason for task in tasks) == [
        "paid USD 50.00 more than was owed: refund it",
        "paid USD 50.01 more than was owed: refund it",
    ]


def test_what_comes_for_a_recalled_account_is_the_creditors(api, placed, database):
    with database.transaction() as session:
        accounts.recall(session, placed.account_id)

    assert outcomes(send(api, line(written(placed)))) == ["recalled"]
    assert books(database, placed)[0] == 200_00


@pytest.mark.parametrize(("day", "left"), [("2026-12-05", 0), ("2026-12-06", 80_00)])
def test_the_day_of_the_bank_decides_whether_a_settlement_is_met(api, placed, database, day, left):
    terms = SettlementTerms(floor=Decimal(60), least={Authority.AGENT: Decimal(60)})
    with database.transaction() as session:
        account = session.get_one(Account, placed.account_id)
        account.contract_id = contracts.agree(session, "acme", Contract(settlement=terms))
        settlements.offer(
            session,
            account,
            usd(120_00),
            settlement_id="s1",
            by=Authority.AGENT,
            source="tests",
            at=NOW,
        )

    send(later(api, 30), line(written(placed), minor=120_00, on=day))
    assert books(database, placed)[0] == left


def test_a_line_that_could_not_be_told_is_told_when_it_is_sent_again(api, placed, database, door):
    door.failure = RPCError("down", RPCStatusCode.UNAVAILABLE, b"")
    assert send(api, line(written(placed)), key="k1").status_code == 503

    door.failure = None
    assert outcomes(send(api, line(written(placed)), key="k1")) == ["booked"]
    assert books(database, placed)[0] == 150_00
    assert len(door.told) == 1


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"id": "no space"}, "/lines/0/id"),
        ({"booked_on": "0001-01-01"}, "/lines/0/booked_on"),
        ({"text": "\0"}, "/lines/0/text"),
        ({"amount": {"minor": 1.5, "currency": "USD"}}, "/lines/0/amount/minor"),
        ({"extra": 1}, "/lines/0/extra"),
    ],
)
def test_what_is_wrong_with_a_line_is_said_and_none_of_it_is_repeated(
    api, placed, logged, change, pointer
):
    answer = send(api, line("Jo Secret") | change)

    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]
    assert "Secret" not in answer.text + logged()
