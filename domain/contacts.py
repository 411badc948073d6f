"""Contacts: a message on a channel, and what became of it."""

from datetime import datetime
from enum import StrEnum
from functools import cache, lru_cache

from domain.models import value


class Channel(StrEnum):
    """A way to reach a consumer."""

    SMS = "sms"
    EMAIL = "email"
    VOICE = "voice"
    LETTER = "letter"
    CHAT = "chat"
    WHATSAPP = "whatsapp"
    VISIT = "visit"


class Purpose(StrEnum):
    """Why a message is sent; rules differ by it."""

    DEMAND = "demand"
    """We start the contact and it concerns payment."""
    REPLY = "reply"
    """The consumer asked for it; it answers and does not demand."""
    VALIDATION = "validation notice"
    """What the debt is, and how to dispute it (12 CFR 1006.34)."""
    NOTICE = "notice"
    """Another law asks for it, such as a notice of assignment or before a debit."""
    REMEDY = "remedy notice"
    """After a cease: that efforts end, or that a remedy is intended (12 CFR 1006.6(c)(2))."""
    CONFIRMATION = "opt-out confirmation"
    """Confirms an opt-out, and says nothing else."""
    CONSENT = "consent request"
    """Asks for consent, and says nothing of the debt."""
    LOCATION = "location"
    """Asks a third person where the consumer is, and says nothing of a debt."""
    FURNISH = "furnishing"
    """Reporting the debt to a credit bureau: no contact, but whoever reports may ask the gate."""
    DEBIT = "debit"
    """Taking money by a standing authority: no contact, but whoever takes it may ask the gate."""


CONTACTING = frozenset(Purpose) - {Purpose.FURNISH, Purpose.DEBIT}
"""Purposes for which somebody is contacted."""


class Place(StrEnum):
    """Where a contact reaches the consumer, as far as is known."""

    UNKNOWN = "unknown"
    HOME = "home"
    MOBILE = "mobile"
    WORK = "work"


class Recipient(StrEnum):
    """Whom a contact reaches."""

    CONSUMER = "consumer"
    SPOUSE = "spouse"
    GUARANTOR = "guarantor"
    ATTORNEY = "attorney"
    THIRD_PARTY = "third party"


class Dial(StrEnum):
    """How a call is made."""

    MANUAL = "manual"
    AUTOMATIC = "automatic"
    PRERECORDED = "prerecorded"
    AI_VOICE = "ai voice"
    RINGLESS = "ringless"
    """Voicemail without a ring: a call placed all the same (12 CFR 1006 Supp. I, 14(b)(1)-1)."""


@value
class Message:
    """A named message on a channel; its words live in `journeys/messages`, per language."""

    channel: Channel
    name: str
    purpose: Purpose = Purpose.DEMAND

    def __str__(self) -> str:
        return _told(self.channel, self.name)


@lru_cache
def _told(channel: Channel, name: str) -> str:
    return f"{channel} {name}"


@cache
def sms(name: str) -> Message:
    """A text message that we start."""
    return Message(channel=Channel.SMS, name=name)


@cache
def email(name: str) -> Message:
    """An e-mail that we start."""
    return Message(channel=Channel.EMAIL, name=name)


@cache
def voice(name: str) -> Message:
    """A call that we start: what to say in it, for whoever makes it."""
    return Message(channel=Channel.VOICE, name=name)


LISTED = "listed-"
"""Begins the keys of calls that journeys ask for, beside those that diallers give their own."""


def call_key(account_id: str, key: str) -> str:
    """The contact's key of a call: keys that whoever dials gives are unique to one account."""
    return f"{account_id}/call/{key}"


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
    # what became of a call
    NOT_IN_SERVICE = "not in service"
    BUSY = "busy"
    NO_ANSWER = "no answer"
    """It rang, and nobody answered."""
    NO_MESSAGE = "voicemail, no message"
    """A recording answered, and no message was left."""
    MAILBOX_FULL = "voicemail full"
    VOICEMAIL = "voicemail"
    """A message was left."""
    WRONG_PARTY = "wrong party"
    DROPPED = "dropped"
    """Answered, and cut off before anything was said."""
    CONVERSATION = "conversation"
    """The right person talked about the debt, whoever called whom."""


NOTHING_LEFT = frozenset({ContactStatus.REJECTED, ContactStatus.REFUSED, ContactStatus.UNAVAILABLE})
"""Statuses of which we know that no message or call left us at all."""

COUNTED = frozenset(ContactStatus) - NOTHING_LEFT
"""Statuses of a contact that was made or tried: it left us, or may have left."""


class Count(StrEnum):
    """What a rule counts: the words laws use for what became of an attempt."""

    PLACED = "placed"
    """Whatever left us, or may have left, whatever became of it."""
    CONNECTED = "connected"
    """A call that rang, was answered or met a recording; a message that left."""
    COULD_LEAVE_MESSAGE = "could have left a message"
    """As connected, or unanswered where a voicemail could have been left."""
    MADE = "contact made"
    """Somebody was reached: an answered call, a voicemail, a message that left."""
    DELIVERED = "delivered"
    """As made, without what was returned or reached somebody else."""
    CONVERSATION = "conversation"


_NEVER_RANG = frozenset({ContactStatus.BUSY, ContactStatus.NOT_IN_SERVICE})
_NOBODY = frozenset({ContactStatus.NO_ANSWER, ContactStatus.NO_MESSAGE, ContactStatus.MAILBOX_FULL})
_CONNECTED = COUNTED - _NEVER_RANG
_MADE = _CONNECTED - _NOBODY

COUNTS: dict[Count, frozenset[ContactStatus]] = {
    Count.PLACED: COUNTED,
    Count.CONNECTED: _CONNECTED,
    Count.COULD_LEAVE_MESSAGE: _CONNECTED - {ContactStatus.MAILBOX_FULL},
    Count.MADE: _MADE,
    Count.DELIVERED: _MADE - {ContactStatus.UNDELIVERED, ContactStatus.WRONG_PARTY},
    Count.CONVERSATION: frozenset({ContactStatus.CONVERSATION}),
}
"""Which statuses each count takes in. A fate that is not known yet counts against us: INTENDED,
SENT and UNKNOWN stand in all of them but CONVERSATION."""


@value
class Contact:
    """One attempt to contact and its result, as a stage sees it."""

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
