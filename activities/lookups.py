"""What became of a payment, asked of Stripe: of charges that came to no end, and of open pages."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Protocol

import structlog
from sqlalchemy.orm import Session

from activities import paying, reopening
from activities.doors import Door
from activities.news import Told, failure_told
from activities.stripe_accounts import by_the_account, payment_key
from activities.stripe_events import EXTRAS
from domain.money import Money
from domain.orders import ChargeStatus
from providers.charges import (
    CANCELED,
    EXTRA,
    Declined,
    Intent,
    PageEnd,
    Paid,
    Processing,
    Settled,
    Unconfirmed,
)
from providers.outcomes import ProviderDown, ProviderRefused
from storage import Database, accounts, payments, tries
from storage.session import lock_account
from storage.tables import Account, ChargeRow, Checkout

GONE = "resource_missing"
"""Stripe does not know it: nothing can be taken by it."""

REFUSED = "Stripe does not say what became of a charge: look it up there"

log = structlog.get_logger()

UNKNOWN, SLOW = timedelta(minutes=1), timedelta(days=7)
"""After so long a charge is looked up: of unknown fate, and under way. A US bank debit takes four
business days at most."""


class NotTold(ProviderDown):
    """Stripe is there, and does not tell what became of this one payment."""


class Pager(Protocol):
    """The part of Stripe that closes pages."""

    def retrieve_intent(self, intent_id: str) -> Intent:
        """How a payment stands now."""

    def close_page(self, session_id: str) -> PageEnd:
        """Let nobody pay on a page any more."""


class Lookup(Pager, Protocol):
    """The part of Stripe that tells what became of a payment, or ends it."""

    def cancel_intent(self, intent_id: str) -> Settled:
        """Give a payment up, unless it was made."""


def conclude(session: Session, row: ChargeRow, settled: Settled) -> list[Told]:
    """Write what came of a charge, and book what it took; the caller holds the person.

    What a workflow must hear that does not wait for this charge.
    """
    match settled:
        case Paid(intent_id=intent_id):
            row.status = ChargeStatus.PAID
            account = session.get_one(Account, row.account_id)
            amount = Money(minor=row.minor, currency=row.currency)
            key = payment_key(intent_id)
            return paying.received(session, account, key, amount, provider_ref=intent_id, at=row.at)
        case Processing():
            row.status = ChargeStatus.PROCESSING
        case Declined(code=code) if code == CANCELED:
            row.status, row.tried_at = payments.GIVEN_UP, None
        case Declined():
            late = row.status != payments.CREATED
            tries.fail(session, row, settled, at=row.at, late=late)
            return failure_told(session, row)
        case Unconfirmed():
            raise NotTold("the payment is neither made nor given up")
    return []


def look_up(session: Session, stripe: Lookup, row: ChargeRow) -> list[Told]:
    """Find out what became of a charge; one that nobody has confirmed yet is given up.

    The caller holds the person. ProviderDown.
    """
    if row.intent_id is None:
        row.status, row.tried_at = payments.GIVEN_UP, None
        return []
    return conclude(session, row, end_of(stripe, row.intent_id))


def end_of(stripe: Lookup, intent_id: str) -> Settled:
    """What became of a payment, which is given up if nobody has confirmed it. ProviderDown."""
    try:
        settled = stripe.retrieve_intent(intent_id).settled
        return stripe.cancel_intent(intent_id) if isinstance(settled, Unconfirmed) else settled
    except ProviderRefused as refused:
        if refused.code == GONE:
            return Declined(code=CANCELED)
        raise NotTold(str(refused)) from None


@dataclass(frozen=True)
class Pages:
    """What became of pages that were closed."""

    pays: bool = False
    """Whether money from one of them is still on its way."""
    news: tuple[Told, ...] = ()
    """What a workflow must hear of money that had come on them."""


def close_pages(
    session: Session, stripe: Pager, account_id: str, wall: datetime, *, but: str | None = None
) -> Pages:
    """Close the account's pages, but one: what is paid on one is not to be paid on another, too.

    What has come on them is booked. The caller holds the person, at this time by the `wall`.
    ProviderDown.
    """
    others = [page for page in payments.open_pages(session, account_id) if page.session_id != but]
    ended = [_closed(session, stripe, page, wall) for page in others]
    return Pages(any(each.pays for each in ended), tuple(chain(*(each.news for each in ended))))


async def close_other_pages(
    database: Database, door: Door, stripe: Pager, account_id: str, wall: datetime
) -> None:
    """Let nobody pay twice: what is open still when money has come is closed.

    Where Stripe cannot be asked they stay open until the next charge or page closes them, or their
    day is over; whoever then pays too much gets it back by a person of ours.
    """
    try:
        news = await asyncio.to_thread(_closed_pages, database, stripe, account_id, wall)
    except ProviderDown as down:
        log.warning("pages.not_closed", account=account_id, error=str(down))
        return
    await reopening.tell(database, door, news)


def _closed_pages(database: Database, stripe: Pager, account_id: str, wall: datetime) -> list[Told]:
    with database.transaction() as session:
        lock_account(session, account_id)
        return list(close_pages(session, stripe, account_id, wall).news)


def _closed(session: Session, stripe: Pager, page: Checkout, wall: datetime) -> Pages:
    end = _end_of_page(stripe, page.session_id)
    if end.state == "processing" and not _came_to_nothing(stripe, end.intent_id):
        page.purpose = payments.PROMISED
        return Pages(pays=True)
    page.purpose = payments.CLOSED
    if end.state != "paid" or not end.intent_id or not end.amount:
        return Pages()
    account = session.get_one(Account, page.account_id)
    made = end.paid_at or wall
    told = paying.received(
        session,
        account,
        payment_key(end.intent_id),
        end.amount,
        provider_ref=end.intent_id,
        at=by_the_account(session, account, made, end.metadata, heard=wall),
        extra=EXTRAS.get(end.metadata.get(EXTRA, "")),
    )
    return Pages(news=tuple(told))


def _came_to_nothing(stripe: Pager, intent_id: str | None) -> bool:
    """Whether the bank debit of a page failed: of a page itself, Stripe does not say so."""
    if intent_id is None:
        return False
    try:
        return isinstance(stripe.retrieve_intent(intent_id).settled, Declined)
    except ProviderRefused:
        return False


def _end_of_page(stripe: Pager, session_id: str) -> PageEnd:
    try:
        return stripe.close_page(session_id)
    except ProviderRefused as refused:
        if refused.code == GONE:
            return PageEnd(state="unpaid")
        raise NotTold(str(refused)) from None


async def sweep(database: Database, door: Door, stripe: Lookup) -> int:
    """Look up every charge of which somebody should have told by now; how many found their end."""
    done = 0
    for key in await asyncio.to_thread(_left_open, database):
        try:
            told = await asyncio.to_thread(_looked_up, database, stripe, key)
        except NotTold as untold:
            log.warning("charge.not_looked_up", charge=key, error=str(untold))
            await asyncio.to_thread(_ask_a_person, database, key)
            continue
        except ProviderDown as down:
            log.warning("charge.not_looked_up", charge=key, error=str(down))
            break  # the others would wait for Stripe as long
        await reopening.tell(database, door, told)
        done += 1
    return done


def _left_open(database: Database) -> list[str]:
    with database.transaction() as session:
        return list(payments.left_open(session, unknown=UNKNOWN, slow=SLOW))


def _ask_a_person(database: Database, key: str) -> None:
    """Let a person of ours look at a charge, once."""
    with database.transaction() as session:
        row = payments.charge_by_key(session, key)
        accounts.hand_over(session, f"untold:{key}", row.account_id, REFUSED, at=row.at)


def _looked_up(database: Database, stripe: Lookup, key: str) -> list[Told]:
    with database.transaction() as session:
        lock_account(session, payments.charge_by_key(session, key).account_id)
        row = payments.charge_by_key(session, key)
        return look_up(session, stripe, row) if row.status in payments.OPEN else []
