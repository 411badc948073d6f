"""Instructions of operations: what they change in the record, and how far they have come.

An instruction for many concerns the accounts that are found when it is given, and no others. Its
facts are written for all of them in one transaction, which waits for nobody; `fence` then waits for
whatever was about to leave. Their journeys are told afterwards, one by one.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from domain.accounts import Hold
from domain.bulk import Bulk, BulkInstruction, BulkProgress, BulkVerb, Where
from storage import instructions, journal
from storage.session import Database, lock_person
from storage.tables import Account, HoldRow, InstructedAccount, Instruction, JournalRow

PEOPLE_AT_ONCE = 100
"""Whose locks are held together for an instant: PostgreSQL has room for some thousands."""
PLAIN = tuple(each.is_(None) for each in (HoldRow.starts, HoldRow.ends, HoldRow.part))
"""A pause without days, of the whole debt: the only one that instructions for many know."""
SWITCHED = "journey switched"
"""In an account's story: somebody sent it, alone, on another journey."""


def found(session: Session, where: Where) -> list[tuple[str, str, str | None, int]]:
    """How many open accounts there are for which it is so: by creditor, journey and stage."""
    grouped = (Account.creditor_id, Account.journey, Account.stage)
    rows = session.execute(
        select(*grouped, func.count()).where(*_conditions(where)).group_by(*grouped)
    ).all()
    return sorted((row[0], row[1], row[2], row[3]) for row in rows)


def _conditions(where: Where) -> list[ColumnElement[bool]]:
    """An account that is over, or taken back, can be told nothing any more."""
    wanted = {
        Account.creditor_id: where.creditor,
        Account.journey: where.journey,
        Account.stage: where.stage,
        Account.currency: where.currency,
    }
    conditions = [name == value for name, value in wanted.items() if value is not None]
    if where.paused_by is not None:
        conditions.append(_paused_by(where.paused_by))
    return [Account.closure.is_(None), Account.recalled_at.is_(None), *conditions]


def _paused_by(instruction_id: str) -> ColumnElement[bool]:
    """Whether a hold stands that this instruction placed; it may be one of several."""
    held = select(HoldRow.account_id).where(
        HoldRow.instruction_id == instruction_id, HoldRow.lifted_at.is_(None)
    )
    return Account.id.in_(held)


def give(session: Session, bulk: Bulk) -> BulkProgress:
    """Put an instruction for many on record, with all that follows from it; once per id.

    ValueError if that id is another instruction's.
    """
    if _is_new(session, bulk.instruction, str(bulk.where), bulk.reason, bulk.by):
        found = select(literal(bulk.id), Account.id).where(*_conditions(bulk.where))
        joining = insert(InstructedAccount).from_select(["instruction_id", "account_id"], found)
        session.execute(joining)
        _write(session, bulk.instruction, bulk.reason, _members(bulk.id), bulk.where.paused_by)
        return progress(session, bulk.id)
    known = session.get_one(Instruction, bulk.id)
    wanted = bulk.verb, str(bulk.where), _detail(bulk.instruction)
    if (known.verb, known.conditions, known.detail) != wanted:
        goal = "".join(f" to {journey}" for journey in known.detail.values())
        raise ValueError(
            f"{bulk.id} is another instruction: {known.verb}{goal} where {known.conditions}"
        )
    return progress(session, bulk.id)


def unfinished(session: Session, verb: BulkVerb, where: Where) -> str | None:
    """The id of the last such instruction, if it has not reached every account yet."""
    return session.scalar(
        select(Instruction.id)
        .where(Instruction.verb == verb, Instruction.conditions == str(where), _has_untold())
        .order_by(Instruction.recorded_at.desc())
        .limit(1)
    )


def left_behind(session: Session, *, older_than: timedelta) -> list[str]:
    """Ids of instructions by conditions that have not reached every account yet, oldest first."""
    return list(
        session.scalars(
            select(Instruction.id)
            .where(Instruction.conditions.is_not(None), _has_untold())
            .where(Instruction.recorded_at < func.now() - older_than)
            .order_by(Instruction.recorded_at)
        )
    )


def _has_untold() -> ColumnElement[bool]:
    return exists().where(
        InstructedAccount.instruction_id == Instruction.id, InstructedAccount.told_at.is_(None)
    )


def standing(session: Session, instruction_id: str) -> int:
    """For how many accounts a pause still stands, or a recall: it may have been resumed since."""
    theirs = InstructedAccount.account_id == Account.id
    ours = exists().where(
        HoldRow.instruction_id == instruction_id,
        HoldRow.account_id == Account.id,
        HoldRow.lifted_at.is_(None),
    )
    counted = select(func.count()).select_from(InstructedAccount).join(Account, theirs)
    counted = counted.where(InstructedAccount.instruction_id == instruction_id)
    return session.scalars(counted.where(or_(ours, Account.recalled_at.is_not(None)))).one()


def by_id(session: Session, instruction_id: str) -> Instruction | None:
    """The instruction of that id."""
    return session.get(Instruction, instruction_id)


def take_part(session: Session, account_id: str, told: BulkInstruction) -> bool:
    """Write that an account was told; whether it has to carry the instruction out.

    Not if it does not concern the account, which may be over, or if something that was said later
    stands against it. One that is given to single accounts, and not to those found by a condition,
    is written here with what follows from it. The caller holds the person's lock.
    """
    _is_new(session, told, None, told.reason or "none was given", told.by or "in Temporal")
    known = session.get_one(Instruction, told.instruction_id)
    if known.conditions is None:
        row = upsert(InstructedAccount).values(instruction_id=known.id, account_id=account_id)
        joined = row.on_conflict_do_nothing().returning(InstructedAccount.account_id)
        if session.scalar(joined) is not None:
            member = _members(known.id).where(InstructedAccount.account_id == account_id)
            _write(session, told, known.reason, member)
    return _told(session, known.id, account_id) and _stands(session, told.verb, known, account_id)


def note(
    session: Session,
    account_id: str,
    *,
    instruction_id: str,
    verb: str,
    reason: str,
    by: str,
    step: str,
) -> None:
    """Put an instruction to one account on record that is carried out at once; once per id."""
    if instructions.is_new(
        session,
        account_id,
        instruction_id,
        verb=verb,
        reason=reason,
        by=by,
        detail={"step": step},
    ):
        journal.note(session, account_id, verb, instruction=instruction_id, step=step)


def progress(session: Session, instruction_id: str) -> BulkProgress:
    """How far it has come; LookupError if there is no such instruction."""
    given = by_id(session, instruction_id)
    if given is None:
        raise LookupError(f"no instruction {instruction_id!r} on record")
    counted = select(func.count()).where(InstructedAccount.instruction_id == instruction_id)
    accounts = session.scalars(counted).one()
    left = session.scalars(counted.where(InstructedAccount.told_at.is_(None))).one()
    return BulkProgress(accounts=accounts, told=accounts - left, given_at=given.recorded_at)


def untold(
    session: Session, instruction_id: str, *, after: str = "", limit: int = 500
) -> list[tuple[str, str]]:
    """Accounts that have not taken it in, a page in the ids' order: their ids, their workflows'."""
    rows = session.execute(
        select(Account.id, Account.workflow_id)
        .join(InstructedAccount, InstructedAccount.account_id == Account.id)
        .where(InstructedAccount.instruction_id == instruction_id)
        .where(InstructedAccount.told_at.is_(None), InstructedAccount.account_id > after)
        .order_by(InstructedAccount.account_id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def release(session: Session, instruction_id: str) -> None:
    """Wait no more for accounts that were over before they could be told."""
    session.execute(
        update(InstructedAccount)
        .where(InstructedAccount.instruction_id == instruction_id)
        .where(InstructedAccount.told_at.is_(None))
        .where(InstructedAccount.account_id == Account.id, Account.closure.is_not(None))
        .values(told_at=func.now())
    )


def fence(
    database: Database, instruction_id: str, passed: Callable[[int], None] = lambda _: None
) -> int:
    """Wait until nothing is about to leave that looked at the record before the instruction.

    Whoever sends or charges holds the person's lock from the last look on. So each lock that is
    free, or becomes free, is proof for that person. `passed` is called with each number of
    accounts; returns how many there are.
    """
    after, done = "", 0
    while page := _people(database, instruction_id, after):
        for busy in _busy(database, sorted({person for _, person in page})):
            with database.transaction() as session:
                lock_person(session, busy)
        passed(len(page))
        after, done = page[-1][0], done + len(page)
    return done


def _people(database: Database, instruction_id: str, after: str) -> list[tuple[str, str]]:
    """Some of its accounts, in the ids' order, and who owes them."""
    with database.transaction() as session:
        rows = session.execute(
            select(InstructedAccount.account_id, Account.person_id)
            .join(Account, Account.id == InstructedAccount.account_id)
            .where(InstructedAccount.instruction_id == instruction_id)
            .where(InstructedAccount.account_id > after)
            .order_by(InstructedAccount.account_id)
            .limit(PEOPLE_AT_ONCE)
        )
        return [(row[0], row[1]) for row in rows]


def _busy(database: Database, people: Sequence[str]) -> list[str]:
    """Those whose lock somebody holds at this moment."""
    with database.transaction() as session:
        tried = session.execute(TRY, {"people": list(people)})
        return [row.id for row in tried if not row.free]


TRY = text(
    "select id, pg_try_advisory_xact_lock(hashtextextended(id, 0)) as free"
    " from unnest(cast(:people as text[])) as id"
)


def _is_new(
    session: Session, told: BulkInstruction, conditions: str | None, reason: str, by: str
) -> bool:
    row = upsert(Instruction).values(
        id=told.instruction_id,
        verb=told.verb,
        conditions=conditions,
        detail=_detail(told),
        reason=reason,
        given_by=by,
    )
    written = row.on_conflict_do_nothing().returning(Instruction.id)
    return session.scalar(written) is not None


def _detail(told: BulkInstruction) -> dict[str, str]:
    return {"journey": told.journey} if told.journey else {}


def _members(instruction_id: str) -> Select[str]:
    """Whom it concerns; not read by us: there may be hundreds of thousands."""
    members = select(InstructedAccount.account_id)
    return members.where(InstructedAccount.instruction_id == instruction_id)


def _write(
    session: Session,
    told: BulkInstruction,
    reason: str,
    members: Select[str],
    paused_by: str | None = None,
) -> None:
    """Write what follows for these accounts: that it was said, holds, recalls."""
    _note(session, members.cte("concerned"), f"told to {told.verb}", told)
    match told.verb:
        case BulkVerb.PAUSE:
            columns = ["account_id", "hold", "reason", "instruction_id"]
            same = (literal(Hold.PAUSE.value), literal(reason), literal(told.instruction_id))
            placed = insert(HoldRow).from_select(columns, members.add_columns(*same))
            changed = placed.returning(HoldRow.account_id).cte("placed")
            _note(session, changed, "hold placed", told, hold=Hold.PAUSE)
        case BulkVerb.RESUME:
            standing = (HoldRow.hold == Hold.PAUSE, HoldRow.lifted_at.is_(None), *PLAIN)
            lifted = update(HoldRow).where(HoldRow.account_id.in_(members), *standing)
            if paused_by is not None:
                lifted = lifted.where(HoldRow.instruction_id == paused_by)
            lifted = lifted.values(lifted_at=func.now())
            changed = lifted.returning(HoldRow.account_id).cte("lifted")
            _note(session, changed, "hold lifted", told, hold=Hold.PAUSE)
        case BulkVerb.RECALL:
            taken = update(Account).where(Account.id.in_(members), Account.recalled_at.is_(None))
            taken = taken.values(recalled_at=func.now())
            _note(session, taken.returning(Account.id).cte("taken"), "recalled", told)
        case BulkVerb.SWITCH:
            """The journey that it takes is written when it is entered."""


def _note(session: Session, accounts: CTE, what: str, told: BulkInstruction, **more: str) -> None:
    """A line in each account's story, in the statement that finds or changes them."""
    detail = literal(more | {"instruction": told.instruction_id}, JSONB)
    [account_id] = accounts.c
    lines = select(account_id, literal(what), detail).distinct()
    session.execute(insert(JournalRow).from_select(["account_id", "what", "detail"], lines))


def _stands(session: Session, verb: BulkVerb, known: Instruction, account_id: str) -> bool:
    """Whether the record has it so now: of an instruction told late, it may have changed since."""
    paused = (HoldRow.account_id == account_id, HoldRow.lifted_at.is_(None))
    match verb:
        case BulkVerb.PAUSE:
            ours = exists().where(*paused, HoldRow.instruction_id == known.id)
            return bool(session.scalar(select(ours)))
        case BulkVerb.RESUME:
            held = exists().where(*paused, HoldRow.hold == Hold.PAUSE, *PLAIN)
            return not session.scalar(select(held))
        case BulkVerb.RECALL:
            return True
        case BulkVerb.SWITCH:
            return not session.scalar(select(_switched_since(known, account_id)))


def _switched_since(known: Instruction, account_id: str) -> ColumnElement[bool]:
    """Whether somebody sent the account on a journey after that, alone or with many."""
    with_many = exists().where(
        InstructedAccount.account_id == account_id,
        Instruction.id == InstructedAccount.instruction_id,
        Instruction.verb == BulkVerb.SWITCH,
        Instruction.recorded_at > known.recorded_at,
    )
    alone = exists().where(
        JournalRow.account_id == account_id,
        JournalRow.what == SWITCHED,
        JournalRow.recorded_at > known.recorded_at,
    )
    return or_(with_many, alone)


def _told(session: Session, instruction_id: str, account_id: str) -> bool:
    """Note that the account has it; False if it is not concerned, or over."""
    member = session.get(InstructedAccount, (instruction_id, account_id))
    if member is None:
        return False
    if member.told_at is None:
        member.told_at = session.scalar(select(func.now()))
    return session.get_one(Account, account_id).closure is None
