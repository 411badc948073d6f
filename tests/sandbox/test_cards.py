"""What is told of a card, and how often the networks let one be tried."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from stripe import CardError, InvalidRequestError

FAILS = "pm_card_chargeCustomerFail"
MASTERCARD_FAILS = "pm_sandbox_mastercardFails"
START = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("token", "brand"),
    [("pm_card_visa", "visa"), ("pm_card_mastercard", "mastercard"), ("pm_card_amex", "amex")],
)
def test_a_charge_tells_the_cards_fingerprint_brand_and_network(sandbox, token, brand):
    method = sandbox.save(token)
    payment = sandbox.charge(method, expand=["latest_charge", "payment_method"])
    card = payment.latest_charge.payment_method_details.card
    assert (card.brand, card.network, card.fingerprint) == (brand, brand, method.card.fingerprint)
    assert payment.payment_method.card.fingerprint == method.card.fingerprint
    found = sandbox.stripe.v1.payment_methods.retrieve(method.id)
    assert (found.card.brand, found.card.networks.available) == (brand, [brand])


def test_every_answer_about_a_payment_can_carry_its_card_and_charge(sandbox):
    intents = sandbox.stripe.v1.payment_intents
    method = sandbox.save("pm_card_visa")
    asked: Any = {"expand": ["payment_method", "latest_charge.balance_transaction"]}
    told = {"amount": 900, "currency": "usd", "customer": method.customer}
    opened = intents.create(params=told | {"payment_method": method.id} | asked)
    assert (opened.payment_method.card.brand, opened.latest_charge) == ("visa", None)
    confirmed = intents.confirm(opened.id, params={"off_session": True} | asked)
    retrieved = intents.retrieve(opened.id, params=asked)
    for payment in (confirmed, retrieved):
        assert payment.payment_method.card.fingerprint == method.card.fingerprint
        assert payment.latest_charge.amount == 900
    assert retrieved.latest_charge.balance_transaction.amount == 900
    assert intents.retrieve(opened.id).payment_method == method.id


def test_a_page_for_storing_a_card_tells_the_card(sandbox):
    session = sandbox.stripe.v1.checkout.sessions.create(
        params={"mode": "setup", "customer_creation": "always", "success_url": sandbox.app.url}
    )
    sandbox.pay(session.id, card="5555555555554444")
    done = sandbox.stripe.v1.checkout.sessions.retrieve(
        session.id, params={"expand": ["setup_intent.payment_method"]}
    )
    card = done.setup_intent.payment_method.card
    assert (card.brand, card.last4, len(card.fingerprint)) == ("mastercard", "4444", 16)
    assert done.setup_intent.mandate is None


def stored(sandbox: Any, **how: str) -> Any:
    """The card that somebody stored on a page of their own."""
    session = sandbox.stripe.v1.checkout.sessions.create(
        params={"mode": "setup", "customer_creation": "always", "success_url": sandbox.app.url}
    )
    sandbox.pay(session.id, card="4000000000000341", **how)
    done = sandbox.stripe.v1.checkout.sessions.retrieve(
        session.id, params={"expand": ["setup_intent.payment_method"]}
    )
    return done.setup_intent.payment_method


def test_the_same_test_number_is_another_card_in_another_hand(sandbox):
    mine, yours = stored(sandbox, email="a@example.com"), stored(sandbox, email="b@example.com")
    again = stored(sandbox, email="a@example.com")
    assert mine.card.fingerprint == again.card.fingerprint != yours.card.fingerprint
    assert stored(sandbox).card.fingerprint != stored(sandbox).card.fingerprint
    shared = [stored(sandbox, holder="one plastic").card.fingerprint for _ in range(2)]
    assert shared[0] == shared[1]
    one, two = sandbox.save("pm_card_visa"), sandbox.save("pm_card_visa")
    assert one.card.fingerprint == two.card.fingerprint


def tried(sandbox: Any, method: Any, at: datetime | None = None) -> Any:
    """Try a card that is declined; return the charge that failed."""
    more = {"metadata": {"at": at.isoformat()}} if at else {}
    with pytest.raises(CardError) as refused:
        sandbox.charge(method, **more)
    error: Any = refused.value.error
    assert error.code == "card_declined"
    return sandbox.stripe.v1.charges.retrieve(error.charge)


def test_a_visa_card_is_tried_fifteen_times_in_thirty_days_over_all_customers(sandbox):
    mine, yours = sandbox.save(FAILS), sandbox.save(FAILS)
    for number in range(15):
        assert tried(sandbox, mine if number % 2 else yours).outcome.type == "issuer_declined"
    assert sandbox.log()["network_cap_breaches"] == 0
    blocked = tried(sandbox, mine)
    outcome = blocked.outcome
    assert (outcome.type, outcome.network_status) == ("blocked", "not_sent_to_network")
    assert outcome.reason == "previously_declined_do_not_retry"
    assert (blocked.status, blocked.failure_code) == ("failed", "card_declined")
    tried(sandbox, yours)
    assert sandbox.log()["network_cap_breaches"] == 2
    assert sandbox.charge(sandbox.save("pm_card_visa")).status == "succeeded"


def test_the_window_moves_with_the_callers_own_clock(sandbox):
    card = sandbox.save(FAILS)
    for day in range(15):
        tried(sandbox, card, START + timedelta(days=day))
    late = START + timedelta(days=30)
    assert tried(sandbox, card, late - timedelta(seconds=1)).outcome.type == "blocked"
    assert tried(sandbox, card, late).outcome.type == "issuer_declined"
    assert tried(sandbox, card, late + timedelta(minutes=1)).outcome.type == "blocked"
    assert sandbox.log()["network_cap_breaches"] == 2


def test_a_try_that_another_clock_puts_later_does_not_count_yet(sandbox):
    card = sandbox.save(FAILS)
    for day in range(15):
        tried(sandbox, card, START + timedelta(days=day))
    assert tried(sandbox, card, START - timedelta(days=1)).outcome.type == "issuer_declined"
    assert sandbox.log()["network_cap_breaches"] == 0


def test_a_mastercard_is_tried_ten_times_a_day_and_35_times_in_thirty_days(sandbox):
    card = sandbox.save(MASTERCARD_FAILS)
    for number in range(10):
        tried(sandbox, card, START + timedelta(hours=number))
    assert tried(sandbox, card, START + timedelta(hours=11)).outcome.type == "blocked"
    for number in range(25):
        at = START + timedelta(days=2, hours=12 * number)
        assert tried(sandbox, card, at).outcome.type == "issuer_declined"
    assert tried(sandbox, card, START + timedelta(days=20)).outcome.type == "blocked"
    assert sandbox.log()["network_cap_breaches"] == 2


def test_charges_that_succeed_are_no_tries_again(sandbox):
    card = sandbox.save("pm_card_visa")
    assert {sandbox.charge(card, 600).status for _ in range(17)} == {"succeeded"}
    assert sandbox.log()["network_cap_breaches"] == 0


def test_a_moment_that_cannot_be_read_is_refused(sandbox):
    card = sandbox.save("pm_card_visa")
    for unclear in ("yesterday", "2026-03-01T09:00:00"):
        with pytest.raises(InvalidRequestError, match="ISO 8601"):
            sandbox.charge(card, metadata={"at": unclear})
    assert sandbox.charge(card, metadata={"at": "2026-03-01T09:00:00Z"}).status == "succeeded"
