"""The page behind the link in a message: what is owed, and the ways to pay it.

The link is the only key to the page, and messages get forwarded: so it names the creditor and the
amount, and never the consumer.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from sqlalchemy.orm import Session

from domain.contacts import Channel
from domain.money import Money, exponent
from domain.payable import AmountError, chargeable, is_chargeable, step
from domain.plan_changes import foreseen
from domain.plans import Instalment, PaymentPlan
from domain.settlements import Settlement
from domain.transfers import as_written
from providers.spoken import SpokenPlan, Voice
from storage import accounts, accruing, contacts, creditors, ledger, payments, plans, settlements
from storage.tables import Account, ContactRow

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
    """With interest up to today, booked or not."""
    version: int
    today: date
    offer: PaymentPlan | None
    """A plan that the message put to the consumer and that can be accepted now."""
    plan: PaymentPlan | None
    """The plan accepted last."""
    settlement: Settlement | None
    """An offer to settle that stands today."""
    missing: int
    """Minor units that still have to come for the settlement."""
    reference: str | None
    """What to write on a bank transfer."""

    @property
    def full(self) -> Money | None:
        """All that is owed, as far as Stripe can charge it; None if it cannot."""
        return payable(self.owed)

    @property
    def due(self) -> Money | None:
        """What a plan asks for now; None if that is nothing, or all that is owed anyway."""
        asked = self._asked
        if self.plan is None or asked is None:
            return None
        minor = self.plan.outstanding(asked, self.owed.minor)
        due = payable(Money(minor=minor, currency=self.owed.currency))
        return due if due and due.minor < self.owed.minor else None

    @property
    def due_on(self) -> date | None:
        """The day of a next instalment that the consumer pays by themselves; None if overdue."""
        asked = self._asked
        return asked.due if asked and asked.due > self.today else None

    @property
    def _asked(self) -> Instalment | None:
        """The last instalment that is due, or the next one where nothing is charged for it."""
        if self.plan is None or self.state != "open":
            return None
        upcoming = self.plan.next_due(self.owed.minor)
        if upcoming is None or upcoming.due > self.today:
            return None if self.plan.autopay else upcoming
        return [each for each in self.plan.instalments if each.due <= self.today][-1]

    @property
    def settling(self) -> Money | None:
        """What still settles the debt, if that can be charged and is less than all of it."""
        if self.settlement is None or self.state != "open":
            return None
        currency = self.owed.currency
        steps = -(-self.missing // step(currency))
        amount = payable(Money(minor=steps * step(currency), currency=currency))
        return amount if amount and amount.minor < self.owed.minor else None

    @property
    def takes_extra(self) -> bool:
        """Whether more than the plan asks for can be paid."""
        return self.plan is not None and self.state == "open" and self.full is not None

    @property
    def takes_card(self) -> bool:
        """Whether a new card would help: an accepted plan, or a journey that charges one."""
        return self.plan is not None or self.journey in CARD_JOURNEYS


@dataclass(frozen=True)
class SpokenSettlement:
    """An offer to settle as the page says it."""

    amount: str
    day: str
    rest: str


@dataclass(frozen=True)
class SpokenExtra:
    """What to write into the field for an extra payment."""

    currency: str
    most: str
    example: str


@dataclass(frozen=True)
class Page:
    """What the page shows, as it is read aloud."""

    creditor: str
    owed: str
    full: str | None
    due: str | None
    due_on: str | None
    settlement: SpokenSettlement | None
    offer: SpokenPlan | None
    extra: SpokenExtra | None
    card: bool
    reference: str | None


WRITTEN = re.compile("(\\d{1,12})(?:[.,\u066b](\\d{1,3}))?")
"""An amount as people write it: a point, a comma or the Arabic sign for it, and no marks between
thousands."""


def figure_in(text: str, currency: str) -> int | None:
    """The minor units that somebody wrote as an amount of the currency; None if it is no amount."""
    decimals = exponent(currency)
    found = WRITTEN.fullmatch("".join(text.split()))
    if found is None or len(found[2] or "") > decimals:
        return None
    return int(found[1] + (found[2] or "").ljust(decimals, "0"))  # int() reads Arabic digits, too


def written(text: str, most: Money) -> Money | None:
    """The amount that somebody wrote, if it can be charged and is not above `most`; else None."""
    minor = figure_in(text, most.currency)
    if minor is None or minor > most.minor or minor % step(most.currency):
        return None
    return payable(Money(minor=minor, currency=most.currency))


def example_of(currency: str) -> str:
    """An amount of the currency as somebody may write it: 25.00, 25.000, 25."""
    return f"25.{'0' * exponent(currency)}".rstrip(".")


def payable(amount: Money) -> Money | None:
    """As much of the amount as Stripe can charge exactly; None if that is too little for it."""
    try:
        largest = chargeable(amount)
    except AmountError:
        return None
    return largest if is_chargeable(largest) else None


def page_of(linked: Linked) -> Page:
    """The page in the consumer's language."""
    voice = Voice(linked.language, linked.country, Channel.EMAIL)
    return Page(
        creditor=voice.name(linked.creditor),
        owed=voice.money(linked.owed),
        full=voice.money(linked.full) if linked.full else None,
        due=voice.money(linked.due) if linked.due else None,
        due_on=voice.date(linked.due_on) if linked.due_on else None,
        settlement=_settlement(linked, voice),
        offer=voice.plan(linked.offer) if linked.offer else None,
        extra=_extra(linked, voice),
        card=linked.takes_card,
        reference=voice.name(as_written(linked.reference)) if linked.reference else None,
    )


def _settlement(linked: Linked, voice: Voice) -> SpokenSettlement | None:
    amount = linked.settling
    if linked.settlement is None or amount is None:
        return None
    rest = Money(minor=linked.owed.minor - amount.minor, currency=amount.currency)
    day = voice.date(linked.settlement.expires)
    return SpokenSettlement(amount=voice.money(amount), day=day, rest=voice.money(rest))


def _extra(linked: Linked, voice: Voice) -> SpokenExtra | None:
    if linked.full is None or not linked.takes_extra:
        return None
    currency = linked.owed.currency
    return SpokenExtra(
        currency=voice.name(currency),
        most=voice.money(linked.full),
        example=voice.name(example_of(currency)),
    )


def behind(session: Session, link: str, now: datetime) -> Linked | None:
    """What is behind a link; None if it is no link of ours."""
    contact = contacts.by_link(session, link)
    if contact is None:
        return None
    account = session.get_one(Account, contact.account_id)
    person = accounts.person_of(session, account)
    at = contacts.present(session, person.id, now)
    more = accruing.coming(session, account, at)
    owed = Money(minor=ledger.balance(session, account.id) + more, currency=account.currency)
    plan = plans.current(session, account.id)
    today = contacts.today(session, person, now)
    offer = _open_offer(session, contact, today)
    settlement = settlements.standing(session, account, at)
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
        offer=offer and foreseen(offer, owed.minor, more),
        plan=plan and foreseen(plan, owed.minor, more),
        settlement=settlement,
        missing=settlements.missing(session, account, settlement) if settlement else 0,
        reference=account.payment_reference,
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
