"""Money given back: in parts, later, or not at all."""

from typing import Any

import pytest
from stripe import InvalidRequestError


def refund(sandbox: Any, payment: Any, **more: Any) -> Any:
    asked: Any = {"payment_intent": payment.id}
    return sandbox.stripe.v1.refunds.create(params=asked | more)


def told_of(sandbox: Any) -> list[str]:
    types: list[str] = sandbox.told_types()
    return types[types.index("charge.updated") + 1 :]


@pytest.fixture
def payment(sandbox):
    return sandbox.charge(sandbox.save("pm_card_visa"))


def test_a_refund_carries_what_it_was_made_with(sandbox, payment):
    made = refund(
        sandbox,
        payment,
        amount=1200,
        reason="requested_by_customer",
        metadata={"account": "17"},
        expand=["charge", "balance_transaction"],
    )
    assert (made.status, made.amount, made.reason) == ("succeeded", 1200, "requested_by_customer")
    assert made.metadata.to_dict() == {"account": "17"}
    assert (made.charge.id, made.charge.amount_refunded) == (payment.latest_charge, 1200)
    entry = made.balance_transaction
    assert (entry.type, entry.amount, entry.fee, entry.source) == ("refund", -1200, 0, made.id)
    assert told_of(sandbox) == ["refund.created", "charge.refunded"]
    charge = sandbox.told()[-1].data
    assert (charge.object.amount_refunded, charge.previous_attributes.amount_refunded) == (1200, 0)


def test_a_charge_is_refunded_by_its_own_name(sandbox, payment):
    made = sandbox.stripe.v1.refunds.create(params={"charge": payment.latest_charge})
    assert made.payment_intent == payment.id
    assert sandbox.stripe.v1.charges.retrieve(payment.latest_charge).refunded


@pytest.mark.parametrize(
    "wrong", [{"amount": 5001}, {"amount": 0}, {"reason": "regret"}, {"payment_intent": "pi_none"}]
)
def test_a_wrong_refund_moves_no_money(sandbox, payment, wrong):
    with pytest.raises(InvalidRequestError):
        refund(sandbox, payment, **wrong)
    assert sandbox.log()["balance"]["usd"]["by_category"] == {"charge": 5000}


def test_a_failed_charge_is_not_refunded(sandbox):
    payment = sandbox.charge(sandbox.save("pm_usBankAccount_noAccount"))
    sandbox.act(f"/payments/{payment.id}/return")
    with pytest.raises(InvalidRequestError, match="took no money"):
        refund(sandbox, payment)


def test_a_pending_refund_succeeds_when_the_bank_says_so(sandbox):
    payment = sandbox.charge(sandbox.save("pm_card_pendingRefund"))
    made = refund(sandbox, payment)
    assert (made.status, made.pending_reason) == ("pending", "processing")
    sandbox.act(f"/refunds/{made.id}/succeed")
    found = sandbox.stripe.v1.refunds.retrieve(made.id)
    assert (found.status, found.pending_reason) == ("succeeded", None)
    assert told_of(sandbox)[-2:] == ["refund.updated", "charge.refund.updated"]
    again = sandbox.control.post(f"/refunds/{made.id}/succeed")
    assert again.status_code == 400


def test_a_refund_to_a_bank_account_is_pending_first(sandbox):
    payment = sandbox.charge(sandbox.save("pm_usBankAccount_success"))
    sandbox.act(f"/payments/{payment.id}/settle")
    made = refund(sandbox, payment, amount=700, expand=["balance_transaction"])
    assert (made.status, made.id[:4]) == ("pending", "pyr_")
    assert made.balance_transaction.type == "payment_refund"
    sandbox.control.put("/delays", json={"refund_arrives": 0})
    second = refund(sandbox, payment, amount=300)
    sandbox.settle()
    assert sandbox.stripe.v1.refunds.retrieve(second.id).status == "succeeded"
    assert sandbox.stripe.v1.refunds.retrieve(made.id).status == "pending"


def test_a_refund_that_fails_later_is_in_our_balance_again(sandbox):
    payment = sandbox.charge(sandbox.save("pm_card_refundFail"))
    made = refund(sandbox, payment, amount=2000)
    assert made.status == "succeeded"
    sandbox.settle()
    failed = sandbox.stripe.v1.refunds.retrieve(
        made.id, params={"expand": ["failure_balance_transaction", "charge"]}
    )
    assert (failed.status, failed.failure_reason) == ("failed", "unknown")
    back = failed.failure_balance_transaction
    assert (back.type, back.amount, back.source) == ("refund_failure", 2000, made.id)
    assert (failed.charge.amount_refunded, failed.charge.refunded) == (0, False)
    assert told_of(sandbox) == [
        "refund.created",
        "charge.refunded",
        "refund.updated",
        "charge.refund.updated",
        "refund.failed",
    ]
    assert sandbox.log()["balance"]["usd"]["net"] == 5000 - 175
    assert refund(sandbox, payment).amount == 5000


def test_any_refund_fails_on_command_but_only_once(sandbox, payment):
    made = refund(sandbox, payment)
    told = sandbox.act(f"/refunds/{made.id}/fail", reason="expired_or_canceled_card")
    assert told["failure_reason"] == "expired_or_canceled_card"
    again = sandbox.control.post(f"/refunds/{made.id}/fail")
    assert (again.status_code, "failed already" in again.text) == (400, True)
    assert sandbox.log()["refunds_failed"] == {"count": 1, "amount": {"usd": 5000}}


def test_what_was_planned_for_a_refund_that_failed_before_stops_nothing(sandbox):
    sandbox.control.put("/delays", json={"refund_fails": 3600})
    payment = sandbox.charge(sandbox.save("pm_card_refundFail"))
    sandbox.act(f"/refunds/{refund(sandbox, payment).id}/fail")
    assert sandbox.act("/outcomes/hasten") == {"hastened": 1}
    sandbox.settle()
    sandbox.stripe.v1.customers.create()
    sandbox.settle()
    assert sandbox.app.stripe_types().count("customer.created") == 2
    assert sandbox.log()["refunds_failed"]["count"] == 1


def test_refunds_are_listed_by_payment_and_by_age_and_walked_to_the_end(sandbox, payment):
    other = sandbox.charge(sandbox.save("pm_card_visa"))
    made = [refund(sandbox, payment, amount=100).id for _ in range(5)]
    refund(sandbox, other)
    refunds = sandbox.stripe.v1.refunds
    listed = refunds.list(params={"payment_intent": payment.id, "limit": 2})
    assert [one.id for one in listed.auto_paging_iter()] == made[::-1]
    assert len(refunds.list(params={"charge": other.latest_charge}).data) == 1
    oldest = refunds.retrieve(made[0]).created
    assert len(refunds.list(params={"created": {"gte": oldest}}).data) == 6
    assert refunds.list(params={"created": {"lt": oldest}}).data == []
