"""Charge a stored card: the payment is created at Stripe first, then confirmed.

An idempotency key lives for a day at Stripe; a payment intent lives for ever. So the intent's id is
saved before it is confirmed, and a retry, however late, asks what became of that very intent.
Confirmation happens under the person's lock, after a look at the ledger: what has been paid
meanwhile is not collected again.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.contacts import Patience
from compliance.asked import Asked
from compliance.facts import ContactRequest
from domain.contacts import Channel, Purpose
from domain.ledger import paid
from domain.money import Money
from domain.orders import Charge, Charged, ChargeStatus
from providers.charges import ACCOUNT, GONE_CODES, Declined, Paid, Processing
from providers.outcomes import ProviderDown, ProviderRefused, Unknown
from providers.stripe import Stripe
from providers.stripe_amounts import AmountError
from storage import Database, accounts, journal, ledger, payments, people
from storage.session import lock_account
from storage.tables import ChargeRow


class Charges:
    """The activity `charge`."""

    def __init__(
        self,
        database: Database,
        *,
        stripe: Stripe,
        wall: Callable[[], datetime],
        patience: Patience,
    ) -> None:
        """Join the record and Stripe."""
        self._database = database
        self._stripe = stripe
        self._wall = wall
        self._patience = patience

    @activity.defn(no_thread_cancel_exception=True)  # what an attempt learns, it writes down
    def charge(self, order: Charge) -> Charged:
        """Collect the amount, once per key; say what came of it and how the ledger stands."""
        with self._database.transaction() as session:
            lock_account(session, order.account_id)
            row = payments.begin_charge(session, order)
            if row.status == payments.CREATED and (reason := _why_not(session, order)):
                row.status = reason
            if row.status == payments.CREATED and row.customer is None:
                person = people.person_of(session, order.account_id)
                row.customer, row.payment_method = person.stripe_customer, person.payment_method
            settled = None if row.status == payments.CREATED else _charged(session, order, row)
        if settled is not None:
            return settled
        result = self._create(order)
        if result is None:
            with self._database.transaction() as session:
                lock_account(session, order.account_id)
                result = self._confirm(session, order)
        if isinstance(result, ApplicationError):
            raise result
        return result

    def _create(self, order: Charge) -> Charged | ApplicationError | None:
        """Make the intent at Stripe and save its id; a retry with the same key makes the same.

        None if there is more to do.
        """
        with self._database.transaction() as session:
            row = payments.begin_charge(session, order)
            if row.intent_id is not None or row.status != payments.CREATED:
                return None
            try:
                row.intent_id = self._stripe.create_intent(
                    amount=order.amount,
                    customer=row.customer or "",
                    payment_method=row.payment_method or "",
                    key=f"create:{order.key}",
                    metadata={ACCOUNT: order.account_id, "charge": order.key},
                )
            except ProviderDown as down:
                return self._give_up_or_retry(session, order, row, str(down))
            except AmountError:
                row.status, row.decline_code = ChargeStatus.DECLINED, "amount_not_chargeable"
            except ProviderRefused as refused:
                row.status, row.decline_code = ChargeStatus.DECLINED, refused.code
                if refused.code in GONE_CODES:
                    _forget(session, row)
            return None

    def _confirm(self, session: Session, order: Charge) -> Charged | ApplicationError:
        row = payments.begin_charge(session, order)
        if row.status == payments.CREATED and (reason := _why_not(session, order)) is not None:
            row.status = reason
        if row.status != payments.CREATED:
            return _charged(session, order, row)
        if row.intent_id is None:
            raise LookupError(f"{order.key}: the intent's id is gone")
        try:
            result = self._stripe.confirm_intent(row.intent_id, f"confirm:{order.key}")
        except ProviderRefused as refused:
            result = Declined(code=refused.code)
        if isinstance(result, Unknown):
            return self._give_up_or_retry(session, order, row, result.reason)
        _settle(session, order, row, result)
        return _charged(session, order, row)

    def _give_up_or_retry(
        self, session: Session, order: Charge, row: ChargeRow, reason: str
    ) -> Charged | ApplicationError:
        """Past patience the journey goes on; if money moved after all, the webhook books it."""
        if self._wall() - row.recorded_at < self._patience.in_all:
            return _later(reason)
        row.status = ChargeStatus.UNAVAILABLE
        _note(session, order, row)
        return _charged(session, order, row)


def _settle(
    session: Session, order: Charge, row: ChargeRow, result: Paid | Processing | Declined
) -> None:
    """Write what came of it; money that was taken is booked in the same transaction."""
    match result:
        case Paid(intent_id=intent_id):
            row.status = ChargeStatus.PAID
            ledger.book(session, order.account_id, paid(f"stripe:{intent_id}", order.amount))
        case Processing():
            row.status = ChargeStatus.PROCESSING
        case Declined():
            row.status, row.decline_code = ChargeStatus.DECLINED, result.reason
            row.codes = result.model_dump(mode="json")
            if result.card_is_dead:
                _forget(session, row)
    _note(session, order, row)


def _forget(session: Session, row: ChargeRow) -> None:
    person = people.person_of(session, row.account_id)
    people.forget_card(session, person.id, row.payment_method)


def _why_not(session: Session, order: Charge) -> ChargeStatus | None:
    """Why this charge must not be made on the record as it stands, if so."""
    account = accounts.by_id(session, order.account_id)
    if account is None or account.closure is not None or account.recalled_at is not None:
        return ChargeStatus.NOT_DUE
    if _is_held(session, order, ledger.balance(session, order.account_id)):
        return ChargeStatus.NOT_DUE
    person = people.person_of(session, order.account_id)
    if person.stripe_customer is None or person.payment_method is None:
        return ChargeStatus.NO_CARD
    return None


def _is_held(session: Session, order: Charge, balance: int) -> bool:
    """Whether a hold stands on that day where the person is, or the amount touches a held part."""
    facts = people.facts(session, order.account_id, order.at)
    request = ContactRequest(
        account_id=order.account_id, channel=Channel.LETTER, purpose=Purpose.DEBIT
    )
    asked = Asked(request, facts, order.at)
    held = any(map(asked.standing, facts.holds))
    return held or order.amount.minor > balance - asked.held_part()


def _charged(session: Session, order: Charge, row: ChargeRow) -> Charged:
    session.flush()
    return Charged(
        status=ChargeStatus(row.status),
        version=ledger.version(session, order.account_id),
        balance=ledger.balance(session, order.account_id),
        decline_code=row.decline_code,
    )


def _note(session: Session, order: Charge, row: ChargeRow) -> None:
    amount = Money(minor=row.minor, currency=row.currency)
    journal.note(
        session,
        order.account_id,
        f"charge {row.status}",
        at=order.at,
        amount=str(amount),
        instalment=row.instalment,
        code=row.decline_code,
    )


def _later(reason: str) -> ApplicationError:
    return ApplicationError(reason, type="ProviderTrouble")
