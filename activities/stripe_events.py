"""What Stripe tells: money that came, went back or did not come, and means of payment.

Events come twice, late and in any order. Each books under a key of the thing it tells of, never of
the telling, so the record ends the same whatever the order.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from activities.news import Told, TooEarly, Unreadable, failure_told, hold_told
from activities.paying import received
from activities.stripe_accounts import (
    WITHOUT_METADATA,
    by_the_account,
    locked,
    moment,
    money_of,
    payment_key,
)
from activities.stripe_means import take_detached, take_mandate, take_renewed, take_stored
from activities.stripe_reversals import take_dispute, take_refund, take_refunds
from domain.accounts import Hold
from domain.events import HoldLifted
from domain.orders import ChargeStatus
from domain.people import StandingHold
from domain.plan_changes import Extra
from domain.time import days, local_date
from providers.charges import (
    ACCOUNT,
    AT,
    CANCELED,
    EXTRA,
    CardSetup,
    Declined,
    Intent,
    StripeEvent,
    read_event,
)
from providers.outcomes import ProviderDown, ProviderRefused
from providers.refunds import Refund
from storage import accounts, journal, payments, people, tries
from storage.session import lock_account
from storage.tables import Account, ChargeRow, InboxRow

SETUP = "setup"
PAID = "paid"
COMPLETED = "checkout.session.completed"
GIVEN_UP = "payment_intent.canceled"
REFUNDED = "charge.refunded"
AWAITED = days(14)
"""For so long a bank debit is waited for at most, if nobody tells its end. In the US it takes four
business days."""
EXTRAS: dict[str, Extra] = {"keep": "keep", "respread": "respread"}

UNDER_WAY = frozenset({ChargeStatus.PROCESSING, ChargeStatus.UNAVAILABLE})
"""Charges that a journey was not told the end of."""
NOT_ANSWERED = frozenset({payments.CREATED, ChargeStatus.UNAVAILABLE})


class Lookup(Protocol):
    """The part of Stripe that is asked for what an event does not tell."""

    def retrieve_setup(self, session_id: str) -> CardSetup:
        """The card and customer of a page."""

    def refunds_of(self, intent_id: str) -> list[Refund]:
        """Every refund of a payment."""

    def retrieve_intent(self, intent_id: str) -> Intent:
        """How a payment stands now, and when it was given."""


@dataclass(frozen=True)
class Found:
    """What Stripe was asked beside an event."""

    setup: CardSetup | None = None
    refunds: tuple[Refund, ...] = ()
    given_at: datetime | None = None
    """When the consumer gave the payment that came."""
    refused: str | None = None
    """Why Stripe did not do what it was asked to do."""
    strange: bool = False
    """Whether the payment that it is about was made by somebody else."""


def read(row: InboxRow) -> StripeEvent:
    """The stored event; Unreadable if it is not one as we know them."""
    try:
        return read_event(row.payload)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"not an event as we know them ({type(error).__name__})") from None


def look_up(row: InboxRow, stripe: Lookup) -> Found:
    """Ask Stripe for what the event does not tell: cards, refunds, and when a payment was given.

    Before the transaction: nobody waits for Stripe under a person's lock.
    """
    event = read(row)
    if event.type == COMPLETED and event.mode == SETUP and event.object_id:
        return Found(setup=stripe.retrieve_setup(event.object_id))
    if event.type == REFUNDED and event.intent_id:
        strange = _is_strange(stripe, event)
        return Found(refunds=tuple(stripe.refunds_of(event.intent_id)), strange=strange)
    if event.type in TAKERS and event.type.startswith(WITHOUT_METADATA):
        return Found(strange=_is_strange(stripe, event))
    if _has_come(event) and event.intent_id and AT not in event.metadata:
        return Found(given_at=_given_at(stripe, event.intent_id))
    return Found()


def _is_strange(stripe: Lookup, event: StripeEvent) -> bool:
    """Whether Stripe says that a payment names no account: news of it would be waited with in vain.

    What we make carries its account. While Stripe does not answer, it may be ours.
    """
    if ACCOUNT in event.metadata or event.intent_id is None:
        return False
    try:
        return ACCOUNT not in stripe.retrieve_intent(event.intent_id).metadata
    except (ProviderDown, ProviderRefused):
        return False


def has_come(row: InboxRow) -> bool:
    """Whether an event tells of money that came."""
    return _has_come(read(row))


def _has_come(event: StripeEvent) -> bool:
    return event.type in CAME and event.mode != SETUP and event.payment_status in {None, PAID}


def _given_at(stripe: Lookup, intent_id: str) -> datetime | None:
    """When the consumer gave a payment: a bank debit comes days later, and counts from then.

    None if Stripe does not say: then it counts from its event, because nobody is to be reminded of
    what has come while Stripe cannot be asked.
    """
    try:
        return stripe.retrieve_intent(intent_id).given_at
    except (ProviderDown, ProviderRefused):
        return None


def take(session: Session, row: InboxRow, found: Found) -> list[Told]:
    """Apply an event. One of a kind that says nothing to us is kept and left alone."""
    try:
        return _taken(session, row, read(row), found)
    except TooEarly:
        if found.strange:
            raise Unreadable("not a payment of ours") from None
        raise


def _taken(session: Session, row: InboxRow, event: StripeEvent, found: Found) -> list[Told]:
    if event.type == COMPLETED and event.mode == SETUP:
        return take_stored(session, row, event, found.setup)
    if event.type == REFUNDED:
        return take_refunds(session, row, event, list(found.refunds))
    if event.type in CAME:
        return CAME[event.type](session, row, event, found.given_at)
    taker = TAKERS.get(event.type)
    return taker(session, row, event) if taker else []


def _session_paid(
    session: Session, row: InboxRow, event: StripeEvent, given_at: datetime | None
) -> list[Told]:
    """A page was paid on. One that only promises the money (a bank debit) is not paid."""
    account = locked(session, event)
    if event.payment_status == PAID:
        payments.close_page(session, event.object_id)
        told = _paid(session, row, event, given_at)
        at_once = event.type == COMPLETED
        return told if at_once else [*told, *_awaited_no_more(session, event, account)]
    payments.note_promised(session, event.object_id)
    journal.note(session, account.id, "payment under way")
    return _awaited(session, row, event, account)


def _session_failed(session: Session, row: InboxRow, event: StripeEvent) -> list[Told]:
    """The money that a page promised did not come; nothing was booked."""
    del row
    account = locked(session, event)
    payments.close_page(session, event.object_id)
    journal.note(session, account.id, "payment did not come")
    return _awaited_no_more(session, event, account)


def _awaited(session: Session, row: InboxRow, event: StripeEvent, account: Account) -> list[Told]:
    """Ask nobody for what is on its way: the clock stands until it comes, or does not."""
    if not payments.is_promised(session, event.object_id):
        return []  # its end was known before
    zone = people.person_of(session, account.id).zones[0]
    today = local_date(moment(session, row, account, event), zone)
    hold = StandingHold(hold=Hold.PAYMENT, ends=today + AWAITED)
    return [hold_told(session, account, hold, key=event.object_id or row.id)]


def _awaited_no_more(session: Session, event: StripeEvent, account: Account) -> list[Told]:
    """It came or it did not: the clock goes on, unless another payment is under way still."""
    if payments.awaits(session, account.id):
        return []
    accounts.lift_hold(session, account.id, Hold.PAYMENT)
    lifted = HoldLifted(event_id=f"{event.object_id}:{event.type}", hold=Hold.PAYMENT)
    return [Told(account.workflow_id, lifted)]


def _paid(
    session: Session, row: InboxRow, event: StripeEvent, given_at: datetime | None
) -> list[Told]:
    """Book a payment once, whichever of its events comes first. Nothing later makes it unpaid.

    It counts from when the consumer gave it, not from when the bank let go of it.
    """
    account = locked(session, event)
    charge = _charge(session, event)
    if charge is not None:
        charge.status, charge.decline_code, charge.again_at = ChargeStatus.PAID, None, None
    return received(
        session,
        account,
        payment_key(event.intent_id),
        money_of(account, event.amount),
        provider_ref=event.intent_id,
        at=by_the_account(
            session, account, given_at or event.created, event.metadata, heard=row.recorded_at
        ),
        extra=EXTRAS.get(event.metadata.get(EXTRA, "")),
    )


def _processing(session: Session, row: InboxRow, event: StripeEvent) -> list[Told]:
    """A bank takes its time. That is no news of a charge whose end is known."""
    del row
    charge = _charge(session, event)
    if charge is not None and charge.status in NOT_ANSWERED:
        charge.status = ChargeStatus.PROCESSING
    return []


def _failed(session: Session, row: InboxRow, event: StripeEvent) -> list[Told]:
    """A charge failed, or was given up. Whoever took it for one under way is told."""
    charge = _charge(session, event)
    if charge is None:
        return []
    if charge.status in UNDER_WAY or charge.status == payments.CREATED:
        account = session.get_one(Account, charge.account_id)
        _decline(session, charge, event, at=moment(session, row, account, event))
    return failure_told(session, charge) if charge.status == ChargeStatus.DECLINED else []


def _charge(session: Session, event: StripeEvent) -> ChargeRow | None:
    """The charge of ours that an event is about, its person held; None for a page's payment."""
    charge = payments.charge_of_intent(session, event.intent_id or "")
    if charge is not None:
        lock_account(session, charge.account_id)
        session.refresh(charge)
    return charge


def _decline(session: Session, charge: ChargeRow, event: StripeEvent, *, at: datetime) -> None:
    declined = event.declined or Declined(code=event.status or CANCELED)
    late = charge.status in UNDER_WAY
    if event.type == GIVEN_UP:
        tries.decline(session, charge, declined, late=late)
    else:
        tries.fail(session, charge, declined, at=at, late=late)
    what = "charge failed late" if late else "charge failed"
    journal.note(
        session, charge.account_id, what, code=declined.reason, instalment=charge.instalment
    )


Came = Callable[[Session, InboxRow, StripeEvent, datetime | None], list[Told]]
"""Takes in that money came, which the consumer gave at that time."""

CAME: dict[str, Came] = {
    "payment_intent.succeeded": _paid,
    COMPLETED: _session_paid,
    "checkout.session.async_payment_succeeded": _session_paid,
}

TAKERS: dict[str, Callable[[Session, InboxRow, StripeEvent], list[Told]]] = {
    "payment_intent.processing": _processing,
    "payment_intent.payment_failed": _failed,
    GIVEN_UP: _failed,
    "checkout.session.async_payment_failed": _session_failed,
    "refund.created": take_refund,
    "refund.updated": take_refund,
    "refund.failed": take_refund,
    "charge.dispute.created": take_dispute,
    "charge.dispute.updated": take_dispute,
    "charge.dispute.funds_withdrawn": take_dispute,
    "charge.dispute.funds_reinstated": take_dispute,
    "charge.dispute.closed": take_dispute,
    "mandate.updated": take_mandate,
    "payment_method.automatically_updated": take_renewed,
    "payment_method.detached": take_detached,
}
