"""Accounts: the record of a placement, its stage, its holds and its end."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.accounts import PERSONAL_HOLDS, Closure, Hold, Placement
from domain.contracts import Contract
from domain.ledger import OWED, Cause, placed
from domain.people import Milestone, MilestoneKind
from domain.transfers import reference_of
from storage import journal
from storage.calls import withdrawing
from storage.lines import ask
from storage.people import note_milestone, recording
from storage.session import driver, holding
from storage.tables import Account, HoldRow, Person, Task

_WRITE = f"""
with written as (
    insert into accounts (
        id, creditor_id, reference, workflow_id, person_id, currency, due_on, journey, placement,
        contract_id, payment_reference, at
    ) values (
        $1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb,
        (select max(id) from contracts where creditor_id = $2), $10, $11
    )
    on conflict do nothing returning id, contract_id
), booked as (
    insert into ledger_transactions (key, account_id, version, cause, currency)
    select $12, id, 1, '{Cause.PLACEMENT}', $6 from written
), entries as (
    insert into ledger_entries (transaction_key, account_id, book, minor)
    select $12, id, book, minor from written, unnest($13::text[], $14::bigint[]) as of (book, minor)
), told as (
    insert into journal (account_id, what, detail, at)
    select id, 'placed', json_build_object('balance', $15::bigint), $11 from written
)
select json_build_object(
    'is_new', exists (select from written),
    'contract', (
        select terms from contracts where id = (
            select contract_id from written
            union all select contract_id from accounts where id = $1
        )
    ),
    'holds_stand', exists (
        select from holds join accounts on accounts.id = holds.account_id
        where accounts.person_id = $5 and accounts.id <> $1 and holds.lifted_at is null
    )
)::text"""  # noqa: S608 -- constants of ours; values are parameters
"""The opening balance is the first movement of an account, so it takes no turn."""


@dataclass(frozen=True)
class Written:
    """What came of recording a placement."""

    is_new: bool
    """Whether it was written now; else it was on record, and nothing was written."""
    contract: Contract
    """The one that the account came under."""
    holds_stand: bool
    """Whether holds of any kind stand on the person's other accounts."""


def write(session: Session, placement: Placement, *, workflow_id: str, at: datetime) -> Written:
    """Write account, person and opening balance in one go, if they are not on record yet.

    Holds the person until the transaction ends.
    """
    named, opening = (
        placement.account_id,
        placed(f"placed:{placement.account_id}", placement.balance),
    )
    asked = (
        *(named, placement.creditor, placement.reference, workflow_id, placement.person_id),
        *(placement.balance.currency, placement.due_on, placement.journey),
        *(placement.model_dump_json(), reference_of(named), at, opening.key),
        *([each.book.value for each in opening.entries], [each.minor for each in opening.entries]),
        placement.balance.minor,
    )
    session.flush()
    *_, found = ask(
        driver(session), holding(placement.person_id), recording(placement), (_WRITE, asked)
    )
    read = orjson.loads(found or "null")
    written = Written(
        is_new=read["is_new"],
        contract=Contract.model_validate(read["contract"] or {}),
        holds_stand=read["holds_stand"],
    )
    if written.is_new and placement.consumer.stored_card is not None:
        _note_authority(session, placement, at)
    return written


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


def placed_as(session: Session, creditor_id: str, reference: str) -> Placement | None:
    """What the creditor placed by that key, as it was placed; None if there is nothing."""
    session.flush()
    asked = "select placement::text from accounts where creditor_id = $1 and reference = $2"
    [found] = ask(driver(session), (asked, (creditor_id, reference)))
    return None if found is None else Placement.model_validate_json(found)


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


_HOLD = """
select json_build_object(
    'held', pg_advisory_xact_lock(hashtextextended(person_id, 0))::text, 'contract', terms
)::text
from accounts left join contracts on contracts.id = contract_id where accounts.id = $1"""


def hold_with_contract(session: Session, account_id: str) -> Contract:
    """Hold the person who owes it, as `lock_account` does; the contract that it came under.

    An account keeps its contract, so it may be read in the statement that waits.
    """
    session.flush()
    [found] = ask(driver(session), (_HOLD, (account_id,)))
    if found is None:
        raise LookupError(f"no account {account_id} in the record")
    return Contract.model_validate(orjson.loads(found)["contract"] or {})


_ENTER = f"""
with entered as (
    update accounts set journey = $2, stage = $3 where id = $1
), told as (
    insert into journal (account_id, what, detail, at)
    values ($1, 'stage', json_build_object('stage', $3::text), $4)
)
select json_build_object(
    'version', (select count(*) from ledger_transactions where account_id = $1),
    'balance', (
        select coalesce(sum(minor), 0)::bigint from ledger_entries
        where account_id = $1 and book in ({", ".join(f"'{book}'" for book in OWED)})
    ),
    'has_plan', exists (select from plans where account_id = $1)
)::text"""  # noqa: S608 -- constants of ours; values are parameters


@dataclass(frozen=True)
class Stands:
    """How an account stands as it enters a stage."""

    version: int
    balance: int
    """Minor units that the consumer still owes."""
    has_plan: bool
    """Whether it ever had one."""


def enter_stage(
    session: Session, account_id: str, *, journey: str, stage: str, at: datetime
) -> Stands:
    """Record which stage the account is in; calls that nobody has dialled yet leave the list."""
    session.flush()
    entering = (_ENTER, (account_id, journey, stage, at))
    _, found = ask(driver(session), withdrawing(account_id, at), entering)
    return Stands(**orjson.loads(found or "null"))


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
        HoldRow.instruction_id.is_(None),  # that of an instruction for many ends with it
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


def handed_over(session: Session, account_id: str) -> list[str]:
    """Why a person of ours was asked to look at the account, each reason once, the latest last."""
    asked = select(Task.reason).where(Task.account_id == account_id).group_by(Task.reason)
    return list(session.scalars(asked.order_by(func.max(Task.at), Task.reason)))


def open_workflows(session: Session, person_id: str | None = None) -> list[str]:
    """Workflow ids of open accounts, all or a person's."""
    query = select(Account.workflow_id).where(Account.closure.is_(None))
    if person_id is not None:
        query = query.where(Account.person_id == person_id)
    return list(session.scalars(query.order_by(Account.recorded_at)))
