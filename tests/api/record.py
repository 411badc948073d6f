"""A real record and a hand-made door: what tests of hearing and of the API stand on."""

import base64
import hashlib
import itertools
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode

import stripe as stripe_sdk
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import text
from twilio.request_validator import RequestValidator

from activities.doors import AccountClosed, DifferentPlacement
from api.services import Services
from domain.accounts import Closure, Placement, StoredCard
from domain.contacts import Message
from domain.money import Money
from providers.charges import ACCOUNT, CardSetup, Checkout, Intent, PageEnd, Paid
from providers.outcomes import ProviderDown, ProviderRefused
from providers.refunds import Refund
from providers.sendgrid import SendGrid
from providers.settings import SendGridSettings, StripeSettings, TwilioSettings
from providers.stripe import Stripe
from providers.twilio import Twilio
from storage import Database, accounts, contacts, ledger
from storage.tables import ContactRow
from workers.settings import Settings
from workflows.messages import AccountState, NextStep
from workflows.names import workflow_id

NOW = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
PUBLIC = "https://tahsil.test"
TOKEN, SECRET = "twilio-token", "whsec_test"
SIGNING_KEY = ec.generate_private_key(ec.SECP256R1())
NUMBERS = itertools.count(1)
STRANGE = "pi_strange"
"""A payment that somebody else took at Stripe."""

PEM = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
PUBLIC_KEY = base64.b64encode(SIGNING_KEY.public_key().public_bytes(*PEM)).decode()


@dataclass
class FakeDoor:
    """Accounts' workflows in memory: they record what is placed, and remember what they hear."""

    database: Database
    told: list[Any] = field(default_factory=list)
    orders: list[Any] = field(default_factory=list)
    placed: dict[str, Placement] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    bulks: list[str] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    ending: dict[str, Closure] = field(default_factory=dict)
    reopened: list[Any] = field(default_factory=list)
    failure: Exception | None = None

    async def begin(self, placement):
        self._fail()
        known = self.placed.setdefault(
            workflow_id(placement.creditor, placement.reference), placement
        )
        if known != placement:
            raise DifferentPlacement
        record(self.database, placement)

    async def reopen(self, reopened, news):
        self._fail()
        self.reopened.append((reopened, news))

    async def tell(self, target, event):
        self._fail()
        self.told.append((target, event))

    async def instruct(self, target, verb, instruction):
        self._fail()
        if target in self.ending:
            with self.database.transaction() as session:
                of = self.placed[target].account_id
                accounts.close(session, of, self.ending[target], at=NOW)
        if target in self.closed:
            raise AccountClosed
        self.orders.append((target, verb, instruction))
        return self._state(target)

    async def state(self, target):
        return self._state(target) if target in self.placed else None

    async def begin_bulk(self, instruction_id):
        self._fail()
        self.bulks.append(instruction_id)

    async def place_file(self, placement_id):
        self._fail()
        self.files.append(placement_id)

    def ends_on(self, target, closure):
        """Its workflow comes to its end just before it is told anything."""
        self.closed.add(target)
        self.ending[target] = closure

    def heard(self, target=None):
        """The events told, to one workflow or to all."""
        return [event for each, event in self.told if target in {None, each}]

    def _fail(self):
        if self.failure is not None:
            raise self.failure

    def _state(self, target):
        placement = self.placed[target]
        return AccountState(
            account_id=placement.account_id,
            journey=placement.journey,
            stage="reminders",
            balance=placement.balance,
            version=1,
            next=NextStep(until=NOW, why="until they answer"),
            at=NOW,
        )


class FakeStripe(Stripe):
    """Stripe without the network: pages open at once, and cards are stored on them."""

    def __init__(self):
        super().__init__(_settings()[3])
        self.opened, self.down = {}, False
        self.refunds, self.refusal = [], None
        self.given: dict[str, datetime] = {}
        self.expired: list[str] = []
        self.ends: dict[str, PageEnd] = {}

    def open_checkout(self, *, key, **asked):
        return self._page(key, asked)

    def open_card_checkout(self, *, key, **asked):
        return self._page(key, asked)

    def _page(self, key, asked):
        if self.down:
            raise ProviderDown("Stripe gave no answer")
        session = f"cs_{hashlib.sha256(key.encode()).hexdigest()[:12]}"
        self.opened[session] = asked
        return Checkout(session_id=session, url=f"https://checkout.test/{session}")

    def close_page(self, session_id):
        if self.down:
            raise ProviderDown("Stripe gave no answer")
        self.expired.append(session_id)
        return self.ends.get(session_id, PageEnd(state="unpaid"))

    def retrieve_setup(self, session_id):
        if self.down:
            raise ProviderDown("Stripe gave no answer")
        card = StoredCard(customer="cus_1", payment_method="pm_1")
        return CardSetup(session_id=session_id, card=card, metadata={})

    def retrieve_intent(self, intent_id):
        if self.down:
            raise ProviderDown("Stripe gave no answer")
        return Intent(
            intent_id=intent_id,
            amount=usd(1),
            metadata={} if intent_id == STRANGE else {ACCOUNT: "acc_somebody"},
            settled=Paid(intent_id=intent_id),
            given_at=self.given.get(intent_id),
        )

    def refund(self, *, intent_id, amount, key):
        if self.down:
            raise ProviderDown("Stripe gave no answer")
        if self.refusal:
            raise ProviderRefused("Stripe", self.refusal)
        made = Refund(
            refund_id=f"re_{len(self.refunds) + 1}",
            intent_id=intent_id,
            amount=amount,
            status="succeeded",
            key=key,
        )
        self.refunds.append(made)
        return made

    def refunds_of(self, intent_id):
        if self.down:
            raise ProviderDown("Stripe gave no answer")
        return [each for each in self.refunds if each.intent_id == intent_id]


def services(database, door):
    """The API's services, with real signatures and without a network."""
    ours, twilio, sendgrid, _ = _settings()
    return Services(
        settings=ours,
        database=database,
        door=door,
        twilio=Twilio(twilio),
        sendgrid=SendGrid(sendgrid),
        stripe=FakeStripe(),
        wall=lambda: NOW,
    )


@cache
def _settings():
    """Made once: each would look in the environment and in files, and name the code's build."""
    return (
        Settings(
            database_url="unused",
            public_url=PUBLIC,
            temporal_ui_url="http://temporal.test",
            sandbox_url="http://sandbox.test",
        ),
        TwilioSettings(account_sid="AC1", auth_token=TOKEN, messaging_service_sid="MG1"),
        SendGridSettings(api_key="SG.1", webhook_public_key=PUBLIC_KEY, sender="acme@example.com"),
        StripeSettings(api_key="sk_test", webhook_secret=SECRET),
    )


def account_json(**changes):
    """An account as a creditor sends it: of a person of their own unless told otherwise."""
    number = next(NUMBERS)
    consumer = {
        "reference": f"C{number}",
        "name": "Jo Secret",
        "country": "US",
        "phone": f"+1716{2_000_000 + number}",
        "email": f"jo.secret{number}@example.com",
    } | changes.pop("consumer", {})
    return {
        "reference": f"A{number}",
        "balance": {"minor": 20_000, "currency": "USD"},
        "due_on": "2026-10-01",
        "consumer": consumer,
    } | changes


def placement(**changes):
    """A placement by Acme."""
    return Placement.model_validate({"creditor": "acme"} | account_json(**changes))


def record(database, placed):
    """Put a placement on record, as the account's workflow does."""
    target = workflow_id(placed.creditor, placed.reference)
    with database.transaction() as session:
        accounts.write(session, placed, workflow_id=target, at=NOW)
    return target


def contact(database, placed, key="c#1", *, name="nudge", channel="sms", offer=None, at=NOW):
    """A message about an account that has been sent."""
    with database.transaction() as session:
        session.add(
            ContactRow(
                key=key,
                account_id=placed.account_id,
                person_id=placed.person_id,
                channel=channel,
                message=name,
                purpose=Message(channel=channel, name=name).purpose,
                address=placed.consumer.phone if channel == "sms" else placed.consumer.email,
                status="sent",
                link=f"link-{key}".replace("#", "-"),
                offer=offer.model_dump(mode="json") if offer else None,
                at=at,
            )
        )
    return f"link-{key}".replace("#", "-")


def status_of(database, key="c#1"):
    with database.transaction() as session:
        found = contacts.by_key(session, key)
        assert found
        return found.status


def books(database, placed):
    """Balance and movements of an account."""
    with database.transaction() as session:
        found = ledger.movements(session, placed.account_id)
        return ledger.balance(session, placed.account_id), sorted(each.key for each in found)


def until_somebody_waits(session):
    """Come back once another transaction waits for what this one holds."""
    waiting = text("select count(*) from pg_locks where locktype = 'advisory' and not granted")
    for _ in range(100_000):
        if session.scalar(waiting):
            return
    raise AssertionError("nobody waits")


def usd(minor):
    return Money(minor=minor, currency="USD")


def twilio_signed(path, form, *, token=TOKEN):
    """A webhook as Twilio sends it: body and headers."""
    signature = RequestValidator(token).compute_signature(PUBLIC + path, form)
    return {
        "content": urlencode(form),
        "headers": {
            "content-type": "application/x-www-form-urlencoded",
            "x-twilio-signature": signature,
        },
    }


def sendgrid_signed(raw, *, key=SIGNING_KEY, at=NOW, content_type="application/json"):
    """A webhook as SendGrid sends it."""
    stamp = str(int(at.timestamp()))
    signature = key.sign(stamp.encode() + raw, ec.ECDSA(hashes.SHA256()))
    return {
        "content": raw,
        "headers": {
            "content-type": content_type,
            "x-twilio-email-event-webhook-signature": base64.b64encode(signature).decode(),
            "x-twilio-email-event-webhook-timestamp": stamp,
        },
    }


def stripe_signed(event, *, secret=SECRET):
    """A webhook as Stripe sends it."""
    raw = event if isinstance(event, str) else json.dumps(event)
    header = stripe_sdk.WebhookSignature.generate_signature_header(raw, secret)
    return {"content": raw, "headers": {"stripe-signature": header}}


def stripe_event(kind, subject, event_id=None):
    """An event of Stripe's about an object."""
    named = event_id or f"evt_{kind}_{subject['id']}"
    return {
        "id": named,
        "object": "event",
        "type": kind,
        "created": int(NOW.timestamp()),
        "data": {"object": subject},
    }
