"""What hearing hands on: news for an account's workflow, and why an event cannot be taken in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from domain.accounts import Hold
from domain.contacts import Channel
from domain.events import (
    AnyEvent,
    BalanceChanged,
    HoldPlaced,
    InstalmentFailed,
    OptedIn,
    OptedOut,
    ProfileChanged,
)
from domain.people import StandingHold
from storage import accounts, accruing, ledger, payments, people, plans
from storage.session import lock_person
from storage.tables import Account, ChargeRow, ContactRow, InboxRow, Person

Cause = Literal["payment", "reversal", "adjustment"]


@dataclass(frozen=True)
class Told:
    """An event that a workflow must hear; the record has it already."""

    workflow_id: str
    event: AnyEvent
    reopens: str | None = None
    """The account, by id, whose journey was over and begins again with this news."""


class Unreadable(ValueError):  # noqa: N818 -- a property of the event, not a mishap
    """Nothing can be made of an event, now or later: it is set aside with this reason."""


class TooEarly(Exception):  # noqa: N818 -- it passes by itself
    """An event about something that is not on record yet: it is tried again."""


def balance_told(
    session: Session, account: Account, cause_key: str, *, reversal: bool = False
) -> Told:
    """The ledger as it stands, as news of the movement booked under `cause_key`."""
    cause: Cause = "reversal" if reversal else "payment"
    return _balance(session, account, f"ledger:{cause_key}", cause)


def added_told(session: Session, account: Account) -> Told:
    """The ledger as it stands, as news of interest or costs that were added to it."""
    version = ledger.version(session, account.id)
    return _balance(session, account, f"added:{account.id}:{version}", "adjustment")


def failure_told(session: Session, charge: ChargeRow) -> list[Told]:
    """News of a charge that failed: its costs, and itself if it was taken for one under way."""
    account = session.get_one(Account, charge.account_id)
    costs = accruing.key_of_costs(account.id, payments.claim_of(session, charge))
    told = [added_told(session, account)] if ledger.is_booked(session, costs) else []
    if charge.instalment is not None and payments.failed_late(charge):
        failed = InstalmentFailed(event_id=f"failed:{charge.key}", number=charge.instalment)
        told.append(Told(account.workflow_id, failed))
    return told


def _balance(session: Session, account: Account, event_id: str, cause: Cause) -> Told:
    event = BalanceChanged(
        event_id=event_id,
        version=ledger.version(session, account.id),
        balance=ledger.balance(session, account.id),
        cause=cause,
        plan=plans.revised_by_money(session, account.id),
    )
    return Told(account.workflow_id, event)


def refuse_address(
    session: Session,
    channel: Channel,
    where: str,
    *,
    source: str,
    at: datetime,
    book: str | None = None,
) -> list[Person]:
    """Opt an address out, as everybody's record writes it; whoever was reached there, locked.

    What the address itself or its provider said binds everywhere; a creditor's word in their `book`
    alone.
    """
    reached = [
        person
        for person in locked_people(session, channel, where)
        if book in {None, person.creditor_id}
    ]
    for address in _written(reached, channel, where):
        people.note_address(
            session, channel, address, people.OPTED_OUT, source=source, at=at, book=book
        )
    return reached


def opt_out(session: Session, row: InboxRow, channel: Channel, where: str) -> list[Told]:
    """Nobody is reached at this address any more; every account of whoever shares it hears."""
    reached = refuse_address(session, channel, where, source=row.id, at=row.recorded_at)
    event = OptedOut(event_id=f"{row.id}:opted out", channel=channel)
    return tell_people(session, reached, event)


def opt_in(session: Session, row: InboxRow, channel: Channel, where: str) -> list[Told]:
    """The address may be used again. Who refused the medium itself goes on to refuse it.

    So does whoever opted out after this was written, if it is only applied now.
    """
    reached = locked_people(session, channel, where)
    for address in _written(reached, channel, where):
        people.lift_address(session, channel, address, people.OPTED_OUT, said=row.recorded_at)
    open_to_it = [person for person in reached if not people.refuses(session, person, channel)]
    event = OptedIn(event_id=f"{row.id}:opted in", channel=channel)
    return tell_people(session, open_to_it, event)


def opted_out(session: Session, channel: Channel, where: str) -> bool:
    """Whether somebody has opted out of this address."""
    reached = known_people(session, channel, where)
    return any(
        people.is_noted(session, channel, address, people.OPTED_OUT)
        for address in _written(reached, channel, where)
    )


def _written(reached: list[Person], channel: Channel, where: str) -> list[str]:
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
    """Everybody who is reached there."""
    found = {
        person.id: person
        for spelling in spellings(channel, where)
        for person in people.at_address(session, channel, spelling)
    }
    return list(found.values())


def spellings(channel: Channel, where: str) -> set[str]:
    """The address as records may write it: mail programs write it with small letters or not."""
    if channel is not Channel.EMAIL:
        return {where}
    name, _, host = where.rpartition("@")
    return {where, where.lower(), f"{name}@{host.lower()}"}
