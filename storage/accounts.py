"""Accounts: the record of a placement, its stage, its holds and its end."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.accounts import PERSONAL_HOLDS, Closure, Hold, Placement
from domain.ledger import placed
from domain.people import Milestone, MilestoneKind
from domain.transfers import reference_of
from storage import contracts, journal, ledger
from storage.people import note_milestone, record_person
from storage.tables import Account, HoldRow, Person, Task


def record(session: Session, placement: Placement, *, workflow_id: str, at: datetime) -> bool:
    """Write account, person and opening balance in one go; False if they are there already."""
    record_person(session, placement)
    row = insert(Account).values(
        id=placement.account_id,
        creditor_id=placement.creditor,
        reference=placement.reference,
        workflow_id=workflow_id,
        person_id=placement.person_id,
        currency=placement.balance.currency,
        due_on=placement.due_on,
        journey=placement.journey,
        placement=placement.model_dump(mode="json"),
        contract_id=contracts.current_id(session, placement.creditor),
        payment_reference=reference_of(placement.account_id),
        at=at,
    )
    inserted = session.execute(row.on_conflict_do_nothing().returning(Account.id)).scalar()
    if inserted is None:
        return False
    ledger.book(session, inserted, placed(f"placed:{inserted}", placement.balance))
    if placement.consumer.stored_card is not None:
        _note_authority(session, placement, at)
    journal.note(session, inserted, "placed", at=at, balance=placement.balance.minor)
    return True


def _note_authority(session: Session, placement: Placement, at: datetime) -> None:
    """A card that the creditor places comes with the authority to charge it, as given to them."""
    given = Milestone(
        kind=MilestoneKind.AUTHORISATION, at=at, account_id=placement.account_id, direct=False
    )
    key = f"authorised:{placement.account_id}"
    note_milestone(session, placement.person_id, given, key=key, source="creditor")


def by_id(session: Session, account_id: str) -> Account | None:
    """The account of that id."""
    return session.get(Account, account_id)


def of_creditor(session: Session, creditor_id: str, account_id: str) -> Account | None:
    """The account of that id, if it is this creditor's."""
    return session.scalar(
        select(Account).where(Account.id == account_id, Account.creditor_id == creditor_id)
    )


def by_reference(session: Session, creditor_id: str, reference: str) -> Account | None:
    """A creditor's account by the creditor's own key."""
    return session.scalar(
        select(Account).where(Account.creditor_id == creditor_id, Account.reference == reference)
    )


def recorded_placement(account: Account) -> Placement:
    """What the creditor placed, as it was placed."""
    return Placement.model_validate(account.placement)


def open_of_person(session: Session, person_id: str) -> list[Account]:
    """A person's accounts that are not closed, oldest first."""
    return list(
        session.scalars(
            select(Account)
            .where(Account.person_id == person_id, Account.closure.is_(None))
            .order_by(Account.recorded_at, Account.id)
        )
    )


def of_person(session: Session, person_id: str) -> list[Account]:
    """All of a person's accounts, open or closed, oldest first."""
    return list(
        session.scalars(
            select(Account)
            .where(Account.person_id == person_id)
            .order_by(Account.recorded_at, Account.id)
        )
    )


def person_of(session: Session, account: Account) -> Person:
    """The person who owes it."""
    return session.get_one(Person, account.person_id)


def enter_stage(
    session: Session, account_id: str, *, journey: str, stage: str, at: datetime
) -> None:
    """Record which stage the account is in."""
    session.execute(
        update(Account).where(Account.id == account_id).values(journey=journey, stage=stage)
    )
    journal.note(session, account_id, "stage", at=at, stage=stage)


def close(session: Session, account_id: str, closure: Closure, *, at: datetime) -> Closure:
    """Record that the journey is over, and how; a second time changes nothing."""
    closed = session.execute(
        update(Account)
        .where(Account.id == account_id, Account.closure.is_(None))
        .values(closure=closure, closed_at=at)
        .returning(Account.id)
    ).scalar()
    if closed is not None:
        journal.note(session, account_id, "closed", at=at, closure=closure)
    recorded = session.scalar(select(Account.closure).where(Account.id == account_id))
    return Closure(recorded or closure)


def reopen(session: Session, account_id: str, *, closures: Collection[Closure]) -> int | None:
    """Record that the journey goes on after an end of one of these kinds: the how manieth time.

    None if the account did not end so.
    """
    ended = session.execute(
        update(Account)
        .where(Account.id == account_id, Account.closure.in_(closures))
        .values(closure=None, closed_at=None, reopened=Account.reopened + 1)
        .returning(Account.reopened)
    ).scalar()
    if ended is not None:
        journal.note(session, account_id, "reopened", times=ended)
    return ended


def name_end(session: Session, account_id: str, closure: Closure) -> None:
    """Record how a journey that is over has ended after all, such as settled and not paid."""
    renamed = session.execute(
        update(Account)
        .where(Account.id == account_id, Account.closure != closure)
        .values(closure=closure)
        .returning(Account.id)
    ).scalar()
    if renamed is not None:
        journal.note(session, account_id, "closed", closure=closure)


def place_hold(
    session: Session,
    account_id: str,
    hold: Hold,
    *,
    reason: str,
    starts: date | None = None,
    ends: date | None = None,
    part: int | None = None,
) -> bool:
    """Stop the account's clock, on these days and for this part of the debt if they are given.

    False if this very hold stands already; one of other days, or on another part, stands beside it.
    """
    days = {"starts": starts, "ends": ends, "part": part}
    same = select(HoldRow.id).where(
        HoldRow.account_id == account_id,
        HoldRow.hold == hold,
        HoldRow.lifted_at.is_(None),
        *(getattr(HoldRow, name).is_not_distinct_from(value) for name, value in days.items()),
    )
    if session.scalar(same.limit(1)) is not None:
        return False
    session.add(HoldRow(account_id=account_id, hold=hold, reason=reason, **days))
    session.flush()
    only: dict[str, Any] = {name: str(value) for name, value in days.items() if value is not None}
    journal.note(session, account_id, "hold placed", hold=hold, **only)
    return True


def last_hold(session: Session, account_id: str, hold: Hold) -> int | None:
    """The number of the standing hold of this kind that was placed last; None if none stands."""
    return session.scalar(
        select(func.max(HoldRow.id)).where(
            HoldRow.account_id == account_id, HoldRow.hold == hold, HoldRow.lifted_at.is_(None)
        )
    )


def lift_hold(session: Session, account_id: str, hold: Hold) -> bool:
    """Let the account's clock go on; False if no such hold stands."""
    lifted = session.execute(
        update(HoldRow)
        .where(HoldRow.account_id == account_id, HoldRow.hold == hold)
        .where(HoldRow.lifted_at.is_(None))
        .values(lifted_at=func.now())
        .returning(HoldRow.id)
    ).all()
    if lifted:
        journal.note(session, account_id, "hold lifted", hold=hold)
    return bool(lifted)


def inherit_holds(session: Session, account: Account) -> None:
    """Put the holds that stand on the person's other accounts on a new one, too."""
    standing = session.execute(
        select(HoldRow.hold, HoldRow.starts, HoldRow.ends)
        .join(Account, Account.id == HoldRow.account_id)
        .where(Account.person_id == account.person_id, Account.id != account.id)
        .where(HoldRow.lifted_at.is_(None), HoldRow.hold.in_(PERSONAL_HOLDS))
        .where(HoldRow.part.is_(None))
        .distinct()
        .order_by(HoldRow.hold, HoldRow.starts, HoldRow.ends)
    ).all()
    for row in standing:
        place_hold(
            session,
            account.id,
            Hold(row.hold),
            reason="stands on the person's other accounts",
            starts=row.starts,
            ends=row.ends,
        )


def recall(session: Session, account_id: str) -> bool:
    """Record that the creditor took the account back; False if that is recorded already."""
    recalled = session.execute(
        update(Account)
        .where(Account.id == account_id, Account.recalled_at.is_(None))
        .values(recalled_at=func.now())
        .returning(Account.id)
    ).scalar()
    if recalled is not None:
        journal.note(session, account_id, "recalled")
    return recalled is not None


def hand_over(session: Session, key: str, account_id: str, reason: str, *, at: datetime) -> None:
    """Ask a person of ours to look at the account, once per key."""
    row = insert(Task).values(key=key, account_id=account_id, reason=reason, at=at)
    if session.execute(row.on_conflict_do_nothing().returning(Task.key)).scalar() is not None:
        journal.note(session, account_id, "handed over", at=at, reason=reason)


def open_workflows(session: Session, person_id: str | None = None) -> list[str]:
    """Workflow ids of open accounts, all or a person's."""
    query = select(Account.workflow_id).where(Account.closure.is_(None))
    if person_id is not None:
        query = query.where(Account.person_id == person_id)
    return list(session.scalars(query.order_by(Account.recorded_at)))
