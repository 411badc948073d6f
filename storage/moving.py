"""Moves of accounts from one stage to another: who is concerned, why, who says so, and who is left.

An account that is answering somebody (in an aside) is moved when it would come back to the stage.
It has moved as soon as the record finds it elsewhere: no news of its workflow is needed for that.
"""

from dataclasses import asdict, dataclass
from uuid import uuid4

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from storage.releases import came_from
from storage.tables import Account, InstructedAccount, Instruction, JournalRow

VERB = "move"


@dataclass(frozen=True)
class Move:
    """From which stage of which journey, and to which; by every name that they have or had."""

    journeys: tuple[str, ...]
    stages: tuple[str, ...]
    to_journey: str
    to_stage: str
    asides: tuple[str, ...] = ()
    """Stages of the journey from which an account comes back to the one that it left."""
    creditor: str | None = None
    """Whose accounts; None: everybody's."""

    def __str__(self) -> str:
        whose = f" where creditor={self.creditor}" if self.creditor else ""
        there = f"{self.to_journey}:{self.to_stage}"
        return f"{self.journeys[0]}:{self.stages[0]}={there}{whose}"


@dataclass(frozen=True)
class Concerned:
    """A creditor's accounts that a move concerns."""

    creditor: str
    parked: int
    """In the stage itself."""
    answering: int
    """Answering somebody at present; they would come back to the stage."""


@dataclass(frozen=True)
class Left:
    """An account that is told to move, and has not yet."""

    account_id: str
    workflow_id: str
    visit: int
    """A number of the visit of the stage, by which the same news is told apart from a later one."""
    journey: str
    stage: str
    """By the names that it entered them under."""


def concerned(session: Session, move: Move) -> list[Concerned]:
    """Whose accounts it would move, by creditor."""
    there = _parked(move)
    rows = session.execute(
        select(
            Account.creditor_id,
            func.count().filter(there),
            func.count().filter(~there),
        )
        .where(_found(move))
        .group_by(Account.creditor_id)
        .order_by(Account.creditor_id)
    )
    return [Concerned(*row) for row in rows]


def _parked(move: Move) -> ColumnElement[bool]:
    return Account.stage.in_(move.stages)


def _found(move: Move) -> ColumnElement[bool]:
    """Whether an account can be moved, and is to be."""
    answering = and_(
        Account.stage.in_(move.asides),
        ~_parked(move),
        came_from(move.asides).in_(move.stages),
    )
    conditions = [
        Account.closure.is_(None),
        Account.recalled_at.is_(None),
        Account.journey.in_(move.journeys),
        or_(_parked(move), answering),
    ]
    if move.creditor is not None:
        conditions.append(Account.creditor_id == move.creditor)
    return and_(*conditions)


def give(session: Session, move: Move, *, reason: str, by: str) -> str:
    """Put the instruction on record, with every account it concerns; returns its id.

    The same move that is not carried out by all yet goes on under its id, and finds those that
    have come since.
    """
    instruction_id = _unfinished(session, move) or f"move_{uuid4().hex}"
    row = insert(Instruction).values(
        id=instruction_id,
        verb=VERB,
        conditions=str(move),
        detail=asdict(move),
        reason=reason,
        given_by=by,
    )
    session.execute(row.on_conflict_do_nothing())
    found = select(literal(instruction_id), Account.id).where(_found(move))
    joined = session.scalars(
        insert(InstructedAccount)
        .from_select(["instruction_id", "account_id"], found)
        .on_conflict_do_nothing()
        .returning(InstructedAccount.account_id)
    ).all()
    detail = {"instruction": instruction_id, "move": str(move)}
    lines = [{"account_id": each, "what": "told to move", "detail": detail} for each in joined]
    if lines:
        session.execute(insert(JournalRow), lines)
    return instruction_id


def left(
    session: Session, instruction_id: str, move: Move, *, after: str = "", limit: int = 500
) -> list[Left]:
    """Accounts that have not moved yet, a page in the order of their ids."""
    visit = (
        select(func.max(JournalRow.id))
        .where(JournalRow.account_id == Account.id, JournalRow.what == "stage")
        .correlate(Account)
        .scalar_subquery()
    )
    stage = case((_parked(move), Account.stage), else_=came_from(move.asides))
    rows = session.execute(
        select(Account.id, Account.workflow_id, visit, Account.journey, stage)
        .where(_still(instruction_id, move), Account.id > after)
        .order_by(Account.id)
        .limit(limit)
    )
    return [Left(row[0], row[1], row[2] or 0, row[3], row[4]) for row in rows]


def still(session: Session, instruction_id: str, move: Move) -> tuple[int, int]:
    """How many have not moved yet: those in the stage, and those who answer somebody first."""
    parked = _parked(move)
    row = session.execute(
        select(func.count().filter(parked), func.count().filter(~parked)).where(
            _still(instruction_id, move)
        )
    ).one()
    return row[0], row[1]


def _still(instruction_id: str, move: Move) -> ColumnElement[bool]:
    told = exists().where(
        InstructedAccount.instruction_id == instruction_id,
        InstructedAccount.account_id == Account.id,
        InstructedAccount.told_at.is_(None),
    )
    return and_(told, _found(move))


def settle(session: Session, instruction_id: str, move: Move) -> None:
    """Note who has moved, or is over: whoever is found elsewhere."""
    still = exists().where(Account.id == InstructedAccount.account_id, _found(move))
    session.execute(
        update(InstructedAccount)
        .where(InstructedAccount.instruction_id == instruction_id)
        .where(InstructedAccount.told_at.is_(None), ~still)
        .values(told_at=func.now())
    )


def _unfinished(session: Session, move: Move) -> str | None:
    open_ones = exists().where(
        InstructedAccount.instruction_id == Instruction.id, InstructedAccount.told_at.is_(None)
    )
    return session.scalar(
        select(Instruction.id)
        .where(Instruction.verb == VERB, Instruction.conditions == str(move), open_ones)
        .order_by(Instruction.recorded_at.desc())
        .limit(1)
    )
