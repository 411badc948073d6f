"""Texts through Twilio: outcomes over a real wire, searches and signatures."""

import hashlib
import logging
from datetime import UTC, datetime, timedelta

import pytest
from twilio.request_validator import RequestValidator

from providers.outcomes import Accepted, Found, Missing, NotSent, Rejected, Unknown
from providers.settings import TwilioSettings
from providers.twilio import Twilio
from tests.providers.wire import Reply, closed_port

ACCOUNT, TOKEN, SERVICE = "AC" + "0" * 32, "a-token", "MG" + "1" * 32
TO, BODY = "+12125550123", "Hello Layla, $450.00 is due"
CALLBACK = "https://app.example.com/webhooks/twilio?contact=k%231"
SENT_AT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def client(base_url: str, timeout_seconds: float = 5) -> Twilio:
    settings = TwilioSettings(
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        messaging_service_sid=SERVICE,
        base_url=base_url,
        timeout_seconds=timeout_seconds,
    )
    return Twilio(settings)


def send(base_url: str, timeout_seconds: float = 5):
    return client(base_url, timeout_seconds).send_sms(TO, BODY, CALLBACK)


def listed(**changes) -> Reply:
    row = {"sid": "SM9", "body": BODY, "date_created": "Fri, 20 Nov 2026 15:00:01 +0000"}
    rows = [{"sid": "SM1", "body": "another text", "date_created": None}, row | changes]
    return Reply(200, {"messages": rows, "page_size": 50, "next_page_uri": None})


def test_an_accepted_text_is_known_by_its_sid(provider):
    provider.answers(Reply(201, {"sid": "SM1", "status": "accepted"}))

    assert send(provider.url + "/twilio") == Accepted(provider_id="SM1")
    assert provider.last.path == f"/twilio/api/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert provider.last.form == {
        "To": TO,
        "Body": BODY,
        "MessagingServiceSid": SERVICE,
        "StatusCallback": CALLBACK,
    }


@pytest.mark.parametrize(
    ("code", "opted_out", "bad_address"),
    [(21610, True, False), (21211, False, True), (21614, False, True), (21408, False, False)],
)
def test_a_refusal_says_whether_the_person_or_the_number_is_the_reason(
    provider, code, opted_out, bad_address
):
    refusal = {"code": code, "message": f"no way to {TO}", "status": 400}
    provider.answers(Reply(400, refusal))

    outcome = send(provider.url)

    assert isinstance(outcome, Rejected)
    assert (outcome.code, outcome.opted_out, outcome.bad_address) == (
        str(code),
        opted_out,
        bad_address,
    )
    assert TO not in outcome.model_dump_json()


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, NotSent),
        (429, NotSent),
        (503, NotSent),
        (301, NotSent),
        (408, Unknown),
        (500, Unknown),
        (502, Unknown),
        (504, Unknown),
        (404, Rejected),
    ],
)
def test_every_status_says_what_may_be_done_next(provider, status, kind):
    provider.answers(Reply(status, {"code": 20000 + status, "message": "m", "status": status}))

    assert isinstance(send(provider.url), kind)


def test_an_error_in_the_newer_shape_is_understood_too(provider):
    problem = {"type": "t", "title": "opted out", "status": 400, "code": 21610}
    provider.answers(Reply(400, problem))

    outcome = send(provider.url)

    assert isinstance(outcome, Rejected)
    assert outcome.opted_out


def test_an_answer_that_does_not_come_leaves_it_unknown(provider):
    provider.answers(Reply(delay_seconds=5))

    assert isinstance(send(provider.url, timeout_seconds=0.2), Unknown)


def test_a_lost_connection_leaves_it_unknown(provider):
    provider.answers(Reply(drop=True))

    assert isinstance(send(provider.url), Unknown)


def test_an_answer_that_is_no_json_or_has_no_id_leaves_it_unknown(provider):
    provider.answers(Reply(201, b"<html>"), Reply(201, {"status": "queued"}))

    assert isinstance(send(provider.url), Unknown)
    assert isinstance(send(provider.url), Unknown)


def test_nothing_left_when_no_connection_was_made():
    assert isinstance(send(f"http://127.0.0.1:{closed_port()}"), NotSent)
    assert isinstance(send("http://no-such-host.invalid"), NotSent)


@pytest.mark.parametrize("created", ["Fri, 20 Nov 2026 15:00:01 +0000", None])
def test_a_text_is_found_by_number_words_and_time(provider, created):
    provider.answers(listed(date_created=created))

    found = client(provider.url).find_sms(TO, BODY + "\n", SENT_AT)

    assert found == Found(provider_id="SM9")
    assert provider.last.query == {"To": TO, "PageSize": "50"}


def test_the_same_words_from_last_month_are_not_this_text(provider):
    provider.answers(listed(date_created="Tue, 20 Oct 2026 15:00:01 +0000"))

    assert client(provider.url).find_sms(TO, BODY, SENT_AT) == Missing()


def test_a_search_that_fails_proves_nothing(provider):
    provider.answers(Reply(500), Reply(drop=True))

    assert isinstance(client(provider.url).find_sms(TO, BODY, SENT_AT), Unknown)
    assert isinstance(client(provider.url).find_sms(TO, BODY, SENT_AT), Unknown)


def test_no_logger_repeats_a_number_or_a_text(provider, caplog):
    provider.answers(Reply(201, {"sid": "SM1"}), listed())
    with caplog.at_level(logging.DEBUG):
        twilio = client(provider.url)
        twilio.send_sms(TO, BODY, CALLBACK)
        twilio.find_sms(TO, BODY, SENT_AT - timedelta(days=1))

    assert TO not in caplog.text
    assert TO[1:] not in caplog.text
    assert BODY not in caplog.text


VECTOR_URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
VECTOR = {
    "CallSid": "CA1234567890ABCDE",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
    "Caller": "+14158675309",
}
VECTOR_SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def vector_client() -> Twilio:
    settings = TwilioSettings(
        account_sid=ACCOUNT, auth_token="12345", messaging_service_sid=SERVICE
    )
    return Twilio(settings)


def test_the_signature_in_twilios_documentation_is_genuine():
    assert vector_client().is_genuine(VECTOR_URL, VECTOR, VECTOR_SIGNATURE)


@pytest.mark.parametrize(
    ("url", "params", "signature"),
    [
        (VECTOR_URL, VECTOR | {"Digits": "9"}, VECTOR_SIGNATURE),
        (VECTOR_URL.replace("https", "http"), VECTOR, VECTOR_SIGNATURE),
        (VECTOR_URL + "&more=1", VECTOR, VECTOR_SIGNATURE),
        (VECTOR_URL, VECTOR, "forged"),
        (VECTOR_URL, VECTOR, "ß"),
        (VECTOR_URL, VECTOR, ""),
        (VECTOR_URL, VECTOR, None),
        ("https://mycompany.com:port/", VECTOR, VECTOR_SIGNATURE),
    ],
)
def test_anything_changed_or_missing_is_a_forgery(url, params, signature):
    assert not vector_client().is_genuine(url, params, signature)


def test_blank_parameters_are_part_of_what_is_signed():
    form = VECTOR | {"ToCity": ""}
    signature = RequestValidator("12345").compute_signature(VECTOR_URL, form)

    assert vector_client().is_genuine(VECTOR_URL, form, signature)


def test_the_newer_algorithm_is_taken_by_its_header_and_an_unknown_one_is_not():
    signature = RequestValidator("12345").compute_signature(VECTOR_URL, VECTOR, "HMAC_SHA256")
    twilio = vector_client()

    assert twilio.is_genuine(VECTOR_URL, VECTOR, signature, "key=k,algorithm=HMAC_SHA256")
    assert not twilio.is_genuine(VECTOR_URL, VECTOR, signature)
    assert not twilio.is_genuine(VECTOR_URL, VECTOR, VECTOR_SIGNATURE, "key=k,algorithm=NONE")


def test_a_json_webhook_is_checked_by_the_hash_of_its_body():
    body = '{"a": 1}'
    url = f"https://a.example/hook?bodySHA256={hashlib.sha256(body.encode()).hexdigest()}"
    signature = RequestValidator("12345").compute_signature(url, {})

    assert vector_client().is_genuine(url, body, signature)
    assert not vector_client().is_genuine(url, body + " ", signature)
