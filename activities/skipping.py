"""Give up a step that fails for ever: a defect of ours, or something that cannot be worked with.

What may have left counts as a contact, and what may have been taken is looked up before anything
else is charged: nothing is ever tried again under the key of a step that was given up. An attempt
that is still under way holds the person's lock, or finds under it that the step is over.
"""

from sqlalchemy.orm import Session
from temporalio import activity

from activities.charges import ANSWERS
from compliance.orders import ReachOut
from compliance.skips import Skip, SkipCharge, SkipContact, Skipped
from domain.contacts import ContactStatus
from domain.orders import Charged, ChargeStatus, Order
from storage import Database, bulk, contacts, journal, ledger, payments, people
from storage.session import lock_account
from storage.tables import ChargeRow, ContactRow

VERB = "skip"


class Skipping:
    """Activities that give up a step."""

    def __init__(self, database: Database) -> None:
        """Work on this record."""
        self._database = database

    @activity.defn
    def skip_contact(self, given: SkipContact) -> Skipped:
        """Give up a contact; say what the record has of it."""
        order = given.order
        with self._database.transaction() as session:
            lock_account(session, order.account_id)
            contacts.note_waits(session, order.account_id, order.waits)
            row = contacts.by_key(session, order.key) or _intended(session, order)
            status = ContactStatus(row.status)
            if status is ContactStatus.REFUSED:
                row.status = status = ContactStatus.UNAVAILABLE  # a refused one may be asked again
            elif status is ContactStatus.INTENDED:
                left = row.tried_at is not None
                status = ContactStatus.UNKNOWN if left else ContactStatus.UNAVAILABLE
                contacts.conclude(session, order.key, status, at=order.at)
            _note(session, order, given.skip)
            return Skipped(status=status)

    @activity.defn
    def skip_charge(self, given: SkipCharge) -> Charged:
        """Give up a charge; say what the record has of it, and how the ledger stands."""
        order = given.order
        with self._database.transaction() as session:
            lock_account(session, order.account_id)
            row = payments.begin_charge(session, order)
            if row.status == payments.CREATED:
                asked = row.intent_id is not None or row.tried_at is not None
                row.status = ChargeStatus.UNAVAILABLE if asked else payments.GIVEN_UP
                journal.note(session, order.account_id, f"charge {row.status}", at=order.at)
            _note(session, order, given.skip)
            session.flush()
            return Charged(
                status=_status(row),
                version=ledger.version(session, order.account_id),
                balance=ledger.balance(session, order.account_id),
                decline_code=row.decline_code,
                again_at=row.again_at,
            )


def _intended(session: Session, order: ReachOut) -> ContactRow:
    """A row for a contact of which nothing was written: so no attempt can begin it any more."""
    row = ContactRow(
        key=order.key,
        account_id=order.account_id,
        person_id=people.person_of(session, order.account_id).id,
        channel=order.message.channel,
        message=order.message.name,
        purpose=order.message.purpose,
        address="",
        status=ContactStatus.INTENDED,
        at=order.at,
    )
    session.add(row)
    session.flush()
    return row


def _status(row: ChargeRow) -> ChargeStatus:
    return ANSWERS.get(row.status) or ChargeStatus(row.status)


def _note(session: Session, order: Order, skip: Skip) -> None:
    bulk.note(
        session,
        order.account_id,
        instruction_id=skip.instruction_id,
        verb=VERB,
        reason=skip.reason,
        by=skip.by,
        step=order.key,
    )
