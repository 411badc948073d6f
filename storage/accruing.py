"""Interest and costs that are added to a debt, as contract and law allow, and never more.

Interest is worked out up to a day before anything changes what it runs on: a payment, a plan, an
offer to settle, a new stage. Each look writes down its days and their rate. What is booked is the
whole of all days so far, on the principal as it was on each, less what was booked before: nothing
is lost, nothing is added twice, and a payment that is told late takes back what it stopped.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from math import floor
from typing import cast

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from domain.accounts import Hold
from domain.contracts import Contract, DayCount
from domain.interest import Span, accrued
from domain.ledger import Book, Cause, added
from domain.money import Money
from storage import contracts, journal, ledger, money_laws, plans
from storage.receipts import local
from storage.tables import Account, AccrualRow, HoldRow, LedgerEntry, LedgerTransaction

FREE = (Hold.DISPUTE, Hold.HARDSHIP, Hold.BREATHING_SPACE)
"""Holds during which no interest runs and no costs are added, wherever the consumer is."""
HARDSHIP = "hardship"
"""The journey on which nothing is added either, and whose accounts have the terms of hardship."""
IN_HARDSHIP = "the hardship journey"
KEPT, KEPT_TILL_NOW = "a plan is kept", "a plan was kept"


def accrue(session: Session, account: Account, at: datetime | None = None) -> int:
    """Book interest up to the day of `at`, the account's time; the minor units that were booked.

    None: now, by the wall. The caller holds the person. Again on the same day it changes nothing.
    """
    contract = contracts.of_account(session, account.id)
    if not contract.interest.percent_a_year or _is_over(account):
        return 0
    when = at or session.execute(select(func.now())).scalar_one()
    look = _Look(session, account, contract, when)
    if look.today > look.since:
        session.add(look.row())
        session.flush()
    new = _unbooked(session, account, _looks(session, account))
    if new:
        amount = Money(minor=new, currency=account.currency)
        key = f"interest:{account.id}:{ledger.version(session, account.id)}"
        ledger.book(session, account.id, added(key, Cause.INTEREST, amount), at=at)
        journal.note(session, account.id, "interest", at=at, amount=str(amount))
        plans.owe_more(session, account.id, new, at)
    return new


def coming(session: Session, account: Account, at: datetime) -> int:
    """What `accrue` would book, in minor units: for whoever only asks. Nothing is written."""
    contract = contracts.of_account(session, account.id)
    if not contract.interest.percent_a_year or _is_over(account):
        return 0
    look = _Look(session, account, contract, at)
    fresh = [look.row()] if look.today > look.since else []
    return _unbooked(session, account, [*_looks(session, account), *fresh])


def _is_over(account: Account) -> bool:
    return account.closure is not None or account.recalled_at is not None


class _Look:
    """The days since the last look. In doubt they are free: a reason for some frees them all."""

    def __init__(
        self, session: Session, account: Account, contract: Contract, at: datetime
    ) -> None:
        self._session, self._account = session, account
        self._contract, self._at = contract, at
        self._last = _last(session, account)
        self.today = local(session, account, at)
        self.since = self._last.until if self._last else self._first_day()

    def _first_day(self) -> date:
        if self._contract.interest.since == "due date":
            return self._account.due_on
        return local(self._session, self._account, self._account.at)

    def row(self) -> AccrualRow:
        """What the days cost, and why it is less than the contract says, if so."""
        terms = self._contract.interest
        law = money_laws.of_account(self._session, self._account.id, self._at)
        holds = self._holds()
        held = next((each.hold for each in holds if each.part is None), None)
        why = held or self._hardship() or self._kept()
        percent = Decimal(0) if why else law.interest(terms.percent_a_year)
        if why is None and percent < terms.percent_a_year:
            why = ", ".join(law.rules)
        return AccrualRow(
            account_id=self._account.id,
            since=self.since,
            until=self.today,
            held=sum(each.part or 0 for each in holds),
            percent=percent,
            day_count=terms.day_count,
            why=why,
        )

    def _holds(self) -> Sequence[HoldRow]:
        """Holds that stood on some of the days. When one was lifted, only the wall knows."""
        looked = self._last.recorded_at if self._last else self._account.recorded_at
        return self._session.scalars(
            select(HoldRow)
            .where(HoldRow.account_id == self._account.id, HoldRow.hold.in_(FREE))
            .where(or_(HoldRow.lifted_at.is_(None), HoldRow.lifted_at > looked))
            .where(or_(HoldRow.starts.is_(None), HoldRow.starts <= self.today))
            .where(or_(HoldRow.ends.is_(None), HoldRow.ends >= self.since))
        ).all()

    def _hardship(self) -> str | None:
        return IN_HARDSHIP if self._account.journey == HARDSHIP else None

    def _kept(self) -> str | None:
        """Whether a plan is kept, or was when it was looked at last."""
        plan = plans.current(self._session, self._account.id)
        owed = ledger.balance(self._session, self._account.id)
        due = plan.next_due(owed) if plan else None
        grace = timedelta(days=self._contract.plans.grace_days)
        if plan and (due is None or self.today <= due.due + grace):
            return KEPT
        return KEPT_TILL_NOW if self._last and self._last.why == KEPT else None


def _last(session: Session, account: Account) -> AccrualRow | None:
    looks = select(AccrualRow).where(AccrualRow.account_id == account.id)
    return session.scalar(looks.order_by(AccrualRow.until.desc()).limit(1))


def _looks(session: Session, account: Account) -> Sequence[AccrualRow]:
    looks = select(AccrualRow).where(AccrualRow.account_id == account.id)
    return session.scalars(looks.order_by(AccrualRow.until)).all()


def _unbooked(session: Session, account: Account, looks: Sequence[AccrualRow]) -> int:
    moved = _principal(session, account)
    total = accrued(span for look in looks for span in _spans(look, moved))
    return floor(total) - _booked(session, account)


def _principal(session: Session, account: Account) -> list[tuple[date, int]]:
    """On which days the principal changed, and by how much. What was placed was always owed."""
    rows = session.execute(
        select(
            func.sum(LedgerEntry.minor),
            LedgerTransaction.cause,
            func.coalesce(LedgerTransaction.at, LedgerTransaction.recorded_at),
        )
        .join(LedgerTransaction, LedgerTransaction.key == LedgerEntry.transaction_key)
        .where(LedgerTransaction.account_id == account.id, LedgerEntry.book == Book.PRINCIPAL)
        .group_by(LedgerTransaction.key)
    )
    return [
        (date.min if cause == Cause.PLACEMENT else local(session, account, at), int(minor))
        for minor, cause, at in rows
    ]


def _spans(look: AccrualRow, moved: Sequence[tuple[date, int]]) -> Iterator[Span]:
    """The days of a look, apart wherever the principal changed."""
    inside = {on for on, _ in moved if look.since < on < look.until}
    for begins, ends in pairwise(sorted({look.since, look.until, *inside})):
        principal = sum(minor for on, minor in moved if on <= begins) - look.held
        day_count = cast("DayCount", look.day_count)
        yield Span(begins, ends, max(0, principal), look.percent, day_count)


def _booked(session: Session, account: Account) -> int:
    booked = session.scalar(
        select(func.sum(LedgerEntry.minor))
        .join(LedgerTransaction, LedgerTransaction.key == LedgerEntry.transaction_key)
        .where(LedgerTransaction.account_id == account.id)
        .where(LedgerTransaction.cause == Cause.INTEREST, LedgerEntry.book == Book.INTEREST)
    )
    return int(booked or 0)


def costs_at_placement(session: Session, account: Account, at: datetime) -> int:
    """Book the costs that the contract adds to every account, once; the minor units booked."""
    terms = contracts.of_account(session, account.id).costs
    return _add_costs(session, account, "placement", terms.at_placement, at)


def costs_of_failure(session: Session, account: Account, key: str, at: datetime) -> int:
    """Book the costs of a payment that failed, once for what it was for; the minor units booked."""
    terms = contracts.of_account(session, account.id).costs
    return _add_costs(session, account, key, terms.per_failed_payment, at)


def key_of_costs(account_id: str, key: str) -> str:
    """Under which key the costs are booked that a placement, or a failure to pay this, brought."""
    return f"costs:{account_id}:{key}"


def _add_costs(
    session: Session, account: Account, key: str, amounts: Sequence[Money], at: datetime
) -> int:
    """The caller holds the person. What is forbidden now is not added later, either."""
    amount = next((each for each in amounts if each.currency == account.currency), None)
    if amount is None or amount.minor <= 0 or _is_over(account) or account.journey == HARDSHIP:
        return 0
    law = money_laws.of_account(session, account.id, at)
    if not law.costs or not law.holds.isdisjoint(FREE):
        return 0
    moved = added(key_of_costs(account.id, key), Cause.COSTS, amount)
    if not ledger.book(session, account.id, moved, at=at):
        return 0
    journal.note(session, account.id, "costs", at=at, amount=str(amount), of=key)
    plans.owe_more(session, account.id, amount.minor, at)
    return amount.minor
