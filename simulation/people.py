"""Who is simulated: people, and the accounts that they owe. No names, no addresses."""

from dataclasses import dataclass
from datetime import date

from compliance import PersonFacts
from domain.contracts import Contract

NOTHING_AGREED = Contract()


@dataclass(frozen=True, slots=True)
class Account:
    """An account to be simulated."""

    account_id: str
    journey: str
    """The journey that it asks for, by name."""
    balance: int
    """Minor units owed when it is placed."""
    currency: str
    due_on: date
    contract: Contract = NOTHING_AGREED
    has_card: bool = False
    """Whether a card is stored when it is placed."""


@dataclass(frozen=True, slots=True)
class Person:
    """A consumer with all their accounts, and with what the gate may know of them."""

    reference: str
    facts: PersonFacts
    """Without what follows from an account, such as the day it fell due: the world adds that."""
    accounts: tuple[Account, ...]
