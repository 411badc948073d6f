"""Contacts: a message on a channel, and what became of it."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Channel(StrEnum):
    """A way to reach a consumer."""

    SMS = "sms"
    EMAIL = "email"
    VOICE = "voice"
    LETTER = "letter"
    CHAT = "chat"


class Purpose(StrEnum):
    """Why a message is sent; rules differ by it."""

    DEMAND = "demand"
    """We start the contact and it concerns payment."""
    REPLY = "reply"
    """The consumer asked for it; it answers and does not demand."""


class Message(BaseModel):
    """A named message on a channel; its words live in `journeys/messages`, per language."""

    model_config = ConfigDict(frozen=True)

    channel: Channel
    name: str
    purpose: Purpose = Purpose.DEMAND

    def __str__(self) -> str:
        return f"{self.channel.value} {self.name}"


def sms(name: str) -> Message:
    """A text message that we start."""
    return Message(channel=Channel.SMS, name=name)


def email(name: str) -> Message:
    """An e-mail that we start."""
    return Message(channel=Channel.EMAIL, name=name)


class ContactStatus(StrEnum):
    """What became of one attempt to contact, as far as is known."""

    INTENDED = "intended"
    """Allowed and reserved; the provider has not answered yet."""
    SENT = "sent"
    """The provider accepted it."""
    DELIVERED = "delivered"
    """The provider reports that it arrived."""
    UNDELIVERED = "undelivered"
    """The provider accepted it and could not deliver it."""
    REJECTED = "rejected"
    """The provider refused it outright (bad number, opted out); nothing left."""
    REFUSED = "refused"
    """The gate refused it; nothing left."""
    UNAVAILABLE = "unavailable"
    """The provider stayed down past our patience; nothing left."""
    UNKNOWN = "unknown"
    """It may have left. It counts as a contact and is never sent again."""


COUNTED = frozenset(
    {
        ContactStatus.INTENDED,
        ContactStatus.SENT,
        ContactStatus.DELIVERED,
        ContactStatus.UNDELIVERED,
        ContactStatus.UNKNOWN,
    }
)
"""Statuses that use up a slot under a frequency cap: whatever left, or may have left."""


class Contact(BaseModel):
    """One attempt to contact and its result, as a stage sees it."""

    model_config = ConfigDict(frozen=True)

    key: str
    message: Message
    status: ContactStatus
    at: datetime
    """The account's time at which this became its result."""
    reasons: tuple[str, ...] = ()

    @property
    def made(self) -> bool:
        """Whether a message left, or may have left."""
        return self.status in COUNTED
