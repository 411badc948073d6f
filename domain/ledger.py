"""Double entry: every movement of money is a set of entries that sums to zero.

What a consumer owes stands in three books: costs, interest and principal. A payment is allocated to
them in the order that the law of the place names; whatever comes back is owed where it was paid.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.money import Money


class Book(StrEnum):
    """The books of one account."""

    PRINCIPAL = "principal owed"
    INTEREST = "interest owed"
    COSTS = "costs owed"
    PLACED = "placed by the creditor"
    ADDED = "interest and costs added for the creditor"
    COLLECTED = "collected for the creditor"
    REPORTED = "paid to the creditor directly"
    FORGIVEN = "forgiven by the creditor"


OWED = (Book.COSTS, Book.INTEREST, Book.PRINCIPAL)
"""What the consumer owes is the sum of these."""

COSTS_FIRST = OWED
"""The order in which a payment is allocated where no law and no contract names another."""


class Cause(StrEnum):
    """Why money moved."""

    PLACEMENT = "placement"
    INTEREST = "interest"
    COSTS = "costs"
    PAYMENT = "payment"
    TRANSFER = "bank transfer"
    DIRECT_PAYMENT = "direct payment"
    REFUND = "refund"
    CHARGEBACK = "chargeback"
    CHARGEBACK_WON = "chargeback won"
    SETTLEMENT = "settlement"
    SETTLEMENT_UNDONE = "settlement undone"
    WRITE_OFF = "write-off"
    RECALL = "recall"


RECEIVED = frozenset({Cause.PAYMENT, Cause.TRANSFER, Cause.DIRECT_PAYMENT, Cause.CHARGEBACK_WON})
"""Causes by which a consumer has paid."""

TO_CREDITOR = frozenset({Cause.TRANSFER, Cause.DIRECT_PAYMENT})
"""Causes by which the creditor has the money: told by them, or by a line of their bank's."""

GIVEN_BACK = frozenset({Cause.REFUND, Cause.CHARGEBACK})
"""Causes by which a payment went back, and is owed again."""


class Entry(BaseModel):
    """One line: minor units added to (or, below zero, taken from) a book."""

    model_config = ConfigDict(frozen=True)

    book: Book
    minor: int


class Transaction(BaseModel):
    """Entries that belong together. `key` is unique, so that the same cause books once."""

    model_config = ConfigDict(frozen=True)

    key: str = Field(min_length=1)
    cause: Cause
    currency: str
    entries: tuple[Entry, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _balanced(self) -> Self:
        total = sum(entry.minor for entry in self.entries)
        if total:
            raise ValueError(f"entries of {self.key} sum to {total}, not to zero")
        return self


Portions = Mapping[Book, int]
"""Minor units by book of OWED; a book that is missing has none."""


def allocate(minor: int, owed: Portions, order: Sequence[Book] = COSTS_FIRST) -> dict[Book, int]:
    """Which portions a payment pays, in minor units; what is paid too much goes to the last."""
    left, parts = minor, dict[Book, int]()
    for book in order:
        parts[book] = min(left, max(0, owed.get(book, 0)))
        left -= parts[book]
    parts[order[-1]] += left
    return {book: part for book, part in parts.items() if part}


def unpaid(minor: int, paid: Portions, order: Sequence[Book] = COSTS_FIRST) -> dict[Book, int]:
    """Where money that goes back is owed again: what was paid last is owed first.

    `paid` is what has been paid into each book so far.
    """
    return allocate(minor, paid, tuple(reversed(order)))


def _move(
    key: str, cause: Cause, currency: str, parts: Portions, *, owed_more: bool, against: Book
) -> Transaction:
    sign = 1 if owed_more else -1
    lines = [Entry(book=book, minor=sign * minor) for book, minor in parts.items()]
    total = sum(line.minor for line in lines)
    return Transaction(
        key=key, cause=cause, currency=currency, entries=(*lines, Entry(book=against, minor=-total))
    )


def placed(key: str, amount: Money) -> Transaction:
    """The creditor placed a debt of this amount."""
    parts = {Book.PRINCIPAL: amount.minor}
    return _move(key, Cause.PLACEMENT, amount.currency, parts, owed_more=True, against=Book.PLACED)


def added(key: str, cause: Cause, amount: Money) -> Transaction:
    """Interest or costs were added, as contract and law allow."""
    book = Book.INTEREST if cause is Cause.INTEREST else Book.COSTS
    return _move(
        key, cause, amount.currency, {book: amount.minor}, owed_more=True, against=Book.ADDED
    )


def paid(
    key: str,
    amount: Money,
    owed: Portions | None = None,
    *,
    order: Sequence[Book] = COSTS_FIRST,
    cause: Cause = Cause.PAYMENT,
) -> Transaction:
    """The consumer paid, to us or (a direct payment, a transfer) to the creditor."""
    against = Book.REPORTED if cause in TO_CREDITOR else Book.COLLECTED
    parts = allocate(amount.minor, owed or {}, order)
    return _move(key, cause, amount.currency, parts, owed_more=False, against=against)


def given_back(
    key: str,
    amount: Money,
    paid_so_far: Portions | None = None,
    *,
    order: Sequence[Book] = COSTS_FIRST,
    cause: Cause = Cause.REFUND,
) -> Transaction:
    """Money went back to the consumer, who owes it again; from the creditor, if they had it."""
    against = Book.REPORTED if cause in TO_CREDITOR else Book.COLLECTED
    parts = unpaid(amount.minor, paid_so_far or {}, order)
    return _move(key, cause, amount.currency, parts, owed_more=True, against=against)


def forgiven(key: str, currency: str, owed: Portions, *, cause: Cause) -> Transaction:
    """All that is still owed is forgiven: a settlement was met, or a rest that no card can pay."""
    parts = {book: minor for book, minor in owed.items() if minor}
    return _move(key, cause, currency, parts, owed_more=False, against=Book.FORGIVEN)


def undone(key: str, before: Transaction, *, cause: Cause) -> Transaction:
    """The opposite of a movement, such as of a settlement whose payment was taken back."""
    entries = tuple(Entry(book=each.book, minor=-each.minor) for each in before.entries)
    return Transaction(key=key, cause=cause, currency=before.currency, entries=entries)


def recalled(key: str, currency: str, owed: Portions) -> Transaction:
    """The creditor took back what was still owed."""
    parts = {book: minor for book, minor in owed.items() if minor}
    return _move(key, Cause.RECALL, currency, parts, owed_more=False, against=Book.PLACED)
