"""Effects on the record alone."""

from temporalio import activity

from activities import reopening
from compliance.orders import Close, Entered, EnterStage, Recorded
from domain.accounts import Closure
from domain.ledger import recalled
from domain.orders import HandOver, RecordHolds, RecordPlacement
from domain.payable import step
from storage import (
    Database,
    accounts,
    accruing,
    calls,
    contacts,
    contracts,
    laws,
    ledger,
    people,
    plans,
    settlements,
)
from storage.session import lock_account, lock_person
from storage.tables import Account


class Records:
    """Activities that write to the record."""

    def __init__(self, database: Database) -> None:
        """Work on this database."""
        self._database = database

    @activity.defn
    def record_placement(self, order: RecordPlacement) -> Recorded:
        """Write account, person and opening balance; answer with the record as it stands."""
        with self._database.transaction() as session:
            lock_person(session, order.placement.person_id)
            is_new = accounts.record(
                session, order.placement, workflow_id=order.workflow_id, at=order.at
            )
            account = accounts.by_id(session, order.account_id)
            if is_new and account is not None:
                accounts.inherit_holds(session, account)
                accruing.costs_at_placement(session, account, order.at)
                accruing.accrue(session, account, order.at)
                settlements.offer_early(session, account, at=order.at, step=step(account.currency))
            return Recorded(
                version=ledger.version(session, order.account_id),
                balance=ledger.balance(session, order.account_id),
                facts=people.facts(session, order.account_id, order.at),
                law=laws.current(session),
                law_number=laws.number(session) or 0,
                recalled=account is not None and account.recalled_at is not None,
                contract=contracts.of_account(session, order.account_id),
                settlement=account and settlements.standing(session, account, order.at),
            )

    @activity.defn
    def enter_stage(self, order: EnterStage) -> Entered:
        """Write the stage that the account is in, the waits that led to it, and interest till then.

        A call that the stage before asked for, and nobody has dialled yet, is asked for no more.
        """
        with self._database.transaction() as session:
            lock_account(session, order.account_id)
            contacts.note_waits(session, order.account_id, order.waits)
            calls.withdraw(session, order.account_id, at=order.at)
            account = session.get_one(Account, order.account_id)
            accruing.accrue(session, account, order.at)  # as the journey till now has it
            accounts.enter_stage(
                session, order.account_id, journey=order.journey, stage=order.stage, at=order.at
            )
            return Entered(
                version=ledger.version(session, account.id),
                balance=ledger.balance(session, account.id),
                plan=plans.revised_by_money(session, account.id),
            )

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
        """Write holds that were placed or lifted on the workflow itself."""
        with self._database.transaction() as session:
            lock_account(session, order.account_id)
            for placed in order.placed:
                accounts.place_hold(
                    session,
                    order.account_id,
                    placed.hold,
                    reason="in Temporal's UI",
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
