"""What the gate is asked, and the facts on which it answers. No names, no addresses."""

from dataclasses import MISSING, fields
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from operator import not_
from typing import Any

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
)

from domain.contacts import Channel, ContactStatus, Dial, Place, Purpose, Recipient
from domain.models import value
from domain.people import Profile, StandingHold


class Said(StrEnum):
    """What a written message was seen to contain; rules demand or forbid it."""

    OPT_OUT = "opt-out"
    """A simple way to opt out of further messages to this address."""
    COLLECTOR = "from a debt collector"
    """That it comes from a debt collector (12 CFR 1006.18(e))."""
    COLLECTOR_FIRST = "attempt to collect"
    """That it is an attempt to collect, and that information will be used for that."""
    IDENTITY = "identity"
    """Who writes, and for whom."""
    CALLBACK = "call-back"
    """A number or address at which we can be reached."""
    RECORDING = "recording"
    """That the call is recorded."""
    TIME_BAR = "time-bar notice"
    """That the time to sue is over, in the words that the place asks for."""
    VALIDATION = "validation information"
    DISPUTE = "how to dispute"
    DEMAND = "demand"
    """It asks for payment."""
    PAYMENT_LINK = "payment link"
    LEGAL_THREAT = "legal threat"
    """It says or hints that we may sue."""
    MARKETING = "marketing"
    LANGUAGE = "their language"
    """It is in the person's language, or in the one that the place asks for."""


class Content(BaseModel):
    """What is in a message that has been written, as far as rules ask."""

    model_config = ConfigDict(frozen=True)

    said: frozenset[Said] = frozenset()
    demanded: int | None = None
    """Minor units that it asks for."""
    owed: int | None = None
    """Minor units of the balance at that moment."""


class Actor(StrEnum):
    """Who collects."""

    AGENCY = "agency"
    BUYER = "buyer"
    CREDITOR = "creditor"


class Sector(StrEnum):
    """What kind of creditor the debt is owed to."""

    BANK = "bank"
    NON_BANK = "non-bank"


class ContactRequest(BaseModel):
    """A wish to contact a person about one account."""

    model_config = ConfigDict(frozen=True)

    account_id: str
    channel: Channel
    purpose: Purpose = Purpose.DEMAND
    place: Place = Place.UNKNOWN
    recipient: Recipient = Recipient.CONSUMER
    dial: Dial = Dial.MANUAL
    dialling: bool = Field(default=False, exclude_if=not_)
    """Whoever asks is about to dial. A place that they do not know is bound by every rule that
    names places. What a journey asks for is bound by those once somebody dials it."""
    content: Content | None = None
    """None while it is not written yet: rules about content are asked once it is."""

    @property
    def may_be_anywhere(self) -> bool:
        """Whether it will ring at a place that nobody has told."""
        return self.dialling and self.place is Place.UNKNOWN


@lru_cache(maxsize=4_096)
def plain_request(account_id: str, channel: Channel, purpose: Purpose) -> ContactRequest:
    """A wish with nothing special about it: the same one, however often it is asked for."""
    return ContactRequest(account_id=account_id, channel=channel, purpose=purpose)


@value
class PastContact:
    """A contact that was made or tried, by us or by the person."""

    key: str
    account_id: str
    channel: Channel
    at: AwareDatetime
    status: ContactStatus = ContactStatus.SENT
    purpose: Purpose = Purpose.DEMAND
    inbound: bool = False
    """The person contacted us."""
    address: str = ""
    """What was used, as the record calls it outside: phone, email, former; never the number."""
    place: Place = Place.UNKNOWN
    dial: Dial = Dial.MANUAL
    debts: tuple[str, ...] = ()
    """Further accounts that it was about."""
    solicited: bool = False
    """The person asked for it, or agreed to it, beforehand."""

    @model_serializer(mode="wrap")
    def _without_defaults(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Hundreds are carried in histories: what is as usual is left out."""
        written: dict[str, Any] = handler(self)
        return {
            name: value
            for name, value in written.items()
            if name not in _USUAL or getattr(self, name) != _USUAL[name]
        }

    def about(self, account_id: str) -> bool:
        """Whether the account was a subject of it."""
        return account_id == self.account_id or account_id in self.debts


_USUAL: dict[str, Any] = {
    field.name: field.default for field in fields(PastContact) if field.default is not MISSING
}


class PersonFacts(Profile):
    """All the gate knows of a person. Holds are those on the account that asks."""

    creditor: str = ""
    actor: Actor | None = None
    """Who collects; None: not known, so that every rule binds."""
    sector: Sector | None = None
    opted_out: tuple[Channel, ...] = ()
    unreachable: tuple[Channel, ...] = ()
    """Channels for which we hold no usable address."""
    addresses: dict[Channel, str] = Field(default_factory=dict)
    """What each channel uses, as the record calls it outside: phone or email; never the number."""
    holds: tuple[StandingHold, ...] = ()
    contacts: tuple[PastContact, ...] = ()
    """Contacts of the person over all accounts, as far back as rules look, oldest first."""

    def standing(self, at: datetime) -> tuple[StandingHold, ...]:
        """Holds on the whole debt that stand at `at`. One on a part leaves the rest to be paid."""
        if not self.holds:
            return ()
        return tuple(each for each in self.holds if each.part is None and self._stands(each, at))

    def held_part(self, at: datetime) -> int:
        """Minor units of the debt that are held at `at`, such as a part that is disputed."""
        if not self.holds:
            return 0
        return sum(each.part or 0 for each in self.holds if self._stands(each, at))

    def _stands(self, hold: StandingHold, at: datetime) -> bool:
        return hold.stands(at, self.zones)

    def without(self, key: str) -> "PersonFacts":
        """The facts without the contact of that key, which does not stand in its own way."""
        others = tuple(each for each in self.contacts if each.key != key)
        if len(others) == len(self.contacts):
            return self
        return self.model_copy(update={"contacts": others})

    @field_validator("contacts")
    @classmethod
    def _oldest_first(cls, contacts: tuple[PastContact, ...]) -> tuple[PastContact, ...]:
        return tuple(sorted(contacts, key=lambda each: each.at))
