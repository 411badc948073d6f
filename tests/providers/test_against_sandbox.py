"""The three clients against the provider sandbox: sent, lost, found again, and told about."""

import contextlib
import json
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from domain.accounts import StoredCard
from domain.money import Money
from domain.orders import DeclineKind
from domain.retries import decline_kind
from providers.charges import Declined, Paid, Unconfirmed
from providers.outcomes import Accepted, Found, Missing, NotSent, Rejected, Unknown
from providers.sendgrid import SendGrid
from providers.settings import SendGridSettings, StripeSettings, TwilioSettings
from providers.stripe import Stripe
from providers.twilio import Twilio
from sandbox.app import create_app
from tests.providers.wire import Wire, closed_port, wire

TO, BODY, KEY = "+15558675310", "Hello Layla, $450.00 is due", "account/acme/A-1#7"
MAILBOX = "layla@example.com"
AMOUNT = Money(minor=11_250, currency="USD")
PATIENCE = 10
# The sandbox's own clock is the wall's.
NOW = datetime.now(UTC)  # noqa: TID251


@dataclass
class World:
    """The sandbox, what it knows, our clients, and the app that hears its webhooks."""

    base: str
    control: httpx.Client
    app: Wire
    twilio: Twilio
    sendgrid: SendGrid
    stripe: Stripe

    def fault(self, **what) -> None:
        self.control.post("/faults", json=what).raise_for_status()

    def persona(self, address: str, kind: str) -> None:
        told = {"address": address, "kind": kind}
        self.control.post("/personas", json=told).raise_for_status()

    def heard(self, path: str):
        self.control.post("/settle", params={"timeout": PATIENCE}).raise_for_status()
        return [call for call in self.app.requests if call.path.startswith(path)]

    def text(self):
        callback = self.app.url + "/webhooks/twilio/status?contact=k"
        return self.twilio.send_sms(TO, BODY, callback)

    def mail(self):
        return self.sendgrid.send_email(MAILBOX, "A message", BODY, f"<p>{BODY}</p>", KEY)

    def intent(self, card: StoredCard) -> str:
        return self.stripe.create_intent(
            amount=AMOUNT,
            customer=card.customer,
            payment_method=card.payment_method,
            key=f"create:{time.monotonic_ns()}",
            metadata={"account_id": "acc_1"},
        )

    def stored_card(self, number: str = "4242424242424242") -> StoredCard:
        page = self.stripe.open_card_checkout(
            account_id="acc_1",
            link_code="code1",
            plan_id="plan_1",
            success_url=self.app.url + "/ok",
            cancel_url=self.app.url + "/back",
            key=f"setup:{time.monotonic_ns()}",
        )
        assert self.stripe.retrieve_setup(page.session_id).card is None
        paid = self.control.post(f"/checkout/{page.session_id}/pay", json={"card": number})
        paid.raise_for_status()
        card = self.stripe.retrieve_setup(page.session_id).card
        assert card is not None
        return card


@contextlib.contextmanager
def serving(data: Path, app_url: str):
    port = closed_port()
    config = uvicorn.Config(
        create_app(data, app_url), "127.0.0.1", port, log_level="error", ws="none"
    )
    config.timeout_graceful_shutdown = 1
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + PATIENCE
    while not server.started and time.monotonic() < deadline:
        thread.join(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    data = tmp_path_factory.mktemp("sandbox")
    with (
        wire() as app,
        serving(data, app.url) as base,
        httpx.Client(base_url=base + "/control", trust_env=False, timeout=20) as control,
    ):
        yield _world(base, control, app, json.loads((data / "credentials.json").read_text()))


def _world(base: str, control: httpx.Client, app: Wire, told: dict[str, dict[str, Any]]) -> World:
    twilio = {
        name: told["twilio"][name] for name in TwilioSettings.model_fields if name in told["twilio"]
    }
    sendgrid = {"sender": "Acme <accounts@example.com>", **told["sendgrid"]}
    return World(
        base,
        control,
        app,
        Twilio(TwilioSettings(base_url=base + "/twilio", **twilio)),
        SendGrid(SendGridSettings(base_url=base + "/sendgrid", **sendgrid)),
        Stripe(StripeSettings(base_url=base + "/stripe", **told["stripe"])),
    )


@pytest.fixture
def world(running):
    running.app.requests.clear()
    yield running
    running.control.post("/settle", params={"timeout": 2})
    running.control.post("/reset").raise_for_status()


def test_a_text_is_accepted_found_and_its_reports_are_genuine(world):
    sent = world.text()

    assert isinstance(sent, Accepted)
    assert world.twilio.find_sms(TO, BODY, NOW) == Found(provider_id=sent.provider_id)
    reports = world.heard("/webhooks/twilio")
    assert [report.form["MessageStatus"] for report in reports][-1] == "delivered"
    for report in reports:
        url = f"{world.app.url}{report.path}?contact=k"
        signature = report.headers["X-Twilio-Signature"]
        assert world.twilio.is_genuine(url, report.form, signature)
        assert not world.twilio.is_genuine(url, report.form | {"MessageStatus": "x"}, signature)


def test_a_text_whose_answer_was_lost_is_unknown_until_it_is_found(world):
    world.fault(provider="twilio", operation="create_message", drop=True, when="after")

    assert isinstance(world.text(), Unknown)
    assert isinstance(world.twilio.find_sms(TO, BODY, NOW), Found)


def test_a_text_that_never_arrived_at_twilio_is_missing_there(world):
    world.fault(provider="twilio", operation="create_message", drop=True, when="before")

    assert isinstance(world.text(), Unknown)
    assert world.twilio.find_sms(TO, BODY, NOW) == Missing()


def test_a_person_who_opted_out_at_twilio_is_known_by_the_refusal(world):
    world.persona(TO, "unsubscribed")

    outcome = world.text()

    assert isinstance(outcome, Rejected)
    assert outcome.opted_out


def test_a_mail_is_accepted_found_and_its_events_are_genuine(world):
    sent = world.mail()

    assert isinstance(sent, Accepted)
    assert world.sendgrid.find_email(KEY) == Found(provider_id=sent.provider_id)
    assert world.sendgrid.find_email("another#1") == Missing()
    reports = world.heard("/webhooks/sendgrid")
    assert "delivered" in {each["event"] for report in reports for each in report.json}
    for report in reports:
        assert {each["contact"] for each in report.json} == {KEY}
        signature = report.headers["X-Twilio-Email-Event-Webhook-Signature"]
        stamp = report.headers["X-Twilio-Email-Event-Webhook-Timestamp"]
        assert world.sendgrid.is_genuine(report.body, signature, stamp, NOW)


def test_a_mail_whose_answer_was_lost_is_found_by_its_key(world):
    world.fault(provider="sendgrid", operation="send_mail", drop=True, when="after")

    assert isinstance(world.mail(), Unknown)
    assert isinstance(world.sendgrid.find_email(KEY), Found)


def test_providers_that_are_too_busy_took_nothing(world):
    world.fault(provider="twilio", operation="create_message", status=429)
    world.fault(provider="sendgrid", operation="send_mail", status=503)

    assert isinstance(world.text(), NotSent)
    assert isinstance(world.mail(), NotSent)


def test_a_stored_card_is_charged_once_however_often_it_is_confirmed(world):
    intent = world.intent(world.stored_card())

    assert isinstance(world.stripe.retrieve_intent(intent).settled, Unconfirmed)
    assert world.stripe.confirm_intent(intent, "confirm:1") == Paid(intent_id=intent)
    assert world.stripe.confirm_intent(intent, "confirm:1") == Paid(intent_id=intent)
    assert world.stripe.confirm_intent(intent, "confirm:2") == Paid(intent_id=intent)
    assert world.control.get("/log").json()["charges"]["succeeded"]["count"] == 1


def test_a_charge_whose_answer_was_lost_is_unknown_until_it_is_looked_up(world):
    intent = world.intent(world.stored_card())
    world.fault(provider="stripe", operation="confirm_payment", drop=True, when="after")

    assert isinstance(world.stripe.confirm_intent(intent, "confirm:1"), Unknown)
    assert world.stripe.retrieve_intent(intent).settled == Paid(intent_id=intent)


def test_a_payment_on_a_page_is_told_by_genuine_events(world):
    page = world.stripe.open_checkout(
        amount=AMOUNT,
        account_id="acc_1",
        link_code="code1",
        title="Acme",
        success_url=world.app.url + "/ok",
        cancel_url=world.app.url + "/back",
        key="page:1",
    )
    world.control.post(f"/checkout/{page.session_id}/pay", json={}).raise_for_status()

    events = [
        world.stripe.read_event(call.body, call.headers["Stripe-Signature"])
        for call in world.heard("/webhooks/stripe")
    ]
    told = {event.type: event for event in events}
    paid = told["payment_intent.succeeded"]
    assert paid.amount == AMOUNT
    assert paid.metadata == {"account_id": "acc_1", "pay_link": "code1"}
    done = told["checkout.session.completed"]
    assert (done.object_id, done.mode, done.payment_status) == (page.session_id, "payment", "paid")
    assert done.intent_id == paid.intent_id


def test_a_card_without_money_is_declined_and_may_be_tried_another_day(world):
    card = world.stored_card("4000000000000341")

    outcome = world.stripe.confirm_intent(world.intent(card), "confirm:1")

    assert isinstance(outcome, Declined)
    assert decline_kind(outcome) not in (DeclineKind.NEVER, DeclineKind.FIX)
