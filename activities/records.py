"""Effects on the record alone."""

from temporalio import activity

from compliance.orders import Close, EnterStage, Recorded
from domain.accounts import Closure
from domain.ledger import recalled
from domain.money import Money
from domain.orders import HandOver, RecordHolds, RecordPlacement
from storage import Database, accounts, contacts, laws, ledger, people
from storage.session import lock_account, lock_person


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
            return Recorded(
                version=ledger.version(session, order.account_id),
                balance=ledger.balance(session, order.account_id),
                facts=people.facts(session, order.account_id, order.at),
                law=laws.current(session),
                law_number=laws.number(session) or 0,
                recalled=account is not None and account.recalled_at is not None,
            )

    @activity.defn
    def enter_stage(self, order: EnterStage) -> None:
        """Write the stage that the account is in, and the waits that led to it."""
        with self._database.transaction() as session:
            lock_account(session, order.account_id)
            contacts.note_waits(session, order.account_id, order.waits)
            accounts.enter_stage(
                session, order.account_id, journey=order.journey, stage=order.stage, at=order.at
            )

    @activity.defn
    def close_account(self, order: Close) -> None:
        """Write the end of the journey; what was recalled leaves the ledger."""
        with self._database.transaction() as session:
            lock_account(session, order.account_id)
            contacts.note_waits(session, order.account_id, order.waits)
            if order.closure is Closure.RECALLED:
                accounts.recall(session, order.account_id)
                account = accounts.by_id(session, order.account_id)
                left = ledger.balance(session, order.account_id)
                if account is not None and left > 0:
                    amount = Money(minor=left, currency=account.currency)
                    ledger.book(session, account.id, recalled(f"recalled:{account.id}", amount))
            accounts.close(session, order.account_id, order.closure, at=order.at)

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
