"""Offers to settle: made in one way, never below the floor, and met by what the ledger received."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.contracts import Authority
from domain.ledger import Cause
from domain.money import Money
from domain.plans import PaymentPlan
from domain.receipts import held
from domain.settlements import (
    Settlement,
    SettlementState,
    early,
    floor_of,
    last_day,
    settle,
)
from storage import contracts, journal, ledger, plans
from storage.receipts import local, local_in, since, zones_of
from storage.session import lock_account
from storage.tables import Account, LedgerTransaction, SettlementRow

# making offers


def offer(
    session: Session,
    account: Account,
    amount: Money,
    *,
    settlement_id: str,
    by: Authority,
    source: str,
    at: datetime,
    expires: date | None = None,
) -> Settlement:
    """Offer to settle for this amount, in place of an offer that stands; NoSettlement if not so.

    The same id again finds the same offer. `at` is the account's present. Without a last day the
    offer stands as long as the contract says.
    """
    lock_account(session, account.id)
    if (known := session.get(SettlementRow, settlement_id)) is not None:
        return _settlement(known, account)
    contract = contracts.of_account(session, account.id)
    today = local(session, account, at)
    made = settle(
        contract,
        _owed(session, account),
        amount,
        by=by,
        expires=last_day(contract, today) if expires is None else expires,
        today=today,
        settlement_id=settlement_id,
    )
    return _write(session, account, made, source=source, at=at)


def offer_early(
    session: Session, account: Account, *, at: datetime, step: int = 1
) -> Settlement | None:
    """Offer a new account its contract's discount for paying early; None if there is none.

    `step` is in what minor units the currency can be charged.
    """
    lock_account(session, account.id)
    named = f"early:{account.id}"
    if (known := session.get(SettlementRow, named)) is not None:
        return _settlement(known, account)
    made = early(
        contracts.of_account(session, account.id),
        _owed(session, account),
        today=local(session, account, at),
        settlement_id=named,
        step=step,
    )
    return _write(session, account, made, source="early payment", at=at) if made else None


def _write(
    session: Session, account: Account, made: Settlement, *, source: str, at: datetime
) -> Settlement:
    before = _standing(session, account.id)
    if before is not None:
        _end(session, before, at)
    contract = contracts.of_account(session, account.id)
    row = SettlementRow(
        id=made.settlement_id,
        account_id=account.id,
        minor=made.minor,
        floor=floor_of(contract, made.balance, made.by),
        balance=made.balance,
        version=ledger.version(session, account.id),
        expires=made.expires,
        zones=zones_of(session, account),
        by=made.by,
        source=source,
        at=at,
    )
    session.add(row)
    session.flush()
    told = {"amount": str(made.amount), "expires": str(made.expires), "by": str(made.by)}
    journal.note(session, account.id, "settlement offered", at=at, **told)
    return _settlement(row, account)


def withdraw(session: Session, account: Account, settlement_id: str, *, at: datetime) -> bool:
    """Take back an offer that stands; False if it does not, or is met."""
    lock_account(session, account.id)
    row = session.get(SettlementRow, settlement_id)
    if row is None or row.account_id != account.id or row.withdrawn_at or row.met_at:
        return False
    _end(session, row, at)
    journal.note(session, account.id, "settlement withdrawn", at=at, settlement=settlement_id)
    return True


def _end(session: Session, row: SettlementRow, at: datetime) -> None:
    row.withdrawn_at = at
    session.flush()


# following the ledger


def lift(session: Session, account: Account, *, at: datetime | None) -> None:
    """Owe again what was forgiven, for the moment in which a movement is booked.

    So the movement is allocated to what is owed in truth, and `complete` then forgives what is left
    after it: in whatever order movements become known, the books end the same. `at` is the
    account's time of the movement; None: the wall's.
    """
    lock_account(session, account.id)
    row = _standing(session, account.id)
    if row is not None and row.met_at is not None:
        _owe_again(session, row, at)


def complete(session: Session, account: Account, *, at: datetime) -> bool:
    """Forgive the rest if what was received in time meets the offer; False if it does not.

    What counts is when the money came, not when we learned of it. An offer that was met and is not
    any more, as its plan was given up, is undone.
    """
    lock_account(session, account.id)
    row = _standing(session, account.id)
    if row is None:
        return False
    if not _is_met(session, account, row):
        _unmeet(session, row, at)
        return False
    is_new, row.met_at = row.met_at is None, row.met_at or at
    session.flush()
    before = _forgivings(session, row)
    key = f"settled:{row.id}:{len(before) + 1}" if before else f"settled:{row.id}"
    dated = max([at, *(each.at or each.recorded_at for each in before)])
    if not ledger.forgive(session, account.id, key, cause=Cause.SETTLEMENT, at=dated):
        return False
    if is_new:
        journal.note(session, account.id, "settlement met", at=at, settlement=row.id)
    return True


def uncomplete(session: Session, account: Account, *, at: datetime) -> bool:
    """Owe again what was forgiven, if what went back leaves the offer unmet; False if it is met.

    Where less went back than was paid over the offer, the rest is forgiven as before.
    """
    lock_account(session, account.id)
    row = _standing(session, account.id)
    if row is None or row.met_at is None:
        return False
    if _is_met(session, account, row):
        complete(session, account, at=at)
        return False
    _unmeet(session, row, at)
    return True


def _unmeet(session: Session, row: SettlementRow, at: datetime) -> None:
    if row.met_at is None:
        return
    row.met_at = None
    session.flush()
    _owe_again(session, row, at)
    journal.note(session, row.account_id, "settlement undone", at=at, settlement=row.id)


def _owe_again(session: Session, row: SettlementRow, at: datetime | None) -> None:
    cause = Cause.SETTLEMENT_UNDONE
    for each in _forgivings(session, row):
        ledger.undo(session, row.account_id, f"un{each.key}", of=each.key, cause=cause, at=at)


def _forgivings(session: Session, row: SettlementRow) -> list[LedgerTransaction]:
    """All that was ever forgiven for it, undone or not."""
    movements = session.scalars(
        select(LedgerTransaction)
        .where(LedgerTransaction.account_id == row.account_id)
        .where(LedgerTransaction.cause == Cause.SETTLEMENT)
        .where(LedgerTransaction.version > row.version)
        .order_by(LedgerTransaction.version)
    )
    return [each for each in movements if each.key.startswith(f"settled:{row.id}")]


def _is_met(session: Session, account: Account, row: SettlementRow) -> bool:
    """Whether what came after the offer and in time, and has not gone back, is enough."""
    return paid_for(session, account, _settlement(row, account)) >= row.minor


# reading


def is_met(session: Session, account: Account) -> bool:
    """Whether the account's offer is met."""
    row = _standing(session, account.id)
    return row is not None and row.met_at is not None


def standing(session: Session, account: Account, at: datetime) -> Settlement | None:
    """The offer that can be met at an instant of the account's.

    Its last day ends as it did where the consumer was when it was made, wherever they are now.
    """
    row = _standing(session, account.id)
    if row is None or row.met_at or _is_over(session, row, at):
        return None
    return _settlement(row, account) if ledger.balance(session, account.id) > 0 else None


def paid_for(session: Session, account: Account, made: Settlement) -> int:
    """Minor units that came for an offer in time, and have not gone back."""
    row = session.get_one(SettlementRow, made.settlement_id)
    received = since(session, account, row.version, zones=row.zones)
    return held(received, until=_last_day(session, row))


def missing(session: Session, account: Account, made: Settlement) -> int:
    """Minor units that still have to come for an offer, whatever was added to the debt since."""
    return max(0, made.minor - paid_for(session, account, made))


def paid_by(session: Session, account: Account, plan: PaymentPlan) -> Settlement | None:
    """The offer that a plan pays, whatever has become of it; None if it pays none."""
    row = plan.settlement_id and session.get(SettlementRow, plan.settlement_id)
    return _settlement(row, account) if row else None


def _plan_of(session: Session, row: SettlementRow) -> PaymentPlan | None:
    """The plan that pays an offer, unless it was given up; an offer stands as long as its plan."""
    plan = plans.current(session, row.account_id)
    return plan if plan is not None and plan.settlement_id == row.id else None


def _last_day(session: Session, row: SettlementRow) -> date:
    """Until when the money may come: of a plan that pays it, until its last part is missed."""
    plan = _plan_of(session, row)
    if plan is None:
        return row.expires
    grace = contracts.of_account(session, row.account_id).plans.grace_days
    return max(row.expires, plan.instalments[-1].due + timedelta(days=grace))


def _is_over(session: Session, row: SettlementRow, at: datetime) -> bool:
    return local_in(row.zones, at) > _last_day(session, row)


def under_plan(session: Session, account: Account) -> str | None:
    """The id of the offer, met or not, that the account's plan pays; None if it pays none."""
    row = _standing(session, account.id)
    return row.id if row is not None and _plan_of(session, row) is not None else None


@dataclass(frozen=True)
class Offered:
    """An offer, and what has become of it."""

    settlement: Settlement
    state: SettlementState
    source: str
    at: datetime
    met_at: datetime | None
    withdrawn_at: datetime | None


def of_account(session: Session, account: Account, at: datetime) -> list[Offered]:
    """Every offer ever made on an account, newest first, as it stands at that instant."""
    rows = session.scalars(
        select(SettlementRow)
        .where(SettlementRow.account_id == account.id)
        .order_by(SettlementRow.recorded_at.desc(), SettlementRow.at.desc())
    )
    return [_offered(session, account, row, at) for row in rows]


def of_id(session: Session, account: Account, settlement_id: str, at: datetime) -> Offered | None:
    """The account's offer of that id, as it stands at that instant."""
    row = session.get(SettlementRow, settlement_id)
    if row is None or row.account_id != account.id:
        return None
    return _offered(session, account, row, at)


def _offered(session: Session, account: Account, row: SettlementRow, at: datetime) -> Offered:
    return Offered(
        settlement=_settlement(row, account),
        state=_state(session, row, at),
        source=row.source,
        at=row.at,
        met_at=row.met_at,
        withdrawn_at=row.withdrawn_at,
    )


def _state(session: Session, row: SettlementRow, at: datetime) -> SettlementState:
    if row.met_at is not None:
        return SettlementState.MET
    if _is_over(session, row, min(at, row.withdrawn_at or at)):
        return SettlementState.EXPIRED  # and replaced or withdrawn only then
    return SettlementState.WITHDRAWN if row.withdrawn_at else SettlementState.OPEN


def _standing(session: Session, account_id: str) -> SettlementRow | None:
    """The account's one offer that nothing has replaced or withdrawn; met, open or expired."""
    return session.scalar(
        select(SettlementRow).where(
            SettlementRow.account_id == account_id, SettlementRow.withdrawn_at.is_(None)
        )
    )


def _owed(session: Session, account: Account) -> Money:
    return Money(minor=ledger.balance(session, account.id), currency=account.currency)


def _settlement(row: SettlementRow, account: Account) -> Settlement:
    return Settlement(
        settlement_id=row.id,
        minor=row.minor,
        balance=row.balance,
        currency=account.currency,
        expires=row.expires,
        by=Authority(row.by),
        zones=tuple(row.zones),
    )
