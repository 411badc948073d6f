"""What simulated consumers do, and how their behaviour is asked."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

from domain.contacts import Contact
from domain.contracts import RetryTerms
from domain.orders import Charged, DeclineKind
from domain.plans import Instalment


class Deed(StrEnum):
    """Something a consumer does about an account."""

    PAYS_ALL = "pays in full"
    PAYS_DUE = "pays what is due"
    PAYS_PART = "pays a part"
    """`minor` units of it."""
    ACCEPTS_PLAN = "accepts the plan"
    """With a card that is charged for each instalment."""
    ACCEPTS_BY_HAND = "accepts the plan, pays by hand"
    ASKS_PLAN = "asks to pay in parts"
    PROMISES = "promises to pay"
    """All of it, `within` so long. Whether they keep it is a deed of its own."""
    SETTLES = "settles for less"
    """Pays what the open settlement offer asks for; nothing happens without one."""
    STORES_CARD = "stores another card"
    CLAIMS_PAID = "says that it is paid"
    DISPUTES = "disputes the debt"
    """Places the dispute hold; `within` so long it is resolved by a person of ours."""
    HARDSHIP = "cannot pay at present"
    STATES_MEANS = "says what they can afford"
    """`minor` units a month."""
    OPTS_OUT = "opts out of the channel"
    STOPS = "stops all contact"
    """Cease and desist."""
    WRITES = "writes in their own words"
    ASKS_CALL = "asks for a call"
    COMPLAINS = "complains"
    """To a regulator or to the creditor: counted, and read by a person of ours."""
    TAKES_BACK = "takes the last payment back"
    """Through the bank, or as a refund."""


class Act(NamedTuple):
    """A deed, and how long after what caused it."""

    after: timedelta
    deed: Deed
    minor: int = 0
    within: timedelta = timedelta()


class Debt(NamedTuple):
    """What a consumer's behaviour may look at: facts they know, or that a model is fitted to."""

    account: str
    """The account's id: draws hang on it, so that two journeys meet the same people."""
    person: str
    """The person's reference: the same for all their accounts."""
    balance: int
    """Minor units still owed now."""
    opening: int
    """Minor units owed when it was placed."""
    currency: str
    due_on: date
    journey: str
    has_plan: bool
    autopay: bool
    overdue: Instalment | None
    """The plan's last instalment past its day and not covered."""
    instalment: Instalment | None
    """The plan's next instalment that is open."""
    zone: str = "UTC"
    """Where they are, an IANA zone: people act by their own clock."""
    has_offer: bool = False
    """A plan is offered and not accepted yet."""
    has_settlement: bool = False
    """An offer to settle for less is open."""
    asked_to_stop: bool = False
    """They have opted out of a channel, or stopped all contact."""
    cards: int = 0
    """Cards they gave since it was placed; 0: what is charged is the card that it came with."""
    declined: DeclineKind | None = None
    """What the last charge of the stored card asks for; None: it was paid, or never tried."""
    tried: tuple[datetime, ...] = ()
    """When the charge at hand was tried before on the stored card and declined, soonest first."""
    retries: RetryTerms = RetryTerms()
    """How often the account's contract has a declined charge tried again."""


class Behaviour(Protocol):
    """How consumers act. Every answer depends on its arguments and the seed alone."""

    def at_placement(self, debt: Debt, at: datetime) -> Sequence[Act]:
        """What they do by themselves, whether anybody contacts them or not."""

    def on_contact(self, debt: Debt, contact: Contact, number: int) -> Sequence[Act]:
        """What they do after a contact that was made: the `number`-th they had, on any account."""

    def on_payment(self, debt: Debt, minor: int, number: int) -> Sequence[Act]:
        """What follows the account's `number`-th payment, such as taking it back."""

    def is_delivered(self, debt: Debt, contact_key: str, channel: str) -> bool:
        """Whether what was sent reaches them; if not, it is returned an hour later."""

    def answers_call(self, debt: Debt, contact_key: str) -> bool:
        """Whether they pick up a call."""

    def charge(self, debt: Debt, number: int, at: datetime) -> Charged:
        """What becomes of the account's `number`-th charge of the stored card.

        `version` and `balance` are filled in by the world. `again_at` says when the card may be
        tried again after a decline.
        """
