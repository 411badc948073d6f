"""Debits of bank accounts: asked for at once, answered by the bank when the test says so."""

import threading
import time
from typing import Any

import pytest
from stripe import CardError, InvalidRequestError

from .conftest import PATIENCE


def debit(sandbox: Any, token: str = "pm_usBankAccount_success", **more: Any) -> Any:
    return sandbox.charge(sandbox.save(token), **more)


def retrieve(sandbox: Any, payment: Any) -> Any:
    return sandbox.stripe.v1.payment_intents.retrieve(
        payment.id, params={"expand": ["latest_charge"]}
    )


def of_payment(sandbox: Any) -> list[str]:
    """The events about money, without those of saving the account."""
    saving = {"customer", "payment_method"}
    return [told for told in sandbox.told_types() if told.split(".")[0] not in saving]


def test_a_debit_is_processing_until_the_bank_pays(sandbox):
    payment = debit(sandbox, expand=["latest_charge"])
    assert (payment.status, payment.amount_received) == ("processing", 0)
    charge = payment.latest_charge
    assert (charge.status, charge.paid, charge.id[:3]) == ("pending", False, "py_")
    bank = charge.payment_method_details.us_bank_account
    assert (bank.last4, bank.routing_number, len(bank.fingerprint)) == ("6789", "110000000", 16)
    settled = sandbox.act(f"/payments/{payment.id}/settle")
    assert (settled["status"], settled["amount_received"]) == ("succeeded", 5000)
    assert of_payment(sandbox) == [
        "payment_intent.created",
        "charge.pending",
        "payment_intent.processing",
        "charge.succeeded",
        "payment_intent.succeeded",
    ]
    sandbox.settle()
    assert sandbox.app.stripe_types().count("payment_intent.processing") == 1
    refused = sandbox.control.post(f"/payments/{payment.id}/settle")
    assert (refused.status_code, "not processing" in refused.text) == (400, True)


@pytest.mark.parametrize(
    ("token", "code", "network_code"),
    [
        ("pm_usBankAccount_insufficientFunds", "insufficient_funds", "R01"),
        ("pm_usBankAccount_accountClosed", "account_closed", "R02"),
        ("pm_usBankAccount_noAccount", "no_account", "R03"),
        ("pm_usBankAccount_debitNotAuthorized", "debit_not_authorized", "R10"),
    ],
)
def test_a_debit_comes_back_with_the_banks_code(sandbox, token, code, network_code):
    payment = debit(sandbox, token)
    sandbox.act(f"/payments/{payment.id}/return")
    failed = retrieve(sandbox, payment)
    assert (failed.status, failed.payment_method) == ("requires_payment_method", None)
    error = failed.last_payment_error
    assert (error.code, error.network_decline_code) == (code, network_code)
    charge = failed.latest_charge
    assert (charge.status, charge.failure_code) == ("failed", code)
    back = sandbox.stripe.v1.balance_transactions.retrieve(charge.failure_balance_transaction)
    assert (back.type, back.reporting_category, back.amount) == (
        "payment_failure_refund",
        "charge_failure",
        -5000,
    )
    assert sandbox.log()["balance"]["usd"]["net"] == 0
    events = sandbox.told_types()
    assert events.count("charge.failed") == events.count("payment_intent.payment_failed") == 1


@pytest.mark.parametrize("code", ["account_closed", "no_account", "debit_not_authorized"])
def test_an_account_that_is_no_good_ends_its_mandate_and_is_debited_no_more(sandbox, code):
    account = sandbox.save("pm_usBankAccount_success")
    payment = sandbox.charge(account, expand=["latest_charge"])
    mandate = payment.latest_charge.payment_method_details.us_bank_account.mandate
    assert sandbox.stripe.v1.mandates.retrieve(mandate).status == "active"
    sandbox.act(f"/payments/{payment.id}/return", code=code)
    assert sandbox.stripe.v1.mandates.retrieve(mandate).status == "inactive"
    (told,) = [event for event in sandbox.told() if event.type == "mandate.updated"]
    assert (told.data.object.status, told.data.previous_attributes.status) == ("inactive", "active")
    with pytest.raises(CardError) as refused:
        sandbox.charge(account)
    assert (refused.value.http_status, refused.value.code) == (402, "bank_account_unusable")
    blocked = sandbox.stripe.v1.payment_methods.retrieve(account.id)
    assert blocked.us_bank_account.status_details.blocked.reason
    assert sandbox.log()["charges"]["pending"]["count"] == 0


def test_an_account_short_of_money_may_be_debited_again(sandbox):
    account = sandbox.save("pm_usBankAccount_insufficientFunds")
    first = sandbox.charge(account)
    sandbox.act(f"/payments/{first.id}/return")
    second = sandbox.charge(account)
    assert sandbox.act(f"/payments/{second.id}/settle")["status"] == "succeeded"
    assert "mandate.updated" not in sandbox.told_types()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("debit_not_authorized", "debit_not_authorized"),
        ("insufficient_funds", "insufficient_funds"),
        ("account_closed", "bank_cannot_process"),
    ],
)
def test_a_late_return_is_a_dispute_that_is_lost_already(sandbox, code, reason):
    payment = debit(sandbox)
    sandbox.act(f"/payments/{payment.id}/settle")
    sandbox.act(f"/payments/{payment.id}/return", code=code)
    kept = retrieve(sandbox, payment)
    assert (kept.status, kept.latest_charge.disputed) == ("succeeded", True)
    (dispute,) = sandbox.stripe.v1.disputes.list(params={"payment_intent": payment.id}).data
    assert (dispute.status, dispute.reason, dispute.amount) == ("lost", reason, 5000)
    (taken,) = dispute.balance_transactions
    assert (taken.amount, taken.fee, taken.net) == (-5000, 1500, -6500)
    events = [told for told in of_payment(sandbox) if "dispute" in told]
    assert events == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.closed",
    ]
    for event in sandbox.told():
        if "dispute" in event.type:
            assert event.data.object.status == "lost"
    assert ("mandate.updated" in sandbox.told_types()) == (code != "insufficient_funds")


def test_the_account_made_for_it_comes_back_by_itself_after_it_was_paid(sandbox):
    payment = debit(sandbox, "pm_usBankAccount_dispute")
    sandbox.act(f"/payments/{payment.id}/settle")
    sandbox.settle()
    assert sandbox.log()["disputes"]["lost"] == {"count": 1, "amount": {"usd": 5000}}
    events = of_payment(sandbox)
    assert events.index("payment_intent.succeeded") < events.index("charge.dispute.created")


def test_debits_are_answered_by_themselves_after_a_delay(sandbox):
    assert sandbox.control.put("/delays", json={"bank_debit": 0.01}).json()["bank_debit"] == 0.01
    paid, back = debit(sandbox), debit(sandbox, "pm_usBankAccount_insufficientFunds")
    stuck = debit(sandbox, "pm_usBankAccount_processing")
    deadline = time.monotonic() + PATIENCE
    while retrieve(sandbox, back).status == "processing" and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    assert retrieve(sandbox, paid).status == "succeeded"
    assert retrieve(sandbox, back).last_payment_error.code == "insufficient_funds"
    assert retrieve(sandbox, stuck).status == "processing"


def test_what_is_planned_comes_at_once_when_it_is_hastened(sandbox):
    sandbox.control.put("/delays", json={"bank_debit": 3600, "late_return": 3600})
    payment = debit(sandbox, "pm_usBankAccount_dispute")
    assert sandbox.settle()["pending"] == 0
    assert sandbox.act("/outcomes/hasten") == {"hastened": 1}
    sandbox.settle()
    assert retrieve(sandbox, payment).status == "succeeded"
    assert sandbox.log()["disputes"]["lost"]["count"] == 0
    sandbox.act("/outcomes/hasten")
    sandbox.settle()
    assert sandbox.log()["disputes"]["lost"]["count"] == 1


def test_what_the_control_api_did_before_its_time_is_not_done_again(sandbox):
    sandbox.control.put("/delays", json={"bank_debit": 3600})
    payment = debit(sandbox, "pm_usBankAccount_accountClosed")
    sandbox.act(f"/payments/{payment.id}/settle")
    sandbox.act("/outcomes/hasten")
    sandbox.settle()
    assert retrieve(sandbox, payment).status == "succeeded"
    assert sandbox.log()["balance"]["usd"]["by_category"] == {"charge": 5000}


def test_what_was_planned_for_one_try_does_not_befall_the_next(sandbox):
    sandbox.control.put("/delays", json={"bank_debit": 3600})
    payment = debit(sandbox, "pm_usBankAccount_accountClosed")
    sandbox.act(f"/payments/{payment.id}/return")
    other = sandbox.stripe.v1.payment_methods.attach(
        "pm_usBankAccount_processing", params={"customer": payment.customer}
    )
    sandbox.stripe.v1.payment_intents.confirm(payment.id, params={"payment_method": other.id})
    sandbox.act("/outcomes/hasten")
    sandbox.settle()
    assert retrieve(sandbox, payment).status == "processing"


def test_more_outcomes_than_come_at_once_all_come(sandbox):
    account = sandbox.save("pm_usBankAccount_success")
    sandbox.control.put("/delays", json={"bank_debit": 3600})
    for _ in range(60):
        sandbox.charge(account, 600)
    assert sandbox.act("/outcomes/hasten") == {"hastened": 60}
    sandbox.settle()
    assert sandbox.log()["charges"]["succeeded"]["count"] == 60


def test_outcomes_that_have_nothing_left_to_do_hold_nobody_up(sandbox):
    account = sandbox.save("pm_usBankAccount_success")
    sandbox.control.put("/delays", json={"bank_debit": 3600})
    for _ in range(60):
        sandbox.act(f"/payments/{sandbox.charge(account, 600).id}/settle")
    sandbox.settle()
    begun = time.monotonic()
    assert sandbox.act("/outcomes/hasten") == {"hastened": 60}
    assert sandbox.settle()["pending"] == 0
    assert time.monotonic() - begun < PATIENCE / 2


def test_what_is_planned_comes_after_a_restart(start):
    with start() as before:
        before.control.put("/delays", json={"bank_debit": 3600})
        payment = debit(before)
    with start() as after:
        assert after.control.get("/delays").json()["bank_debit"] == 3600
        after.act("/outcomes/hasten")
        after.settle()
        assert retrieve(after, payment).status == "succeeded"


@pytest.mark.parametrize("wrong", [{"currency": "eur"}, {"allowed_payment_method_types": ["card"]}])
def test_a_debit_that_the_account_or_the_payment_does_not_take_is_refused(sandbox, wrong):
    account = sandbox.save("pm_usBankAccount_success")
    with pytest.raises(InvalidRequestError):
        sandbox.charge(account, **wrong)
    assert sandbox.log()["charges"]["pending"]["count"] == 0


def test_a_card_payment_is_not_returned_as_a_debit_is(sandbox):
    payment = sandbox.charge(sandbox.save("pm_card_visa"))
    answer = sandbox.control.post(f"/payments/{payment.id}/return")
    assert (answer.status_code, "by card" in answer.text) == (400, True)


def bank_page(sandbox: Any, **more: Any) -> Any:
    asked: Any = {
        "mode": "setup",
        "customer_creation": "always",
        "success_url": sandbox.app.url,
        "allowed_payment_method_types": ["card", "us_bank_account"],
    }
    return sandbox.stripe.v1.checkout.sessions.create(params=asked | more)


def test_an_account_stored_on_a_page_has_a_mandate_and_is_debited_later(sandbox):
    page = bank_page(sandbox)
    assert sandbox.pay(page.id, card="pm_usBankAccount_success")["status"] == "complete"
    done = sandbox.stripe.v1.checkout.sessions.retrieve(
        page.id, params={"expand": ["setup_intent.payment_method", "setup_intent.mandate"]}
    )
    setup = done.setup_intent
    assert (setup.mandate.status, setup.mandate.type) == ("active", "multi_use")
    assert setup.mandate.payment_method == setup.payment_method.id
    assert setup.payment_method.us_bank_account.bank_name == "STRIPE TEST BANK"
    sandbox.stripe.v1.payment_methods.attach("pm_card_visa", params={"customer": done.customer})
    listed = sandbox.stripe.v1.customers.payment_methods.list(
        done.customer, params={"type": "us_bank_account"}
    )
    assert [method.id for method in listed.data] == [setup.payment_method.id]
    payment = sandbox.charge(setup.payment_method, expand=["latest_charge"])
    details = payment.latest_charge.payment_method_details
    assert details.us_bank_account.mandate == setup.mandate.id


def test_a_page_for_cards_alone_takes_no_bank_account(sandbox):
    page = bank_page(sandbox, allowed_payment_method_types=["card"])
    told = sandbox.pay(page.id, card="pm_usBankAccount_success")
    assert (told["status"], told["message"]) == ("declined", "This page takes only: card.")
    with pytest.raises(InvalidRequestError, match="card, us_bank_account"):
        bank_page(sandbox, allowed_payment_method_types=["klarna"])


@pytest.mark.parametrize(
    ("how", "status", "event"),
    [
        ("settle", "paid", "checkout.session.async_payment_succeeded"),
        ("return", "unpaid", "checkout.session.async_payment_failed"),
    ],
)
def test_a_page_paid_by_debit_is_complete_but_unpaid_until_the_bank_answers(
    sandbox, how, status, event
):
    session = sandbox.checkout(allowed_payment_method_types=["us_bank_account"])
    told = sandbox.pay(session.id, card="000123456789")
    assert told["status"] == "complete"
    sessions = sandbox.stripe.v1.checkout.sessions
    assert sessions.retrieve(session.id).payment_status == "unpaid"
    sandbox.act(f"/payments/{told['payment_intent']}/{how}")
    assert sessions.retrieve(session.id).payment_status == status
    assert sandbox.told_types()[-1] == event
