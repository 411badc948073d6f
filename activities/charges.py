"""Charge a stored means of payment: the payment is created at Stripe first, then confirmed.

An idempotency key lives for a day at Stripe; a payment intent lives for ever. So the intent's id is
saved before it is confirmed, and a retry, however late, asks what became of that very intent.

It is confirmed under the person's lock, after a last look: at ledger and plan, because what has
been paid meanwhile is not collected again; at holds and the law; at other charges for the same that
have come to no end; and at pages on which the person may be paying right now. Those are closed
first. An intent that is not confirmed after all is cancelled, so that a confirmation of an earlier
attempt, still on its way, finds nothing to take.

Networks count tries by card. A try is counted, under the card's lock, before the network is asked.
"""

from sqlalchemy.orm import Session
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities import debits
from activities.contacts import Clocks, Patience
from activities.debits import UNDER_WAY, Refusal
from activities.lookups import close_pages, conclude, end_of, look_up
from domain.money import Money
from domain.orders import Charge, Charged, ChargeStatus
from domain.payable import chargeable, is_chargeable
from domain.retries import ACH, DeclineCodes
from providers.charges import ACCOUNT, AT, CANCELED, Declined, Settled
from providers.means import Means
from providers.outcomes import ProviderDown, ProviderRefused, Unknown
from providers.stripe import Stripe
from storage import Database, journal, ledger, payments, people, plans, tries
from storage.session import lock_account
from storage.tables import ChargeRow

BANK_ACCOUNT = "us_bank_account"
NOT_CHARGEABLE = DeclineCodes(code="amount_not_chargeable")
"""Too little, or in too small a coin: the person can pay it in another way, or with more."""

ANSWERS = {
    payments.UNDER_WAY: ChargeStatus.PROCESSING,
    payments.GIVEN_UP: ChargeStatus.UNAVAILABLE,
}
"""What a workflow is told for what only the record tells apart."""

Answer = Charged | ApplicationError
"""What the activity returns, or raises to be tried again."""


class Charges:
    """The activity `charge`."""

    def __init__(
        self, database: Database, *, stripe: Stripe, clocks: Clocks, patience: Patience
    ) -> None:
        """Join the record and Stripe."""
        self._database = database
        self._stripe = stripe
        self._clocks = clocks
        self._patience = patience

    @activity.defn(no_thread_cancel_exception=True)  # what an attempt learns, it writes down
    def charge(self, order: Charge) -> Charged:
        """Collect the amount, once per key; say what came of it and how the ledger stands."""
        answer = (
            self._prepare(order)
            or self._create(order)
            or self._allow(order)
            or self._confirm(order)
        )
        if isinstance(answer, ApplicationError):
            raise answer
        return answer

    # first: whether it may be made, and a place among the card's tries

    def _prepare(self, order: Charge) -> Answer | None:
        """Count the try, unless it must not be made; None if there is more to do."""
        with self._database.transaction() as session:
            lock_account(session, order.account_id)
            row = payments.begin_charge(session, order)
            if row.status != payments.CREATED:
                return _charged(session, row)
            if row.intent_id is not None or row.tried_at is not None:
                return None
            if row.payment_method is None:
                _take_means(session, row)
            if row.payment_method is None or row.card is not None:
                return self._reserve(session, order, row)
            method = row.payment_method
        return self._ask_about(order, method)

    def _ask_about(self, order: Charge, method: str) -> Answer | None:
        """Learn from Stripe what is to be charged, once: nobody waits for it under a lock."""
        found: Means | ProviderDown | ProviderRefused
        try:
            found = self._stripe.retrieve_method(method)
        except (ProviderDown, ProviderRefused) as error:
            found = error
        with self._database.transaction() as session:
            lock_account(session, order.account_id)
            row = payments.charge_by_key(session, order.key)
            if row.status != payments.CREATED:
                return _charged(session, row)
            if isinstance(found, ProviderDown):
                return self._give_up_or_retry(session, row, str(found))
            if isinstance(found, ProviderRefused):
                return _declined(session, row, DeclineCodes(code=found.code))
            _remember(session, row, found)
            return self._reserve(session, order, row)

    def _reserve(self, session: Session, order: Charge, row: ChargeRow) -> Answer | None:
        at = self._clocks.lawful_at(order.at)
        try:
            refusal = debits.refused(session, order, row, at) or self._competing(session, row)
        except ProviderDown as down:
            return self._give_up_or_retry(session, row, str(down))
        due = debits.collectable(session, order, row, at)
        if refusal is None and not is_chargeable(due) and payments.under_way(session, row):
            refusal = UNDER_WAY
        if (refusal := refusal or _not_due(due)) is not None:
            return _refuse(session, row, refusal)
        if not is_chargeable(due):
            return _declined(session, row, NOT_CHARGEABLE)
        row.minor = chargeable(due).minor
        tries.lock_card(session, row.card or "")
        free = tries.room(session, row, at)
        if free is None:
            return _declined(session, row, tries.last_word(session, row))
        if free > at:
            why = "the card was tried as often as networks and contract allow"
            return _refuse(session, row, Refusal(ChargeStatus.NOT_YET, why, free))
        row.tried_at = at
        return None

    # second: the intent

    def _create(self, order: Charge) -> Answer | None:
        """Make the intent at Stripe and save its id; a retry with the same key makes the same.

        None if there is more to do.
        """
        with self._database.transaction() as session:
            row = payments.charge_by_key(session, order.key)
            if row.intent_id is not None or row.status != payments.CREATED:
                return None
            try:
                row.intent_id = self._stripe.create_intent(
                    amount=Money(minor=row.minor, currency=row.currency),
                    customer=row.customer or "",
                    payment_method=row.payment_method or "",
                    key=f"create:{row.key}",
                    metadata={
                        ACCOUNT: row.account_id,
                        "charge": row.key,
                        AT: row.at.isoformat(),
                    },
                )
            except ProviderDown as down:
                return self._give_up_or_retry(session, row, str(down))
            except ProviderRefused as refused:
                return self._not_taken(session, order, refused.code)
            return None

    def _not_taken(self, session: Session, order: Charge, code: str) -> Charged:
        """Stripe does not make such a payment, and no network was asked."""
        lock_account(session, order.account_id)
        row = payments.charge_by_key(session, order.key)
        if row.status != payments.CREATED:
            return _charged(session, row)
        row.tried_at = None
        return _declined(session, row, DeclineCodes(code=code))

    # third: that it is allowed, on record before any money moves

    def _allow(self, order: Charge) -> Answer | None:
        """Write down what the gate says, for no crash to lose; None if it allows the charge."""
        with self._database.transaction() as session:
            lock_account(session, order.account_id)
            row = payments.charge_by_key(session, order.key)
            if row.status != payments.CREATED:
                return _charged(session, row)
            at = self._clocks.lawful_at(order.at)
            refusal = debits.refused(session, order, row, at, allows=True)
            if refusal is None:
                return None
            try:
                return self._abandon(session, row, refusal)
            except ProviderDown as down:
                return self._give_up_or_retry(session, row, str(down))

    # fourth: the last look, and the money

    def _confirm(self, order: Charge) -> Answer:
        with self._database.transaction() as session:
            lock_account(session, order.account_id)
            row = payments.charge_by_key(session, order.key)
            if row.status != payments.CREATED:
                return _charged(session, row)
            try:
                refusal = self._last_look(session, order, row)
                if refusal is not None:
                    return self._abandon(session, row, refusal)
                return self._take(session, row)
            except ProviderDown as down:
                return self._give_up_or_retry(session, row, str(down))

    def _last_look(self, session: Session, order: Charge, row: ChargeRow) -> Refusal | None:
        """Why it must not be confirmed now, if so. ProviderDown if nobody can say."""
        at = self._clocks.lawful_at(order.at)
        refusal = (
            debits.refused(session, order, row, at)
            or self._competing(session, row)
            or self._open_pages(session, row)
        )
        return refusal or _not_due(debits.collectable(session, order, row, at), row.minor)

    def _competing(self, session: Session, row: ChargeRow) -> Refusal | None:
        """Find out what became of other charges for the same; wait for one that is under way."""
        for other in payments.competing(session, row):
            look_up(session, self._stripe, other)
            if other.status == ChargeStatus.PROCESSING:
                return UNDER_WAY
        return None

    def _open_pages(self, session: Session, row: ChargeRow) -> Refusal | None:
        """Close the account's pages; wait for money that is on its way from one of them."""
        wall = self._clocks.wall()
        pages = close_pages(session, self._stripe, row.account_id, wall)
        return UNDER_WAY if pages.pays else None

    def _take(self, session: Session, row: ChargeRow) -> Answer:
        try:
            result = self._stripe.confirm_intent(_intent_of(row), f"confirm:{row.key}")
        except ProviderRefused as refused:
            return _declined(session, row, DeclineCodes(code=refused.code))
        if isinstance(result, Unknown):
            return self._give_up_or_retry(session, row, result.reason)
        return _settle(session, row, result)

    def _abandon(self, session: Session, row: ChargeRow, refusal: Refusal) -> Charged:
        """Leave the money where it is, unless an earlier attempt has taken it after all."""
        settled = end_of(self._stripe, _intent_of(row))
        if not (isinstance(settled, Declined) and settled.code == CANCELED):
            return _settle(session, row, settled)
        row.tried_at = None
        return _refuse(session, row, refusal)

    def _give_up_or_retry(self, session: Session, row: ChargeRow, reason: str) -> Answer:
        """Past patience the journey goes on; if money moved after all, the sweeper finds it."""
        if self._clocks.wall() - row.recorded_at < self._patience.in_all:
            return ApplicationError(reason, type="ProviderTrouble")
        row.status = ChargeStatus.UNAVAILABLE
        _note(session, row, reason)
        return _charged(session, row)


def _intent_of(row: ChargeRow) -> str:
    """What Stripe calls the charge; LookupError if it was never made there."""
    if row.intent_id is None:
        raise LookupError(f"{row.key}: the intent's id is gone")
    return row.intent_id


def _take_means(session: Session, row: ChargeRow) -> None:
    """Note what is stored now: every attempt charges it, as one key must always ask the same."""
    person = people.person_of(session, row.account_id)
    row.customer, row.payment_method = person.stripe_customer, person.payment_method
    row.card, row.network = person.card, _network(person.method_kind, person.network)


def _remember(session: Session, row: ChargeRow, means: Means) -> None:
    """Note what Stripe says of a means of payment, here and with the person."""
    row.card = means.fingerprint or means.payment_method
    row.network = _network(means.kind, means.network)
    people.describe_card(
        session,
        means.payment_method,
        kind=means.kind,
        fingerprint=row.card,
        network=means.network,
        funding=means.funding,
    )


def _network(kind: str | None, network: str | None) -> str | None:
    return ACH if kind == BANK_ACCOUNT else network


def _not_due(amount: Money, least: int = 1) -> Refusal | None:
    if amount.minor >= least:
        return None
    return Refusal(ChargeStatus.NOT_DUE, "so much of it is not due, or not any more")


def _refuse(session: Session, row: ChargeRow, refusal: Refusal) -> Charged:
    row.status, row.again_at = refusal.status, refusal.again_at
    _note(session, row, refusal.why)
    return _charged(session, row)


def _declined(session: Session, row: ChargeRow, codes: DeclineCodes) -> Charged:
    """It cannot be charged, and nobody was asked."""
    tries.decline(session, row, codes)
    _note(session, row)
    return _charged(session, row)


def _settle(session: Session, row: ChargeRow, settled: Settled) -> Charged:
    """Write what came of it; money that was taken is booked in the same transaction."""
    conclude(session, row, settled)
    _note(session, row)
    return _charged(session, row)


def _charged(session: Session, row: ChargeRow) -> Charged:
    session.flush()
    return Charged(
        status=ANSWERS.get(row.status) or ChargeStatus(row.status),
        version=ledger.version(session, row.account_id),
        balance=ledger.balance(session, row.account_id),
        decline_code=row.decline_code,
        decline=tries.kind_of(row),
        again_at=row.again_at,
        plan=plans.revised_by_money(session, row.account_id),
    )


def _note(session: Session, row: ChargeRow, why: str | None = None) -> None:
    journal.note(
        session,
        row.account_id,
        f"charge {row.status}",
        at=row.at,
        amount=str(Money(minor=row.minor, currency=row.currency)),
        instalment=row.instalment,
        code=row.decline_code,
        why=why,
    )
