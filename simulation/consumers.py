"""How simulated consumers answer: a small model per message, with its sources.

Every draw is a hash of seed, person and message, so that the same people answer the same way in
whatever order things happen.
"""

from dataclasses import dataclass
from enum import StrEnum

from simulation.portfolio import draw

PAYS = (0.146, 0.112, 0.112, 0.090, 0.079, 0.071, 0.064, 0.059)
"""Chance to act on the n-th contact: success by number of contacts among 45,211 people phoned
(UCI data set 222; a campaign that sold deposits, not debt: an assumption here)."""

TAKES_PLAN = 0.55
GOOD_CARD = 0.6
"""Assumptions: an offered plan is accepted; the card then given does not fail later."""

ENGAGES, RESTARTS = 0.6, 0.919
"""After a broken plan: engages at all (assumption), and then restarts rather than pays in full
(a vendor's claim: 91.9 % and 8.1 %)."""


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

OFFERS = frozenset({"plan_offer", "fresh_offer"})
BROKEN = frozenset({"instalment_failed"})
KEPT = frozenset({"instalment_due"})
CARD = frozenset({"payment_missed", "last_notice"})


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
        pays = PAYS[min(number, len(PAYS)) - 1]
        if dice < pays:
            return Answer.STORES_CARD if message in CARD else Answer.PAYS
        return _says((dice - pays) / (1 - pays))

    def _mends(self, about: str) -> Answer:
        if draw(self.seed, self.reference, about, "engages") >= ENGAGES:
            return Answer.IGNORES
        restarts = draw(self.seed, self.reference, about, "restarts") < RESTARTS
        return Answer.PAYS_DUE if restarts else Answer.PAYS

    def card(self, about: str) -> str:
        """The number of the test card that they give."""
        good = draw(self.seed, self.reference, about, "card") < GOOD_CARD
        return "4242424242424242" if good else "4000000000000341"


def _says(dice: float) -> Answer:
    reached = 0.0
    for share, answer in SAYS:
        reached += share
        if dice < reached:
            return answer
    return Answer.IGNORES
