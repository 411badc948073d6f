import email.parser
import email.policy
import json
from typing import Any

import pytest
from python_http_client.exceptions import (  # type: ignore[import-untyped]
    BadRequestsError,
    UnauthorizedError,
)

from .conftest import Heard, Running

MAILBOX = "sam@example.com"


def events(sandbox: Running) -> list[Any]:
    return [event for call in sandbox.app.at("/webhooks/sendgrid/events") for event in call.json]


def test_a_mail_is_processed_then_delivered(sandbox):
    answer = sandbox.mail()
    assert answer.status_code == 202
    sandbox.settle()
    told = events(sandbox)
    assert [event["event"] for event in told] == ["processed", "delivered"]
    assert {event["attempt_id"] for event in told} == {"a1"}
    assert {event["email"] for event in told} == {MAILBOX}
    assert told[0]["sg_message_id"].startswith(answer.headers["X-Message-Id"] + ".")
    assert told[0]["sg_event_id"] != told[1]["sg_event_id"]


def test_event_batches_are_signed(sandbox):
    sandbox.mail()
    sandbox.settle()
    heard = sandbox.app.at("/webhooks/sendgrid/events")
    assert heard
    assert all(sandbox.believes_sendgrid(call) for call in heard)


def test_a_bounce_suppresses_the_address_so_that_the_next_mail_is_dropped(sandbox):
    sandbox.persona(MAILBOX, "hard_bounce")
    sandbox.mail()
    sandbox.mail()
    sandbox.settle()
    told = events(sandbox)
    assert [event["event"] for event in told] == ["processed", "bounce", "dropped"]
    assert (told[1]["type"], told[1]["status"]) == ("bounce", "5.1.1")
    assert told[2]["reason"] == "Bounced Address"
    listed = json.loads(sandbox.sendgrid.client.suppression.bounces.get().body)
    assert [row["email"] for row in listed] == [MAILBOX]


def test_an_address_taken_off_the_bounce_list_is_written_to_again(sandbox):
    sandbox.persona(MAILBOX, "hard_bounce")
    sandbox.mail()
    sandbox.persona(MAILBOX, "delivered")
    sandbox.sendgrid.client.suppression.bounces._(MAILBOX).delete()
    sandbox.mail()
    sandbox.settle()
    assert events(sandbox)[-1]["event"] == "delivered"


def test_a_blocked_mail_does_not_suppress_the_address(sandbox):
    sandbox.persona(MAILBOX, "soft_bounce")
    sandbox.mail()
    sandbox.settle()
    assert events(sandbox)[-1]["type"] == "blocked"
    assert sandbox.log()["suppressed"] == 0


def test_a_slow_mailbox_defers_and_then_takes_the_mail(sandbox):
    sandbox.persona(MAILBOX, "slow", delay_seconds=0.3)
    sandbox.mail()
    sandbox.settle()
    names = [event["event"] for event in events(sandbox)]
    assert names == ["processed", "deferred", "delivered"]


def test_an_unsubscribed_address_is_dropped(sandbox):
    sandbox.persona(MAILBOX, "unsubscribed")
    sandbox.mail()
    sandbox.settle()
    assert [event["reason"] for event in events(sandbox)] == ["Unsubscribed Address"]


def test_each_personalization_is_a_copy_with_its_own_arguments(sandbox):
    groups = [
        {"to": [{"email": "a@example.com"}], "custom_args": {"attempt_id": "a"}},
        {"to": [{"email": "b@example.com"}], "subject": "Yours", "substitutions": {"Pay": "Give"}},
    ]
    sandbox.mail(personalizations=groups, custom_args={"attempt_id": "all"})
    sandbox.settle()
    first, second = sandbox.control.get("/messages").json()["messages"]
    assert (first["to"], first["args"], first["subject"]) == (
        "a@example.com",
        {"attempt_id": "a"},
        "Your account",
    )
    assert (second["args"], second["subject"]) == ({"attempt_id": "all"}, "Yours")
    assert second["text"].startswith("Give at")


@pytest.mark.parametrize(
    ("mistake", "field"),
    [
        ({"personalizations": []}, "personalizations"),
        ({"personalizations": [{"to": []}]}, "personalizations.0.to"),
        ({"personalizations": [{"to": [{"email": "x"}]}]}, "personalizations.0.to.0.email"),
        ({"from": {"email": "nobody"}}, "from.email"),
        ({"subject": ""}, "subject"),
        ({"content": []}, "content"),
        ({"custom_args": {"n": 1}}, "custom_args"),
        ({"template_id": "d-1"}, "template_id"),
    ],
)
def test_a_mistake_is_refused_with_its_field(sandbox, mistake, field):
    with pytest.raises(BadRequestsError) as refused:
        sandbox.mail(**mistake)
    assert json.loads(refused.value.body)["errors"][0]["field"] == field
    assert sandbox.log()["email"]["accepted"] == 0


def test_sandbox_mode_validates_and_sends_nothing(sandbox):
    answer = sandbox.mail(mail_settings={"sandbox_mode": {"enable": True}})
    assert answer.status_code == 200
    assert sandbox.log()["email"]["accepted"] == 0


def test_a_forged_key_is_answered_401(sandbox):
    with pytest.raises(UnauthorizedError):
        sandbox.sendgrid_as("SG.forged").client.mail.send.post(request_body={})


def test_activity_finds_a_mail_by_its_own_argument(sandbox):
    sandbox.mail()
    sandbox.settle()

    def found(query: str) -> Any:
        answer = sandbox.sendgrid.client.messages.get(query_params={"query": query, "limit": 10})
        return json.loads(answer.body)["messages"]

    assert [m["to_email"] for m in found("unique_args['attempt_id']=\"a1\"")] == [MAILBOX]
    assert found("unique_args['attempt_id']=\"a2\"") == []
    assert len(found(f'to_email="{MAILBOX}" AND status="delivered"')) == 1
    with pytest.raises(BadRequestsError):
        found("nonsense")


def test_an_answer_arrives_as_a_signed_form(sandbox):
    sandbox.mail(reply_to={"email": "replies@creditor.example"})
    answer = {"from": MAILBOX, "subject": "Re: Your account", "text": "لا أستطيع الدفع"}
    sandbox.control.post("/email/inbound", json=answer).raise_for_status()
    sandbox.settle()
    (heard,) = sandbox.app.at("/webhooks/sendgrid/inbound")
    assert sandbox.believes_sendgrid(heard)
    fields = _fields(heard)
    assert fields["text"] == "لا أستطيع الدفع"
    assert fields["to"] == "replies@creditor.example"
    assert json.loads(fields["envelope"])["from"] == MAILBOX
    assert "In-Reply-To: <" in fields["headers"]


def _fields(call: Heard) -> dict[str, str]:
    head = f"Content-Type: {call.headers['content-type']}\r\n\r\n".encode()
    form: Any = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + call.body)
    return {
        part.get_param("name", header="content-disposition"): part.get_payload(decode=True).decode()
        for part in form.iter_parts()
    }
