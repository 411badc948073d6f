"""Plans of an account. Rows are only added: a plan is changed, or ended, by a later revision."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.plan_changes import Extra, extra_payment, owing_more
from domain.plans import PaymentPlan
from storage import journal, ledger, payments
from storage.receipts import local
from storage.tables import Account, Plan

ACCEPTED = "accepted"
ADDED = "costs or interest"
"""Says of a revision that it takes in what was added to the debt, and that nobody asked for it."""
EXTRA = "extra payment"
"""Begins what a revision says of itself that takes in money paid beside the plan."""
ENDED = "ended"
"""Begins what the last revision of a plan that was given up says of itself."""


def accept(
    session: Session,
    account_id: str,
    plan: PaymentPlan,
    *,
    cause: str | None = None,
    at: datetime | None = None,
) -> bool:
    """Write an accepted plan, which takes the place of any other; False if it is written."""
    written = _write(session, account_id, plan, why=ACCEPTED, cause=cause, at=at)
    if written:
        parts = len(plan.instalments)
        journal.note(session, account_id, "plan accepted", at=at, plan=plan.plan_id, parts=parts)
    return written


def current(session: Session, account_id: str) -> PaymentPlan | None:
    """The plan as it stands: its newest revision; None if there is none, or it was given up."""
    newest = session.execute(
        select(Plan.terms, Plan.why)
        .where(Plan.account_id == account_id)
        .order_by(Plan.seq.desc())
        .limit(1)
    ).one_or_none()
    if newest is None or newest.why.startswith(ENDED):
        return None
    return PaymentPlan.model_validate(newest.terms)


def revise(
    session: Session,
    account_id: str,
    plan: PaymentPlan,
    *,
    why: str,
    at: datetime | None,
    cause: str | None = None,
) -> bool:
    """Write a later revision of a plan; False if that revision is written already."""
    written = _write(session, account_id, plan, why=why, cause=cause, at=at)
    if written:
        detail = {"plan": plan.plan_id, "revision": plan.revision, "why": why}
        journal.note(session, account_id, "plan changed", at=at, **detail)
    return written


def end(
    session: Session,
    account_id: str,
    plan: PaymentPlan,
    *,
    why: str,
    at: datetime | None,
    cause: str | None = None,
) -> bool:
    """Write that a plan is given up; False if it was already. What was paid on it stays paid."""
    last = plan.model_copy(update={"revision": plan.revision + 1})
    written = _write(session, account_id, last, why=f"{ENDED}: {why}", cause=cause, at=at)
    if written:
        journal.note(session, account_id, "plan ended", at=at, plan=plan.plan_id, why=why)
    return written


def take_extra(
    session: Session, account_id: str, minor: int, extra: Extra | None, at: datetime
) -> PaymentPlan | None:
    """Revise the plan for a payment that is booked already; None if it stays as it is.

    "keep": the coming instalments stay due, and the end gets shorter; "respread": each of them gets
    smaller. None: the payment counts for the next instalments, and nothing has to be changed.

    What a charge under way may still take counts as paid: the plan ends the same whether the extra
    payment becomes known before it or after it.
    """
    plan = current(session, account_id)
    if plan is None or extra is None:
        return None
    owed = ledger.balance(session, account_id) - payments.being_charged(session, account_id)
    today = local(session, session.get_one(Account, account_id), at)
    changed = extra_payment(plan, owed, minor, how=extra, today=today)
    if changed is not None:
        revise(session, account_id, changed, why=f"{EXTRA}: {extra}", at=at)
    return changed


def owe_more(session: Session, account_id: str, minor: int, at: datetime | None) -> None:
    """Put costs or interest that are booked already to the end of the plan: nothing is due sooner.

    `minor` is how much was added. Interest that is taken back counts as paid.
    """
    plan, owed = current(session, account_id), ledger.balance(session, account_id)
    if plan is not None and minor > 0 and plan.left(owed - minor) > 0:
        revise(session, account_id, owing_more(plan, owed, minor), why=ADDED, at=at)


def revised_by_money(session: Session, account_id: str) -> PaymentPlan | None:
    """The plan, if its newest revision takes in costs, interest or an extra payment.

    Such a revision is told with the balance: nobody has agreed to anything by it, such as that a
    card is charged again after a payment of it went back.
    """
    newest = select(Plan.why).where(Plan.account_id == account_id).order_by(Plan.seq.desc())
    why = session.scalar(newest.limit(1)) or ""
    return current(session, account_id) if why.startswith((ADDED, EXTRA)) else None


def made_by(session: Session, cause: str) -> Plan | None:
    """The revision that a request has made already."""
    return session.scalar(select(Plan).where(Plan.cause == cause))


def history(session: Session, account_id: str) -> Sequence[Plan]:
    """Every revision of every plan of an account, oldest first."""
    return session.scalars(
        select(Plan).where(Plan.account_id == account_id).order_by(Plan.seq)
    ).all()


def _write(
    session: Session,
    account_id: str,
    plan: PaymentPlan,
    *,
    why: str,
    cause: str | None,
    at: datetime | None,
) -> bool:
    row = insert(Plan).values(
        id=plan.plan_id,
        revision=plan.revision,
        account_id=account_id,
        terms=plan.model_dump(mode="json"),
        why=why,
        cause=cause,
        at=at,
        recorded_at=func.clock_timestamp(),  # under the person's lock, as `seq`: never out of order
    )
    written = session.execute(row.on_conflict_do_nothing().returning(Plan.id)).scalar()
    return written is not None
