"""The page behind the link in a message: what is owed, and the ways to pay it.

The link is the only key to the page, and messages get forwarded: so it names the creditor and the
amount, and never the consumer.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from sqlalchemy.orm import Session

from domain.contacts import Channel
from domain.money import Money
from domain.plans import PaymentPlan
from domain.time import local_date
from providers.spoken import SpokenPlan, Voice
from providers.stripe_amounts import AmountError, chargeable
from storage import accounts, contacts, creditors, ledger, payments
from storage.tables import Account, ContactRow, Person

CARD_JOURNEYS = frozenset({"subscription"})
"""Journeys that collect with a stored card, so that a new card is an answer."""

TIME_TO_PREPARE = timedelta(days=2)
"""How long before its first instalment a plan must be accepted: nobody is charged by surprise."""


@dataclass(frozen=True)
class Linked:
    """All that the record has behind a link."""

    link: str
    contact_key: str
    account_id: str
    journey: str
    creditor: str
    language: str
    country: str
    customer: str | None
    state: Literal["open", "paid", "closed"]
    owed: Money
    version: int
    today: date
    offer: PaymentPlan | None
    """A plan that the message put to the consumer and that can be accepted now."""
    plan: PaymentPlan | None
    """The plan accepted last."""

    @property
    def full(self) -> Money | None:
        """All that is owed, as far as Stripe can charge it; None if it cannot."""
        return payable(self.owed)

    @property
    def due(self) -> Money | None:
        """What a broken plan misses; None without one, or if that is all there is anyway."""
        if self.plan is None or self.state != "open":
            return None
        instalment = self.plan.next_due(self.owed.minor)
        if instalment is None or instalment.due > self.today:
            return None
        missed = [each for each in self.plan.instalments if each.due <= self.today][-1]
        minor = self.plan.outstanding(missed, self.owed.minor)
        due = payable(Money(minor=minor, currency=self.owed.currency))
        return due if due and due.minor < self.owed.minor else None

    @property
    def takes_card(self) -> bool:
        """Whether a new card would help: an accepted plan, or a journey that charges one."""
        return self.plan is not None or self.journey in CARD_JOURNEYS


@dataclass(frozen=True)
class Page:
    """What the page shows, as it is read aloud."""

    creditor: str
    owed: str
    full: str | None
    due: str | None
    offer: SpokenPlan | None
    card: bool


def payable(amount: Money) -> Money | None:
    """As much of the amount as Stripe can charge exactly; None if that is nothing."""
    try:
        largest = chargeable(amount)
    except AmountError:
        return None
    return largest if largest.minor > 0 else None


def page_of(linked: Linked) -> Page:
    """The page in the consumer's language."""
    voice = Voice(linked.language, linked.country, Channel.EMAIL)
    return Page(
        creditor=voice.name(linked.creditor),
        owed=voice.money(linked.owed),
        full=voice.money(linked.full) if linked.full else None,
        due=voice.money(linked.due) if linked.due else None,
        offer=voice.plan(linked.offer) if linked.offer else None,
        card=linked.takes_card,
    )


def behind(session: Session, link: str, now: datetime) -> Linked | None:
    """What is behind a link; None if it is no link of ours."""
    contact = contacts.by_link(session, link)
    if contact is None:
        return None
    account = session.get_one(Account, contact.account_id)
    person = accounts.person_of(session, account)
    owed = Money(minor=ledger.balance(session, account.id), currency=account.currency)
    plan = payments.accepted_plan(session, account.id)
    today = _today(contacts.latest_at(session, person.id), person, now)
    return Linked(
        link=link,
        contact_key=contact.key,
        account_id=account.id,
        journey=account.journey,
        creditor=creditors.name_of(session, account.creditor_id),
        language=person.locale,
        country=person.country,
        customer=person.stripe_customer,
        state=_state(account, owed),
        owed=owed,
        version=ledger.version(session, account.id),
        today=today,
        offer=_open_offer(session, contact, today),
        plan=plan,
    )


def _state(account: Account, owed: Money) -> Literal["open", "paid", "closed"]:
    if account.recalled_at is not None:
        return "closed"
    if owed.minor <= 0:
        return "paid"
    return "closed" if account.closure is not None else "open"


def _open_offer(session: Session, contact: ContactRow, today: date) -> PaymentPlan | None:
    """The message's plan, unless it is accepted, overtaken, too late or for another balance."""
    offer = contacts.offered_plan(contact)
    if offer is None or offer.instalments[0].due < today + TIME_TO_PREPARE:
        return None
    return offer if payments.is_open_offer(session, contact.account_id, offer) else None


def _today(latest: datetime | None, person: Person, now: datetime) -> date:
    """The consumer's date. An account that was run ahead of the wall has its own present."""
    zone = person.zones[0] if person.zones else "UTC"
    return local_date(max(now, latest) if latest else now, zone)
