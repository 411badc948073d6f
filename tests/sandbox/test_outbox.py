import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest

from .conftest import MAILBOX, PHONE, Running, plain


@pytest.fixture
def page(sandbox):
    with httpx.Client(base_url=sandbox.base, trust_env=False, follow_redirects=True) as client:
        yield client


def test_the_control_api_lists_messages_with_their_links_and_arguments(sandbox):
    sandbox.text("Pay: https://pay.example/17?x=1. Thanks")
    sandbox.mail()
    told = sandbox.control.get("/messages").json()
    text, mail = told["messages"]
    assert text["links"] == ["https://pay.example/17?x=1"]
    assert text["callback_url"].endswith("?attempt=a1")
    assert mail["links"] == ["https://pay.example/x?a=1"]
    assert (mail["args"], mail["subject"]) == ({"attempt_id": "a1"}, "Your account")
    after = sandbox.control.get("/messages", params={"after": text["seq"], "to": MAILBOX}).json()
    assert [m["id"] for m in after["messages"]] == [mail["id"]]
    assert after["last_seq"] == told["last_seq"] == mail["seq"]


def test_the_audit_counts_what_the_providers_did(sandbox):
    sandbox.text()
    sandbox.answers("STOP", sender="+15550000001")
    sandbox.mail()
    sandbox.pay(sandbox.checkout().id)
    sandbox.settle()
    log = sandbox.log()
    assert log["sms"] == {
        "accepted": 1,
        "by_status": {"delivered": 1},
        "provider_own": 1,
        "inbound": 1,
    }
    assert log["email"]["by_status"] == {"delivered": 1}
    assert log["checkout"]["by_status"] == {"complete": 1}
    assert log["charges"]["succeeded"] == {"count": 1, "amount": {"usd": 5000}}
    assert (log["opted_out"], log["refunds"]["count"]) == (1, 0)


def test_the_request_log_keeps_no_secrets(sandbox):
    sandbox.mail()
    sandbox.stripe.v1.customers.create(options={"idempotency_key": "k"})
    told = sandbox.control.get("/requests", params={"provider": "stripe"}).json()["requests"]
    assert [(r["operation"], r["idempotency_key"], r["status"]) for r in told] == [
        ("create_customer", "k", 200)
    ]
    everything = json.dumps(sandbox.control.get("/requests").json())
    assert sandbox.secrets["stripe"]["api_key"] not in everything
    assert sandbox.secrets["sendgrid"]["api_key"] not in everything


def test_a_person_reads_a_thread_and_answers_it(sandbox, page):
    sandbox.text("Hello, pay at https://pay.example/17.")
    assert PHONE in plain(page.get("/outbox").text)
    thread = page.get(f"/outbox/{PHONE}")
    assert 'href="https://pay.example/17"' in thread.text
    page.post(f"/outbox/{PHONE}/reply", data={"text": "I paid already"})
    sandbox.settle()
    assert sandbox.app.at("/webhooks/twilio/messages")[0].form["Body"] == "I paid already"
    assert "I paid already" in plain(page.get(f"/outbox/{PHONE}").text)


def test_a_mail_is_shown_in_a_frame_that_runs_no_script(sandbox, page):
    sandbox.mail(content=[{"type": "text/html", "value": "<script>alert(1)</script><p>Dear"}])
    html = page.get(f"/outbox/{MAILBOX}").text
    assert "<script>alert" not in html
    assert "srcdoc=" in html
    assert "allow-scripts" not in html
    page.post(f"/outbox/{MAILBOX}/reply", data={"text": "Hi", "subject": "Re: Your account"})
    sandbox.settle()
    assert len(sandbox.app.at("/webhooks/sendgrid/inbound")) == 1


def test_a_text_cannot_smuggle_markup_into_the_outbox(sandbox, page):
    sandbox.text('<img src=x onerror=alert(1)> https://x.example/?a="><script>')
    html = page.get(f"/outbox/{PHONE}").text + page.get("/outbox").text
    assert "<img src=x" not in html
    assert "<script>" not in html


def test_a_persona_and_a_fault_are_set_by_hand(sandbox, page):
    page.post(f"/outbox/{PHONE}/persona", data={"kind": "undeliverable", "code": "30006"})
    assert sandbox.control.get("/personas").json()["personas"][0]["code"] == 30006
    sandbox.control.delete(f"/personas/{PHONE}")
    assert sandbox.control.get("/personas").json()["personas"] == []
    page.post("/outbox/faults", data={"provider": "stripe", "kind": "drop-after", "times": "2"})
    page.post("/outbox/faults", data={"provider": "twilio", "kind": "webhook-delay"})
    drop, late = sandbox.control.get("/faults").json()["faults"]
    assert (drop["drop"], drop["when"], drop["times"]) == (True, "after", 2)
    assert (late["webhook"], late["delay_seconds"]) == ("delay", 5)
    assert "connection lost after execution" in plain(page.get("/outbox/faults").text)
    wrong = page.post("/outbox/faults", data={"provider": "twilio", "kind": "status-700"})
    assert wrong.status_code == 422
    page.post("/outbox/faults/clear")
    assert sandbox.control.get("/faults").json()["faults"] == []


def test_a_search_finds_a_person(sandbox, page):
    sandbox.text(to="+15550000001")
    sandbox.text(to="+15550000002")
    found = plain(page.get("/outbox", params={"q": "0001"}).text)
    assert "+15550000001" in found
    assert "+15550000002" not in found


def test_many_callers_at_once_are_all_served_and_told(sandbox):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(partial(_write_to, sandbox), range(100)))
    sandbox.settle()
    assert sandbox.log()["sms"]["by_status"] == {"delivered": 100}
    assert len(sandbox.app.statuses_told()) == 200


def _write_to(sandbox: Running, number: int) -> None:
    sandbox.text(to=f"+1555000{number:04}")
