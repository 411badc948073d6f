"""People: who they are, what they wish, and the facts the gate needs about them."""

from datetime import datetime, timedelta

from sqlalchemy import Select, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from compliance import PastContact, PersonFacts
from domain.accounts import Consumer, Hold, Placement
from domain.contacts import COUNTED, Channel
from storage.tables import Account, AddressFact, ContactRow, HoldRow, Person, Reply

LOOK_BACK = timedelta(days=40)
"""How far back contacts are read: longer than any window of a rule."""

OPTED_OUT = "opted out"
DEAD = "dead"


def record_person(session: Session, placement: Placement) -> None:
    """Write the person of a placement, or bring what the creditor says of them up to date."""
    consumer = placement.consumer
    said = {
        "name": consumer.name,
        "locale": consumer.locale,
        "country": consumer.country,
        "zones": list(consumer.zones),
        "phone": consumer.phone,
        "email": consumer.email,
    }
    row = insert(Person).values(
        id=placement.person_id,
        creditor_id=placement.creditor,
        reference=consumer.reference,
        **said,
        **_card(consumer),
    )
    session.execute(
        row.on_conflict_do_update(index_elements=[Person.id], set_=said | _card(consumer))
    )


def _card(consumer: Consumer) -> dict[str, str]:
    if consumer.stored_card is None:
        return {}
    return {
        "stripe_customer": consumer.stored_card.customer,
        "payment_method": consumer.stored_card.payment_method,
    }


def address(person: Person, channel: Channel) -> str | None:
    """The number or e-mail address that reaches the person on this channel, if we have one."""
    match channel:
        case Channel.SMS | Channel.VOICE:
            return person.phone
        case Channel.EMAIL:
            return person.email
        case _:
            return None


def facts(session: Session, account_id: str, at: datetime) -> PersonFacts:
    """What the gate needs to know to decide a contact about this account at `at`."""
    person = person_of(session, account_id)
    opted_out = _channels_with(session, person, OPTED_OUT)
    dead = _channels_with(session, person, DEAD)
    missing = {channel for channel in Channel if address(person, channel) is None}
    return PersonFacts(
        country=person.country,
        zones=tuple(person.zones),
        opted_out=tuple(sorted(opted_out)),
        unreachable=tuple(sorted(dead | missing)),
        holds=standing_holds(session, account_id),
        contacts=_recent_contacts(session, person.id, at),
    )


def person_of(session: Session, account_id: str) -> Person:
    """The person who owes this account; LookupError if there is no such account."""
    found = session.scalar(
        select(Person).join(Account, Account.person_id == Person.id).where(Account.id == account_id)
    )
    if found is None:
        raise LookupError(f"no account {account_id} in the record")
    return found


def _channels_with(session: Session, person: Person, fact: str) -> set[Channel]:
    known = {
        channel: where for channel in Channel if (where := address(person, channel)) is not None
    }
    rows = session.execute(
        select(AddressFact.channel, AddressFact.address)
        .where(AddressFact.address.in_(known.values()), AddressFact.fact == fact)
        .where(AddressFact.lifted_at.is_(None))
    ).all()
    return {Channel(row.channel) for row in rows if known.get(Channel(row.channel)) == row.address}


def standing_holds(session: Session, account_id: str) -> tuple[Hold, ...]:
    """Holds on the account that are not lifted, sorted."""
    rows = session.scalars(
        select(HoldRow.hold)
        .where(HoldRow.account_id == account_id, HoldRow.lifted_at.is_(None))
        .distinct()
    )
    return tuple(sorted(Hold(hold) for hold in rows))


def _recent_contacts(session: Session, person_id: str, at: datetime) -> tuple[PastContact, ...]:
    rows = session.execute(
        select(ContactRow.key, ContactRow.account_id, ContactRow.channel, ContactRow.at)
        .where(ContactRow.person_id == person_id, ContactRow.at > at - LOOK_BACK)
        .where(ContactRow.status.in_(COUNTED))
        .order_by(ContactRow.at)
    ).all()
    return tuple(
        PastContact(key=row.key, account_id=row.account_id, channel=Channel(row.channel), at=row.at)
        for row in rows
    )


def note_address(
    session: Session, channel: Channel, where: str, fact: str, *, source: str, at: datetime
) -> bool:
    """Record that an address is opted out or dead; False if that stood already."""
    if session.scalar(_standing(channel, where, fact)) is not None:
        return False
    session.add(AddressFact(channel=channel, address=where, fact=fact, source=source, at=at))
    return True


def lift_address(session: Session, channel: Channel, where: str, fact: str) -> None:
    """Record that an address is not opted out, or dead, any more."""
    session.execute(
        update(AddressFact)
        .where(AddressFact.channel == channel, AddressFact.address == where)
        .where(AddressFact.fact == fact, AddressFact.lifted_at.is_(None))
        .values(lifted_at=func.now())
    )


def _standing(channel: Channel, where: str, fact: str) -> Select[int]:
    return (
        select(AddressFact.id)
        .where(AddressFact.channel == channel, AddressFact.address == where)
        .where(AddressFact.fact == fact, AddressFact.lifted_at.is_(None))
    )


def at_address(session: Session, channel: Channel, where: str) -> list[Person]:
    """Everybody who is reached there: a family may share a number."""
    column = Person.email if channel is Channel.EMAIL else Person.phone
    return list(session.scalars(select(Person).where(column == where).order_by(Person.id)))


def store_card(session: Session, person_id: str, *, customer: str, payment_method: str) -> None:
    """Keep the person's means of payment at Stripe."""
    session.execute(
        update(Person)
        .where(Person.id == person_id)
        .values(stripe_customer=customer, payment_method=payment_method)
    )


def forget_card(session: Session, person_id: str, payment_method: str | None) -> None:
    """Stop using a card that can never be charged again; one that was given since is kept."""
    session.execute(
        update(Person)
        .where(Person.id == person_id, Person.payment_method == payment_method)
        .values(payment_method=None)
    )


def latest_account(session: Session, person_id: str) -> Account | None:
    """The account about which the person was contacted last, open or closed; else their newest."""
    return session.scalar(
        select(Account)
        .outerjoin(ContactRow, ContactRow.account_id == Account.id)
        .where(Account.person_id == person_id)
        .order_by(ContactRow.recorded_at.desc().nulls_last(), Account.recorded_at.desc())
        .limit(1)
    )


def is_noted(session: Session, channel: Channel, where: str, fact: str) -> bool:
    """Whether an address is opted out, or dead, at this moment."""
    return session.scalar(_standing(channel, where, fact)) is not None


def save_reply(
    session: Session,
    key: str,
    *,
    person_id: str | None,
    channel: Channel,
    words: str,
    understood: str,
) -> None:
    """Keep what somebody wrote to us, once per key; without a person if nobody knows them."""
    row = insert(Reply).values(
        id=key, person_id=person_id, channel=channel, words=words, understood=understood
    )
    session.execute(row.on_conflict_do_nothing())
