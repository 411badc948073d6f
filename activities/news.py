"""What hearing hands on: news for an account's workflow, and why an event cannot be taken in."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from domain.accounts import Hold
from domain.contacts import Channel
from domain.events import (
    AnyEvent,
    BalanceChanged,
    HoldPlaced,
    OptedIn,
    OptedOut,
    ProfileChanged,
)
from domain.people import StandingHold
from domain.time import local_date
from storage import accounts, contacts, ledger, people
from storage.session import lock_person
from storage.tables import Account, ContactRow, InboxRow, Person

ANYWHERE = "UTC"


@dataclass(frozen=True)
class Told:
    """An event that a workflow must hear; the record has it already."""

    workflow_id: str
    event: AnyEvent


class Unreadable(ValueError):  # noqa: N818 -- a property of the event, not a mishap
    """Nothing can be made of an event, now or later: it is set aside with this reason."""


class TooEarly(Exception):  # noqa: N818 -- it passes by itself
    """An event about something that is not on record yet: it is tried again."""


def balance_told(
    session: Session, account: Account, cause_key: str, *, reversal: bool = False
) -> Told:
    """The ledger as it stands, as news of the movement booked under `cause_key`."""
    return Told(
        account.workflow_id,
        BalanceChanged(
            event_id=f"ledger:{cause_key}",
            version=ledger.version(session, account.id),
            balance=ledger.balance(session, account.id),
            cause="reversal" if reversal else "payment",
        ),
    )


def opt_out(session: Session, row: InboxRow, channel: Channel, where: str) -> list[Told]:
    """Nobody is reached at this address any more; every account of whoever shares it hears."""
    reached = locked_people(session, channel, where)
    for address in _spellings(reached, channel, where):
        people.note_address(
            session, channel, address, people.OPTED_OUT, source=row.id, at=row.recorded_at
        )
    event = OptedOut(event_id=f"{row.id}:opted out", channel=channel)
    return tell_people(session, reached, event)


def opt_in(session: Session, row: InboxRow, channel: Channel, where: str) -> list[Told]:
    """The address may be used again. Who refused the medium itself goes on to refuse it.

    So does whoever opted out after this was written, if it is only applied now.
    """
    reached = locked_people(session, channel, where)
    for address in _spellings(reached, channel, where):
        people.lift_address(session, channel, address, people.OPTED_OUT, said=row.recorded_at)
    open_to_it = [person for person in reached if not people.refuses(session, person, channel)]
    event = OptedIn(event_id=f"{row.id}:opted in", channel=channel)
    return tell_people(session, open_to_it, event)


def opted_out(session: Session, channel: Channel, where: str) -> bool:
    """Whether somebody has opted out of this address."""
    reached = known_people(session, channel, where)
    return any(
        people.is_noted(session, channel, address, people.OPTED_OUT)
        for address in _spellings(reached, channel, where)
    )


def _spellings(reached: list[Person], channel: Channel, where: str) -> list[str]:
    """The address as it was given, and as each person's record writes it."""
    recorded = {people.address(person, channel) for person in reached}
    return sorted({where} | {each for each in recorded if each})


def hold(session: Session, row: InboxRow, account: Account, reason: Hold) -> Told:
    """Stop the clock of an account. The caller holds the person's lock."""
    return hold_told(session, account, StandingHold(hold=reason), key=row.id)


def hold_told(session: Session, account: Account, placed: StandingHold, *, key: str) -> Told:
    """Stop the clock of an account on these days, or of this part; the news has this key."""
    accounts.place_hold(
        session,
        account.id,
        placed.hold,
        reason=key,
        starts=placed.starts,
        ends=placed.ends,
        part=placed.part,
    )
    event = HoldPlaced(event_id=f"{key}:{placed.hold}", **placed.model_dump())
    return Told(account.workflow_id, event)


def tell_profile(session: Session, person_id: str) -> list[Told]:
    """What rules ask about a person, as news for every open account of theirs."""
    known = people.profile(session, person_id)
    event = ProfileChanged(event_id=f"profile:{person_id}:{known.revision}", profile=known)
    return [
        Told(account.workflow_id, event) for account in accounts.open_of_person(session, person_id)
    ]


def tell_people(session: Session, reached: list[Person], event: AnyEvent) -> list[Told]:
    """The same news for every open account of these people."""
    return [
        Told(account.workflow_id, event)
        for person in reached
        for account in accounts.open_of_person(session, person.id)
    ]


def lock_reached(session: Session, contact: ContactRow) -> None:
    """Hold whoever a contact concerns, before its row is touched.

    Whoever sends holds the person first and then writes the row: so does whoever hears of it. All
    who share the address are held, because the news may be that it is theirs no more.
    """
    sharing = known_people(session, Channel(contact.channel), contact.address)
    for person_id in sorted({contact.person_id} | {person.id for person in sharing}):
        lock_person(session, person_id)
    session.refresh(contact)


def locked_people(session: Session, channel: Channel, where: str) -> list[Person]:
    """Everybody who is reached there, each locked, always in one order: so nobody deadlocks."""
    found = sorted(known_people(session, channel, where), key=lambda person: person.id)
    for person in found:
        lock_person(session, person.id)
    return found


def known_people(session: Session, channel: Channel, where: str) -> list[Person]:
    """Everybody who is reached there. Mail programs write one address with small letters or not."""
    spellings = {where}
    if channel is Channel.EMAIL:
        name, _, host = where.rpartition("@")
        spellings |= {where.lower(), f"{name}@{host.lower()}"}
    found = {
        person.id: person
        for spelling in spellings
        for person in people.at_address(session, channel, spelling)
    }
    return list(found.values())


def today_of(session: Session, row: InboxRow, person: Person) -> date:
    """The person's calendar date."""
    now = present_of(session, row, person)
    return local_date(now, person.zones[0] if person.zones else ANYWHERE)


def present_of(session: Session, row: InboxRow, person: Person) -> datetime:
    """The person's present. An account that was run ahead of the wall has one of its own."""
    latest = contacts.latest_at(session, person.id)
    return max(row.recorded_at, latest) if latest else row.recorded_at
