"""E-mail through SendGrid: outcomes over a real wire, searches and signatures."""

import base64
import itertools
import logging
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from providers.outcomes import Accepted, Found, Missing, NotSent, Rejected, Unknown
from providers.sendgrid import SendGrid, message_id
from providers.settings import SendGridSettings, SettingsError
from tests.providers.wire import Reply, closed_port

SIGNING_KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC_KEY = base64.b64encode(
    SIGNING_KEY.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
).decode()
TO, TEXT, KEY = "layla@example.com", "Hello Layla, $450.00 was due", "account/acme/A-1#7"
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def client(base_url: str | None, timeout_seconds: float = 5) -> SendGrid:
    settings = SendGridSettings(
        api_key="SG.key",
        webhook_public_key=PUBLIC_KEY,
        sender="Acme Accounts <accounts@example.com>",
        base_url=base_url,
        timeout_seconds=timeout_seconds,
    )
    return SendGrid(settings)


def send(base_url: str, timeout_seconds: float = 5):
    subject, html = "A message about your account", f"<p>{TEXT}</p>"
    return client(base_url, timeout_seconds).send_email(TO, subject, TEXT, html, KEY)


def test_an_accepted_mail_is_known_by_its_message_id(provider):
    provider.answers(Reply(202, headers={"X-Message-Id": "m-1"}))

    assert send(provider.url + "/sendgrid") == Accepted(provider_id="m-1")
    assert provider.last.path == "/sendgrid/v3/mail/send"
    mail = provider.last.json
    assert mail["from"] == {"email": "accounts@example.com", "name": "Acme Accounts"}
    assert [part["type"] for part in mail["content"]] == ["text/plain", "text/html"]


def test_custom_arguments_hold_the_key_and_nothing_about_the_person(provider):
    provider.answers(Reply(202, headers={"X-Message-Id": "m-1"}))
    send(provider.url)

    assert provider.last.json["custom_args"] == {"contact": KEY}


def test_links_are_not_rewritten_and_opens_not_watched(provider):
    provider.answers(Reply(202, headers={"X-Message-Id": "m-1"}))
    send(provider.url)

    tracking = provider.last.json["tracking_settings"]
    assert not any(each["enable"] for each in tracking.values())


def test_a_key_that_could_break_a_query_is_refused():
    with pytest.raises(ValueError, match="contact key"):
        client(None).send_email(TO, "s", "t", "h", 'a" OR 1="1')


def test_an_address_that_is_none_is_told_from_other_mistakes(provider):
    def refusal(field: object) -> Reply:
        return Reply(400, {"errors": [{"message": f"bad {TO}", "field": field}]})

    provider.answers(refusal("personalizations.0.to.0.email"), refusal("content"), refusal(TO))
    address, content, other = (send(provider.url) for _ in range(3))

    assert isinstance(address, Rejected)
    assert address.bad_address
    assert isinstance(content, Rejected)
    assert not content.bad_address
    assert TO not in address.reason + content.reason + other.reason


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, NotSent),
        (403, NotSent),
        (429, NotSent),
        (503, NotSent),
        (500, Unknown),
        (502, Unknown),
        (504, Unknown),
        (400, Rejected),
        (413, Rejected),
    ],
)
def test_every_status_says_what_may_be_done_next(provider, status, kind):
    provider.answers(Reply(status, b"not json"))

    assert isinstance(send(provider.url), kind)


def test_a_missing_answer_or_id_leaves_it_unknown(provider):
    provider.answers(Reply(delay_seconds=5), Reply(drop=True), Reply(202))

    assert isinstance(send(provider.url, timeout_seconds=0.2), Unknown)
    assert isinstance(send(provider.url), Unknown)
    assert isinstance(send(provider.url), Unknown)


def test_nothing_left_when_no_connection_was_made():
    assert isinstance(send(f"http://127.0.0.1:{closed_port()}"), NotSent)


def test_a_mail_is_found_by_the_key_of_its_contact(provider):
    row = {"msg_id": "m-1.recvd-abc-0", "to_email": TO, "status": "delivered"}
    provider.answers(Reply(200, {"messages": [row]}), Reply(200, {"messages": []}))

    assert client(provider.url).find_email(KEY) == Found(provider_id="m-1")
    assert provider.last.query == {"query": f"unique_args['contact']=\"{KEY}\"", "limit": "10"}
    assert client(provider.url).find_email(KEY) == Missing()


@pytest.mark.parametrize(
    "reply", [Reply(403), Reply(500), Reply(drop=True), Reply(200, b"<"), Reply(200, {})]
)
def test_a_search_that_fails_proves_nothing(provider, reply):
    provider.answers(reply)

    assert isinstance(client(provider.url).find_email(KEY), Unknown)


def test_the_id_in_an_event_starts_with_the_id_of_the_sending():
    assert message_id("14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0") == (
        "14c5d75ce93.dfd.64b469"
    )
    assert message_id("m-1") == "m-1"


def test_no_logger_repeats_an_address_a_text_or_the_key(provider, caplog):
    provider.answers(Reply(202, headers={"X-Message-Id": "m-1"}), Reply(400, {"errors": []}))
    with caplog.at_level(logging.DEBUG):
        send(provider.url)
        send(provider.url)

    assert TO not in caplog.text
    assert TEXT not in caplog.text
    assert "SG.key" not in caplog.text


def test_a_public_key_that_is_none_is_refused_at_the_start():
    settings = SendGridSettings(api_key="k", webhook_public_key="nonsense", sender="a@example.com")

    with pytest.raises(SettingsError, match="SENDGRID_WEBHOOK_PUBLIC_KEY"):
        SendGrid(settings)


EVENTS = b'[{"event":"delivered"}]\r\n'
STAMP = str(int(NOW.timestamp()))


def signed(body: bytes, stamp: str) -> str:
    mark = SIGNING_KEY.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return base64.b64encode(mark).decode()


@pytest.mark.parametrize("body", [EVENTS, b"\xff\xfe not utf-8", b""])
def test_what_sendgrid_signed_is_genuine_byte_for_byte(body):
    assert client(None).is_genuine(body, signed(body, STAMP), STAMP, NOW)


@pytest.mark.parametrize("minutes", [-9, 9])
def test_clocks_may_differ_by_minutes(minutes):
    now = NOW + timedelta(minutes=minutes)

    assert client(None).is_genuine(EVENTS, signed(EVENTS, STAMP), STAMP, now)


@pytest.mark.parametrize("minutes", [-11, 11])
def test_an_old_signature_or_one_from_the_future_does_not_count(minutes):
    now = NOW + timedelta(minutes=minutes)

    assert not client(None).is_genuine(EVENTS, signed(EVENTS, STAMP), STAMP, now)


@pytest.mark.parametrize(
    ("body", "signature", "stamp"),
    [
        (EVENTS.strip(), signed(EVENTS, STAMP), STAMP),
        (EVENTS, signed(EVENTS, STAMP), str(int(STAMP) + 1)),
        (EVENTS, signed(EVENTS, STAMP)[:-4], STAMP),
        (EVENTS, "not base64!", STAMP),
        (EVENTS, "ßß", STAMP),
        (EVENTS, None, STAMP),
        (EVENTS, signed(EVENTS, STAMP), None),
        (EVENTS, signed(EVENTS, STAMP), "yesterday"),
        (EVENTS, signed(EVENTS, STAMP), "9" * 5000),
        (EVENTS, signed(EVENTS, STAMP), "9" * 400),
        (EVENTS, signed(EVENTS, STAMP), STAMP + "\ud800"),
    ],
    ids=map(str, itertools.count()),  # a signature is another each time
)
def test_a_forgery_is_refused_and_never_raises(body, signature, stamp):
    assert not client(None).is_genuine(body, signature, stamp, NOW)
