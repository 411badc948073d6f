"""Charges of a stored card or bank account, as the record keeps them: contacts that are none.

They go by no channel; the law speaks of them by their purpose alone. How often a network lets a
card be tried is a rule of its own, and none of the law.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from auditor.book import Contact, Milestone
from auditor.case import DEBIT, PAID

NO_ACCOUNT = "credit card charged"
"""A milestone of the moment: laws on debits speak of accounts, which no credit card is."""

_NOT_TRIED = frozenset(
    {"no stored card", "not due", "not yet", "another payment under way", "given up"}
)
_PERHAPS = frozenset({"created", "unavailable"})
"""Nothing is taken before its Allow is on record; what came of it is not known."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the decision that allowed a contact, or a charge, says of it."""

    law: str
    recorded_at: datetime
    recipient: str
    demanded: int | None
    balance: int | None
    of_credit: bool
    """Whether it was known that a credit card was to be charged."""

    @classmethod
    def of(cls, signed: dict[str, Any], recorded_at: datetime) -> "Allowed":
        """Read from its text."""
        asked, facts = signed.get("request") or {}, signed.get("facts") or {}
        return cls(
            law=signed["law"],
            recorded_at=recorded_at,
            recipient=asked.get("recipient", "consumer"),
            demanded=(asked.get("content") or {}).get("demanded"),
            balance=signed.get("balance"),
            of_credit=any(each["kind"] == NO_ACCOUNT for each in facts.get("milestones") or ()),
        )


def was_tried(row: Row[Any], allowed: Allowed | None) -> bool:
    """Whether money was taken, or may have been, or the bank declined."""
    if row.status in _NOT_TRIED or (row.status == "declined" and row.tried_at is None):
        return False
    return allowed is not None or row.status not in _PERHAPS


def debit_of(row: Row[Any], allowed: Allowed | None, owed: int | None) -> Contact:
    """A charge that was tried, as a contact; `owed` is what the ledger said before it."""
    return Contact(
        key=row.key,
        account=row.account_id,
        channel="letter",
        at=row.tried_at or row.at,
        wall=at_the_last_look(row, allowed),
        purpose=DEBIT,
        status=PAID if row.status == PAID else "unknown",
        currency=row.currency,
        demanded=row.minor,
        balance=allowed.balance if allowed is not None else None,
        owed=owed,
        law=allowed.law if allowed is not None else None,
        allowed=allowed is not None,
    )


def of_credit(row: Row[Any], debit: Contact, allowed: Allowed | None) -> list[Milestone]:
    """That a credit card was charged, if it was: by the record as long as that card is stored."""
    stored = row.payment_method is not None and row.payment_method == row.stored
    credit = row.funding == "credit" if stored else allowed is not None and allowed.of_credit
    if not credit:
        return []
    moment = timedelta(microseconds=1)
    return [Milestone(NO_ACCOUNT, debit.at, debit.wall, debit.account, until=debit.at + moment)]


def at_the_last_look(row: Row[Any], allowed: Allowed | None) -> datetime:
    """The wall's time of the decision before the money was taken."""
    return row.recorded_at if allowed is None else allowed.recorded_at
