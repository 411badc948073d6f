"""What becomes of accounts whose plan broke: who answered, and what they chose."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.accounts import Closure
from domain.orders import ChargeStatus
from storage.tables import Account, ChargeRow, JournalRow, Plan

BROKEN, ON_PLAN, HARDSHIP = "broken_plan", "on_plan", "in_hardship"
"""Stages: their names are stored for ever."""

ANSWERED = frozenset({"needs_a_person", "claimed_payment", "promised"})
"""Stages that a consumer's own words lead to."""
RENEWED = frozenset({"renewed_card", "new_card"})


class Recovery(StrEnum):
    """What came of a plan that broke."""

    RESTARTED = "restarted"
    """It goes on: what was missed was paid, the card renewed, or its dates were changed."""
    NEW_PLAN = "new plan"
    SETTLED = "settled"
    PAID = "paid in full"
    AGENT = "agent"
    """They turned to a person of ours."""
    HARDSHIP = "hardship"
    RETRIED = "a retry went through"
    """Without a word of theirs."""
    SILENT = "no answer"


ENGAGED = (
    Recovery.RESTARTED,
    Recovery.NEW_PLAN,
    Recovery.SETTLED,
    Recovery.PAID,
    Recovery.AGENT,
    Recovery.HARDSHIP,
)
"""Those in which the consumer did something."""


@dataclass(frozen=True)
class Split:
    """Shares among those who engaged and mended it, in percent."""

    restarted: float
    settled: float


def split(came: Counter[Recovery]) -> Split | None:
    """How many restarted, with a new plan or the old one, and how many were done with it at once.

    None if nobody did either.
    """
    restarted = came[Recovery.RESTARTED] + came[Recovery.NEW_PLAN]
    settled = came[Recovery.PAID] + came[Recovery.SETTLED]
    if not restarted + settled:
        return None
    share = 100 * restarted / (restarted + settled)
    return Split(restarted=share, settled=100 - share)


def recovery(session: Session, creditor_id: str | None = None) -> Counter[Recovery]:
    """Accounts of which a plan broke, by what came of it since it broke first."""
    closures = dict(_closures(session, creditor_id))
    accepted, charged = _latest_plans(session), _first_charges(session)
    return Counter(
        _came_to(lines, closures[account_id], accepted.get(account_id), charged.get(account_id))
        for account_id, lines in _stages_since(session)
        if account_id in closures
    )


@dataclass(frozen=True)
class _Line:
    account_id: str
    stage: str
    at: datetime


def _came_to(
    lines: Sequence[_Line],
    closure: str | None,
    accepted: datetime | None,
    charged: datetime | None,
) -> Recovery:
    """`lines` begin with the break; then the last plan, and the first charge that went through."""
    broke, stages = lines[0].at, {each.stage for each in lines[1:]}
    if closure == Closure.SETTLED:
        return Recovery.SETTLED
    if HARDSHIP in stages:
        return Recovery.HARDSHIP
    if accepted is not None and accepted > broke:
        return Recovery.NEW_PLAN
    if ON_PLAN in stages:
        return Recovery.RETRIED if _by_itself(lines, charged) else Recovery.RESTARTED
    if closure == Closure.PAID_IN_FULL:
        return Recovery.RETRIED if charged and not stages & RENEWED else Recovery.PAID
    return Recovery.AGENT if stages & ANSWERED else Recovery.SILENT


def _by_itself(lines: Sequence[_Line], charged: datetime | None) -> bool:
    """Whether the stored card paid before the plan went on, and nobody had given another."""
    mended = next(number for number, each in enumerate(lines) if each.stage == ON_PLAN)
    before = {each.stage for each in lines[1:mended]}
    paid = charged is not None and lines[0].at < charged <= lines[mended].at
    return paid and not before & RENEWED


def _stages_since(session: Session) -> Iterable[tuple[str, list[_Line]]]:
    """By account, the stages that it entered from the first break on, that one included."""
    stage = JournalRow.detail["stage"].astext
    first = (
        select(JournalRow.account_id, func.min(JournalRow.id).label("id"))
        .where(JournalRow.what == "stage", stage == BROKEN)
        .group_by(JournalRow.account_id)
        .subquery()
    )
    rows = session.execute(
        select(JournalRow.account_id, stage.label("stage"), JournalRow.recorded_at)
        .join(first, first.c.account_id == JournalRow.account_id)
        .where(JournalRow.what == "stage", JournalRow.id >= first.c.id)
        .order_by(JournalRow.account_id, JournalRow.id)
    )
    lines = (_Line(row.account_id, row.stage, row.recorded_at) for row in rows)
    for account_id, group in groupby(lines, key=lambda each: each.account_id):
        yield account_id, list(group)


def _closures(session: Session, creditor_id: str | None) -> Iterable[tuple[str, str | None]]:
    query = select(Account.id, Account.closure)
    if creditor_id is not None:
        query = query.where(Account.creditor_id == creditor_id)
    return ((row.id, row.closure) for row in session.execute(query))


def _latest_plans(session: Session) -> dict[str, datetime]:
    rows = session.execute(
        select(Plan.account_id, func.max(Plan.recorded_at).label("at"))
        .where(Plan.revision == 1)
        .group_by(Plan.account_id)
    )
    return {row.account_id: row.at for row in rows}


def _first_charges(session: Session) -> dict[str, datetime]:
    """The first charge of each account that went through after its plan broke first."""
    stage = JournalRow.detail["stage"].astext
    broke = (
        select(JournalRow.account_id, func.min(JournalRow.recorded_at).label("at"))
        .where(JournalRow.what == "stage", stage == BROKEN)
        .group_by(JournalRow.account_id)
        .subquery()
    )
    rows = session.execute(
        select(ChargeRow.account_id, func.min(ChargeRow.recorded_at).label("at"))
        .join(broke, broke.c.account_id == ChargeRow.account_id)
        .where(ChargeRow.status == ChargeStatus.PAID, ChargeRow.recorded_at > broke.c.at)
        .group_by(ChargeRow.account_id)
    )
    return {row.account_id: row.at for row in rows}
