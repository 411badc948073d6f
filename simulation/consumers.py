"""What the demo adds to the model of people's behaviour: livelier figures, telephones, words.

A demo of a few weeks and a hundred accounts has to show what is rare, and can do only what the
sandbox's people can do: its figures are raised where that is needed, and everything else is the
model that backtests use.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from simulation.behaviour import Model
from simulation.deeds import Act, Deed
from simulation.dice import Dice
from simulation.parameters import shipped
from simulation.portfolio import FAILS, WORKS

RAISED: Mapping[str, object] = {
    "pays_on_contact": (0.14, 0.11, 0.11, 0.09, 0.08, 0.07, 0.06),
    "pays_part": (0.0, 0.0, 0.0),  # our pages take parts of a plan only
    "takes_plan": 0.65,
    "by_hand": 0.0,  # arranged on the phone
    "takes_back": 0.4,
    "blocks_calls": 0.2,
    "answers": 0.8,
    "replies": {
        Deed.ASKS_PLAN: 0.06,
        Deed.OPTS_OUT: 0.022,
        Deed.DISPUTES: 0.012,
        Deed.CLAIMS_PAID: 0.012,
        Deed.ASKS_CALL: 0.01,
        Deed.WRITES: 0.01,
        Deed.PROMISES: 0.02,
        Deed.HARDSHIP: 0.005,
    },
}
"""Figures of the demo alone: nobody measured them, and nothing else uses them. Nobody ceases all
contact in their own words: what Twilio knows of opting out would not be what our record knows."""

GOOD_CARD = 0.6
"""The card that somebody gives does not fail later."""

RINGS_WITHIN = 12
"""Whoever rings up about an account does so on one of the first days."""


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
"""Chance that an account is rung up about at all, by what is asked."""

WORDS: Mapping[Deed, str] = {
    Deed.ASKS_PLAN: "PLAN",
    Deed.CLAIMS_PAID: "PAID",
    Deed.ASKS_CALL: "CALL ME",
    Deed.OPTS_OUT: "STOP",
    Deed.STOPS: "Leave me alone.",
    Deed.DISPUTES: "I dispute this, it is not my debt",
    Deed.HARDSHIP: "I lost my job and cannot pay at present",
    Deed.WRITES: "My hours were cut. Who can I talk to?",
}
"""What people write when they do not press a button."""


class Back(StrEnum):
    """How a consumer wants a payment back."""

    REFUND = "asks for a refund"
    CHARGEBACK = "disputes it with the bank"


class Consumers:
    """Everybody in the demo."""

    def __init__(self, seed: int) -> None:
        """The same seed makes the same people."""
        self.model = Model(seed, shipped().changed(RAISED, "raised for the demo"))
        self._dice = Dice(seed)

    def rings(self, account: str) -> tuple[int, Ask] | None:
        """On which day of their journey they ring up about an account, and what they ask for."""
        asks, rings, *_ = self._dice.throw(f"{account}/rings")
        reached = 0.0
        for chance, asked in ASKS:
            reached += chance
            if asks < reached:
                return 1 + int(RINGS_WITHIN * rings), asked
        return None

    def wants_back(self, payment: str) -> Back:
        """How somebody who takes a payment back goes about it: half of them through the bank."""
        by_bank = self._dice.throw(f"{payment}/back")[0] < 0.5  # noqa: PLR2004
        return Back.CHARGEBACK if by_bank else Back.REFUND

    def card(self, account: str) -> str:
        """The number of the test card that they give."""
        return WORKS if self._dice.throw(f"{account}/card given")[0] < GOOD_CARD else FAILS


def written(act: Act, today: date) -> str | None:
    """What people write who press no button; None for what is not written."""
    if act.deed is Deed.PROMISES:
        return f"I will pay on {today + act.within:%Y-%m-%d}"
    return WORDS.get(act.deed)
