import json
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from stripe import IdempotencyError
from twilio.base.exceptions import TwilioRestException

from .conftest import PATIENCE, Ear, Running, await_health, free_port


def test_everything_is_remembered_over_a_restart(start, tmp_path):
    with start() as before:
        before.answers("STOP", sender="+15550000001")
        text = before.text("still here")
        told = {"amount": 700, "currency": "usd", "confirm": True, "payment_method": "pm_card_visa"}
        key = {"idempotency_key": "k"}
        payment = before.stripe.v1.payment_intents.create(params=told, options=key)
        session = before.checkout()
        before.fault(provider="sendgrid", status=500)
        secrets = before.secrets
    with start() as after:
        assert after.secrets == secrets
        assert after.twilio.messages(text.sid).fetch().body == "still here"
        again = after.stripe.v1.payment_intents.create(params=told, options=key)
        assert again.id == payment.id
        with pytest.raises(IdempotencyError):
            after.stripe.v1.payment_intents.create(params=told | {"amount": 800}, options=key)
        with pytest.raises(TwilioRestException):
            after.text(to="+15550000001")
        assert after.pay(session.id)["status"] == "complete"
        assert len(after.control.get("/faults").json()["faults"]) == 1
        assert after.log()["charges"]["succeeded"]["amount"] == {"usd": 5700}


def test_webhooks_not_yet_taken_are_delivered_after_the_restart(start, app):
    with start() as before:
        before.fault(provider="stripe", webhook="delay", delay_seconds=0.4)
        before.stripe.v1.customers.create()
    assert app.heard == []
    with start() as after:
        after.settle()
        assert after.app.stripe_types() == ["customer.created"]


def test_the_secrets_are_for_the_owner_alone(start, tmp_path):
    with start():
        told = json.loads((tmp_path / "credentials.json").read_text())
    assert stat.S_IMODE((tmp_path / "credentials.json").stat().st_mode) == 0o600
    assert told["stripe"]["api_key"].startswith("sk_test_")
    assert told["stripe"]["webhook_secret"].startswith("whsec_")
    assert "PRIVATE" not in (tmp_path / "credentials.json").read_text()


def test_nothing_that_was_answered_is_lost_when_the_process_is_killed(tmp_path, app):
    with _until_killed(tmp_path, app) as first:
        sids = {first.text(f"text {n}").sid for n in range(20)}
    with _until_killed(tmp_path, app) as second:
        assert {message.sid for message in second.twilio.messages.list()} == sids
        second.settle()
        assert second.log()["sms"]["by_status"] == {"delivered": 20}


@contextmanager
def _until_killed(data: Path, app: Ear) -> Iterator[Running]:
    """A sandbox in a process of its own, which ends by kill -9."""
    port = free_port()
    asked = ["--port", str(port), "--data", str(data), "--app-url", app.url]
    process = subprocess.Popen([sys.executable, "-m", "sandbox", *asked], stdout=subprocess.DEVNULL)
    try:
        await_health(f"http://127.0.0.1:{port}")
        with closing(Running(f"http://127.0.0.1:{port}", data, app)) as running:
            yield running
    finally:
        process.kill()
        process.wait(PATIENCE)
