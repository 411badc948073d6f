"""Double entry: every movement of money is a set of entries that sums to zero."""

from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.money import Money


class Book(StrEnum):
    """The books of one account. What the consumer owes is the sum of OWED."""

    OWED = "owed by the consumer"
    PLACED = "placed by the creditor"
    COLLECTED = "collected for the creditor"
    REPORTED = "paid to the creditor directly"


class Cause(StrEnum):
    """Why money moved."""

    PLACEMENT = "placement"
    PAYMENT = "payment"
    DIRECT_PAYMENT = "direct payment"
    REFUND = "refund"
    RECALL = "recall"


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


def _move(key: str, cause: Cause, amount: Money, *, debit: Book, credit: Book) -> Transaction:
    return Transaction(
        key=key,
        cause=cause,
        currency=amount.currency,
        entries=(Entry(book=debit, minor=amount.minor), Entry(book=credit, minor=-amount.minor)),
    )


def placed(key: str, amount: Money) -> Transaction:
    """The creditor placed a debt of this amount."""
    return _move(key, Cause.PLACEMENT, amount, debit=Book.OWED, credit=Book.PLACED)


def paid(key: str, amount: Money) -> Transaction:
    """The consumer paid us."""
    return _move(key, Cause.PAYMENT, amount, debit=Book.COLLECTED, credit=Book.OWED)


def paid_directly(key: str, amount: Money) -> Transaction:
    """The consumer paid the creditor, who told us."""
    return _move(key, Cause.DIRECT_PAYMENT, amount, debit=Book.REPORTED, credit=Book.OWED)


def refunded(key: str, amount: Money) -> Transaction:
    """Money went back to the consumer, who owes it again."""
    return _move(key, Cause.REFUND, amount, debit=Book.OWED, credit=Book.COLLECTED)


def recalled(key: str, amount: Money) -> Transaction:
    """The creditor took back what was still owed."""
    return _move(key, Cause.RECALL, amount, debit=Book.PLACED, credit=Book.OWED)
