"""Means of payment as Stripe tells of them: stored on a page, renewed by a bank, or taken back.

What was given last, by Stripe's clock, is what is charged, whatever is told last.
"""

from sqlalchemy.orm import Session

from activities.news import Told, TooEarly, added_told, tell_people, tell_profile
from activities.stripe_accounts import locked, moment
from domain.accounts import PAID_UP
from domain.events import CardStored, PlanAccepted
from domain.people import Milestone, MilestoneKind
from domain.plans import PaymentPlan
from providers.charges import LINK, PLAN, CardSetup, StripeEvent
from storage import accounts, accruing, contacts, journal, ledger, payments, people, plans
from storage.session import lock_person
from storage.tables import Account, InboxRow, Person

INACTIVE = "inactive"

STILL_PAYING = PAID_UP | {None}
"""An account that was paid up may be opened again, and then goes on with its plan."""


def take_stored(
    session: Session, row: InboxRow, event: StripeEvent, setup: CardSetup | None
) -> list[Told]:
    """Keep a means of payment; if it was given for a plan, the plan is accepted with it."""
    account = locked(session, event)
    if setup is None or setup.card is None:
        raise TooEarly("the page is complete, and Stripe does not show its card yet")
    _store(session, account, event, setup)
    if account.closure not in STILL_PAYING:
        return []
    plan = _plan_of(session, event)
    if plan is not None and _accepted(session, row, account, event, plan):
        event_id = f"accepted:{plan.plan_id}:{event.object_id}"
        accepted = Told(account.workflow_id, PlanAccepted(event_id=event_id, plan=plan))
        added = (
            [added_told(session, account)] if plans.revised_by_money(session, account.id) else []
        )
        return [*tell_profile(session, account.person_id), accepted, *added]
    return [Told(account.workflow_id, CardStored(event_id=row.id))]


def _store(session: Session, account: Account, event: StripeEvent, setup: CardSetup) -> None:
    if setup.card is None or setup.revoked:
        return
    means = setup.means
    stored = people.store_card(
        session,
        account.person_id,
        customer=setup.card.customer,
        payment_method=setup.card.payment_method,
        kind=means.kind if means else None,
        fingerprint=means.fingerprint if means else None,
        network=means.network if means else None,
        funding=means.funding if means else None,
        mandate=setup.mandate,
        at=event.created,
    )
    if stored:
        journal.note(session, account.id, "card stored")


def _accepted(
    session: Session, row: InboxRow, account: Account, event: StripeEvent, plan: PaymentPlan
) -> bool:
    """Whether this page accepts the plan: one that another accepted, or overtook, it does not.

    Interest that was added since it was offered is paid at its end.
    """
    page = event.object_id or ""
    if payments.accepted_by(session, page):
        return True  # an earlier try of this very event; the workflow may not have heard
    if not payments.is_newest_offer(session, account.id, plan):
        return False
    at = moment(session, row, account, event)
    accruing.accrue(session, account, at)
    plans.accept(session, account.id, plan, at=at)
    more = ledger.balance(session, account.id) - plan.total
    plans.owe_more(session, account.id, more, at)
    payments.opened_checkout(session, page, account.id, purpose="plan", contact_key=None, plan=plan)
    payments.note_accepted(session, page)
    authorised = Milestone(kind=MilestoneKind.AUTHORISATION, at=at, account_id=account.id)
    key = f"authorised:{page}"
    people.note_milestone(session, account.person_id, authorised, key=key, source=page)
    return True


def _plan_of(session: Session, event: StripeEvent) -> PaymentPlan | None:
    """The plan that a card was stored for, by the page that was opened."""
    page = payments.checkout(session, event.object_id or "")
    if page is not None:
        return PaymentPlan.model_validate(page.plan) if page.plan else None
    # A crash came before the page was noted: the message that led to it has the plan too.
    contact = contacts.by_link(session, event.metadata.get(LINK, ""))
    plan = contacts.offered_plan(contact) if contact else None
    return plan if plan is not None and plan.plan_id == event.metadata.get(PLAN) else None


def take_mandate(session: Session, row: InboxRow, event: StripeEvent) -> list[Told]:
    """A standing authority changed: without one, the account is never debited again."""
    del row
    if event.status == INACTIVE:
        _forget(session, event.payment_method, "mandate inactive")
    return []


def take_detached(session: Session, row: InboxRow, event: StripeEvent) -> list[Told]:
    """A means of payment was taken from the customer: it cannot be charged any more."""
    del row
    _forget(session, event.object_id, "card detached")
    return []


def take_renewed(session: Session, row: InboxRow, event: StripeEvent) -> list[Told]:
    """A bank renewed a stored card: what failed with the old one may go through now."""
    if event.means is None:
        return []
    renewed = []
    for person in _holders(session, event.object_id):
        fingerprint = event.means.fingerprint
        if people.renew_card(session, person.id, event.object_id or "", fingerprint=fingerprint):
            renewed.append(person)
    return tell_people(session, renewed, CardStored(event_id=row.id))


def _forget(session: Session, payment_method: str | None, why: str) -> None:
    for person in _holders(session, payment_method):
        people.forget_card(session, person.id, payment_method)
        for account in accounts.open_of_person(session, person.id):
            journal.note(session, account.id, why)


def _holders(session: Session, payment_method: str | None) -> list[Person]:
    """Whoever would be charged with it, each held. Nobody, if it is not one of ours.

    One that is taken back before we hear that it was stored is looked up when we do.
    """
    holders = people.with_method(session, payment_method) if payment_method else []
    for person in holders:
        lock_person(session, person.id)
    return holders
