"""What Stripe tells: money that came, went back or did not come, and cards that were stored.

Events come twice, late and in any order. Each books under a key of the thing it tells of, never of
the telling, so the ledger ends the same whatever the order.
"""

from collections.abc import Callable

from sqlalchemy.orm import Session

from activities.news import Told, TooEarly, Unreadable, balance_told
from domain.events import CardStored, InstalmentFailed, PlanAccepted
from domain.ledger import paid, refunded
from domain.money import Money
from domain.orders import ChargeStatus
from domain.plans import PaymentPlan
from providers.charges import ACCOUNT, LINK, PLAN, CardSetup, StripeEvent, read_event
from storage import accounts, contacts, journal, ledger, payments, people
from storage.session import lock_account
from storage.tables import Account, ChargeRow, InboxRow

WITHOUT_METADATA = frozenset(
    {
        "charge.refunded",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
    }
)
"""Events about a payment that do not say whose it is: its own event may be still to come."""

SETUP = "setup"
PAID = "paid"


def read(row: InboxRow) -> StripeEvent:
    """The stored event; Unreadable if it is not one as we know them."""
    try:
        return read_event(row.payload)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"not an event as we know them ({type(error).__name__})") from None


def needs_card(event: StripeEvent) -> str | None:
    """The page whose stored card has to be looked up at Stripe before the event is applied."""
    done = event.type == "checkout.session.completed" and event.mode == SETUP
    return event.object_id if done else None


def take(session: Session, row: InboxRow, setup: CardSetup | None) -> list[Told]:
    """Apply an event. One of a kind that says nothing to us is kept and left alone."""
    event = read(row)
    taker = TAKERS.get(event.type)
    if taker is not None:
        return taker(session, row, event)
    if needs_card(event):
        return _card_stored(session, row, event, setup)
    if event.type in {"checkout.session.completed", "checkout.session.async_payment_succeeded"}:
        return _session_paid(session, row, event)
    return []


def _session_paid(session: Session, row: InboxRow, event: StripeEvent) -> list[Told]:
    """A page was paid on. One that only promises the money (a bank debit) is not paid."""
    return _paid(session, row, event) if event.payment_status == PAID else []


def _paid(session: Session, row: InboxRow, event: StripeEvent) -> list[Told]:
    """Book a payment once, whichever of its two events comes first."""
    account, amount = _locked(session, event), _amount(event.amount)
    _same_currency(account, amount)
    key = f"stripe:{event.intent_id}"
    booked = ledger.book(session, account.id, paid(key, amount), provider_ref=event.intent_id)
    if booked:
        journal.note(session, account.id, "payment", amount=str(amount), key=key)
        _ask_for_refund(session, row, account, key)
    charge = payments.charge_of_intent(session, event.intent_id or "")
    if charge is not None:
        charge.status = ChargeStatus.PAID
    return [balance_told(session, account, key)]


def _ask_for_refund(session: Session, row: InboxRow, account: Account, key: str) -> None:
    """Two pages may be open and both be paid: a person of ours gives the rest back."""
    left = ledger.balance(session, account.id)
    if left < 0:
        over = Money(minor=-left, currency=account.currency)
        reason = f"paid {over} more than was owed: refund it"
        accounts.hand_over(session, f"overpaid:{key}", account.id, reason, at=row.recorded_at)


def _refunded(session: Session, row: InboxRow, event: StripeEvent) -> list[Told]:
    """Money went back. The event tells the sum so far, so a later one covers an earlier one."""
    account, so_far = _locked(session, event), _amount(event.refunded)
    _same_currency(account, so_far)
    charge = event.object_id or ""
    missing = so_far.minor - ledger.given_back(session, account.id, charge)
    key = f"stripe:refund:{charge}:{so_far.minor}"
    if missing > 0:
        back = refunded(key, Money(minor=missing, currency=so_far.currency))
        ledger.book(session, account.id, back, provider_ref=charge)
        journal.note(session, account.id, "refund", amount=str(so_far), key=key)
        _ask_about_closed(session, row, account, key)
    return [balance_told(session, account, key, reversal=True)]


def _withdrawn(session: Session, row: InboxRow, event: StripeEvent) -> list[Told]:
    """The consumer's bank took a payment back."""
    account, amount = _locked(session, event), _amount(event.amount)
    _same_currency(account, amount)
    key = f"stripe:dispute:{event.object_id}"
    if ledger.book(session, account.id, refunded(key, amount), provider_ref=event.object_id):
        journal.note(session, account.id, "chargeback", amount=str(amount), key=key)
        reason = "a payment was taken back by the consumer's bank: answer the dispute at Stripe"
        accounts.hand_over(session, key, account.id, reason, at=row.recorded_at)
        _ask_about_closed(session, row, account, key)
    return [balance_told(session, account, key, reversal=True)]


def _ask_about_closed(session: Session, row: InboxRow, account: Account, key: str) -> None:
    """A journey that is over cannot answer for money that is owed again."""
    if account.closure is not None:
        reason = "money went back after the account was closed: look at it"
        accounts.hand_over(session, f"closed:{key}", account.id, reason, at=row.recorded_at)


def _reinstated(session: Session, row: InboxRow, event: StripeEvent) -> list[Told]:
    """The bank gave back what it had taken."""
    del row
    account, amount = _locked(session, event), _amount(event.amount)
    _same_currency(account, amount)
    key = f"stripe:reinstated:{event.object_id}"
    if ledger.book(session, account.id, paid(key, amount), provider_ref=event.object_id):
        journal.note(session, account.id, "chargeback won", amount=str(amount), key=key)
    return [balance_told(session, account, key)]


def _failed(session: Session, row: InboxRow, event: StripeEvent) -> list[Told]:
    """A charge that seemed to go through failed after all. Other failures were told at once."""
    del row
    charge = payments.charge_of_intent(session, event.intent_id or "")
    if charge is None:
        return []
    lock_account(session, charge.account_id)
    session.refresh(charge)
    key = f"failed:{charge.key}"
    if charge.status == ChargeStatus.PROCESSING:
        _decline(session, charge, event)
    elif charge.status != ChargeStatus.DECLINED or not payments.failed_late(charge):
        return []
    if charge.instalment is None:
        return []
    account = session.get_one(Account, charge.account_id)
    failed = InstalmentFailed(event_id=key, number=charge.instalment)
    return [Told(account.workflow_id, failed)]


def _decline(session: Session, charge: ChargeRow, event: StripeEvent) -> None:
    declined = event.declined
    charge.status = ChargeStatus.DECLINED
    charge.decline_code = declined.reason if declined else None
    codes = declined.model_dump(mode="json") if declined else {}
    charge.codes = codes | {payments.LATE: True}
    journal.note(
        session,
        charge.account_id,
        "charge failed late",
        code=charge.decline_code,
        instalment=charge.instalment,
    )
    if declined is not None and declined.card_is_dead:
        person = people.person_of(session, charge.account_id)
        people.forget_card(session, person.id, charge.payment_method)


def _card_stored(
    session: Session, row: InboxRow, event: StripeEvent, setup: CardSetup | None
) -> list[Told]:
    """Keep the card; if it was given for a plan, the plan is accepted with it."""
    account = _locked(session, event)
    if setup is None or setup.card is None:
        raise TooEarly("the page is complete, and Stripe does not show its card yet")
    person = people.person_of(session, account.id)
    people.store_card(
        session,
        person.id,
        customer=setup.card.customer,
        payment_method=setup.card.payment_method,
    )
    if account.closure is not None:
        return []
    plan = _plan_of(session, event)
    if plan is not None and _accepted(session, account, event, plan):
        event_id = f"accepted:{plan.plan_id}:{event.object_id}"
        return [Told(account.workflow_id, PlanAccepted(event_id=event_id, plan=plan))]
    journal.note(session, account.id, "card stored")
    return [Told(account.workflow_id, CardStored(event_id=row.id))]


def _accepted(session: Session, account: Account, event: StripeEvent, plan: PaymentPlan) -> bool:
    """Whether this page accepts the plan: one that another accepted, or overtook, it does not."""
    page = event.object_id or ""
    if payments.accepted_by(session, page):
        return True  # an earlier try of this very event; the workflow may not have heard
    if not payments.is_open_offer(session, account.id, plan):
        return False
    payments.accept_plan(session, account.id, plan)
    payments.opened_checkout(session, page, account.id, purpose="plan", contact_key=None, plan=plan)
    payments.note_accepted(session, page)
    return True


def _plan_of(session: Session, event: StripeEvent) -> PaymentPlan | None:
    """The plan that a card was stored for, by the page that was opened."""
    page = payments.checkout(session, event.object_id or "")
    if page is not None:
        return PaymentPlan.model_validate(page.plan) if page.plan else None
    # A crash came before the page was noted: the message that led to it has the plan too.
    contact = contacts.by_link(session, event.metadata.get(LINK, ""))
    plan = contacts.offered_plan(contact) if contact else None
    return plan if plan is not None and plan.plan_id == event.metadata.get(PLAN) else None


def _locked(session: Session, event: StripeEvent) -> Account:
    """The account that an event is about, its person locked."""
    account_id = _account_id(session, event)
    if account_id is None and event.type not in WITHOUT_METADATA:
        raise Unreadable("not a payment of ours")  # whatever we make carries its account
    if account_id is None:
        raise TooEarly("nothing on record belongs to this payment yet")
    account = accounts.by_id(session, account_id)
    if account is None:
        raise Unreadable("it names an account that is not on record")
    lock_account(session, account.id)
    session.refresh(account)
    return account


def _account_id(session: Session, event: StripeEvent) -> str | None:
    if (named := event.metadata.get(ACCOUNT)) is not None:
        return named
    if event.type.startswith("checkout."):
        page = payments.checkout(session, event.object_id or "")
        return page.account_id if page else None
    intent = event.intent_id or ""
    charge = payments.charge_of_intent(session, intent)
    return charge.account_id if charge else ledger.account_of(session, f"stripe:{intent}")


def _amount(amount: Money | None) -> Money:
    if amount is None:
        raise Unreadable("it carries no amount")
    return amount


def _same_currency(account: Account, amount: Money) -> None:
    if amount.currency != account.currency:
        raise Unreadable(f"it is in {amount.currency}; the account is in {account.currency}")


TAKERS: dict[str, Callable[[Session, InboxRow, StripeEvent], list[Told]]] = {
    "payment_intent.succeeded": _paid,
    "payment_intent.payment_failed": _failed,
    "charge.refunded": _refunded,
    "charge.dispute.funds_withdrawn": _withdrawn,
    "charge.dispute.funds_reinstated": _reinstated,
}
