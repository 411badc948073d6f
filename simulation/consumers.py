"""How simulated consumers answer: a small model per message, with its sources.

Every draw is a hash of seed, person and message, so that the same people answer the same way in
whatever order things happen.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from simulation.portfolio import draw

PAYS = (0.146, 0.112, 0.112, 0.090, 0.079, 0.071, 0.064, 0.059)
"""Chance to act on the n-th contact: success by number of contacts among 45,211 people phoned
(UCI data set 222; a campaign that sold deposits, not debt: an assumption here)."""

TAKES_PLAN = 0.55
GOOD_CARD = 0.6
"""Assumptions: an offered plan is accepted; the card then given does not fail later."""

BY_PHONE = 0.5
"""Assumption: of those who engage after a broken plan, who waits for the call."""

ENGAGES, RESTARTS = 0.6, 0.919
"""After a broken plan: engages at all (assumption), and then restarts rather than pays in full
(a vendor's claim: 91.9 % and 8.1 %)."""


_Choice = TypeVar("_Choice")


class Answer(StrEnum):
    """What a consumer does with a message."""

    IGNORES = "ignores it"
    PAYS = "pays in full"
    PAYS_DUE = "pays what is due"
    ACCEPTS = "accepts the plan"
    PLAN = "PLAN"
    PAID = "PAID"
    CALL_ME = "CALL ME"
    STOP = "STOP"
    DISPUTES = "I dispute this, it is not my debt"
    WRITES = "My hours were cut. Who can I talk to?"
    STORES_CARD = "stores another card"


SAYS = (
    (0.060, Answer.PLAN),
    (0.022, Answer.STOP),
    (0.012, Answer.DISPUTES),
    (0.012, Answer.PAID),
    (0.010, Answer.CALL_ME),
    (0.010, Answer.WRITES),
)
"""Assumption: chance of each reply to any message; the mix of complaints follows 322 narratives
of the CFPB (not mine 60, already paid 39, stop ignored 8)."""

OFFERS = frozenset({"plan_offer", "fresh_offer", "hardship_plan"})
BROKEN = frozenset({"instalment_failed", "instalment_missed"})
KEPT = frozenset({"instalment_due"})
DUE = frozenset({"instalment_reminder"})
CARD = frozenset({"payment_missed", "last_notice"})


class Ask(StrEnum):
    """What a consumer rings up about; an agent arranges it."""

    WEEKLY = "six instalments, weekly"
    FORTNIGHTLY = "four instalments, fortnightly"
    PAYDAY = "instalments after payday"
    PROMISE = "to pay in a week"
    SETTLEMENT = "to settle for less"
    HARDSHIP = "cannot pay at present"


ASKS = (
    (0.05, Ask.WEEKLY),
    (0.04, Ask.FORTNIGHTLY),
    (0.04, Ask.PAYDAY),
    (0.05, Ask.PROMISE),
    (0.05, Ask.SETTLEMENT),
    (0.03, Ask.HARDSHIP),
)
RINGS_WITHIN = 12
"""Assumptions: chance that an account is rung up about at all, by what is asked, on one of the
first days."""

PAYS_REMINDED = 0.85
"""Assumption: chance that a self-paid instalment is paid when its reminder comes."""

KEEPS_WORD = 0.7
"""Assumption: chance that what was agreed on the phone, a promise or a settlement, is paid."""

WANTS_BACK = 0.1
"""Assumption: chance that a payment is asked back, half of them of us, half through the bank."""


class Back(StrEnum):
    """How a consumer wants a payment back."""

    REFUND = "asks for a refund"
    CHARGEBACK = "disputes it with the bank"


@dataclass(frozen=True)
class Consumer:
    """One simulated person. `patience` is how many messages they have had so far."""

    seed: int
    reference: str

    def answer(self, message: str, *, number: int, about: str) -> Answer:
        """What they do with their `number`-th message, called `message`, about an account."""
        dice = draw(self.seed, self.reference, about, number, message)
        if message in OFFERS and draw(self.seed, self.reference, about, message) < TAKES_PLAN:
            return Answer.ACCEPTS
        if message in BROKEN:
            return self._mends(about)
        if message in KEPT:
            return Answer.IGNORES
        if message in DUE:
            return Answer.PAYS_DUE if dice < PAYS_REMINDED else Answer.IGNORES
        pays = PAYS[min(number, len(PAYS)) - 1]
        if dice < pays:
            return Answer.STORES_CARD if message in CARD else Answer.PAYS
        return _says((dice - pays) / (1 - pays))

    def _mends(self, about: str) -> Answer:
        """To a message they catch up or pay it all; the rest waits for the call."""
        if not self.engages(about) or draw(self.seed, self.reference, about, "calls") < BY_PHONE:
            return Answer.IGNORES
        return Answer.PAYS_DUE if self.restarts(about) else Answer.PAYS

    def rings(self, about: str) -> tuple[int, Ask] | None:
        """On which day of their journey they ring up about an account, and what they ask for."""
        asked = _drawn(ASKS, draw(self.seed, self.reference, about, "asks"))
        day = 1 + int(RINGS_WITHIN * draw(self.seed, self.reference, about, "rings"))
        return (day, asked) if asked else None

    def keeps_word(self, about: str) -> bool:
        """Whether they pay what they agreed to on the phone."""
        return draw(self.seed, self.reference, about, "word") < KEEPS_WORD

    def restarts(self, about: str) -> bool:
        """Whether they start a broken plan again on the phone, rather than pay it all."""
        return draw(self.seed, self.reference, about, "restarts") < RESTARTS

    def engages(self, about: str) -> bool:
        """Whether they talk to us at all when a plan is broken."""
        return draw(self.seed, self.reference, about, "engages") < ENGAGES

    def wants_back(self, payment: str) -> Back | None:
        """Whether they want a payment back, and how."""
        dice = draw(self.seed, self.reference, payment, "back")
        if dice >= WANTS_BACK:
            return None
        return Back.REFUND if dice < WANTS_BACK / 2 else Back.CHARGEBACK

    def card(self, about: str) -> str:
        """The number of the test card that they give."""
        good = draw(self.seed, self.reference, about, "card") < GOOD_CARD
        return "4242424242424242" if good else "4000000000000341"


def _says(dice: float) -> Answer:
    return _drawn(SAYS, dice) or Answer.IGNORES


def _drawn(shares: tuple[tuple[float, _Choice], ...], dice: float) -> _Choice | None:
    """The choice in whose share a number in [0, 1) falls; None for what is left."""
    reached = 0.0
    for share, choice in shares:
        reached += share
        if dice < reached:
            return choice
    return None
