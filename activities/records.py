"""Effects on the record alone."""

from sqlalchemy.orm import Session
from temporalio import activity

from activities import reopening
from compliance.orders import Close, Entered, EnterStage, Recorded
from domain.accounts import Closure
from domain.ledger import recalled
from domain.orders import HandOver, RecordHolds, RecordPlacement
from domain.payable import step
from domain.settlements import Settlement
from storage import (
    Database,
    accounts,
    accruing,
    calls,
    contacts,
    instructions,
    laws,
    ledger,
    plans,
    settlements,
)
from storage.accounts import Written
from storage.looking import look
from storage.session import driver, lock_account
from storage.tables import Account

IN_TEMPORAL = "in Temporal's UI"


class Records:
    """Activities that write to the record."""

    def __init__(self, database: Database) -> None:
        """Work on this database."""
        self._database = database

    @activity.defn
    def record_placement(self, order: RecordPlacement) -> Recorded:
        """Write account, person and opening balance; answer with the record as it stands."""
        with self._database.transaction() as session:
            written = accounts.write(
                session, order.placement, workflow_id=order.workflow_id, at=order.at
            )
            if written.is_new:
                _begin(session, order, written)
            found = look(driver(session), order.account_id, order.at, spoken=False)
            return Recorded(
                version=found.version,
                balance=found.balance,
                facts=found.facts,
                law=found.law or laws.current(session),
                law_number=found.law_number or laws.number(session) or 0,
                recalled=found.recalled,
                contract=written.contract,
                settlement=found.settlement and _standing(session, order),
            )

    @activity.defn
    def enter_stage(self, order: EnterStage) -> Entered:
        """Write the stage that the account is in, the waits that led to it, and interest till then.

        A call that the stage before asked for, and nobody has dialled yet, is asked for no more.
        """
        with self._database.transaction() as session:
            contract = accounts.hold_with_contract(session, order.account_id)
            contacts.note_waits(session, order.account_id, order.waits)
            if contract.interest.percent_a_year:  # as the journey till now has it
                accruing.accrue(session, session.get_one(Account, order.account_id), order.at)
            stands = accounts.enter_stage(
                session, order.account_id, journey=order.journey, stage=order.stage, at=order.at
            )
            plan = plans.revised_by_money(session, order.account_id) if stands.has_plan else None
            return Entered(version=stands.version, balance=stands.balance, plan=plan)

    @activity.defn
    def close_account(self, order: Close) -> Closure:
        """Write the end of the journey, and answer with it; what was recalled leaves the ledger."""
        with self._database.transaction() as session:
            lock_account(session, order.account_id)
            contacts.note_waits(session, order.account_id, order.waits)
            calls.withdraw(session, order.account_id, at=order.at)
            if order.closure is Closure.RECALLED:
                accounts.recall(session, order.account_id)
                account = accounts.by_id(session, order.account_id)
                left = ledger.portions(session, order.account_id)
                if account is not None and sum(left.values()) > 0:
                    moved = recalled(f"recalled:{account.id}", account.currency, left)
                    ledger.book(session, account.id, moved)
            closure = order.closure
            if closure is Closure.PAID_IN_FULL and ledger.is_settled(session, order.account_id):
                closure = Closure.SETTLED
            recorded = accounts.close(session, order.account_id, closure, at=order.at)
            if order.closure is Closure.PAID_IN_FULL:
                reopening.reopen_at_once(session, order.account_id, at=order.at)
            return recorded

    @activity.defn
    def record_holds(self, order: RecordHolds) -> None:
        """Write holds that were placed or lifted on the workflow itself, once.

        An attempt whose answer was lost comes again: what was placed or lifted since then stands.
        """
        with self._database.transaction() as session:
            lock_account(session, order.account_id)
            if not _is_new(session, order):
                return
            for placed in order.placed:
                accounts.place_hold(
                    session,
                    order.account_id,
                    placed.hold,
                    reason=IN_TEMPORAL,
                    starts=placed.starts,
                    ends=placed.ends,
                    part=placed.part,
                )
            for hold in order.lifted:
                accounts.lift_hold(session, order.account_id, hold)
            if order.recalled:
                accounts.recall(session, order.account_id)

    @activity.defn
    def hand_over(self, order: HandOver) -> None:
        """Put the account on the list of a person of ours."""
        with self._database.transaction() as session:
            accounts.hand_over(session, order.key, order.account_id, order.reason, at=order.at)


def _is_new(session: Session, order: RecordHolds) -> bool:
    """Whether the order was not obeyed before."""
    verb = "recall" if order.recalled else "hold" if order.placed else "lift"
    return instructions.is_new(
        session, order.account_id, order.key, verb=verb, reason=IN_TEMPORAL, by=IN_TEMPORAL
    )


def _begin(session: Session, order: RecordPlacement, written: Written) -> None:
    """What a new account begins with beside its balance; most begin with nothing else."""
    terms = written.contract
    adds = terms.interest.percent_a_year or terms.costs.at_placement or terms.settlement.early
    if not (written.holds_stand or adds):
        return
    account = session.get_one(Account, order.account_id)
    accounts.inherit_holds(session, account)
    accruing.costs_at_placement(session, account, order.at)
    accruing.accrue(session, account, order.at)
    settlements.offer_early(session, account, at=order.at, step=step(account.currency))
    session.flush()


def _standing(session: Session, order: RecordPlacement) -> Settlement | None:
    """An offer that stands, if it has not expired."""
    return settlements.standing(session, session.get_one(Account, order.account_id), order.at)
