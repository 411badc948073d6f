"""Payments of an account, giving them back, and payments to the creditor that were none."""

import asyncio
from datetime import timedelta

import pytest

from activities.hearing import hear
from activities.paying import received
from domain.accounts import Closure
from domain.ledger import Cause
from domain.money import Money
from domain.orders import Charge
from providers.outcomes import ProviderRefused
from storage import accounts, inbox, ledger, payments
from storage.tables import InboxRow, RefundRow, Task
from tests.api.record import NOW, placement, record, usd

PAID = "stripe:pi_1"


@pytest.fixture
def placed(api, database, door):
    """An account of 200.00, of which 80.00 was paid through Stripe."""
    one = placement()
    record(database, one)
    pay(database, one, PAID, usd(8_000))
    return one


def pay(database, placed, key, amount, **more):
    with database.transaction() as session:
        account = accounts.by_id(session, placed.account_id)
        assert account
        received(session, account, key, amount, at=NOW, **more)


def owes(database, placed):
    with database.transaction() as session:
        return ledger.balance(session, placed.account_id)


def refund(api, placed, minor, *, key=None, payment=PAID, currency="USD"):
    headers = {"idempotency-key": key} if key else {}
    body = {
        "payment": payment,
        "amount": {"minor": minor, "currency": currency},
        "reason": "paid twice",
    }
    return api.post(f"/v1/accounts/{placed.account_id}/refunds", json=body, headers=headers)


def listed(api, placed):
    answer = api.get(f"/v1/accounts/{placed.account_id}/payments")
    return [
        (each["payment"], each["amount"]["minor"], each["refundable"]["minor"])
        for each in answer.json()["payments"]
    ]


def test_a_refund_is_asked_of_stripe_booked_and_told_once(api, database, door, placed):
    for _ in range(2):
        answer = refund(api, placed, 2_500, key="k")
        assert answer.status_code == 201, answer.text
        assert answer.json()["status"] == "succeeded"
    assert owes(database, placed) == 14_500
    assert len(api.app_services.stripe.refunds) == 1
    assert listed(api, placed) == [(PAID, 8_000, 5_500)]
    [told] = door.heard()
    assert (told.cause, told.balance) == ("reversal", 14_500)


def test_more_than_was_paid_is_refused_with_the_figures(api, database, placed):
    refund(api, placed, 5_000)
    answer = refund(api, placed, 3_001)
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["pointer"] == "/amount/minor"
    assert error["detail"] == (
        "is more than can be given back: USD 80.00 was paid, and USD 50.00 went back"
    )
    assert error["expected"] == "at most 3000 (USD 30.00)"
    assert owes(database, placed) == 17_000


def test_while_stripe_is_down_it_stays_asked_and_is_made_once_it_answers(api, database, placed):
    stripe = api.app_services.stripe
    stripe.down = True
    answer = refund(api, placed, 8_000, key="k")
    assert (answer.status_code, answer.json()["status"]) == (201, "asked")
    assert listed(api, placed) == [(PAID, 8_000, 0)]
    assert owes(database, placed) == 12_000
    stripe.down = False
    assert sweep(api, database) == 1
    assert owes(database, placed) == 20_000
    [shown] = api.get(f"/v1/accounts/{placed.account_id}/refunds").json()["refunds"]
    assert shown["status"] == "succeeded"


def sweep(api, database):
    with database.transaction() as session:
        left = inbox.left_over(session, older_than=timedelta(0))
    served = api.app_services
    for row in left:
        asyncio.run(hear(served.database, served.door, served.stripe, row.id))
    return len(left)


def test_a_refund_whose_answer_was_lost_is_found_at_stripe_and_not_made_again(
    api, database, placed
):
    stripe = api.app_services.stripe
    stripe.down = True
    named = refund(api, placed, 2_000, key="k").json()["id"]
    stripe.down = False
    stripe.refund(intent_id="pi_1", amount=usd(2_000), key=named)
    sweep(api, database)
    assert len(stripe.refunds) == 1
    assert owes(database, placed) == 14_000


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("charge_disputed", "look at Stripe first, as the money may have gone back already"),
        (
            "charge_already_refunded",
            "look at Stripe first, as the money may have gone back already",
        ),
        ("expired_or_canceled_card", "give the money back another way"),
    ],
)
def test_what_stripe_refuses_is_told_and_handed_to_a_person(api, database, placed, code, advice):
    api.app_services.stripe.refusal = code
    answer = refund(api, placed, 2_000)
    assert answer.json()["status"] == "refused"
    assert owes(database, placed) == 12_000
    assert listed(api, placed) == [(PAID, 8_000, 8_000)]
    with database.transaction() as session:
        task = session.get(Task, f"refused:{answer.json()['id']}")
        assert task is not None
        assert task.reason == f"Stripe refused a refund ({code}): {advice}"


def test_a_refund_of_which_stripe_tells_nothing_is_refused_and_not_asked_for_ever(
    api, monkeypatch, placed
):
    def gone(intent_id):
        raise ProviderRefused("Stripe", "resource_missing")

    monkeypatch.setattr(api.app_services.stripe, "refunds_of", gone)
    answer = refund(api, placed, 2_000)
    assert (answer.status_code, answer.json()["status"]) == (201, "refused")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"payment": "stripe:pi_2"}, 404),
        ({"currency": "EUR"}, 422),
        ({"minor": 0}, 422),
        ({"payment": "direct"}, 422),
    ],
)
def test_what_cannot_be_given_back_is_refused(api, database, placed, change, status):
    direct = f"direct:{placed.account_id}:B1"
    pay(database, placed, direct, usd(1_000), cause=Cause.DIRECT_PAYMENT)
    asked = {"minor": 500} | change
    if change.get("payment") == "direct":
        asked["payment"] = direct
    assert refund(api, placed, **asked).status_code == status
    assert owes(database, placed) == 11_000


def test_dinars_are_given_back_in_steps_that_stripe_knows(api, database):
    one = placement(balance={"minor": 20_000, "currency": "KWD"})
    record(database, one)
    pay(database, one, PAID, Money(minor=8_000, currency="KWD"))
    answer = refund(api, one, 1_005, currency="KWD")
    assert answer.status_code == 422
    assert "multiples of" in answer.json()["errors"][0]["expected"]
    assert refund(api, one, 1_010, currency="KWD").json()["status"] == "succeeded"


def test_another_creditor_sees_nothing(other, placed):
    assert other.get(f"/v1/accounts/{placed.account_id}/payments").status_code == 404
    assert refund(other, placed, 100).status_code == 404


def report(api, placed, minor, reference="BANK-1"):
    body = {"reference": reference, "amount": {"minor": minor, "currency": "USD"}}
    return api.post(f"/v1/accounts/{placed.account_id}/payments", json=body)


def reverse(api, placed, reference="BANK-1", key=None):
    headers = {"idempotency-key": key} if key else {}
    path = f"/v1/accounts/{placed.account_id}/payments/{reference}/reversal"
    return api.post(path, headers=headers)


def test_a_payment_to_the_creditor_can_be_taken_back_once(api, database, door, placed):
    report(api, placed, 12_000)
    assert owes(database, placed) == 0
    with database.transaction() as session:
        accounts.close(session, placed.account_id, Closure.PAID_IN_FULL, at=NOW)
    answer = reverse(api, placed, key="k")
    assert (answer.status_code, answer.json()["balance"]["minor"]) == (200, 12_000)
    assert answer.json()["closure"] is None
    assert reverse(api, placed, key="k").json() == answer.json()
    again = reverse(api, placed)
    assert (again.status_code, again.json()["type"]) == (409, "urn:tahsil:problem:not-reversible")
    assert reverse(api, placed, "BANK-2").status_code == 409
    [(reopened, _)] = door.reopened
    assert reopened.recorded.balance == 12_000


def test_a_reversal_whose_answer_was_lost_is_answered_when_it_is_sent_again(
    api, database, door, placed
):
    report(api, placed, 12_000)
    door.failure = ConnectionError("Temporal is away")
    assert reverse(api, placed, key="k").status_code == 500
    door.failure = None
    assert reverse(api, placed, key="k").status_code == 200
    assert owes(database, placed) == 12_000


def test_a_journey_that_begins_again_uses_no_key_a_second_time(api, database, door, placed):
    target = f"account/acme/{placed.reference}"
    order = Charge(key=f"{target}#17", account_id=placed.account_id, at=NOW, amount=usd(100))
    with database.transaction() as session:
        payments.begin_charge(session, order)
    report(api, placed, 12_000)
    with database.transaction() as session:
        accounts.close(session, placed.account_id, Closure.PAID_IN_FULL, at=NOW)
    reverse(api, placed)
    [(reopened, _)] = door.reopened
    assert reopened.step == 17


def test_refunds_leave_one_row_to_be_heard(api, database, placed):
    named = refund(api, placed, 100).json()["id"]
    with database.transaction() as session:
        assert session.get_one(InboxRow, f"refund:{named}").applied_at is not None
        assert session.get_one(RefundRow, named).refund_id == "re_1"
