"""What follows when money comes, and when it goes back: every path that books money goes by here.

Each is booked once per key. What follows from it is worked out anew from the ledger as it then
stands, never from the order in which news came: so every order ends in the same books.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from activities.news import Told, balance_told
from activities.reopening import name_end, reopen, reversed_told
from domain.ledger import GIVEN_BACK, RECEIVED, Cause
from domain.money import Money
from domain.payable import is_too_small
from domain.plan_changes import Extra
from storage import accounts, accruing, journal, ledger, plans, settlements
from storage.session import lock_account
from storage.tables import Account

PAID = RECEIVED - {Cause.CHARGEBACK_WON}
"""Causes by which new money comes."""


def received(
    session: Session,
    account: Account,
    key: str,
    amount: Money,
    *,
    cause: Cause = Cause.PAYMENT,
    provider_ref: str | None = None,
    at: datetime | None = None,
    extra: Extra | None = None,
) -> list[Told]:
    """Money came, in the account's currency: book it once per key, and do what follows.

    `at` is the account's time at which it came; None: the wall's, at which it is booked. `extra`
    says what a payment beside the plan does to it. With a cause by which money goes back, it is one
    that did not go back after all. Again it changes nothing and tells the same.
    """
    if not _is_booked(session, account, key):
        unasked = cause in PAID and settlements.is_met(session, account)
        _lift(session, account, key, at=at)
        accruing.accrue(session, account, at)
        ledger.pay(session, account.id, key, amount, cause=cause, provider_ref=provider_ref, at=at)
        when = at or ledger.recorded_at(session, key)
        what = f"{cause} undone" if cause in GIVEN_BACK else cause
        journal.note(session, account.id, what, at=at, amount=str(amount), key=key)
        settlements.complete(session, account, at=when)
        _write_off_rest(session, account, key, at=at)
        plans.take_extra(session, account.id, amount.minor, extra, when)
        _ask_for_refund(session, account, key, amount if unasked else None, at=when)
        name_end(session, account)
    return [balance_told(session, account, key)]


def went_back(
    session: Session,
    account: Account,
    key: str,
    amount: Money,
    *,
    cause: Cause = Cause.REFUND,
    provider_ref: str | None = None,
    at: datetime | None = None,
) -> list[Told]:
    """Money that had come went back, and is owed again: book it once per key, and do what follows.

    An account that was closed as paid or settled, and on which something is owed again, is opened
    again. One that ended in another way gets a person of ours. With a cause by which money comes,
    such as a direct payment, it is one that did not come after all. Again it changes nothing and
    tells the same.
    """
    if not _is_booked(session, account, key):
        _lift(session, account, key, at=at)
        ledger.give_back(
            session, account.id, key, amount, cause=cause, provider_ref=provider_ref, at=at
        )
        when = at or ledger.recorded_at(session, key)
        what = f"{cause} undone" if cause in RECEIVED else cause
        journal.note(session, account.id, what, at=at, amount=str(amount), key=key)
        settlements.uncomplete(session, account, at=when)
        _write_off_rest(session, account, key, at=at)
        reopen(session, account, key, at=when)
        name_end(session, account)
    told = [balance_told(session, account, key, reversal=True)]
    reversal = reversed_told(session, account, key)
    if cause is Cause.CHARGEBACK or reversal.reopens:
        told.append(reversal)
    return told


def _is_booked(session: Session, account: Account, key: str) -> bool:
    """Whether it is booked already; the person is held from here on."""
    lock_account(session, account.id)
    session.refresh(account)
    return ledger.is_booked(session, key)


def _lift(session: Session, account: Account, key: str, *, at: datetime | None) -> None:
    """Owe again what was forgiven, while a movement is booked: what then stays is worked out anew.

    So it is allocated to what is owed in truth, and it does not matter whether a payment became
    known before a refund or after it.
    """
    settlements.lift(session, account, at=at)
    if ledger.written_off(session, account.id):
        ledger.owe_again(session, account.id, f"rest owed again:{key}", at=at)


def _write_off_rest(session: Session, account: Account, key: str, *, at: datetime | None) -> None:
    """Let go of a rest that no card can pay: nobody is chased for 3 fils."""
    rest = Money(minor=ledger.balance(session, account.id), currency=account.currency)
    if rest.minor > 0 and is_too_small(rest):
        ledger.forgive(session, account.id, f"rest:{key}", cause=Cause.WRITE_OFF, at=at)
        journal.note(session, account.id, "rest written off", at=at, amount=str(rest), key=key)


def _ask_for_refund(
    session: Session, account: Account, key: str, unasked: Money | None, *, at: datetime
) -> None:
    """Two pages may be open and both be paid: a person of ours gives the rest back.

    `unasked` came although a settlement was met already. The books take it against the rest that
    is forgiven, so what is owed does not tell of it.
    """
    left = ledger.balance(session, account.id)
    if unasked is not None:
        reason = f"paid {unasked} more than the settlement asked: refund it"
    elif left < 0:
        over = Money(minor=-left, currency=account.currency)
        reason = f"paid {over} more than was owed: refund it"
    else:
        return
    accounts.hand_over(session, f"overpaid:{key}", account.id, reason, at=at)
