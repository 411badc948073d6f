"""What carries a message: one interface for every channel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, Self
from urllib.parse import urlencode

from domain.contacts import Channel
from providers.messages import Rendered
from providers.outcomes import Accepted, Found, NotSent, Outcome, Search, Unknown
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


@dataclass(frozen=True)
class Gap:
    """The time between a backup and its restoring: what left then, the record does not know."""

    since: datetime
    until: datetime

    @classmethod
    def read(cls, text: str) -> "Gap":
        """From two instants with a slash between; ValueError if it is something else."""
        since, _, until = text.partition("/")
        return cls(datetime.fromisoformat(since), datetime.fromisoformat(until))


@dataclass(frozen=True)
class TextsAfterGap(Texts):
    """Text messages over a record that was restored: what left in the gap is not sent again."""

    gap: Gap
    unknown: Callable[[Sequence[str]], list[str]]
    """Which of these ids of Twilio's the record does not know."""

    @classmethod
    def over(cls, texts: Texts, gap: Gap, unknown: Callable[[Sequence[str]], list[str]]) -> Self:
        """The same way to send, with that gap behind it."""
        return cls(texts.twilio, texts.lag, texts.public_url, gap, unknown)

    def send(self, envelope: Envelope) -> Outcome:
        """Take a text that left for this number in the gap for this one; else send it.

        Texts do not name their contact, so the oldest that nobody knows counts. The caller holds
        the person, so that no other contact takes the same.
        """
        listed = self.twilio.sent_sms(envelope.to, self.gap.since, self.gap.until)
        if isinstance(listed, Unknown):
            return NotSent(reason=listed.reason)
        for left in self.unknown(listed):
            return Accepted(provider_id=left)
        return super().send(envelope)


@dataclass(frozen=True)
class EmailsAfterGap(Emails):
    """E-mail over a record that was restored: what left in the gap is not sent again."""

    @classmethod
    def over(cls, emails: Emails) -> Self:
        """The same way to send, with a gap behind it."""
        return cls(emails.sendgrid, emails.lag)

    def send(self, envelope: Envelope) -> Outcome:
        """Ask for the key first: e-mails carry theirs."""
        match self.sendgrid.find_email(envelope.key):
            case Found(provider_id=left):
                return Accepted(provider_id=left)
            case Unknown(reason=reason):
                return NotSent(reason=reason)
        return super().send(envelope)
