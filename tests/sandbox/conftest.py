import contextlib
import json
import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from sendgrid import SendGridAPIClient
from sendgrid.helpers.eventwebhook import EventWebhook
from stripe import RequestsClient, StripeClient, Webhook
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from sandbox.app import create_app

# The SDKs honour proxies even for loopback; the tests must reach the sandbox itself.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
PHONE = "+15558675310"
MAILBOX = "sam@example.com"
PATIENCE = 60


@dataclass(frozen=True)
class Heard:
    """One webhook as the app got it."""

    path: str
    url: str
    body: bytes
    headers: dict[str, str]

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Ear:
    """A tiny app: hears webhooks, and answers each with the next status it was given."""

    heard: list[Heard] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    url: str = ""

    def at(self, path: str) -> list[Heard]:
        return [call for call in self.heard if urlsplit(call.path).path == path]

    def stripe_types(self) -> list[str]:
        return [call.json["type"] for call in self.at("/webhooks/stripe")]

    def statuses_told(self) -> list[str]:
        return [call.form["MessageStatus"] for call in self.heard if "MessageStatus" in call.form]


def _handler(ear: Ear) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            ear.heard.append(Heard(self.path, ear.url + self.path, body, headers))
            self._answer(ear.statuses.pop(0) if ear.statuses else 200, b"")

        def do_GET(self) -> None:
            self._answer(200, b"<h1>Thank you</h1>")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    return Handler


@pytest.fixture(scope="session")
def _hearing() -> Iterator[Ear]:
    ear = Ear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(ear))
    server.daemon_threads = True
    ear.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield ear
    server.shutdown()
    server.server_close()
    thread.join(PATIENCE)


@pytest.fixture
def app(_hearing: Ear) -> Ear:
    """The app's side, with nothing heard yet."""
    _hearing.heard.clear()
    _hearing.statuses.clear()
    return _hearing


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serving(application: FastAPI) -> Iterator[str]:
    """Run an application in a real server; yield its address."""
    port = free_port()
    config = uvicorn.Config(
        application, "127.0.0.1", port, log_level="error", access_log=False, ws="none"
    )
    config.timeout_graceful_shutdown = 1
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    base = f"http://127.0.0.1:{port}"
    await_health(base)
    try:
        yield base
    finally:
        server.should_exit = True
        thread.join(PATIENCE)


def await_health(base: str) -> None:
    """Wait for the server to listen; connecting blocks no longer than a refusal takes."""
    deadline = time.monotonic() + PATIENCE
    with httpx.Client(base_url=base, trust_env=False) as client:
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.ConnectError):
                if client.get("/healthz").status_code == 200:
                    return
            threading.Event().wait(0.01)
    pytest.fail(f"nothing answers at {base}")


class LoopbackTwilio(TwilioHttpClient):  # type: ignore[misc]
    """Sends the Twilio SDK's requests to the sandbox."""

    def __init__(self, base: str) -> None:
        super().__init__(timeout=PATIENCE)
        self.base = base

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        parts = urlsplit(url)
        subdomain = str(parts.hostname).split(".")[0]
        query = f"?{parts.query}" if parts.query else ""
        here = f"{self.base}/twilio/{subdomain}{parts.path}{query}"
        return super().request(method, here, *args, **kwargs)

    def close(self) -> None:
        self.session.close()


class Running:
    """A running sandbox, and the three unmodified SDKs pointed at it."""

    def __init__(self, base: str, data: Path, app: Ear) -> None:
        self.base, self.data, self.app = base, data, app
        self.secrets = json.loads((data / "credentials.json").read_text())
        self._wire = LoopbackTwilio(base)
        self._stripe_wire: Any = RequestsClient(timeout=PATIENCE)
        self.control = httpx.Client(base_url=base + "/control", trust_env=False, timeout=PATIENCE)
        self.twilio = self.twilio_as(self.secrets["twilio"]["auth_token"])
        self.sendgrid = self.sendgrid_as(self.secrets["sendgrid"]["api_key"])
        self.stripe = self.stripe_as(self.secrets["stripe"]["api_key"])

    def twilio_as(self, token: str) -> Client:
        account = self.secrets["twilio"]["account_sid"]
        return Client(account, token, http_client=self._wire)

    def sendgrid_as(self, key: str) -> SendGridAPIClient:
        client = SendGridAPIClient(key, host=self.base + "/sendgrid")
        client.client.timeout = PATIENCE
        return client

    def stripe_as(self, key: str, retries: int = 0) -> StripeClient:
        address = self.base + "/stripe"
        return StripeClient(
            key,
            base_addresses={
                "api": address,
                "files": address,
                "connect": address,
                "meter_events": address,
            },
            http_client=self._stripe_wire,
            max_network_retries=retries,
        )

    def close(self) -> None:
        self._wire.close()
        self._stripe_wire.close()
        self.control.close()

    def text(self, body: str = "You owe $10.", to: str = PHONE, **more: Any) -> Any:
        service = self.secrets["twilio"]["messaging_service_sid"]
        callback = self.app.url + "/webhooks/twilio/status?attempt=a1"
        told = {"messaging_service_sid": service, "status_callback": callback} | more
        return self.twilio.messages.create(to=to, body=body, **told)

    def mail(self, to: str = MAILBOX, **more: Any) -> Any:
        letter = {
            "personalizations": [{"to": [{"email": to}], "custom_args": {"attempt_id": "a1"}}],
            "from": {"email": "collections@creditor.example"},
            "subject": "Your account",
            "content": [
                {"type": "text/plain", "value": "Pay at https://pay.example/x?a=1."},
                {"type": "text/html", "value": '<a href="https://pay.example/x?a=1">Pay</a>'},
            ],
        }
        return self.sendgrid.client.mail.send.post(request_body=letter | more)

    def settle(self, timeout: float = PATIENCE) -> Any:
        standing = self.control.post("/settle", params={"timeout": timeout}).json()
        assert standing["settled"], standing
        return standing

    def fault(self, **what: Any) -> None:
        self.control.post("/faults", json=what).raise_for_status()

    def persona(self, address: str, kind: str, **more: Any) -> None:
        told = {"address": address, "kind": kind, **more}
        self.control.post("/personas", json=told).raise_for_status()

    def answers(self, body: str, sender: str = PHONE) -> Any:
        return self.control.post("/sms/inbound", json={"from": sender, "body": body}).json()

    def log(self) -> Any:
        return self.control.get("/log").json()

    def checkout(self, amount: int = 5000, **more: Any) -> Any:
        price = {
            "currency": "usd",
            "unit_amount": amount,
            "product_data": {"name": "Account 17"},
        }
        asked: Any = {
            "mode": "payment",
            "line_items": [{"price_data": price, "quantity": 1}],
            "success_url": self.app.url + "/thanks?session={CHECKOUT_SESSION_ID}",
            "cancel_url": self.app.url + "/cancelled",
        }
        return self.stripe.v1.checkout.sessions.create(params=asked | more)

    def pay(self, session: str, **how: str) -> Any:
        return self.control.post(f"/checkout/{session}/pay", json=how).json()

    def act(self, path: str, **body: Any) -> Any:
        """Steer by the control API; return what it answers."""
        answer = self.control.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def save(self, token: str) -> Any:
        """A card or bank account saved by a customer of its own."""
        customer = self.stripe.v1.customers.create()
        return self.stripe.v1.payment_methods.attach(token, params={"customer": customer.id})

    def charge(self, method: Any, amount: int = 5000, **more: Any) -> Any:
        """Charge a saved card or bank account, the person not being there."""
        asked: Any = {
            "amount": amount,
            "currency": "usd",
            "customer": method.customer,
            "payment_method": method.id,
            "confirm": True,
            "off_session": True,
        }
        return self.stripe.v1.payment_intents.create(params=asked | more)

    def told(self) -> list[Any]:
        """Every event of Stripe's so far, in the order in which they happened."""
        return list(self.stripe.v1.events.list(params={"limit": 100}).data)[::-1]

    def told_types(self) -> list[str]:
        return [event.type for event in self.told()]

    def believes_twilio(self, call: Heard) -> bool:
        validator = RequestValidator(self.secrets["twilio"]["auth_token"])
        return bool(validator.validate(call.url, call.form, call.headers["x-twilio-signature"]))

    def believes_sendgrid(self, call: Heard) -> bool:
        verifier = EventWebhook(self.secrets["sendgrid"]["webhook_public_key"])
        prefix = "x-twilio-email-event-webhook-"
        signature, at = call.headers[prefix + "signature"], call.headers[prefix + "timestamp"]
        return bool(verifier.verify_signature(call.body.decode(), signature, at))

    def stripe_event(self, call: Heard) -> Any:
        secret = self.secrets["stripe"]["webhook_secret"]
        return Webhook.construct_event(call.body, call.headers["stripe-signature"], secret)


@contextlib.contextmanager
def running(data: Path, app: Ear) -> Iterator[Running]:
    with serving(create_app(data, app.url)) as base:
        sandbox = Running(base, data, app)
        try:
            yield sandbox
        finally:
            sandbox.close()


@pytest.fixture(scope="session")
def _sandbox(tmp_path_factory: pytest.TempPathFactory, _hearing: Ear) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("sandbox"), _hearing) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_sandbox: Running, app: Ear) -> Iterator[Running]:
    """The one running sandbox, with nothing in it."""
    yield _sandbox
    # What this test did not wait for must not be heard by the next one.
    _sandbox.control.post("/settle", params={"timeout": 1})
    _sandbox.control.post("/reset").raise_for_status()


@pytest.fixture
def start(tmp_path: Path, app: Ear) -> Callable[[], contextlib.AbstractContextManager[Running]]:
    """Start a sandbox on a directory of this test's own, as often as it likes."""
    return lambda: running(tmp_path, app)


def plain(html: str) -> str:
    """What a person reads of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<style.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL))
