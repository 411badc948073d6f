"""Money taken back through a bank, and what becomes of it."""

from typing import Any

import pytest
from stripe import InvalidRequestError


@pytest.fixture
def payment(sandbox):
    return sandbox.charge(sandbox.save("pm_card_visa"))


def disputed(sandbox: Any, payment: Any, **how: Any) -> Any:
    opened = sandbox.act(f"/charges/{payment.latest_charge}/dispute", **how)
    return sandbox.stripe.v1.disputes.retrieve(opened["id"])


def told_of(sandbox: Any) -> list[Any]:
    return [event for event in sandbox.told() if event.type.startswith("charge.dispute.")]


def net(sandbox: Any) -> int:
    return int(sandbox.log()["balance"]["usd"]["net"])


CHARGED = 5000 - 175


def test_a_dispute_takes_the_money_and_a_fee_at_once(sandbox, payment):
    dispute = disputed(sandbox, payment)
    assert (dispute.status, dispute.reason, dispute.amount) == (
        "needs_response",
        "fraudulent",
        5000,
    )
    assert (dispute.charge, dispute.payment_intent) == (payment.latest_charge, payment.id)
    assert dispute.payment_method_details.card.network_reason_code == "10.4"
    assert dispute.evidence_details.due_by > dispute.created
    (taken,) = dispute.balance_transactions
    assert (taken.type, taken.reporting_category) == ("adjustment", "dispute")
    assert (taken.amount, taken.fee, taken.source) == (-5000, 1500, dispute.id)
    assert sandbox.stripe.v1.charges.retrieve(payment.latest_charge).disputed
    assert net(sandbox) == CHARGED - 6500
    events = told_of(sandbox)
    assert [event.type for event in events] == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
    ]
    assert all(event.created >= dispute.created for event in events)
    assert all(event.data.object.amount == 5000 for event in events)
    sandbox.settle()
    assert sandbox.app.stripe_types().count("charge.dispute.created") == 1


def test_a_dispute_that_is_won_gives_the_money_back_but_not_the_fee(sandbox, payment):
    dispute = disputed(sandbox, payment)
    sandbox.act(f"/disputes/{dispute.id}/win")
    won = sandbox.stripe.v1.disputes.retrieve(dispute.id)
    assert won.status == "won"
    assert [entry.amount for entry in won.balance_transactions] == [-5000, 5000]
    assert won.balance_transactions[1].reporting_category == "dispute_reversal"
    assert net(sandbox) == CHARGED - 1500
    assert [event.type for event in told_of(sandbox)][2:] == [
        "charge.dispute.updated",
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
    ]


def test_a_dispute_that_is_lost_keeps_the_money_away_for_good(sandbox, payment):
    dispute = disputed(sandbox, payment)
    sandbox.act(f"/disputes/{dispute.id}/lose")
    assert net(sandbox) == CHARGED - 6500
    assert [event.type for event in told_of(sandbox)][2:] == ["charge.dispute.closed"]
    for how in ("win", "lose"):
        again = sandbox.control.post(f"/disputes/{dispute.id}/{how}")
        assert (again.status_code, "lost already" in again.text) == (400, True)


def test_a_dispute_withdrawn_in_part_gives_that_part_back(sandbox, payment):
    dispute = disputed(sandbox, payment)
    sandbox.act(f"/disputes/{dispute.id}/withdraw", amount=2000)
    ended = sandbox.stripe.v1.disputes.retrieve(dispute.id)
    assert (ended.status, ended.amount) == ("won", 5000)
    assert [entry.amount for entry in ended.balance_transactions] == [-5000, 2000]
    assert net(sandbox) == CHARGED - 6500 + 2000


def test_no_more_comes_back_than_was_taken(sandbox, payment):
    dispute = disputed(sandbox, payment, amount=1000)
    answer = sandbox.control.post(f"/disputes/{dispute.id}/withdraw", json={"amount": 1001})
    assert answer.status_code == 400
    assert net(sandbox) == CHARGED - 2500


def test_part_of_a_charge_is_disputed(sandbox, payment):
    dispute = disputed(sandbox, payment, amount=1200, reason="duplicate")
    assert (dispute.amount, dispute.reason) == (1200, "duplicate")
    assert dispute.balance_transactions[0].net == -2700


def test_a_charge_is_named_by_its_payment_too(sandbox, payment):
    assert sandbox.act(f"/charges/{payment.id}/dispute")["charge"] == payment.latest_charge
    opened = sandbox.stripe.v1.payment_intents.create(params={"amount": 500, "currency": "usd"})
    assert sandbox.control.post(f"/charges/{opened.id}/dispute").status_code == 409


def test_a_charge_is_disputed_once_and_never_for_money_it_has_not(sandbox, payment):
    dispute = disputed(sandbox, payment)
    again = sandbox.control.post(f"/charges/{payment.id}/dispute")
    assert again.json()["error"]["code"] == "charge_disputed"
    sandbox.act(f"/disputes/{dispute.id}/win")
    sandbox.stripe.v1.refunds.create(params={"payment_intent": payment.id})
    given_back = sandbox.control.post(f"/charges/{payment.id}/dispute")
    assert given_back.json()["error"]["code"] == "resource_invalid_state"
    assert sandbox.control.post("/charges/ch_nothing/dispute").status_code == 404


def test_a_disputed_charge_is_not_refunded(sandbox, payment):
    disputed(sandbox, payment)
    with pytest.raises(InvalidRequestError) as refused:
        sandbox.stripe.v1.refunds.create(params={"payment_intent": payment.id})
    assert refused.value.code == "charge_disputed"


def test_the_card_made_for_it_is_disputed_by_itself(sandbox):
    payment = sandbox.charge(sandbox.save("pm_card_createDispute"))
    assert payment.status == "succeeded"
    sandbox.settle()
    (dispute,) = sandbox.stripe.v1.disputes.list(params={"charge": payment.latest_charge}).data
    assert (dispute.status, dispute.amount) == ("needs_response", 5000)


def test_evidence_puts_a_dispute_under_review(sandbox, payment):
    dispute = disputed(sandbox, payment)
    update = sandbox.stripe.v1.disputes.update
    evidence: Any = {"evidence": {"uncategorized_text": "They agreed to pay."}}
    drafted = update(dispute.id, params=evidence | {"submit": False, "metadata": {"ref": "17"}})
    assert (drafted.status, drafted.evidence_details.has_evidence) == ("needs_response", True)
    sent = update(dispute.id, params=evidence)
    assert (sent.status, sent.evidence_details.submission_count) == ("under_review", 1)
    assert sent.metadata.to_dict() == {"ref": "17"}
    assert [event.type for event in told_of(sandbox)][2:] == ["charge.dispute.updated"] * 2
    assert sandbox.act(f"/disputes/{dispute.id}/win")["status"] == "won"


def test_a_dispute_that_is_given_up_is_lost(sandbox, payment):
    dispute = disputed(sandbox, payment)
    assert sandbox.stripe.v1.disputes.close(dispute.id).status == "lost"
    with pytest.raises(InvalidRequestError):
        sandbox.stripe.v1.disputes.close(dispute.id)


def test_disputes_are_listed_by_age_and_walked_to_the_end(sandbox):
    card = sandbox.save("pm_card_visa")
    made = [disputed(sandbox, sandbox.charge(card)) for _ in range(5)]
    listed = sandbox.stripe.v1.disputes.list(params={"limit": 2, "expand": ["data.charge"]})
    walked = list(listed.auto_paging_iter())
    assert [dispute.id for dispute in walked] == [dispute.id for dispute in made][::-1]
    assert walked[0].charge.id == made[-1].charge
    later = made[-1].created + 1
    assert sandbox.stripe.v1.disputes.list(params={"created": {"gte": later}}).data == []
