import re
from datetime import timedelta

import pytest
from twilio.base.exceptions import TwilioRestException

from sandbox import clock
from sandbox.segments import segments

PHONE = "+15558675310"


def test_a_text_is_accepted_then_sent_then_delivered(sandbox):
    message = sandbox.text("You owe $10.")
    assert (message.status, message.direction) == ("accepted", "outbound-api")
    assert re.fullmatch("SM[0-9a-f]{32}", message.sid)
    sandbox.settle()
    assert sandbox.app.statuses_told() == ["sent", "delivered"]
    later = sandbox.twilio.messages(message.sid).fetch()
    assert (later.status, later.body, later.to) == ("delivered", "You owe $10.", PHONE)
    assert later.date_sent is not None
    assert later.from_ == sandbox.secrets["twilio"]["from_number"]


def test_status_callbacks_are_signed_for_the_url_exactly_as_given(sandbox):
    sandbox.text()
    sandbox.settle()
    assert len(sandbox.app.heard) == 2
    assert all(sandbox.believes_twilio(call) for call in sandbox.app.heard)
    assert sandbox.app.heard[0].path == "/webhooks/twilio/status?attempt=a1"


def test_an_undeliverable_number_ends_with_its_error_code(sandbox):
    sandbox.persona(PHONE, "undeliverable", code=30005)
    message = sandbox.text()
    sandbox.settle()
    assert sandbox.app.statuses_told() == ["sent", "undelivered"]
    assert "30005" in {heard.form.get("ErrorCode") for heard in sandbox.app.heard}
    assert sandbox.twilio.messages(message.sid).fetch().error_code == 30005


def test_a_failed_message_was_never_sent(sandbox):
    sandbox.persona(PHONE, "failed", code=30034)
    message = sandbox.text()
    sandbox.settle()
    assert sandbox.app.statuses_told() == ["failed"]
    assert sandbox.twilio.messages(message.sid).fetch().date_sent is None


def test_a_slow_phone_is_delivered_to_in_the_end(sandbox):
    sandbox.persona(PHONE, "slow", delay_seconds=0.3)
    message = sandbox.text()
    assert sandbox.twilio.messages(message.sid).fetch().status in {"accepted", "sent"}
    sandbox.settle()
    assert sandbox.app.statuses_told() == ["sent", "delivered"]


@pytest.mark.parametrize("keyword", ["STOP", "stop", " Unsubscribe ", "QUIT"])
def test_after_stop_a_text_is_refused_with_21610_until_start(sandbox, keyword):
    assert sandbox.answers(keyword)["opt_out_type"] == "STOP"
    with pytest.raises(TwilioRestException) as refused:
        sandbox.text()
    assert (refused.value.status, refused.value.code) == (400, 21610)
    assert sandbox.answers("START")["opt_out_type"] == "START"
    assert sandbox.text().status == "accepted"


def test_stop_is_told_with_its_opt_out_type_and_confirmed_by_twilio_itself(sandbox):
    sandbox.answers("STOP")
    sandbox.answers("STOP")
    sandbox.settle()
    heard = sandbox.app.at("/webhooks/twilio/messages")
    assert [call.form["OptOutType"] for call in heard] == ["STOP", "STOP"]
    assert all(sandbox.believes_twilio(call) for call in heard)
    own = [m for m in sandbox.control.get("/messages").json()["messages"] if m["own"]]
    assert len(own) == 1
    assert "unsubscribed" in own[0]["text"]


def test_a_sentence_with_stop_in_it_is_no_keyword_for_twilio(sandbox):
    assert sandbox.answers("Stop please")["opt_out_type"] is None
    sandbox.settle()
    form = sandbox.app.at("/webhooks/twilio/messages")[0].form
    assert "OptOutType" not in form
    assert (form["Body"], form["From"], form["FromCity"]) == ("Stop please", PHONE, "")
    assert sandbox.text().status == "accepted"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"to": "12"}, 21211),
        ({"to": "+15005550009"}, 21614),
        ({"body": ""}, 21602),
        ({"body": "x" * 1601}, 21617),
        ({"messaging_service_sid": "MG" + "0" * 32}, 21701),
        ({"from_": "+15550001111"}, 21606),
        ({"status_callback": "nowhere"}, 21609),
        ({"media_url": ["https://example.com/a.png"]}, 20001),
    ],
)
def test_a_mistake_is_refused_with_twilios_own_code(sandbox, asked, code):
    with pytest.raises(TwilioRestException) as refused:
        sandbox.text(**asked)
    assert refused.value.code == code
    assert sandbox.log()["sms"]["accepted"] == 0


def test_an_unknown_message_is_not_found(sandbox):
    with pytest.raises(TwilioRestException) as refused:
        sandbox.twilio.messages("SM" + "0" * 32).fetch()
    assert (refused.value.status, refused.value.code) == (404, 20404)


def test_a_forged_token_is_answered_401(sandbox):
    with pytest.raises(TwilioRestException) as refused:
        sandbox.twilio_as("0" * 32).messages.create(to=PHONE, from_="+1", body="x")
    assert (refused.value.status, refused.value.code) == (401, 20003)


def test_the_list_is_paged_and_newest_first(sandbox):
    sent = [sandbox.text(f"number {n}").sid for n in range(7)]
    listed = sandbox.twilio.messages.list(page_size=3)
    assert [message.sid for message in listed] == sent[::-1]


def test_the_list_is_filtered_by_number_and_day(sandbox):
    sandbox.text(to="+15558675311")
    mine = sandbox.text()
    sandbox.settle()
    today, tomorrow = clock.now(), clock.now() + timedelta(days=1)
    listed = sandbox.twilio.messages.list
    assert [m.sid for m in listed(to=PHONE)] == [mine.sid]
    assert [m.sid for m in listed(to=PHONE, date_sent=today.date())] == [mine.sid]
    assert listed(date_sent_after=tomorrow) == []
    assert len(listed(date_sent_before=tomorrow)) == 2


@pytest.mark.parametrize(
    ("body", "parts"),
    [("", 1), ("a" * 160, 1), ("a" * 161, 2), ("€" * 80, 1), ("م" * 70, 1), ("م" * 71, 2)],
)
def test_a_text_is_counted_in_gsm_and_ucs_parts(body, parts):
    assert segments(body) == parts
