"""Money that goes back: refunds, whoever asked for them, and disputes.

Each refund and each dispute is booked by its own id, so that partial ones may be told in any order;
and each that comes to nothing is booked both ways, so that its end may be told before its start.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from activities.news import Told, balance_told
from activities.paying import received, went_back
from activities.stripe_accounts import locked_of_payment, moment, money_of
from domain.ledger import Cause
from providers.charges import StripeEvent
from providers.refunds import Refund
from storage import accounts, journal, refunds
from storage.tables import Account, InboxRow

WITHDRAWN, REINSTATED = "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated"
CLOSED = "charge.dispute.closed"
LOST = "lost"
ANSWERABLE = frozenset({"needs_response", "warning_needs_response"})


def take_refunds(
    session: Session, row: InboxRow, event: StripeEvent, found: list[Refund]
) -> list[Told]:
    """A charge was refunded: the event says how much in all, Stripe's list which refunds."""
    account = locked_of_payment(session, event)
    at = moment(session, row, account, event)
    return [told for refund in found for told in book_refund(session, account, refund, at=at)]


def take_refund(session: Session, row: InboxRow, event: StripeEvent) -> list[Told]:
    """A refund was made, changed or failed."""
    account = locked_of_payment(session, event)
    if event.refund is None:
        return []
    at = moment(session, row, account, event)
    return book_refund(session, account, event.refund, at=at)


def book_refund(session: Session, account: Account, refund: Refund, *, at: datetime) -> list[Told]:
    """Book a refund, and that it came back if it did; the caller holds the person."""
    key, ref = f"stripe:{refund.refund_id}", refund.intent_id
    amount = money_of(account, refund.amount)
    refunds.settle(session, refund.refund_id, refund.status, key=refund.key)
    told = went_back(session, account, key, amount, provider_ref=ref, at=at)
    if not refund.is_undone:
        return told
    key, cause = f"stripe:undone:{refund.refund_id}", Cause.REFUND
    reason = f"a refund of {amount} did not reach the consumer: give it back in another way"
    accounts.hand_over(session, key, account.id, reason, at=at)
    return told + received(session, account, key, amount, cause=cause, provider_ref=ref, at=at)


def take_dispute(session: Session, row: InboxRow, event: StripeEvent) -> list[Told]:
    """A consumer's bank takes a payment back, or gives back what it took.

    Any of its events may be the first to come. So each books all that it shows: what comes back has
    gone before, and a dispute that is lost (as a debit returned late is from the start) has taken.
    """
    account = locked_of_payment(session, event)
    at, whole = moment(session, row, account, event), money_of(account, event.amount)
    back = event.reinstated or (whole if event.type == REINSTATED else None)
    gone = event.withdrawn
    if gone is None and (back or event.type == WITHDRAWN or event.status == LOST):
        gone = whole
    _note(session, account, event, at)
    told, ref = [balance_told(session, account, f"told:{row.id}", reversal=True)], event.intent_id
    if gone:
        key, cause = f"stripe:dispute:{event.object_id}", Cause.CHARGEBACK
        told = went_back(session, account, key, gone, cause=cause, provider_ref=ref, at=at)
    if back:
        key, cause = f"stripe:reinstated:{event.object_id}", Cause.CHARGEBACK_WON
        return received(session, account, key, back, cause=cause, provider_ref=ref, at=at)
    return told


def _note(session: Session, account: Account, event: StripeEvent, at: datetime) -> None:
    """Have a person of ours answer it in time, once for each dispute, and note how it ends."""
    key, status = f"stripe:dispute:{event.object_id}", event.status
    if event.type == CLOSED:
        journal.note(session, account.id, "dispute closed", at=at, status=status, key=key)
    if status in ANSWERABLE:
        reason = "the consumer's bank disputes a payment: answer it at Stripe"
        accounts.hand_over(session, key, account.id, reason, at=at)
    elif status == LOST:
        reason = "a payment was taken back by the consumer's bank for good: look at the account"
        accounts.hand_over(session, f"{key}:lost", account.id, reason, at=at)
