"""Whose an event of Stripe's is, and when by the account's time."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from activities.news import TooEarly, Unreadable
from domain.money import Money
from providers.charges import ACCOUNT, AT, StripeEvent
from storage import accounts, contacts, ledger, payments
from storage.session import lock_account
from storage.tables import Account, InboxRow

WITHOUT_METADATA = ("refund.", "charge.")
"""Events about a payment that need not say whose it is: its own event may be still to come."""


def payment_key(intent_id: str | None) -> str:
    """The key under which a payment at Stripe is booked."""
    return f"stripe:{intent_id}"


def locked(session: Session, event: StripeEvent) -> Account:
    """The account that an event is about, its person held."""
    account_id = _account_id(session, event)
    if account_id is None and not event.type.startswith(WITHOUT_METADATA):
        raise Unreadable("not a payment of ours")  # whatever we make carries its account
    if account_id is None:
        raise TooEarly("nothing on record belongs to this payment yet")
    account = accounts.by_id(session, account_id)
    if account is None:
        raise Unreadable("it names an account that is not on record")
    lock_account(session, account.id)
    session.refresh(account)
    return account


def locked_of_payment(session: Session, event: StripeEvent) -> Account:
    """The account on which the payment is booked that an event takes back, its person held.

    What goes back waits for what came: the ledger never shows more as given back than as paid.
    """
    account = locked(session, event)
    if not ledger.is_booked(session, payment_key(event.intent_id)):
        raise TooEarly("the payment that it takes back is not booked yet")
    return account


def _account_id(session: Session, event: StripeEvent) -> str | None:
    if (named := event.metadata.get(ACCOUNT)) is not None:
        return named
    if event.type.startswith("checkout."):
        page = payments.checkout(session, event.object_id or "")
        return page.account_id if page else None
    intent = event.intent_id or ""
    charge = payments.charge_of_intent(session, intent)
    return charge.account_id if charge else ledger.account_of(session, payment_key(intent))


def money_of(account: Account, amount: Money | None) -> Money:
    """The amount of an event; Unreadable if it has none, or not in the account's currency."""
    if amount is None:
        raise Unreadable("it carries no amount")
    if amount.currency != account.currency:
        raise Unreadable(f"it is in {amount.currency}; the account is in {account.currency}")
    return amount


def moment(session: Session, row: InboxRow, account: Account, event: StripeEvent) -> datetime:
    """When an event happened, by the account's time: however late it is told, in whatever order."""
    return by_the_account(session, account, event.created, event.metadata, heard=row.recorded_at)


def by_the_account(
    session: Session,
    account: Account,
    created: datetime,
    metadata: Mapping[str, str],
    *,
    heard: datetime,
) -> datetime:
    """The account's time of what Stripe dates `created`, and we heard of by the wall at `heard`.

    That is Stripe's, unless the account was run ahead of the wall: of this very moment, not of
    `heard`, as an event that is applied late may find contacts that were made since.
    """
    if (told := _told_at(metadata)) is not None:
        return told
    wall = max(heard, session.execute(select(func.clock_timestamp())).scalar_one())
    now = contacts.present(session, account.person_id, wall)
    return now if now > wall else created


def _told_at(metadata: Mapping[str, str]) -> datetime | None:
    try:
        told = datetime.fromisoformat(metadata.get(AT, ""))
    except ValueError:
        return None
    return told if told.tzinfo else None
