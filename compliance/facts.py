"""What the gate is asked, and the facts on which it answers."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from domain.accounts import Hold
from domain.contacts import Channel, Purpose


class ContactRequest(BaseModel):
    """A wish to contact a person about one account."""

    model_config = ConfigDict(frozen=True)

    account_id: str
    channel: Channel
    purpose: Purpose = Purpose.DEMAND


class PastContact(BaseModel):
    """A contact that uses up slots: made, or possibly made."""

    model_config = ConfigDict(frozen=True)

    key: str
    account_id: str
    channel: Channel
    at: datetime


class PersonFacts(BaseModel):
    """All the gate knows of a person. Holds are those on the account that asks."""

    model_config = ConfigDict(frozen=True)

    country: str
    zones: tuple[str, ...] = Field(min_length=1)
    """Where the person may be. Without one, no rule could bind, so one is asked for."""
    opted_out: tuple[Channel, ...] = ()
    unreachable: tuple[Channel, ...] = ()
    """Channels for which we hold no usable address."""
    holds: tuple[Hold, ...] = ()
    contacts: tuple[PastContact, ...] = ()
    """Counted contacts of the person over all accounts, inside the longest window."""
