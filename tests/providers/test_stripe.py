"""Payments through Stripe: charges over a real wire, stored cards, events and signatures."""

import itertools
import json
import logging
import time
from datetime import UTC, datetime

import pytest
import stripe

from domain.accounts import StoredCard
from domain.money import Money
from domain.orders import DeclineKind
from domain.payable import AmountError
from domain.retries import decline_kind
from providers.charges import Declined, Paid, Processing, Unconfirmed
from providers.outcomes import ProviderDown, ProviderRefused, Unknown
from providers.settings import StripeSettings
from providers.stripe import ForgedSignature, Stripe, UnreadableEvent
from tests.providers.wire import Reply, closed_port

KEY, SECRET = "sk_test_key", "whsec_secret"
AMOUNT = Money(minor=11_250, currency="USD")


def client(base_url: str | None = None, timeout_seconds: float = 5) -> Stripe:
    settings = StripeSettings(
        api_key=KEY, webhook_secret=SECRET, base_url=base_url, timeout_seconds=timeout_seconds
    )
    return Stripe(settings)


def intent(status: str, **more):
    return {
        "id": "pi_1",
        "object": "payment_intent",
        "amount": 11_250,
        "currency": "usd",
        "status": status,
        "metadata": {"account_id": "acc_1"},
        **more,
    }


def declined(**codes) -> Reply:
    error = {"type": "card_error", "message": "Your card was declined.", **codes}
    return Reply(402, {"error": error})


def make_intent(base_url: str, amount: Money = AMOUNT) -> str:
    return client(base_url).create_intent(
        amount=amount,
        customer="cus_1",
        payment_method="pm_1",
        key="create:k1",
        metadata={"account_id": "acc_1", "instalment": "2"},
    )


def open_checkout(base_url: str, amount: Money = AMOUNT):
    return client(base_url).open_checkout(
        amount=amount,
        account_id="acc_1",
        link_code="code1",
        title="Acme",
        success_url="https://a.example/ok",
        cancel_url="https://a.example/back",
        key="checkout:1",
    )


def open_card_checkout(base_url: str, **more):
    return client(base_url).open_card_checkout(
        account_id="acc_1",
        link_code="code1",
        success_url="https://a.example/ok",
        cancel_url="https://a.example/back",
        key="setup:1",
        **more,
    )


def test_a_page_to_pay_on_carries_the_account_on_session_and_payment(provider):
    session = {"id": "cs_1", "object": "checkout.session", "url": "https://pay.example/cs_1"}
    provider.answers(Reply(200, session))

    page = open_checkout(provider.url + "/stripe")

    assert (page.session_id, page.url) == ("cs_1", "https://pay.example/cs_1")
    assert provider.last.path == "/stripe/v1/checkout/sessions"
    assert provider.last.headers["Idempotency-Key"] == "checkout:1"
    form = provider.last.form
    assert form["mode"] == "payment"
    assert form["line_items[0][price_data][unit_amount]"] == "11250"
    assert form["line_items[0][price_data][currency]"] == "usd"
    assert form["metadata[account_id]"] == "acc_1"
    assert form["payment_intent_data[metadata][pay_link]"] == "code1"


def test_a_page_to_store_a_card_makes_a_customer_or_takes_the_one_there_is(provider):
    session = {"id": "cs_1", "object": "checkout.session", "url": "https://pay.example/cs_1"}
    provider.answers(Reply(200, session), Reply(200, session))

    open_card_checkout(provider.url, plan_id="plan_1")
    first = provider.last.form
    open_card_checkout(provider.url, plan_id=None, customer="cus_1")
    second = provider.last.form

    assert first["setup_intent_data[metadata][plan_id]"] == "plan_1"
    assert first["customer_creation"] == "always"
    assert second["customer"] == "cus_1"
    assert "customer_creation" not in second
    assert "metadata[plan_id]" not in second


def test_an_intent_is_made_without_taking_the_money(provider):
    provider.answers(Reply(200, intent("requires_confirmation")))

    assert make_intent(provider.url) == "pi_1"
    form = provider.last.form
    assert (form["amount"], form["currency"]) == ("11250", "usd")
    assert form["metadata[instalment]"] == "2"
    assert "confirm" not in form
    assert "off_session" not in form
    assert provider.last.headers["Idempotency-Key"] == "create:k1"


def test_an_amount_that_stripe_cannot_charge_never_reaches_it(provider):
    with pytest.raises(AmountError):
        make_intent(provider.url, Money(minor=5124, currency="KWD"))
    assert not provider.requests


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("succeeded", Paid(intent_id="pi_1")),
        ("processing", Processing(intent_id="pi_1")),
        (
            "requires_action",
            Declined(code="authentication_required", decline_code="authentication_required"),
        ),
    ],
)
def test_a_confirmed_intent_says_what_became_of_the_money(provider, status, expected):
    provider.answers(Reply(200, intent(status)))

    assert client(provider.url).confirm_intent("pi_1", "confirm:k1") == expected
    assert provider.last.path == "/v1/payment_intents/pi_1/confirm"
    assert provider.last.form["off_session"].lower() == "true"


def test_a_decline_keeps_all_five_codes(provider):
    codes = {
        "code": "card_declined",
        "decline_code": "lost_card",
        "advice_code": "do_not_try_again",
        "network_decline_code": "41",
        "network_advice_code": "03",
    }
    provider.answers(declined(**codes))

    outcome = client(provider.url).confirm_intent("pi_1", "k")

    assert outcome == Declined(**codes)
    assert outcome.reason == "lost_card"


def test_a_decline_that_needs_the_person_says_so(provider):
    provider.answers(declined(code="authentication_required"))

    outcome = client(provider.url).confirm_intent("pi_1", "k")

    assert isinstance(outcome, Declined)
    assert decline_kind(outcome) is DeclineKind.PERSON


def test_an_intent_that_is_given_up_is_cancelled(provider):
    provider.answers(Reply(200, intent("canceled")))
    assert client(provider.url).cancel_intent("pi_1") == Declined(code="canceled")
    assert provider.last.path == "/v1/payment_intents/pi_1/cancel"


def test_an_intent_that_cannot_be_given_up_any_more_says_what_became_of_it(provider):
    late = {"type": "invalid_request_error", "code": "payment_intent_unexpected_state"}
    provider.answers(Reply(400, {"error": late}), Reply(200, intent("succeeded")))
    assert client(provider.url).cancel_intent("pi_1") == Paid(intent_id="pi_1")


def page(status: str, **more):
    return {"id": "cs_1", "object": "checkout.session", "status": status, "metadata": {}} | more


def test_a_page_that_is_closed_in_time_was_not_paid_on(provider):
    provider.answers(Reply(200, page("expired")))
    assert client(provider.url).close_page("cs_1").state == "unpaid"


@pytest.mark.parametrize(("payment_status", "state"), [("paid", "paid"), ("unpaid", "processing")])
def test_a_page_that_is_closed_too_late_says_what_was_paid(provider, payment_status, state):
    done = {"payment_status": payment_status, "payment_intent": "pi_1"}
    price = {"amount_total": 5_000, "currency": "usd"}
    over = {"type": "invalid_request_error", "code": "resource_invalid_state"}
    provider.answers(Reply(400, {"error": over}), Reply(200, page("complete", **done, **price)))
    end = client(provider.url).close_page("cs_1")
    assert (end.state, end.intent_id) == (state, "pi_1")
    assert end.amount == (Money(minor=5_000, currency="USD") if state == "paid" else None)


@pytest.mark.parametrize("call", ["cancel_intent", "close_page", "retrieve_method"])
def test_what_stripe_does_not_know_is_refused_and_silence_is_trouble(provider, call):
    missing = {"type": "invalid_request_error", "code": "resource_missing"}
    provider.answers(Reply(404, {"error": missing}), Reply(drop=True))
    with pytest.raises(ProviderRefused) as refused:
        getattr(client(provider.url), call)("x_1")
    with pytest.raises(ProviderDown):
        getattr(client(provider.url), call)("x_1")
    assert refused.value.code == "resource_missing"


def test_an_intent_that_was_confirmed_before_is_looked_up_and_not_charged_again(provider):
    again = {"type": "invalid_request_error", "code": "payment_intent_unexpected_state"}
    provider.answers(Reply(400, {"error": again}), Reply(200, intent("succeeded")))

    assert client(provider.url).confirm_intent("pi_1", "k2") == Paid(intent_id="pi_1")
    assert [request.method for request in provider.requests] == ["POST", "GET"]


@pytest.mark.parametrize("status", [401, 403, 409, 429, 500, 503])
def test_trouble_while_confirming_leaves_it_unknown(provider, status):
    provider.answers(Reply(status, {"error": {"type": "api_error", "message": "m"}}))

    assert isinstance(client(provider.url).confirm_intent("pi_1", "k"), Unknown)
    assert len(provider.requests) == 1


def test_silence_while_confirming_leaves_it_unknown(provider):
    provider.answers(Reply(delay_seconds=5), Reply(drop=True), Reply(200, b"<html>"))

    assert isinstance(client(provider.url, 0.2).confirm_intent("pi_1", "k"), Unknown)
    assert isinstance(client(provider.url).confirm_intent("pi_1", "k"), Unknown)
    assert isinstance(client(provider.url).confirm_intent("pi_1", "k"), Unknown)


def test_an_intent_that_cannot_be_looked_up_either_stays_unknown(provider):
    again = Reply(400, {"error": {"code": "payment_intent_unexpected_state"}})
    provider.answers(again, Reply(500), again, Reply(200, intent("requires_confirmation")))

    assert isinstance(client(provider.url).confirm_intent("pi_1", "k"), Unknown)
    assert isinstance(client(provider.url).confirm_intent("pi_1", "k"), Unknown)


def test_a_page_that_is_already_closed_is_not_offered(provider):
    closed = {"id": "cs_1", "object": "checkout.session", "url": None, "status": "complete"}
    provider.answers(Reply(200, closed))

    with pytest.raises(ProviderRefused, match="session_complete"):
        open_checkout(provider.url)


def test_a_setup_that_cannot_be_looked_up_is_told(provider):
    gone = {"type": "invalid_request_error", "code": "resource_missing"}
    provider.answers(Reply(503), Reply(404, {"error": gone}))

    with pytest.raises(ProviderDown):
        client(provider.url).retrieve_setup("cs_1")
    with pytest.raises(ProviderRefused, match="resource_missing"):
        client(provider.url).retrieve_setup("cs_1")


def test_a_confirmation_that_is_wrong_in_itself_is_refused(provider):
    provider.answers(Reply(404, {"error": {"type": "invalid_request_error", "code": "gone"}}))

    with pytest.raises(ProviderRefused) as refused:
        client(provider.url).confirm_intent("pi_1", "k")
    assert refused.value.code == "gone"


def test_making_an_intent_tells_a_refusal_from_trouble(provider):
    missing = {"type": "invalid_request_error", "code": "resource_missing", "message": "pm_secret"}
    provider.answers(Reply(400, {"error": missing}), Reply(500), Reply(drop=True), Reply(429))

    with pytest.raises(ProviderRefused, match="resource_missing") as refused:
        make_intent(provider.url)
    assert "pm_secret" not in str(refused.value)
    for _ in range(3):
        with pytest.raises(ProviderDown):
            make_intent(provider.url)


def test_a_key_used_for_something_else_is_our_mistake(provider):
    reused = {"type": "idempotency_error", "message": "Keys for idempotent requests…"}
    provider.answers(Reply(400, {"error": reused}), Reply(409, {"error": reused}))

    with pytest.raises(ProviderRefused):
        open_checkout(provider.url)
    with pytest.raises(ProviderDown):
        open_checkout(provider.url)


def test_stripe_out_of_reach_is_trouble_and_not_a_refusal():
    with pytest.raises(ProviderDown):
        client(f"http://127.0.0.1:{closed_port()}").retrieve_intent("pi_1")


@pytest.mark.parametrize(
    ("found", "settled"),
    [
        (intent("requires_confirmation"), Unconfirmed(intent_id="pi_1")),
        (intent("succeeded"), Paid(intent_id="pi_1")),
        (
            intent("requires_payment_method", last_payment_error={"code": "expired_card"}),
            Declined(code="expired_card"),
        ),
        (intent("canceled", last_payment_error=None), Declined(code="canceled")),
    ],
)
def test_an_intent_can_be_looked_up(provider, found, settled):
    provider.answers(Reply(200, found))

    seen = client(provider.url).retrieve_intent("pi_1")

    assert seen.settled == settled
    assert seen.amount == AMOUNT
    assert seen.metadata == {"account_id": "acc_1"}


def test_a_finished_setup_gives_the_card_and_an_open_one_none(provider):
    setup = {"id": "seti_1", "object": "setup_intent", "status": "succeeded"}
    done = {
        "id": "cs_1",
        "object": "checkout.session",
        "status": "complete",
        "customer": "cus_1",
        "setup_intent": setup | {"payment_method": "pm_1"},
        "metadata": {"account_id": "acc_1", "plan_id": "plan_1"},
    }
    provider.answers(Reply(200, done), Reply(200, done | {"status": "open", "setup_intent": None}))

    finished = client(provider.url).retrieve_setup("cs_1")
    pending = client(provider.url).retrieve_setup("cs_1")

    assert finished.card == StoredCard(customer="cus_1", payment_method="pm_1")
    assert finished.metadata["plan_id"] == "plan_1"
    assert pending.card is None
    assert provider.last.query == {
        "expand[0]": "setup_intent.payment_method",
        "expand[1]": "setup_intent.mandate",
    }


def event(kind: str, subject: dict[str, object]) -> bytes:
    body = {
        "id": "evt_1",
        "object": "event",
        "type": kind,
        "created": 1_795_186_800,
        "data": {"object": subject},
    }
    return json.dumps(body).encode()


def signed(body: bytes, secret: str = SECRET, at: int | None = None) -> str:
    return str(stripe.WebhookSignature.generate_signature_header(body.decode(), secret, at))


def read(body: bytes):
    return client().read_event(body, signed(body))


def test_a_successful_payment_tells_what_was_received():
    told = read(
        event(
            "payment_intent.succeeded",
            intent("succeeded", amount_received=11_000, customer="cus_1", payment_method="pm_1"),
        )
    )

    assert told.event_id == "evt_1"
    assert told.created == datetime.fromtimestamp(1_795_186_800, UTC)
    assert told.intent_id == told.object_id == "pi_1"
    assert told.amount == Money(minor=11_000, currency="USD")
    assert (told.customer, told.payment_method) == ("cus_1", "pm_1")
    assert told.metadata == {"account_id": "acc_1"}


def test_a_failed_payment_tells_why():
    error = {"code": "card_declined", "decline_code": "insufficient_funds"}
    failed = intent("requires_payment_method", last_payment_error=error, amount_received=0)

    told = read(event("payment_intent.payment_failed", failed))

    assert told.declined == Declined(code="card_declined", decline_code="insufficient_funds")
    assert told.amount == AMOUNT


def test_a_finished_session_tells_its_mode_and_whether_it_is_paid():
    session = {
        "id": "cs_1",
        "object": "checkout.session",
        "mode": "payment",
        "status": "complete",
        "payment_status": "unpaid",
        "payment_intent": "pi_1",
        "amount_total": 500,
        "currency": "ugx",
        "metadata": {"account_id": "acc_1", "pay_link": "code1"},
    }

    told = read(event("checkout.session.completed", session))

    assert (told.mode, told.payment_status, told.intent_id) == ("payment", "unpaid", "pi_1")
    assert told.amount == Money(minor=5, currency="UGX")


def test_a_refund_and_a_dispute_lead_back_to_the_payment():
    refund = {"id": "re_1", "object": "refund", "amount": 100, "currency": "usd"}
    charge = {"id": "ch_1", "object": "charge", "amount": 900, "amount_refunded": 100}

    told = read(event("refund.created", refund | {"payment_intent": {"id": "pi_1"}}))
    whole = read(event("charge.refunded", charge | {"currency": "usd", "payment_intent": "pi_1"}))

    assert (told.intent_id, told.amount) == ("pi_1", Money(minor=100, currency="USD"))
    assert (whole.intent_id, whole.refunded) == ("pi_1", Money(minor=100, currency="USD"))


BODY = event("payment_intent.succeeded", intent("succeeded"))


@pytest.mark.parametrize(
    ("body", "signature"),
    [
        (BODY + b" ", signed(BODY)),
        (BODY, signed(BODY, secret="whsec_other")),
        (BODY, signed(BODY, at=int(time.time()) - 301)),
        (BODY, "t=1,v1="),
        (BODY, "nonsense"),
        (BODY, ""),
        (BODY, None),
        (b"\xff\xfe", signed(BODY)),
    ],
    ids=map(str, itertools.count()),  # a signature is another each time
)
def test_a_webhook_that_stripe_did_not_sign_is_a_forgery(body, signature):
    with pytest.raises(ForgedSignature):
        client().read_event(body, signature)


def test_a_rolled_secret_may_sign_beside_the_new_one():
    other = signed(BODY, secret="whsec_other").split(",")[1]

    assert client().read_event(BODY, f"{signed(BODY)},{other}").event_id == "evt_1"


@pytest.mark.parametrize("body", [b"{}", b"[]", b"no json", event("x", {"metadata": 3})])
def test_a_signed_body_that_is_no_event_is_unreadable_and_not_forged(body):
    with pytest.raises(UnreadableEvent):
        read(body)


def test_no_logger_repeats_a_request(provider, caplog):
    provider.answers(Reply(200, intent("succeeded")), declined(code="expired_card"))
    with caplog.at_level(logging.DEBUG):
        client(provider.url).confirm_intent("pi_1", "k")
        client(provider.url).confirm_intent("pi_1", "k")

    assert "pi_1" not in caplog.text
    assert KEY not in caplog.text
