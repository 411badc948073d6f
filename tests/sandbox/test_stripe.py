from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from stripe import (
    APIConnectionError,
    AuthenticationError,
    CardError,
    IdempotencyError,
    InvalidRequestError,
    StripeError,
)

DEBT = {"amount": 5000, "currency": "usd"}
NOW = {"confirm": True, "off_session": True}


@pytest.fixture
def stripe(sandbox):
    return sandbox.stripe.v1


@pytest.fixture
def customer(stripe):
    return stripe.customers.create(params={"email": "sam@example.com", "metadata": {"ref": "17"}})


def saved(stripe: Any, customer: Any, token: str) -> Any:
    return stripe.payment_methods.attach(token, params={"customer": customer.id})


def test_a_customer_is_created_changed_and_found_by_email(stripe, customer):
    stripe.customers.create(params={"email": "else@example.com"})
    changed = stripe.customers.update(
        customer.id, params={"name": "Sam", "metadata": {"ref": "", "new": "1"}}
    )
    assert (changed.name, changed.metadata.to_dict()) == ("Sam", {"new": "1"})
    found = stripe.customers.list(params={"email": "sam@example.com"})
    assert [one.id for one in found.data] == [customer.id]
    assert stripe.customers.retrieve(customer.id).name == "Sam"


def test_a_saved_card_is_charged_off_session(sandbox, stripe, customer):
    card = saved(stripe, customer, "pm_card_visa")
    told = DEBT | NOW | {"customer": customer.id, "payment_method": card.id}
    payment = stripe.payment_intents.create(
        params=told | {"metadata": {"account": "17"}, "expand": ["latest_charge"]}
    )
    assert (payment.status, payment.amount_received) == ("succeeded", 5000)
    assert payment.latest_charge.payment_method_details.card.last4 == "4242"
    assert payment.latest_charge.metadata["account"] == "17"
    sandbox.settle()
    assert sorted(sandbox.app.stripe_types()) == [
        "charge.succeeded",
        "charge.updated",
        "customer.created",
        "payment_intent.created",
        "payment_intent.succeeded",
        "payment_method.attached",
    ]


def test_webhooks_are_signed_and_parse_as_the_sdks_events(sandbox, stripe, customer):
    sandbox.settle()
    (heard,) = sandbox.app.at("/webhooks/stripe")
    event = sandbox.stripe_event(heard)
    assert (event.type, event.data.object.id) == ("customer.created", customer.id)
    assert stripe.events.retrieve(event.id).data.object.id == customer.id
    assert [e.id for e in stripe.events.list(params={"type": "customer.created"}).data] == [
        event.id
    ]


def test_cards_of_a_customer_are_listed(stripe, customer):
    card = saved(stripe, customer, "pm_card_mastercard")
    listed = stripe.customers.payment_methods.list(customer.id)
    assert [(one.id, one.card.brand) for one in listed.data] == [(card.id, "mastercard")]
    assert stripe.payment_methods.retrieve(card.id).customer == customer.id


def test_a_bad_card_cannot_be_saved_but_0341_can(stripe, customer):
    with pytest.raises(CardError) as refused:
        saved(stripe, customer, "pm_card_visa_chargeDeclinedInsufficientFunds")
    error: Any = refused.value.error
    assert error.decline_code == "insufficient_funds"
    assert saved(stripe, customer, "pm_card_chargeCustomerFail").customer == customer.id


@pytest.mark.parametrize(
    ("token", "codes"),
    [
        (
            "pm_card_chargeCustomerFail",
            ("card_declined", "generic_decline", "try_again_later", None),
        ),
        (
            "pm_card_visa_chargeDeclinedInsufficientFunds",
            ("card_declined", "insufficient_funds", "try_again_later", "51"),
        ),
        (
            "pm_card_visa_chargeDeclinedLostCard",
            ("card_declined", "lost_card", "do_not_try_again", "41"),
        ),
        (
            "pm_card_chargeDeclinedExpiredCard",
            ("expired_card", "expired_card", "confirm_card_data", "54"),
        ),
        ("pm_sandbox_doNotHonor", ("card_declined", "do_not_honor", "try_again_later", "05")),
        (
            "pm_card_authenticationRequired",
            ("authentication_required", "authentication_required", None, None),
        ),
    ],
)
def test_a_decline_carries_its_codes(stripe, customer, token, codes):
    told = DEBT | NOW | {"customer": customer.id, "payment_method": token}
    with pytest.raises(CardError) as refused:
        stripe.payment_intents.create(params=told)
    error: Any = refused.value.error
    told = error.to_dict()
    fields = ("code", "decline_code", "advice_code", "network_decline_code")
    assert tuple(told.get(name) for name in fields) == codes


def test_a_declined_payment_waits_for_another_card_and_is_told(sandbox, stripe, customer):
    told = DEBT | NOW | {"customer": customer.id, "payment_method": "pm_card_chargeCustomerFail"}
    with pytest.raises(CardError) as refused:
        stripe.payment_intents.create(params=told)
    error: Any = refused.value.error
    payment = stripe.payment_intents.retrieve(error.payment_intent.id)
    assert payment.status == "requires_payment_method"
    assert payment.last_payment_error.decline_code == "generic_decline"
    assert stripe.charges.retrieve(payment.latest_charge).status == "failed"
    sandbox.settle()
    events = sandbox.app.stripe_types()
    assert events.count("charge.failed") == 1
    assert events.count("payment_intent.payment_failed") == 1
    assert sandbox.log()["charges"]["failed"] == {"count": 1, "amount": {"usd": 5000}}


def test_a_card_short_of_funds_twice_works_the_third_time(stripe, customer):
    card = saved(stripe, customer, "pm_sandbox_insufficientFundsTwice")
    told = DEBT | NOW | {"customer": customer.id, "payment_method": card.id}
    for _ in range(2):
        with pytest.raises(CardError):
            stripe.payment_intents.create(params=told)
    assert stripe.payment_intents.create(params=told).status == "succeeded"


def test_a_payment_is_created_first_and_confirmed_once(sandbox, stripe, customer):
    payment = stripe.payment_intents.create(params=DEBT | {"customer": customer.id})
    assert payment.status == "requires_payment_method"
    how = {"payment_method": "pm_card_visa", "off_session": True}
    assert stripe.payment_intents.confirm(payment.id, params=how).status == "succeeded"
    with pytest.raises(InvalidRequestError) as refused:
        stripe.payment_intents.confirm(payment.id, params=how)
    assert refused.value.code == "payment_intent_unexpected_state"
    assert sandbox.log()["charges"]["succeeded"]["count"] == 1


def test_a_canceled_payment_cannot_be_confirmed(stripe):
    payment = stripe.payment_intents.create(params=DEBT)
    assert stripe.payment_intents.cancel(payment.id).status == "canceled"
    with pytest.raises(InvalidRequestError):
        stripe.payment_intents.confirm(payment.id, params={"payment_method": "pm_card_visa"})


def test_a_card_that_authenticated_once_works_off_session_afterwards(stripe, customer):
    card = saved(stripe, customer, "pm_card_authenticationRequiredOnSetup")
    told = DEBT | NOW | {"customer": customer.id, "payment_method": card.id}
    assert stripe.payment_intents.create(params=told).status == "succeeded"


def test_a_refund_gives_back_no_more_than_was_paid(sandbox, stripe):
    payment = stripe.payment_intents.create(
        params=DEBT | {"confirm": True, "payment_method": "pm_card_visa"}
    )
    part = stripe.refunds.create(params={"payment_intent": payment.id, "amount": 2000})
    assert (part.status, part.amount) == ("succeeded", 2000)
    with pytest.raises(InvalidRequestError):
        stripe.refunds.create(params={"payment_intent": payment.id, "amount": 3001})
    stripe.refunds.create(params={"payment_intent": payment.id})
    with pytest.raises(InvalidRequestError) as refused:
        stripe.refunds.create(params={"payment_intent": payment.id})
    assert refused.value.code == "charge_already_refunded"
    assert stripe.charges.retrieve(payment.latest_charge).refunded
    assert sandbox.log()["refunds"] == {"count": 2, "amount": {"usd": 5000}}
    entries = stripe.balance_transactions.list(params={"limit": 10}).data
    assert [entry.amount for entry in entries] == [-3000, -2000, 5000]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"amount": 0}, "parameter_invalid_integer"),
        ({"amount": -5}, "parameter_invalid_integer"),
        ({"amount": 49}, "amount_too_small"),
        ({"amount": 100_000_000}, "amount_too_large"),
        ({"currency": "xyz"}, "parameter_invalid"),
        ({"amonut": 5}, "parameter_unknown"),
        ({"customer": "cus_nobody"}, "resource_missing"),
        ({"capture_method": "manual"}, "parameter_invalid"),
    ],
)
def test_a_mistake_is_refused_and_nothing_is_kept(stripe, asked, code):
    with pytest.raises(InvalidRequestError) as refused:
        stripe.payment_intents.create(params=DEBT | asked)
    assert refused.value.code == code
    assert stripe.payment_intents.list().data == []


def test_a_forged_key_is_answered_401(sandbox):
    with pytest.raises(AuthenticationError):
        sandbox.stripe_as("sk_test_forged").v1.customers.list()


def test_an_operation_the_sandbox_lacks_says_so(stripe):
    with pytest.raises(InvalidRequestError, match="no GET /stripe/v1/payouts"):
        stripe.payouts.list()


def test_lists_are_walked_to_the_end(stripe):
    made = [stripe.customers.create().id for _ in range(7)]
    walked = stripe.customers.list(params={"limit": 3}).auto_paging_iter()
    assert [one.id for one in walked] == made[::-1]


def test_the_same_key_charges_once_and_replays_the_answer(sandbox, stripe):
    told = DEBT | {"confirm": True, "payment_method": "pm_card_visa"}
    first = stripe.payment_intents.create(params=told, options={"idempotency_key": "k1"})
    again = stripe.payment_intents.create(params=told, options={"idempotency_key": "k1"})
    assert again.id == first.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    other = stripe.payment_intents.create(params=told, options={"idempotency_key": "k2"})
    assert other.id != first.id
    assert sandbox.log()["charges"]["succeeded"]["count"] == 2


def test_a_decline_is_replayed_under_its_key(sandbox, stripe):
    told = DEBT | {"confirm": True, "payment_method": "pm_card_visa_chargeDeclinedLostCard"}
    for _ in range(2):
        with pytest.raises(CardError):
            stripe.payment_intents.create(params=told, options={"idempotency_key": "k"})
    assert sandbox.log()["charges"]["failed"]["count"] == 1


def test_the_same_key_with_other_parameters_is_refused(stripe):
    stripe.payment_intents.create(params=DEBT, options={"idempotency_key": "k"})
    with pytest.raises(IdempotencyError, match="same parameters"):
        stripe.payment_intents.create(
            params=DEBT | {"amount": 6000}, options={"idempotency_key": "k"}
        )


def test_a_key_whose_parameters_were_wrong_may_be_used_again(stripe):
    with pytest.raises(InvalidRequestError):
        stripe.payment_intents.create(params=DEBT | {"amount": 0}, options={"idempotency_key": "k"})
    assert stripe.payment_intents.create(params=DEBT, options={"idempotency_key": "k"}).id


def test_an_answer_lost_after_the_charge_is_one_charge_after_the_sdks_own_retry(sandbox):
    sandbox.fault(provider="stripe", operation="create_payment", drop=True, when="after")
    key = sandbox.secrets["stripe"]["api_key"]
    told = DEBT | {"confirm": True, "payment_method": "pm_card_visa"}
    payment = sandbox.stripe_as(key, retries=2).v1.payment_intents.create(params=told)
    assert payment.status == "succeeded"
    assert sandbox.log()["charges"]["succeeded"] == {"count": 1, "amount": {"usd": 5000}}
    calls = sandbox.control.get("/requests", params={"operation": "create_payment"}).json()
    assert [call["status"] for call in calls["requests"]] == [0, 200]
    assert len({call["idempotency_key"] for call in calls["requests"]}) == 1


def test_an_answer_lost_before_the_charge_charges_nothing(sandbox, stripe):
    sandbox.fault(provider="stripe", drop=True)
    with pytest.raises(APIConnectionError):
        stripe.payment_intents.create(params=DEBT)
    assert stripe.payment_intents.list().data == []


def test_a_key_in_use_is_answered_409_while_the_first_call_waits(sandbox, stripe):
    sandbox.fault(provider="stripe", operation="create_payment", delay_seconds=0.7)

    def create(_: int) -> Any:
        try:
            return stripe.payment_intents.create(params=DEBT, options={"idempotency_key": "k"})
        except StripeError as error:
            return error.http_status

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(create, range(2)))
    assert 409 in answers
    assert [payment.id for payment in stripe.payment_intents.list().data] == [
        answer.id for answer in answers if answer != 409
    ]


def test_payments_are_listed_by_customer_and_by_age_and_walked_to_the_end(sandbox, stripe):
    card, other = sandbox.save("pm_card_visa"), sandbox.save("pm_card_visa")
    made = [sandbox.charge(card, 600 + number) for number in range(5)]
    sandbox.charge(other)
    listed = stripe.payment_intents.list(
        params={"customer": card.customer, "limit": 2, "expand": ["data.latest_charge"]}
    )
    walked = list(listed.auto_paging_iter())
    assert [one.id for one in walked] == [one.id for one in made][::-1]
    assert [one.latest_charge.amount for one in walked] == [604, 603, 602, 601, 600]
    assert len(stripe.payment_intents.list(params={"created": {"gte": made[0].created}}).data) == 6
    assert stripe.payment_intents.list(params={"created": {"lt": made[0].created}}).data == []
    after = stripe.payment_intents.list(params={"ending_before": made[0].id, "limit": 100})
    assert len(after.data) == 5
