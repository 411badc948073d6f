"""What a person can pay with: a test card or a test bank account, found by number or token."""

import hashlib
from typing import TypeAlias

from sandbox.stripe_banks import BANKS, BankAccount
from sandbox.stripe_cards import CARDS, Card

Instrument: TypeAlias = Card | BankAccount

CARD, BANK = "card", "us_bank_account"
PLAYED = (CARD, BANK)
"""The types of payment method that the sandbox plays."""

INSTRUMENTS: tuple[Instrument, ...] = (*CARDS, *BANKS)
BY_NUMBER = {each.number: each for each in INSTRUMENTS}
BY_TOKEN = {each.token: each for each in INSTRUMENTS}


def find_instrument(name: str) -> Instrument | None:
    """Return a card or bank account by its number, spaces allowed, or by its token."""
    return BY_TOKEN.get(name) or BY_NUMBER.get(name.replace(" ", "").replace("-", ""))


def type_of(instrument: Instrument) -> str:
    """Return the type of payment method that an instrument makes."""
    return CARD if isinstance(instrument, Card) else BANK


def fingerprint(number: str, holder: str) -> str:
    """Return what Stripe calls the same card or account under several payment methods.

    At Stripe the number alone decides, and in test mode everybody shares the test numbers. Here
    two people who type the same test number hold two cards, or one runaway account would use up
    the network's tries for all; a token (`pm_card_visa`) has no holder and is one card, as there.
    """
    return hashlib.sha256(b"sandbox" + number.encode() + holder.encode()).hexdigest()[:16]


OF_NOBODY = {fingerprint(each.number, ""): each for each in INSTRUMENTS}
"""By fingerprint, as tokens make them."""
