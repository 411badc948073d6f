"""Plans, charges and checkouts of an account."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import func, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.contacts import COUNTS, Count
from domain.orders import Charge, ChargeStatus
from domain.plans import PaymentPlan
from storage import ledger
from storage.tables import ChargeRow, Checkout, ContactRow, Plan

CREATED = "created"
UNDER_WAY = "another payment under way"
"""Nothing was tried, because something else may still pay for the same."""
GIVEN_UP = "given up"
"""Nothing was taken, and nothing can be: the intent is cancelled, or there never was one."""

OPEN = (CREATED, ChargeStatus.UNAVAILABLE, ChargeStatus.PROCESSING)
"""Statuses of a charge of which nobody can say yet whether it takes money."""

PAYING = ("full", "instalment", "settlement", "extra")
"""Purposes of pages on which money is paid."""
CLOSED = "closed"
"""Purpose of a page on which nothing can be paid any more."""
PROMISED = "promised"
"""Purpose of a page that somebody paid on by a bank debit, of which nobody knows the end yet."""
PAGES_STAY = timedelta(hours=25)
"""Stripe closes a page after 24 hours by itself."""

ACCEPTED = "plan accepted"
"""Purpose of a page that came to its end: the plan was accepted on it, and on no other."""
LATE = "failed_late"
"""Stands among the codes of a charge that was under way for days before it failed."""


def is_open_offer(session: Session, account_id: str, plan: PaymentPlan) -> bool:
    """Whether a plan can be put to the consumer: the newest offer, for what is owed."""
    return plan.total == ledger.balance(session, account_id) and is_newest_offer(
        session, account_id, plan
    )


def is_newest_offer(session: Session, account_id: str, plan: PaymentPlan) -> bool:
    """Whether a plan can be accepted: it was offered last, and no plan was accepted since.

    What was paid between counts for its instalments, whether we heard of it before or after.
    """
    newest = _newest_offer(session, account_id)
    if newest is None or newest.offer is None or newest.offer["plan_id"] != plan.plan_id:
        return False
    overtaken = session.scalar(
        select(Plan.id)
        .where(Plan.account_id == account_id)
        .where((Plan.id == plan.plan_id) | (Plan.recorded_at > newest.recorded_at))
        .limit(1)
    )
    return overtaken is None


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


def charge_by_key(session: Session, key: str) -> ChargeRow:
    """The charge of that key, as it stands now."""
    return session.get_one(ChargeRow, key, populate_existing=True)


def competing(session: Session, row: ChargeRow) -> Sequence[ChargeRow]:
    """Other charges that may still take money for the same: this instalment, or the balance."""
    same = ChargeRow.instalment.is_(None) | (ChargeRow.instalment == row.instalment)
    return session.scalars(
        select(ChargeRow)
        .where(ChargeRow.account_id == row.account_id, ChargeRow.key != row.key)
        .where(ChargeRow.status.in_(OPEN), true() if row.instalment is None else same)
        .order_by(ChargeRow.recorded_at)
    ).all()


def under_way(session: Session, row: ChargeRow) -> int:
    """Minor units that other charges of the account may still take, whatever they are for."""
    return being_charged(session, row.account_id, but=row.key)


def being_charged(session: Session, account_id: str, *, but: str = "") -> int:
    """Minor units that charges of an account may still take; of all but one, by its key."""
    total = session.scalar(
        select(func.sum(ChargeRow.minor))
        .where(ChargeRow.account_id == account_id, ChargeRow.key != but)
        .where(ChargeRow.status.in_(OPEN), ChargeRow.intent_id.is_not(None))
    )
    return int(total or 0)


def left_open(session: Session, *, unknown: timedelta, slow: timedelta) -> Sequence[str]:
    """Keys of charges that have an intent and no end, oldest first.

    Those of unknown fate once they are `unknown` old, others once they are as old as `slow`.
    """
    since = func.now() - ChargeRow.recorded_at
    lost = (ChargeRow.status == ChargeStatus.UNAVAILABLE) & (since > unknown)
    return session.scalars(
        select(ChargeRow.key)
        .where(ChargeRow.intent_id.is_not(None), ChargeRow.status.in_(OPEN))
        .where(or_(lost, since > slow))
        .order_by(ChargeRow.recorded_at)
    ).all()


def open_pages(session: Session, account_id: str) -> Sequence[Checkout]:
    """Pages on which somebody may be paying on this account right now, or whose money is to come.

    A page that nobody pays on closes by itself; a bank debit may take longer than any page stays.
    """
    young = Checkout.recorded_at > func.now() - PAGES_STAY
    return session.scalars(
        select(Checkout)
        .where(Checkout.account_id == account_id)
        .where((Checkout.purpose == PROMISED) | (Checkout.purpose.in_(PAYING) & young))
    ).all()


def note_promised(session: Session, session_id: str | None) -> None:
    """Remember that money is on its way from a page, unless its end was known before."""
    session.execute(
        update(Checkout)
        .where(Checkout.session_id == session_id, Checkout.purpose.in_(PAYING))
        .values(purpose=PROMISED)
    )


def is_promised(session: Session, session_id: str | None) -> bool:
    """Whether money is on its way from a page."""
    page = session.get(Checkout, session_id or "", populate_existing=True)
    return page is not None and page.purpose == PROMISED


def awaits(session: Session, account_id: str) -> bool:
    """Whether money is on its way from any page of an account."""
    promised = select(Checkout.session_id).where(
        Checkout.account_id == account_id, Checkout.purpose == PROMISED
    )
    return session.scalar(promised.limit(1)) is not None


def close_page(session: Session, session_id: str | None) -> None:
    """Remember that no money is to come from a page any more."""
    session.execute(
        update(Checkout)
        .where(Checkout.session_id == session_id, Checkout.purpose.in_((*PAYING, PROMISED)))
        .values(purpose=CLOSED)
    )


def closed_pages(session: Session, account_id: str) -> int:
    """How many pages of an account were closed before their time."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Checkout)
            .where(Checkout.account_id == account_id, Checkout.purpose == CLOSED)
        )
        or 0
    )


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


def claim_of(session: Session, charge: ChargeRow) -> str:
    """What a charge is for: every try at the same has the same answer, now and later.

    An instalment of the plan that then stood, or the balance.
    """
    if charge.instalment is None:
        return "balance"
    plan = session.scalar(
        select(Plan.id)
        .where(Plan.account_id == charge.account_id, Plan.recorded_at <= charge.recorded_at)
        .order_by(Plan.seq.desc())
        .limit(1)
    )
    return f"{plan or 'plan'}/{charge.instalment}"


def failed_late(charge: ChargeRow) -> bool:
    """Whether a charge failed only after it had been taken for one under way."""
    return bool(charge.codes and charge.codes.get(LATE))
