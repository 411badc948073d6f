"""Instructions of operations: what they change in the record, and how far they have come.

An instruction for many concerns the accounts that are found when it is given, and no others. Its
facts are written for all of them in one transaction, which waits for nobody; `fence` then waits for
whatever was about to leave. Their journeys are told afterwards, one by one.
"""

from collections.abc import Callable, Sequence

from sqlalchemy import (
    ARRAY,
    CollectionAggregate,
    ColumnElement,
    Text,
    any_,
    exists,
    func,
    insert,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from domain.accounts import Hold
from domain.bulk import Bulk, BulkInstruction, BulkProgress, BulkVerb, Where
from storage import journal
from storage.session import Database, lock_person
from storage.tables import Account, HoldRow, InstructedAccount, Instruction, JournalRow

PEOPLE_AT_ONCE = 100
"""Whose locks are held together for an instant: PostgreSQL has room for some thousands."""


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
    """Whether that instruction placed a hold; an account on hold already has none of its own."""
    return exists().where(
        JournalRow.account_id == Account.id,
        JournalRow.what == "hold placed",
        JournalRow.detail["instruction"].astext == instruction_id,
    )


def give(session: Session, bulk: Bulk) -> BulkProgress:
    """Put an instruction for many on record, with all that follows from it; once per id.

    ValueError if that id is another instruction's.
    """
    if not _is_new(session, bulk.instruction, str(bulk.where), bulk.reason, bulk.by):
        known = session.get_one(Instruction, bulk.id)
        if (known.verb, known.conditions) != (bulk.verb, str(bulk.where)):
            raise ValueError(
                f"{bulk.id} is another instruction: {known.verb} where {known.conditions}"
            )
        return progress(session, bulk.id)
    joined = session.scalars(
        insert(InstructedAccount)
        .from_select(
            ["instruction_id", "account_id"],
            select(literal(bulk.id), Account.id).where(*_conditions(bulk.where)),
        )
        .returning(InstructedAccount.account_id)
    ).all()
    _write(session, bulk.instruction, joined, bulk.reason)
    return progress(session, bulk.id)


def unfinished(session: Session, verb: BulkVerb, where: Where, reason: str) -> str | None:
    """The id of the same instruction, if it was given and is not carried out by all yet."""
    return session.scalar(
        select(Instruction.id)
        .where(Instruction.verb == verb, Instruction.conditions == str(where))
        .where(Instruction.reason == reason)
        .where(
            exists().where(
                InstructedAccount.instruction_id == Instruction.id,
                InstructedAccount.told_at.is_(None),
            )
        )
        .order_by(Instruction.recorded_at.desc())
        .limit(1)
    )


def by_id(session: Session, instruction_id: str) -> Instruction | None:
    """The instruction of that id."""
    return session.get(Instruction, instruction_id)


def take_part(session: Session, account_id: str, told: BulkInstruction) -> bool:
    """Write that an account carries an instruction out; False if it does not concern it.

    One that is given to single accounts, and not to those found by a condition, is written here
    with what follows from it. The caller holds the person's lock.
    """
    _is_new(session, told, None, told.reason or "none was given", told.by or "in Temporal")
    known = session.get_one(Instruction, told.instruction_id)
    if known.conditions is None:
        row = upsert(InstructedAccount).values(instruction_id=known.id, account_id=account_id)
        joined = row.on_conflict_do_nothing().returning(InstructedAccount.account_id)
        if session.scalar(joined) is not None:
            _write(session, told, [account_id], known.reason)
    return _told(session, known.id, account_id)


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
    row = upsert(Instruction).values(
        id=instruction_id, verb=verb, detail={"step": step}, reason=reason, given_by=by
    )
    session.execute(row.on_conflict_do_nothing())
    member = upsert(InstructedAccount).values(
        instruction_id=instruction_id, account_id=account_id, told_at=func.now()
    )
    joined = member.on_conflict_do_nothing().returning(InstructedAccount.account_id)
    if session.scalar(joined) is not None:
        journal.note(session, account_id, verb, instruction=instruction_id, step=step)


def progress(session: Session, instruction_id: str) -> BulkProgress:
    """How far it has come; LookupError if there is no such instruction."""
    given = by_id(session, instruction_id)
    if given is None:
        raise LookupError(f"no instruction {instruction_id!r} on record")
    accounts, told = session.execute(
        select(func.count(), func.count(InstructedAccount.told_at)).where(
            InstructedAccount.instruction_id == instruction_id
        )
    ).one()
    return BulkProgress(accounts=accounts, told=told, given_at=given.recorded_at)


def untold(
    session: Session, instruction_id: str, *, after: str = "", limit: int = 500
) -> list[str]:
    """Workflow ids of the accounts that have not taken it in, a page in the ids' order."""
    return list(
        session.scalars(
            select(Account.workflow_id)
            .join(InstructedAccount, InstructedAccount.account_id == Account.id)
            .where(InstructedAccount.instruction_id == instruction_id)
            .where(InstructedAccount.told_at.is_(None), Account.workflow_id > after)
            .order_by(Account.workflow_id)
            .limit(limit)
        )
    )


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
    free, or becomes free, is proof for that person. `passed` is called with each number of people;
    returns how many there are.
    """
    with database.transaction() as session:
        people = list(
            session.scalars(
                select(Account.person_id)
                .join(InstructedAccount, InstructedAccount.account_id == Account.id)
                .where(InstructedAccount.instruction_id == instruction_id)
                .distinct()
            )
        )
    for first in range(0, len(people), PEOPLE_AT_ONCE):
        some = people[first : first + PEOPLE_AT_ONCE]
        for busy in _busy(database, some):
            with database.transaction() as session:
                lock_person(session, busy)
        passed(len(some))
    return len(people)


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
        detail={"journey": told.journey} if told.journey else {},
        reason=reason,
        given_by=by,
    )
    written = row.on_conflict_do_nothing().returning(Instruction.id)
    return session.scalar(written) is not None


def _write(session: Session, told: BulkInstruction, accounts: Sequence[str], reason: str) -> None:
    """Write what follows for these accounts: that it was said, holds, recalls."""
    these = _any_of(accounts)
    _note(session, accounts, f"told to {told.verb}", told)
    match told.verb:
        case BulkVerb.PAUSE:
            _pause(session, accounts, told, reason)
        case BulkVerb.RESUME:
            lifted = session.scalars(
                update(HoldRow)
                .where(HoldRow.account_id == these, HoldRow.hold == Hold.PAUSE)
                .where(HoldRow.lifted_at.is_(None))
                .values(lifted_at=func.now())
                .returning(HoldRow.account_id)
            ).all()
            _note(session, sorted({*lifted}), "hold lifted", told, hold=Hold.PAUSE)
        case BulkVerb.RECALL:
            recalled = session.scalars(
                update(Account)
                .where(Account.id == these, Account.recalled_at.is_(None))
                .values(recalled_at=func.now())
                .returning(Account.id)
            ).all()
            _note(session, recalled, "recalled", told)
        case BulkVerb.SWITCH:
            """The journey that it takes is written when it is entered."""


def _any_of(accounts: Sequence[str]) -> CollectionAggregate[bool]:
    """To be compared with: one parameter, however many they are."""
    return any_(literal(list(accounts), ARRAY(Text)))


def _pause(session: Session, accounts: Sequence[str], told: BulkInstruction, reason: str) -> None:
    """Place the plain hold on those of the accounts that have none."""
    held = exists().where(
        HoldRow.account_id == Account.id,
        HoldRow.hold == Hold.PAUSE,
        HoldRow.lifted_at.is_(None),
        *(each.is_(None) for each in (HoldRow.starts, HoldRow.ends, HoldRow.part)),
    )
    wanted = select(Account.id, literal(Hold.PAUSE.value), literal(reason))
    placed = session.scalars(
        insert(HoldRow)
        .from_select(
            ["account_id", "hold", "reason"], wanted.where(Account.id == _any_of(accounts), ~held)
        )
        .returning(HoldRow.account_id)
    ).all()
    _note(session, placed, "hold placed", told, hold=Hold.PAUSE)


def _note(
    session: Session, accounts: Sequence[str], what: str, told: BulkInstruction, **more: str
) -> None:
    """A line in each account's story, in one statement: there may be thousands."""
    detail = literal(more | {"instruction": told.instruction_id}, JSONB)
    ids = func.unnest(literal(list(accounts), ARRAY(Text)))
    session.execute(
        insert(JournalRow).from_select(
            ["account_id", "what", "detail"], select(ids, literal(what), detail)
        )
    )


def _told(session: Session, instruction_id: str, account_id: str) -> bool:
    """Note that the account has it; False if it is not concerned, or over."""
    member = session.get(InstructedAccount, (instruction_id, account_id))
    if member is None:
        return False
    if member.told_at is None:
        member.told_at = session.scalar(select(func.now()))
    return session.get_one(Account, account_id).closure is None
