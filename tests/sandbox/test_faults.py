import http.client

import pytest
import requests
from python_http_client.exceptions import (  # type: ignore[import-untyped]
    InternalServerError,
    TooManyRequestsError,
)
from stripe import APIError, RateLimitError
from twilio.base.exceptions import TwilioRestException


def test_each_provider_fails_in_its_own_words(sandbox):
    for provider in ("twilio", "sendgrid", "stripe"):
        sandbox.fault(provider=provider, status=500)
        sandbox.fault(provider=provider, status=429)
    with pytest.raises(TwilioRestException):
        sandbox.text()
    with pytest.raises(TwilioRestException) as limited:
        sandbox.text()
    assert limited.value.code == 20429
    with pytest.raises(InternalServerError):
        sandbox.mail()
    with pytest.raises(TooManyRequestsError):
        sandbox.mail()
    with pytest.raises(APIError):
        sandbox.stripe.v1.customers.create()
    with pytest.raises(RateLimitError):
        sandbox.stripe.v1.customers.create()
    log = sandbox.log()
    assert (log["sms"]["accepted"], log["email"]["accepted"]) == (0, 0)


def test_a_dropped_answer_leaves_a_text_that_can_be_found(sandbox):
    sandbox.fault(provider="twilio", operation="create_message", drop=True, when="after")
    with pytest.raises(requests.ConnectionError):
        sandbox.text("ref 77")
    assert [m.body for m in sandbox.twilio.messages.list(to="+15558675310")] == ["ref 77"]
    sandbox.settle()
    assert sandbox.app.statuses_told() == ["sent", "delivered"]


def test_a_connection_lost_before_leaves_nothing(sandbox):
    sandbox.fault(provider="sendgrid", drop=True, when="before")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        sandbox.mail()
    assert sandbox.log()["email"]["accepted"] == 0


def test_a_fault_hits_its_operation_only_and_as_often_as_told(sandbox):
    sandbox.fault(provider="stripe", operation="create_payment", status=500, times=2)
    sandbox.stripe.v1.customers.create()
    assert sandbox.control.get("/faults").json()["faults"][0]["times"] == 2
    for _ in range(2):
        with pytest.raises(APIError):
            sandbox.stripe.v1.payment_intents.create(params={"amount": 500, "currency": "usd"})
    assert sandbox.control.get("/faults").json()["faults"] == []
    sandbox.stripe.v1.payment_intents.create(params={"amount": 500, "currency": "usd"})


def test_a_fault_set_for_ever_lasts_until_cleared(sandbox):
    sandbox.fault(provider="twilio", status=503, times=-1)
    for _ in range(3):
        with pytest.raises(TwilioRestException):
            sandbox.text()
    sandbox.control.delete("/faults")
    assert sandbox.text().sid


@pytest.mark.parametrize("provider", ["twilio", "sendgrid", "stripe"])
def test_a_status_without_a_name_is_answered_too(sandbox, provider):
    sandbox.fault(provider=provider, status=520)
    act = {
        "twilio": sandbox.text,
        "sendgrid": sandbox.mail,
        "stripe": sandbox.stripe.v1.customers.list,
    }
    with pytest.raises(Exception, match=r"520|unknown error"):
        act[provider]()


def test_a_fault_that_does_nothing_is_refused(sandbox):
    answer = sandbox.control.post("/faults", json={"provider": "twilio"})
    assert answer.status_code == 422
    assert "needs one of" in answer.text


def test_a_webhook_is_retried_until_the_app_takes_it(sandbox):
    sandbox.app.statuses += [500, 503]
    sandbox.text(status_callback=sandbox.app.url + "/cb")
    standing = sandbox.settle()
    assert (standing["delivered"], standing["failed"]) == (2, 0)
    assert len(sandbox.app.at("/cb")) == 4
    assert sorted(sandbox.app.statuses_told()) == ["delivered", "delivered", "sent", "sent"]


def test_a_webhook_comes_twice(sandbox):
    sandbox.fault(provider="stripe", operation="customer.created", webhook="duplicate")
    sandbox.stripe.v1.customers.create()
    sandbox.settle()
    first, second = sandbox.app.at("/webhooks/stripe")
    assert first.json["id"] == second.json["id"]


def test_a_webhook_comes_after_those_which_follow_it(sandbox):
    sandbox.fault(provider="twilio", operation="sent", webhook="reorder")
    sandbox.text()
    sandbox.settle()
    assert sandbox.app.statuses_told() == ["delivered", "sent"]


def test_a_late_webhook_still_comes(sandbox):
    sandbox.fault(provider="sendgrid", webhook="delay", delay_seconds=0.3)
    sandbox.mail()
    assert not sandbox.control.post("/settle", params={"timeout": 0.05}).json()["settled"]
    sandbox.settle()
    assert len(sandbox.app.at("/webhooks/sendgrid/events")) == 1


def test_a_webhook_whose_first_attempt_is_lost_comes_by_the_second(sandbox):
    sandbox.fault(provider="stripe", webhook="lose_first")
    sandbox.stripe.v1.customers.create()
    assert sandbox.settle()["delivered"] == 1
    assert len(sandbox.app.at("/webhooks/stripe")) == 1
