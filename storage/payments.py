"""Plans, charges and checkouts of an account."""

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.contacts import COUNTS, Count
from domain.orders import Charge
from domain.plans import PaymentPlan
from storage import journal, ledger
from storage.tables import ChargeRow, Checkout, ContactRow, Plan

CREATED = "created"
ACCEPTED = "plan accepted"
"""Purpose of a page that came to its end: the plan was accepted on it, and on no other."""
LATE = "failed_late"
"""Stands among the codes of a charge that was under way for days before it failed."""


def accept_plan(session: Session, account_id: str, plan: PaymentPlan) -> bool:
    """Write an accepted plan; False if it is written already."""
    row = insert(Plan).values(
        id=plan.plan_id, account_id=account_id, terms=plan.model_dump(mode="json")
    )
    written = session.execute(row.on_conflict_do_nothing().returning(Plan.id)).scalar()
    if written is not None:
        journal.note(
            session, account_id, "plan accepted", plan=plan.plan_id, parts=len(plan.instalments)
        )
    return written is not None


def accepted_plan(session: Session, account_id: str) -> PaymentPlan | None:
    """The plan accepted last, if any."""
    terms = session.scalar(
        select(Plan.terms)
        .where(Plan.account_id == account_id)
        .order_by(Plan.recorded_at.desc())
        .limit(1)
    )
    return PaymentPlan.model_validate(terms) if terms else None


def is_open_offer(session: Session, account_id: str, plan: PaymentPlan) -> bool:
    """Whether a plan can be accepted: the newest offer, for what is owed, and no plan since."""
    newest = _newest_offer(session, account_id)
    if newest is None or newest.offer is None or newest.offer["plan_id"] != plan.plan_id:
        return False
    overtaken = session.scalar(
        select(Plan.id)
        .where(Plan.account_id == account_id)
        .where((Plan.id == plan.plan_id) | (Plan.recorded_at > newest.recorded_at))
        .limit(1)
    )
    return overtaken is None and plan.total == ledger.balance(session, account_id)


def _newest_offer(session: Session, account_id: str) -> ContactRow | None:
    """The contact that put a plan to the consumer last, if it reached them, or may have."""
    return session.scalar(
        select(ContactRow)
        .where(ContactRow.account_id == account_id, ContactRow.offer.is_not(None))
        .where(ContactRow.status.in_(COUNTS[Count.MADE]))
        .order_by(ContactRow.at.desc(), ContactRow.recorded_at.desc())
        .limit(1)
    )


def begin_charge(session: Session, order: Charge) -> ChargeRow:
    """Write the intent to charge, once per key."""
    row = insert(ChargeRow).values(
        key=order.key,
        account_id=order.account_id,
        minor=order.amount.minor,
        currency=order.amount.currency,
        instalment=order.instalment,
        status=CREATED,
        at=order.at,
    )
    session.execute(row.on_conflict_do_nothing())
    return session.get_one(ChargeRow, order.key)


def charge_of_intent(session: Session, intent_id: str) -> ChargeRow | None:
    """The charge that Stripe knows by this payment intent."""
    return session.scalar(select(ChargeRow).where(ChargeRow.intent_id == intent_id))


def opened_checkout(
    session: Session,
    session_id: str,
    account_id: str,
    *,
    purpose: str,
    contact_key: str | None,
    plan: PaymentPlan | None = None,
) -> None:
    """Remember a hosted page, so that its completion finds the account and the plan."""
    terms: dict[str, Any] | None = plan.model_dump(mode="json") if plan else None
    row = insert(Checkout).values(
        session_id=session_id,
        account_id=account_id,
        contact_key=contact_key,
        purpose=purpose,
        plan=terms,
    )
    session.execute(row.on_conflict_do_nothing())


def accepted_by(session: Session, session_id: str) -> bool:
    """Whether a plan was accepted on this page."""
    page = checkout(session, session_id)
    return page is not None and page.purpose == ACCEPTED


def note_accepted(session: Session, session_id: str) -> None:
    """Remember that the plan of this page was accepted on it."""
    session.execute(
        update(Checkout).where(Checkout.session_id == session_id).values(purpose=ACCEPTED)
    )


def checkout(session: Session, session_id: str) -> Checkout | None:
    """The hosted page of that id."""
    return session.get(Checkout, session_id)


def last_decline(session: Session, account_id: str) -> str | None:
    """Why the newest charge was declined, if it was."""
    newest = session.scalar(
        select(ChargeRow)
        .where(ChargeRow.account_id == account_id)
        .order_by(ChargeRow.recorded_at.desc())
        .limit(1)
    )
    return newest.decline_code if newest else None


def failed_late(charge: ChargeRow) -> bool:
    """Whether a charge failed only after it had been taken for one under way."""
    return bool(charge.codes and charge.codes.get(LATE))
