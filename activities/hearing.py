"""Hearing: a provider's event that is stored becomes true in the record, then workflows are told.

Used by the webhooks at once, and by the sweeper for what a crash left over. Every step may be
repeated: effects have keys, workflows know an event by its id, and the mark comes last.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from sqlalchemy.orm import Session

from activities import (
    lookups,
    refunding,
    reopening,
    sendgrid_events,
    stripe_events,
    twilio_events,
)
from activities.doors import Door
from activities.news import Told, TooEarly, Unreadable
from activities.stripe_accounts import locked
from activities.stripe_events import Found, Lookup
from storage import Database, inbox
from storage.tables import InboxRow

GIVE_UP_AFTER = timedelta(days=3)
"""For so long Stripe itself repeats an event; what has no place by then is not ours."""

TWILIO_STATUS = "twilio-status"
TWILIO_TEXT = "twilio-message"
SENDGRID_EVENT = "sendgrid-event"
SENDGRID_MAIL = "sendgrid-mail"
STRIPE = "stripe"
"""Names under which events are stored; a stored row keeps its own for ever."""

TAKERS: dict[str, Callable[[Session, InboxRow], list[Told]]] = {
    TWILIO_STATUS: twilio_events.take_status,
    TWILIO_TEXT: twilio_events.take_text,
    SENDGRID_EVENT: sendgrid_events.take_event,
    SENDGRID_MAIL: sendgrid_events.take_mail,
    reopening.REOPENED: reopening.take,
}


NOTHING = Found()


class CardLookup(Lookup, refunding.Cashier, lookups.Pager, Protocol):
    """The part of Stripe that hearing asks."""


async def hear(database: Database, door: Door, stripe: CardLookup, row_id: str) -> str | None:
    """Apply a stored event and tell whoever must know; why it was set aside, if it was.

    Raises if it could not be done now: the row stays, and the next try finds it.
    """
    row = await asyncio.to_thread(_stored, database, row_id)
    if row.applied_at is not None:
        return None
    try:
        found = await asyncio.to_thread(_look_up, row, stripe)
        told = await asyncio.to_thread(_applied, database, row_id, found)
    except Unreadable as error:
        await asyncio.to_thread(_set_aside, database, row_id, str(error))
        return str(error)
    except TooEarly as error:
        if await asyncio.to_thread(_given_up, database, row, str(error)):
            return str(error)
        raise
    await reopening.tell(database, door, told)
    if row.provider == STRIPE and stripe_events.has_come(row):
        paid = await asyncio.to_thread(_account_of, database, row)
        await lookups.close_other_pages(database, door, stripe, paid, row.recorded_at)
    return await asyncio.to_thread(_mark, database, row_id)


def _account_of(database: Database, row: InboxRow) -> str:
    with database.transaction() as session:
        return locked(session, stripe_events.read(row)).id


def apply(session: Session, row: InboxRow, found: Found = NOTHING) -> list[Told]:
    """Make an event true in the record; what workflows must then be told. Again is harmless."""
    if row.provider == STRIPE:
        return stripe_events.take(session, row, found)
    if row.provider == refunding.REFUND:
        return refunding.take(session, row, found)
    taker = TAKERS.get(row.provider)
    if taker is None:
        raise Unreadable("no provider of ours is called so")
    return taker(session, row)


def _stored(database: Database, row_id: str) -> InboxRow:
    with database.transaction() as session:
        row = inbox.by_key(session, row_id)
    if row is None:
        raise LookupError(f"no event {row_id} in the inbox")
    return row


def _look_up(row: InboxRow, stripe: CardLookup) -> Found:
    """Asked before the transaction: nobody waits for Stripe under a person's lock."""
    if row.provider == STRIPE:
        return stripe_events.look_up(row, stripe)
    if row.provider == refunding.REFUND:
        return refunding.ask(row, stripe)
    return NOTHING


def _applied(database: Database, row_id: str, found: Found) -> list[Told]:
    with database.transaction() as session:
        row = inbox.by_key(session, row_id)
        if row is None:
            raise LookupError(f"no event {row_id} in the inbox")
        return apply(session, row, found)


def _set_aside(database: Database, row_id: str, why: str) -> None:
    with database.transaction() as session:
        inbox.set_aside(session, row_id, why)


def _given_up(database: Database, row: InboxRow, why: str) -> bool:
    """Whether an event has waited long enough for what it tells of; else note why it waits."""
    with database.transaction() as session:
        if inbox.is_older(session, row.id, GIVE_UP_AFTER):
            inbox.set_aside(session, row.id, why)
            return True
        inbox.failed(session, row.id, why)
        return False


def _mark(database: Database, row_id: str) -> str | None:
    """Mark an event as applied; why a person has to look at it, if so."""
    with database.transaction() as session:
        inbox.applied(session, row_id)
        row = inbox.by_key(session, row_id)
        return row.failure if row is not None else None
