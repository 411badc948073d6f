"""What carries a message: one interface for every channel."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlencode

from domain.contacts import Channel
from providers.messages import Rendered
from providers.outcomes import Accepted, Found, Outcome, Search
from providers.sendgrid import SendGrid
from providers.twilio import Twilio


@dataclass(frozen=True)
class Envelope:
    """A message ready to leave. `key` travels with it, so that reports find their way back."""

    key: str
    to: str
    words: Rendered


class Carrier(Protocol):
    """A way to send on one channel, and to find out afterwards whether something was sent."""

    @property
    def lag(self) -> timedelta:
        """How long the provider's own list may lag: before that, "missing" proves nothing."""

    def send(self, envelope: Envelope) -> Outcome:
        """Hand the message to the provider, once."""

    def find(self, envelope: Envelope, since: datetime) -> Search:
        """Look at the provider for this very message, sent since that wall-clock instant."""


Carriers = dict[Channel, Carrier]


@dataclass(frozen=True)
class Texts:
    """Text messages through Twilio."""

    twilio: Twilio
    lag: timedelta
    public_url: str

    def send(self, envelope: Envelope) -> Outcome:
        """Send it; the callback's address carries the key, and is signed with it."""
        back = f"{self.public_url}/webhooks/twilio/status?{urlencode({'contact': envelope.key})}"
        return self.twilio.send_sms(envelope.to, envelope.words.text, back)

    def find(self, envelope: Envelope, since: datetime) -> Search:
        """Look for these very words: every text carries a link of its own."""
        return self.twilio.find_sms(envelope.to, envelope.words.text, since)


@dataclass(frozen=True)
class Emails:
    """E-mail through SendGrid."""

    sendgrid: SendGrid
    lag: timedelta

    def send(self, envelope: Envelope) -> Outcome:
        """Send it; the key travels as a custom argument."""
        words = envelope.words
        return self.sendgrid.send_email(
            envelope.to, words.subject or "", words.text, words.html or "", envelope.key
        )

    def find(self, envelope: Envelope, since: datetime) -> Search:  # noqa: ARG002 -- the key tells
        """Look for the key."""
        return self.sendgrid.find_email(envelope.key)


@dataclass(frozen=True)
class Calls:
    """Calls, by way of the list that a creditor's dialler or an agent works through.

    The intent that is on record is the place on the list: see `storage.calls`. So nothing has to be
    handed to anybody, and nothing can get lost on the way.
    """

    lag: timedelta = timedelta(0)

    def send(self, envelope: Envelope) -> Outcome:
        """It is listed."""
        return Accepted(provider_id=envelope.key)

    def find(self, envelope: Envelope, since: datetime) -> Search:  # noqa: ARG002 -- on record
        """It was listed when its intent was written."""
        return Found(provider_id=envelope.key)
