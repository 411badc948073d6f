"""What played messages say, in words: the gate is told what is in them, the auditor reads them."""

import random

from compliance import Said
from domain.contacts import Dial, Purpose

WORDS = {
    Said.OPT_OUT: "Reply STOP to opt out.",
    Said.COLLECTOR: "This is from a debt collector.",
    Said.COLLECTOR_FIRST: "This is an attempt to collect a debt.",
    Said.IDENTITY: "{creditor} is writing to you.",
    Said.CALLBACK: "You can call us at +12025550100.",
    Said.RECORDING: "This call is recorded.",
    Said.TIME_BAR: "This debt is too old: nobody can go to court over it.",
    Said.VALIDATION: "Here is your validation information.",
    Said.DISPUTE: "You may dispute this debt.",
    Said.DEMAND: "Please pay now.",
    Said.PAYMENT_LINK: "https://pay.example.test/p/1",
    Said.LEGAL_THREAT: "We may sue.",
    Said.MARKETING: "A special offer awaits.",
    Said.LANGUAGE: "",
}
USUAL = frozenset(
    {
        Said.OPT_OUT,
        Said.COLLECTOR,
        Said.COLLECTOR_FIRST,
        Said.IDENTITY,
        Said.CALLBACK,
        Said.RECORDING,
        Said.TIME_BAR,
        Said.LANGUAGE,
    }
)
QUIET = frozenset({Said.OPT_OUT, Said.IDENTITY, Said.CALLBACK, Said.RECORDING, Said.LANGUAGE})
OF_PURPOSE = {
    Purpose.DEMAND: USUAL | {Said.DEMAND, Said.PAYMENT_LINK},
    Purpose.VALIDATION: USUAL | {Said.VALIDATION, Said.DISPUTE},
    Purpose.CONFIRMATION: QUIET,
    Purpose.CONSENT: QUIET,
    Purpose.LOCATION: QUIET,
}


def said(dice: random.Random, purpose: Purpose, dial: Dial) -> frozenset[Said]:
    """What a message says: mostly what it should, now and then too little or too much."""
    right = QUIET if dial is Dial.RINGLESS else OF_PURPOSE.get(purpose, USUAL)
    if dice.random() < 0.12:
        right -= {dice.choice(sorted(right))}
    if dice.random() < 0.12:
        right |= {dice.choice(tuple(Said))}
    return right


def written(says: frozenset[Said], creditor: str, language: str) -> str:
    """The words of it; the greeting is in the language that it is written in."""
    greeting = "مرحبا" if language == "ar" and Said.LANGUAGE in says else "Hello"
    lines = [greeting, *(WORDS[each] for each in sorted(says) if WORDS[each])]
    return "\n".join(lines).format(creditor=creditor)
