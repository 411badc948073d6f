"""Stripe's sandbox behind a real socket, and the real SDK: what tests that take money stand on."""

import json
import os
import socket
import threading
import time
from contextlib import contextmanager

import httpx
import stripe as sdk
import uvicorn

from domain.accounts import StoredCard
from providers.settings import StripeSettings
from providers.stripe import Stripe
from sandbox.app import create_app

# The SDKs honour proxies even for loopback.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"

PATIENCE = 10
NOWHERE = "http://127.0.0.1:9"
"""Nobody hears webhooks here: what is found out is found out by asking."""

WORKS, FAILS = "4242424242424242", "4000000000000341"
NO_FUNDS, MASTERCARD_FAILS = "4000000000990069", "5500000000990085"
ASKS_THE_PERSON = "4000002760003184"
DEBIT = "4000056655665556"


class Bank:
    """The sandbox's Stripe: our client for it, and everything a test does there or sees."""

    def __init__(self, base, control, told):
        self.base, self.control = base, control
        self.settings = StripeSettings(base_url=f"{base}/stripe", timeout_seconds=5, **told)
        self.stripe = Stripe(self.settings)
        self.sdk = sdk.StripeClient(told["api_key"], base_addresses={"api": f"{base}/stripe"}).v1

    def card(self, number=WORKS, holder="Jo"):
        """A card that somebody stores on a page; the same number of one holder is one card."""
        page = self.stripe.open_card_checkout(
            account_id="acc_1",
            link_code="code",
            plan_id=None,
            success_url=f"{self.base}/ok",
            cancel_url=f"{self.base}/back",
            key=f"store:{time.monotonic_ns()}",
        )
        self.pays(page.session_id, card=number, bank="approved", holder=holder)
        return self.stripe.retrieve_setup(page.session_id).card

    def saved(self, token):
        """A means of payment by its test token: the same token is the same card for everybody."""
        customer = self.sdk.customers.create({})
        method = self.sdk.payment_methods.attach(token, {"customer": customer.id})
        return StoredCard(customer=customer.id, payment_method=method.id)

    def page(self, account_id, amount, key=None):
        """A page on which an amount can be paid."""
        return self.stripe.open_checkout(
            amount=amount,
            account_id=account_id,
            link_code="code",
            title="Acme Bank",
            success_url=f"{self.base}/ok",
            cancel_url=f"{self.base}/back",
            key=key or f"page:{time.monotonic_ns()}",
        ).session_id

    def pays(self, session_id, **payment):
        """Somebody pays, or stores a card, on a page; what the page says of it."""
        answer = self.control.post(f"/checkout/{session_id}/pay", json={"card": WORKS} | payment)
        answer.raise_for_status()
        return answer.json()["status"]

    def fault(self, **fault):
        """Switch a fault of Stripe's on."""
        self.control.post("/faults", json={"provider": "stripe", **fault}).raise_for_status()

    def mend(self):
        """Switch every fault off."""
        self.control.delete("/faults").raise_for_status()

    def forget_keys(self):
        """Let a day pass for idempotency keys."""
        self.control.post("/stripe/keys/expire").raise_for_status()

    def act(self, what, intent_id, **body):
        """Let the bank settle a debit, or return it."""
        self.control.post(f"/payments/{intent_id}/{what}", json=body).raise_for_status()

    def calls(self, operation):
        """How often Stripe was asked this."""
        asked = {"provider": "stripe", "operation": operation, "limit": 5000}
        return len(self.control.get("/requests", params=asked).json()["requests"])

    def log(self):
        """What the sandbox counted."""
        return self.control.get("/log").json()

    def taken(self, account_id=None):
        """Minor units of every charge that took money, for one account or for all."""
        return [minor for owner, minor in self.charged() if account_id in {None, owner}]

    def charged(self):
        """Account and minor units of every charge that took money."""
        found = self.sdk.charges.list({"limit": 100}).auto_paging_iter()
        return [
            (each.metadata.to_dict().get("account_id"), each.amount)
            for each in found
            if each.status == "succeeded"
        ]


@contextmanager
def open_bank(data):
    """A sandbox of its own until the block ends."""
    port = _free_port()
    app = create_app(data, NOWHERE)
    config = uvicorn.Config(app, "127.0.0.1", port, log_level="critical", ws="none")
    config.timeout_graceful_shutdown = 1
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + PATIENCE
    while not server.started and time.monotonic() < deadline:
        thread.join(0.01)
    base = f"http://127.0.0.1:{port}"
    told = json.loads((data / "credentials.json").read_text())["stripe"]
    try:
        with httpx.Client(base_url=f"{base}/control", trust_env=False, timeout=30) as control:
            yield Bank(base, control, told)
    finally:
        server.should_exit = True
        thread.join(PATIENCE)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
