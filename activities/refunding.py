"""Giving money back that a creditor asked us to give back.

The intent is on record first, and a row in the inbox with it: the sweeper carries on from there.
Stripe forgets idempotency keys after a day, so it is asked first what it has refunded of the
payment. Each refund of ours carries its own key there.
"""

from typing import Protocol

from sqlalchemy.orm import Session

from activities.news import Told, Unreadable
from activities.stripe_events import Found
from activities.stripe_reversals import book_refund
from domain.money import Money
from providers.outcomes import ProviderRefused
from providers.refunds import Refund
from storage import accounts, contacts, inbox, journal, refunds
from storage.session import lock_account
from storage.tables import Account, InboxRow

REFUND = "refund"
"""The name under which the inbox keeps that Stripe has to be asked for a refund."""

GONE_BACK = frozenset({"charge_already_refunded", "charge_disputed"})
"""Stripe's codes by which the consumer has the money already, or their bank is taking it back."""


class Cashier(Protocol):
    """The part of Stripe that gives money back."""

    def refund(self, *, intent_id: str, amount: Money, key: str) -> Refund:
        """Give back a part of a payment, once per key while Stripe knows the key."""

    def refunds_of(self, intent_id: str) -> list[Refund]:
        """Every refund of a payment."""


def order(
    session: Session, account: Account, payment: str, amount: Money, *, key: str, reason: str
) -> str:
    """Put a refund on record, once per key; the id of the row to be heard. The person is held."""
    if refunds.of_key(session, key) is None:
        refunds.ask(session, key, account.id, payment, amount, reason=reason)
        journal.note(session, account.id, "refund asked", amount=str(amount), key=key)
    asked = {
        "key": key,
        "account_id": account.id,
        "intent_id": payment.removeprefix("stripe:"),
        "amount": amount.model_dump(mode="json"),
    }
    return inbox.store(session, REFUND, key, "refund asked", asked).id


def ask(row: InboxRow, stripe: Cashier) -> Found:
    """Have Stripe give it back, unless it has; nothing is found if it refuses."""
    key, intent = row.payload["key"], row.payload["intent_id"]
    amount = Money.model_validate(row.payload["amount"])
    try:
        known = [each for each in stripe.refunds_of(intent) if each.key == key]
        if known:
            return Found(refunds=tuple(known))
        return Found(refunds=(stripe.refund(intent_id=intent, amount=amount, key=key),))
    except ProviderRefused as refused:
        return Found(refused=refused.code)


def take(session: Session, row: InboxRow, found: Found) -> list[Told]:
    """Book what Stripe gave back; its webhook books the same once."""
    account = accounts.by_id(session, row.payload["account_id"])
    if account is None:
        raise Unreadable("it names an account that is not on record")
    lock_account(session, account.id)
    session.refresh(account)
    at = contacts.present(session, account.person_id, row.recorded_at)
    if found.refused is not None:
        key = row.payload["key"]
        if refunds.refuse(session, key):
            journal.note(session, account.id, "refund refused", key=key, code=found.refused)
            reason = f"Stripe refused a refund ({found.refused}): {_advice(found.refused)}"
            accounts.hand_over(session, f"refused:{key}", account.id, reason, at=at)
        return []
    return [told for each in found.refunds for told in book_refund(session, account, each, at=at)]


def _advice(code: str) -> str:
    if code in GONE_BACK:
        return "look at Stripe first, as the money may have gone back already"
    return "give the money back another way"
