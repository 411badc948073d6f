"""Every movement of money is in the balance, with its fee, and is named by what moved it."""

import json
from typing import Any

import pytest
from stripe import CardError, InvalidRequestError

from sandbox import clock
from sandbox.stripe_books import loaded


def entries(sandbox: Any, **asked: Any) -> list[Any]:
    return list(sandbox.stripe.v1.balance_transactions.list(params=asked).data)


@pytest.mark.parametrize(("amount", "fee"), [(5010, 145 + 30), (5020, 146 + 30)])
def test_a_charge_by_card_costs_its_share_and_a_fixed_fee(sandbox, amount, fee):
    payment = sandbox.charge(sandbox.save("pm_card_visa"), amount)
    charge = sandbox.stripe.v1.charges.retrieve(payment.latest_charge)
    entry = sandbox.stripe.v1.balance_transactions.retrieve(charge.balance_transaction)
    # 2.9 % of 50.10 is 1.4529, and of 50.20 it is 1.4558.
    assert (entry.amount, entry.fee, entry.net) == (amount, fee, amount - fee)
    assert (entry.type, entry.reporting_category, entry.currency) == ("charge", "charge", "usd")
    assert entry.source == charge.id
    assert entry.status == "pending"
    assert entry.available_on % 86_400 == 0
    assert 86_400 < entry.available_on - entry.created <= 2 * 86_400
    (detail,) = entry.fee_details
    assert (detail.amount, detail.type) == (fee, "stripe_fee")


def test_a_charge_by_card_names_its_entry_only_after_the_answer(sandbox):
    card, asked = sandbox.save("pm_card_visa"), ["latest_charge.balance_transaction"]
    payment = sandbox.charge(card, expand=asked)
    assert payment.capture_method == "automatic_async"
    assert payment.latest_charge.balance_transaction is None
    told = {event.type: event.data for event in sandbox.told()}
    assert told["charge.succeeded"].object.balance_transaction is None
    named = told["charge.updated"].object.balance_transaction
    assert [entry.id for entry in entries(sandbox)] == [named]
    at_once = sandbox.charge(card, 700, expand=asked, capture_method="automatic")
    assert at_once.latest_charge.balance_transaction.amount == 700
    assert sandbox.told_types().count("charge.updated") == 1


@pytest.mark.parametrize(("amount", "fee"), [(5000, 40), (62_500, 500), (90_000, 500)])
def test_a_bank_debit_costs_less_and_has_a_ceiling(sandbox, amount, fee):
    payment = sandbox.charge(sandbox.save("pm_usBankAccount_success"), amount)
    sandbox.act(f"/payments/{payment.id}/settle")
    (entry,) = entries(sandbox)
    assert (entry.amount, entry.fee, entry.net) == (amount, fee, amount - fee)
    assert (entry.type, entry.reporting_category) == ("payment", "charge")


def test_a_declined_charge_moves_no_money(sandbox):
    with pytest.raises(CardError):
        sandbox.charge(sandbox.save("pm_card_chargeCustomerFail"))
    assert entries(sandbox) == []


def test_what_moved_the_money_comes_along_when_it_is_asked_for(sandbox):
    payment = sandbox.charge(sandbox.save("pm_card_visa"))
    refund = sandbox.stripe.v1.refunds.create(params={"payment_intent": payment.id, "amount": 200})
    listed = entries(sandbox, expand=["data.source"])
    assert [entry.source.id for entry in listed] == [refund.id, payment.latest_charge]
    assert [entry.source.object for entry in listed] == ["refund", "charge"]
    assert listed[0].source.payment_intent == payment.id
    dispute = sandbox.act(f"/charges/{payment.id}/dispute")
    (taken,) = entries(sandbox, type="adjustment", expand=["data.source.charge"])
    assert (taken.source.id, taken.source.charge.id) == (dispute["id"], payment.latest_charge)


def test_the_balance_is_filtered_and_walked_to_the_end(sandbox):
    card = sandbox.save("pm_card_visa")
    paid = [sandbox.charge(card, 1000 + number) for number in range(5)]
    refund = sandbox.stripe.v1.refunds.create(params={"payment_intent": paid[0].id})
    sandbox.charge(card, currency="eur")
    assert [entry.amount for entry in entries(sandbox, type="refund")] == [-1000]
    assert [entry.amount for entry in entries(sandbox, source=refund.id)] == [-1000]
    assert [entry.currency for entry in entries(sandbox, currency="eur")] == ["eur"]
    first = entries(sandbox)[-1]
    assert entries(sandbox, created={"lt": first.created}) == []
    assert len(entries(sandbox, created={"gte": first.created})) == 7
    page = sandbox.stripe.v1.balance_transactions.list(params={"limit": 2})
    assert page.has_more
    walked = [entry.id for entry in page.auto_paging_iter()]
    assert walked == [entry.id for entry in entries(sandbox)]
    after = entries(sandbox, starting_after=walked[2], limit=100)
    assert [entry.id for entry in after] == walked[3:]


def test_money_that_stripe_cannot_count_is_refused(sandbox):
    card = sandbox.save("pm_card_visa")
    with pytest.raises(InvalidRequestError, match="multiples of 10"):
        sandbox.charge(card, 5123, currency="kwd")
    assert sandbox.charge(card, 5120, currency="kwd").amount_received == 5120
    assert sandbox.log()["balance"]["kwd"]["net"] == 5120 - 148 - 30


def test_the_log_adds_up_what_a_reconciler_finds_entry_by_entry(sandbox):
    card = sandbox.save("pm_card_visa")
    kept, returned, fought, lost = (sandbox.charge(card, 5000) for _ in range(4))
    sandbox.charge(card, 7000, currency="eur")
    refund = sandbox.stripe.v1.refunds.create(params={"payment_intent": returned.id})
    sandbox.act(f"/refunds/{refund.id}/fail")
    sandbox.stripe.v1.refunds.create(params={"payment_intent": kept.id, "amount": 1500})
    won = sandbox.act(f"/charges/{fought.id}/dispute")
    sandbox.act(f"/disputes/{won['id']}/win")
    sandbox.act(f"/disputes/{sandbox.act(f'/charges/{lost.id}/dispute')['id']}/lose")
    waiting = sandbox.charge(sandbox.save("pm_usBankAccount_success"), 10_000)
    gone = sandbox.charge(sandbox.save("pm_usBankAccount_noAccount"), 9000)
    sandbox.act(f"/payments/{gone.id}/return")
    log = sandbox.log()
    assert log["charges"]["succeeded"] == {"count": 5, "amount": {"usd": 20_000, "eur": 7000}}
    assert log["charges"]["pending"] == {"count": 1, "amount": {"usd": 10_000}}
    assert log["charges"]["failed"] == {"count": 1, "amount": {"usd": 9000}}
    assert log["refunds"] == {"count": 1, "amount": {"usd": 1500}}
    assert log["refunds_failed"] == {"count": 1, "amount": {"usd": 5000}}
    assert (
        log["disputes"]["won"] == log["disputes"]["lost"] == {"count": 1, "amount": {"usd": 5000}}
    )
    usd = log["balance"]["usd"]
    assert usd["by_category"] == {
        "charge": 39_000,
        "charge_failure": -9000,
        "dispute": -10_000,
        "dispute_reversal": 5000,
        "refund": -6500,
        "refund_failure": 5000,
    }
    assert usd["fees"] == 4 * 175 + 2 * 1500 + 80
    assert usd["net"] == sum(usd["by_category"].values()) - usd["fees"]
    listed = entries(sandbox, currency="usd", limit=100)
    assert usd["net"] == sum(entry.net for entry in listed)
    assert usd["fees"] == sum(entry.fee for entry in listed)
    assert waiting.status == "processing"


def test_the_balance_is_remembered_over_a_restart(start):
    with start() as before:
        payment = before.charge(before.save("pm_card_createDispute"))
        before.settle()
        told = before.log()
    with start() as after:
        assert after.log()["balance"] == told["balance"]
        assert after.log()["disputes"]["needs_response"]["count"] == 1
        (dispute,) = after.stripe.v1.disputes.list(params={"payment_intent": payment.id}).data
        assert after.act(f"/disputes/{dispute.id}/lose")["status"] == "lost"


@pytest.mark.parametrize(("days", "status"), [(-1, "available"), (1, "pending")])
def test_money_becomes_available_on_its_day(days, status):
    day = int(clock.seconds()) + days * 86_400
    entry = {"object": "balance_transaction", "available_on": day, "status": "pending"}
    assert loaded(json.dumps(entry))["status"] == status
