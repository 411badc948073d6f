"""What happens in simulated lives: the one stream that timelines, tallies and checks read."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class What(StrEnum):
    """A kind of happening."""

    PLACED = "placed"
    STAGE = "stage"
    """A stage begins; `detail` names it."""
    WAITED = "waited"
    """The law lets a contact wait; `detail` is the message, `rule` the rule that decides."""
    PAUSED = "paused"
    """The stage waits `until` then, or is on hold; told only to who asks for reasons."""
    REFUSED = "refused"
    """The law refuses a contact; `detail` is the message, `rule` the first rule that refuses."""
    CONTACT = "contact"
    """A contact was tried; `detail` is the message ("sms nudge"), `status` what came of it."""
    DID = "did"
    """The consumer did something; `detail` is the deed."""
    PAID = "paid"
    """Money came: `minor` units of it; `detail` says how (page, charge, transfer)."""
    REVERSED = "reversed"
    """`minor` units of a payment went back."""
    CHARGE = "charge"
    """A stored card was charged; `status` is what came of it."""
    HANDED = "handed over"
    """A person of ours was asked; `detail` says why."""
    SWITCHED = "switched"
    """The account takes another journey; `detail` names it."""
    CLOSED = "closed"
    """The journey is over; `detail` is the closure."""


class Happening(NamedTuple):
    """Something that happened to an account at some time."""

    at: datetime
    """Aware, UTC."""
    account: str
    """The account's id."""
    what: What
    detail: str = ""
    status: str = ""
    rule: str = ""
    """The id of the rule that decided, where the law did."""
    why: str = ""
    """In words, why this happened then; empty where nobody asked for reasons."""
    minor: int = 0
    """Minor units that moved, where money did."""
    until: datetime | None = None
    """Until when it waits; None where it does not, or where nobody knows."""
