"""Stripe's balance: every movement of money makes one balance transaction.

The fees are assumed, not Stripe's price list: 2.9 % and 30 smallest units for a card, 0.8 % and
at most 500 for a bank account, 1500 for a dispute, whatever the currency. Stripe keeps the fee
of a charge that is refunded, and that of a dispute that is won.
"""

from dataclasses import dataclass

import stripe

from sandbox import clock
from sandbox.stripe_books import Books
from sandbox.world import Json

CARD_FEE_PER_THOUSAND, CARD_FEE = 29, 30
BANK_FEE_PER_THOUSAND, LARGEST_BANK_FEE = 8, 500
DISPUTE_FEE = 1500
A_DAY = 24 * 60 * 60
DAYS_UNTIL_AVAILABLE = 2
PROCESSING, DISPUTED = "Stripe processing fees", "Dispute fee"


@dataclass(frozen=True)
class Move:
    """A movement of money in the balance; `amount` is negative when money leaves.

    `kind` is Stripe's type and `category` its reporting category.
    """

    kind: str
    category: str
    amount: int
    fee: int = 0
    fee_for: str = PROCESSING
    description: str | None = None


def enter(books: Books, source: Json, move: Move) -> Json:
    """Enter a movement of money in the balance; return the balance transaction."""
    return books.new(
        stripe.BalanceTransaction,
        "txn",
        amount=move.amount,
        available_on=_midnight(DAYS_UNTIL_AVAILABLE),
        balance_type="payments",
        currency=source["currency"],
        description=move.description,
        fee=move.fee,
        fee_details=[_fee(source, move)] if move.fee else [],
        net=move.amount - move.fee,
        reporting_category=move.category,
        source=source["id"],
        status="pending",
        type=move.kind,
    )


def card_fee(amount: int) -> int:
    """Return what Stripe keeps of a card payment, rounded half up."""
    return _share(amount, CARD_FEE_PER_THOUSAND) + CARD_FEE


def bank_fee(amount: int) -> int:
    """Return what Stripe keeps of a bank debit, rounded half up."""
    return min(_share(amount, BANK_FEE_PER_THOUSAND), LARGEST_BANK_FEE)


def _share(amount: int, per_thousand: int) -> int:
    return (amount * per_thousand + 500) // 1000


def _fee(source: Json, move: Move) -> Json:
    return {
        "amount": move.fee,
        "application": None,
        "currency": source["currency"],
        "description": move.fee_for,
        "type": "stripe_fee",
    }


def _midnight(days: int) -> int:
    """Return the start of a day in UTC, as Stripe gives the day when money is available."""
    return (int(clock.seconds()) // A_DAY + days) * A_DAY
