"""Idempotency keys, and answers that are lost after the deed was done."""

from collections.abc import Callable
from typing import Any

import pytest
from stripe import APIConnectionError, CardError, IdempotencyError, InvalidRequestError

KEY: Any = {"idempotency_key": "k"}
Act = Callable[[Any, Any], Any]


def opened(sandbox: Any) -> Any:
    return sandbox.stripe.v1.payment_intents.create(params={"amount": 5000, "currency": "usd"})


def confirmable(sandbox: Any) -> Any:
    method = sandbox.save("pm_card_visa")
    return sandbox.charge(method, confirm=False, off_session=False)


def create(sandbox: Any, _: Any) -> Any:
    asked: Any = {
        "amount": 5000,
        "currency": "usd",
        "confirm": True,
        "payment_method": "pm_card_visa",
    }
    return sandbox.stripe.v1.payment_intents.create(params=asked, options=KEY)


def confirm(sandbox: Any, payment: Any) -> Any:
    return sandbox.stripe.v1.payment_intents.confirm(payment.id, options=KEY)


def give_back(sandbox: Any, payment: Any) -> Any:
    asked: Any = {"payment_intent": payment.id, "amount": 700}
    return sandbox.stripe.v1.refunds.create(params=asked, options=KEY)


def open_page(sandbox: Any, _: Any) -> Any:
    price: Any = {"currency": "usd", "unit_amount": 900, "product_data": {"name": "Account 17"}}
    asked: Any = {
        "mode": "payment",
        "line_items": [{"price_data": price}],
        "success_url": sandbox.app.url,
    }
    return sandbox.stripe.v1.checkout.sessions.create(params=asked, options=KEY)


def paid(sandbox: Any) -> Any:
    return sandbox.charge(sandbox.save("pm_card_visa"))


DEEDS = pytest.mark.parametrize(
    ("operation", "start", "act", "count"),
    [
        (
            "create_payment",
            lambda _: None,
            create,
            lambda log: log["charges"]["succeeded"]["count"],
        ),
        ("confirm_payment", confirmable, confirm, lambda log: log["charges"]["succeeded"]["count"]),
        ("create_refund", paid, give_back, lambda log: log["refunds"]["count"]),
        (
            "create_session",
            lambda _: None,
            open_page,
            lambda log: log["checkout"]["by_status"]["open"],
        ),
    ],
    ids=["create", "confirm", "refund", "page"],
)


@DEEDS
def test_an_answer_lost_after_the_deed_is_given_again_under_its_key(
    sandbox, operation, start, act, count
):
    thing = start(sandbox)
    sandbox.fault(provider="stripe", operation=operation, drop=True, when="after")
    with pytest.raises(APIConnectionError):
        act(sandbox, thing)
    assert count(sandbox.log()) == 1
    answer = act(sandbox, thing)
    assert answer.last_response.headers["Idempotent-Replayed"] == "true"
    assert count(sandbox.log()) == 1


def test_a_key_that_expired_runs_again(sandbox):
    first = create(sandbox, None)
    assert sandbox.act("/stripe/keys/expire", key="another") == {"expired": 0}
    assert create(sandbox, None).id == first.id
    assert sandbox.act("/stripe/keys/expire", key="k") == {"expired": 1}
    assert create(sandbox, None).id != first.id
    assert sandbox.log()["charges"]["succeeded"]["count"] == 2


def test_all_keys_expire_at_once(sandbox):
    create(sandbox, None)
    sandbox.stripe.v1.customers.create(options={"idempotency_key": "other"})
    assert sandbox.act("/stripe/keys/expire")["expired"] == 2
    assert sandbox.act("/stripe/keys/expire")["expired"] == 0


@pytest.mark.parametrize("key", ["k", "k2"])
def test_a_confirmed_payment_is_not_confirmed_again_under_whatever_key(sandbox, key):
    """The second step of a charge is safe even where the key is not."""
    payment = confirmable(sandbox)
    confirm(sandbox, payment)
    sandbox.act("/stripe/keys/expire")
    with pytest.raises(InvalidRequestError) as refused:
        sandbox.stripe.v1.payment_intents.confirm(payment.id, options={"idempotency_key": key})
    assert refused.value.code == "payment_intent_unexpected_state"
    assert sandbox.log()["charges"]["succeeded"]["count"] == 1


def test_a_refusal_for_the_state_of_things_is_replayed_until_its_key_expires(sandbox):
    payment = opened(sandbox)
    for _ in range(2):
        with pytest.raises(InvalidRequestError) as refused:
            confirm(sandbox, payment)
        assert refused.value.code == "payment_intent_unexpected_state"
    replayed: Any = refused.value
    assert replayed.headers["Idempotent-Replayed"] == "true"


def test_a_decline_is_replayed_and_a_new_key_tries_again(sandbox):
    method = sandbox.save("pm_card_chargeCustomerFail")
    asked: Any = {
        "amount": 500,
        "currency": "usd",
        "customer": method.customer,
        "payment_method": method.id,
        "confirm": True,
    }
    keys = ("first", "first", "second")
    for key in keys:
        with pytest.raises(CardError):
            sandbox.stripe.v1.payment_intents.create(params=asked, options={"idempotency_key": key})
    assert sandbox.log()["charges"]["failed"]["count"] == 2


def test_a_key_of_another_deed_is_refused(sandbox):
    payment = paid(sandbox)
    give_back(sandbox, payment)
    with pytest.raises(IdempotencyError):
        create(sandbox, None)
    assert sandbox.log()["charges"]["succeeded"]["count"] == 1
