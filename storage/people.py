"""People: who they are, what they wish, and the facts the gate needs about them."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import ColumnElement, Select, func, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.accounts import Hold, Placement
from domain.contacts import Channel
from domain.people import Milestone, Wish
from storage.lines import Asked
from storage.looking import ADDRESSED, DEAD, LOOK_BACK, OPTED_OUT, facts, profile
from storage.tables import (
    Account,
    AddressFact,
    ContactRow,
    HoldRow,
    MilestoneRow,
    OptOutRow,
    Person,
    Reply,
)

__all__ = ["DEAD", "LOOK_BACK", "OPTED_OUT", "facts", "profile"]


_PERSON = ("name", "locale", "country", "zones", "residence_zones", "regions", "phone", "email")
_ASKED = ("locale", "country", "zones", "residence_zones", "regions")
"""What a creditor says of a person, and what of it rules ask about."""
_CARD = ("stripe_customer", "payment_method")
_UNKNOWN = ("method_kind", "card", "network", "funding", "mandate")
"""A card that a creditor places, and what is not known of it."""


@cache
def _record(*, card: bool) -> str:
    """The statement that writes a person, with a card or without."""
    said = (*_PERSON, *(_CARD if card else ()))
    columns = ("id", "creditor_id", "reference", *said)
    renewed = [f"{name} = excluded.{name}" for name in said]
    forgotten = [f"{name} = null" for name in _UNKNOWN if card]
    before, after = (", ".join(f"{of}.{name}" for name in _ASKED) for of in ("people", "excluded"))
    return f"""
insert into people ({", ".join(columns)})
values ({", ".join(f"${number}" for number, _ in enumerate(columns, start=1))})
on conflict (id) do update set {", ".join(renewed + forgotten)},
    revision = people.revision + (({before}) is distinct from ({after}))::int"""  # noqa: S608 -- names of ours; values are parameters


def recording(placement: Placement) -> Asked:
    """Write the person of a placement, or bring what the creditor says of them up to date."""
    consumer = placement.consumer
    card = consumer.stored_card
    return _record(card=card is not None), (
        *(placement.person_id, placement.creditor, consumer.reference),
        *(consumer.name, consumer.locale, consumer.country),
        *map(list, (consumer.zones, consumer.residence_zones, consumer.regions)),
        *(consumer.phone, consumer.email),
        *((card.customer, card.payment_method) if card else ()),
    )


def address(person: Person, channel: Channel) -> str | None:
    """The number or e-mail address that reaches the person on this channel, if we have one."""
    named = ADDRESSED.get(channel)
    return getattr(person, named) if named else None


def person_of(session: Session, account_id: str) -> Person:
    """The person who owes this account; LookupError if there is no such account."""
    found = session.scalar(
        select(Person).join(Account, Account.person_id == Person.id).where(Account.id == account_id)
    )
    if found is None:
        raise LookupError(f"no account {account_id} in the record")
    return found


def standing_holds(session: Session, account_id: str) -> tuple[Hold, ...]:
    """Names of the holds on the account that are not lifted, sorted; whatever their days."""
    rows = session.scalars(
        select(HoldRow.hold)
        .where(HoldRow.account_id == account_id, HoldRow.lifted_at.is_(None))
        .distinct()
    )
    return tuple(sorted(Hold(hold) for hold in rows))


def set_wishes(session: Session, person_id: str, wishes: Sequence[Wish]) -> bool:
    """Write how the person wants to be contacted; False if that stood already.

    The caller holds the person's lock, as with all that changes what rules ask about a person.
    """
    person = session.get_one(Person, person_id, populate_existing=True)
    wished = [wish.model_dump(mode="json", exclude_defaults=True) for wish in wishes]
    if person.wishes == wished:
        return False
    person.wishes, person.revision = wished, person.revision + 1
    session.flush()
    return True


def note_milestone(
    session: Session, person_id: str, milestone: Milestone, *, key: str, source: str
) -> bool:
    """Write something that happened on a day and matters to rules, once per key."""
    row = insert(MilestoneRow).values(
        key=key,
        person_id=person_id,
        account_id=milestone.account_id,
        kind=milestone.kind,
        channels=list(milestone.channels),
        direct=milestone.direct,
        at=milestone.at,
        until=milestone.until,
        source=source,
    )
    inserted = session.execute(row.on_conflict_do_nothing().returning(MilestoneRow.key)).scalar()
    if inserted is not None:
        _revise(session, person_id)
    return inserted is not None


def end_milestone(session: Session, key: str, *, at: datetime) -> bool:
    """Let a milestone, such as a consent, count before this instant only; False if it did."""
    ended = session.execute(
        update(MilestoneRow)
        .where(MilestoneRow.key == key)
        .where(MilestoneRow.until.is_(None) | (MilestoneRow.until > at))
        .values(until=at)
        .returning(MilestoneRow.person_id)
    ).scalar()
    if ended is not None:
        _revise(session, ended)
    return ended is not None


def _revise(session: Session, person_id: str) -> None:
    session.execute(
        update(Person).where(Person.id == person_id).values(revision=Person.revision + 1)
    )


def opt_out(
    session: Session, person_id: str, channel: Channel | None, *, source: str, at: datetime
) -> bool:
    """Write that the person refuses a medium, or with None all; False if that stood already.

    Said again later, it stands beside the first: a yes from between the two lifts the first alone.
    """
    standing = _refused(person_id, channel)
    same = standing.where((OptOutRow.source == source) | (OptOutRow.at >= at))
    if session.scalar(same.limit(1)) is not None:
        return False
    stood = session.scalar(standing.limit(1)) is not None
    session.add(OptOutRow(person_id=person_id, channel=channel, source=source, at=at))
    session.flush()
    return not stood


def opt_in(
    session: Session, person_id: str, channel: Channel | None, *, said: datetime | None = None
) -> bool:
    """Write that the person allows a medium again, or with None all; False if nothing stood.

    Who refused every medium and allows one goes on to refuse the others. What was refused after
    they `said` so, by the wall's time, stays: news may be applied late.
    """
    refused_all = session.scalars(_refused(person_id, None)).all()
    lifted = session.execute(
        update(OptOutRow)
        .where(OptOutRow.person_id == person_id, OptOutRow.lifted_at.is_(None))
        .where(
            OptOutRow.channel.in_([channel]) | OptOutRow.channel.is_(None) if channel else true()
        )
        .where(_refused_by(OptOutRow, said))
        .values(lifted_at=func.now())
        .returning(OptOutRow.id, OptOutRow.source, OptOutRow.at)
    ).all()
    everything = next((row for row in lifted if row.id in refused_all), None)
    if channel is not None and everything is not None:
        for other in Channel:
            if other is not channel:
                opt_out(session, person_id, other, source=everything.source, at=everything.at)
    return bool(lifted)


def _refused(person_id: str, channel: Channel | None) -> Select[int]:
    """Standing refusals of exactly this medium, or with None of all of them."""
    return select(OptOutRow.id).where(
        OptOutRow.person_id == person_id,
        OptOutRow.lifted_at.is_(None),
        OptOutRow.channel.is_(None) if channel is None else OptOutRow.channel == channel,
    )


def refuses(session: Session, person: Person, channel: Channel) -> bool:
    """Whether the person may not be reached on this channel, by a refusal of any kind."""
    where = address(person, channel)
    if where is not None and is_noted(session, channel, where, OPTED_OUT, book=person.creditor_id):
        return True
    standing = _refused(person.id, channel).union_all(_refused(person.id, None))
    return session.execute(standing).first() is not None


def note_address(
    session: Session,
    channel: Channel,
    where: str,
    fact: str,
    *,
    source: str,
    at: datetime,
    book: str | None = None,
) -> bool:
    """Record that an address is opted out or dead; False if that stood already.

    It binds in everybody's book, or in the `book` of the one creditor who says so. An opt-out that
    is said again later stands beside the first: a START from between the two lifts the first alone.
    """
    standing = _standing(channel, where, fact).where(
        AddressFact.creditor_id.is_not_distinct_from(book)
    )
    same = standing.where((AddressFact.source == source) | (AddressFact.at >= at))
    stood = session.scalar(standing.limit(1)) is not None
    if stood and (fact != OPTED_OUT or session.scalar(same.limit(1)) is not None):
        return False
    session.add(
        AddressFact(
            channel=channel, address=where, fact=fact, creditor_id=book, source=source, at=at
        )
    )
    return not stood


def lift_address(
    session: Session, channel: Channel, where: str, fact: str, *, said: datetime | None = None
) -> None:
    """Record that an address is not opted out, or dead, any more; what came after `said` stays."""
    session.execute(
        update(AddressFact)
        .where(AddressFact.channel == channel, AddressFact.address == where)
        .where(AddressFact.fact == fact, AddressFact.lifted_at.is_(None))
        .where(_refused_by(AddressFact, said))
        .values(lifted_at=func.now())
    )


def _refused_by(table: type[OptOutRow | AddressFact], said: datetime | None) -> ColumnElement[bool]:
    """Whether a refusal is no younger than what was said then; with None whatever its age.

    The time of an account that was run ahead is later than the wall's: the earlier one is when it
    came.
    """
    return true() if said is None else func.least(table.at, table.recorded_at) <= said


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


def store_card(
    session: Session,
    person_id: str,
    *,
    customer: str,
    payment_method: str,
    kind: str | None = None,
    fingerprint: str | None = None,
    network: str | None = None,
    funding: str | None = None,
    mandate: str | None = None,
    at: datetime | None = None,
) -> bool:
    """Keep the person's means of payment at Stripe, as it was given then by Stripe's clock.

    False, and nothing is changed, if one that was given later is known, or this one, which may have
    been forgotten since.
    """
    is_news = true() if at is None else or_(Person.method_at.is_(None), Person.method_at < at)
    stored = session.execute(
        update(Person)
        .where(Person.id == person_id, is_news)
        .values(
            stripe_customer=customer,
            payment_method=payment_method,
            method_kind=kind,
            card=fingerprint,
            network=network,
            funding=funding,
            mandate=mandate,
            method_at=at,
        )
        .returning(Person.id)
    ).scalar()
    return stored is not None


def renew_card(
    session: Session, person_id: str, payment_method: str, *, fingerprint: str | None
) -> bool:
    """Keep what a bank changed of a card, such as its number; False if it is not the stored one."""
    renewed = session.execute(
        update(Person)
        .where(Person.id == person_id, Person.payment_method == payment_method)
        .values(card=fingerprint)
        .returning(Person.id)
    ).scalar()
    return renewed is not None


def describe_card(
    session: Session,
    payment_method: str,
    *,
    kind: str,
    fingerprint: str | None,
    network: str | None,
    funding: str | None,
) -> None:
    """Keep what Stripe says of a means of payment, with whoever has stored it."""
    session.execute(
        update(Person)
        .where(Person.payment_method == payment_method)
        .values(method_kind=kind, card=fingerprint, network=network, funding=funding)
    )


def with_method(session: Session, payment_method: str) -> list[Person]:
    """Whoever has stored this means of payment: a creditor may have placed one person twice."""
    return list(
        session.scalars(
            select(Person).where(Person.payment_method == payment_method).order_by(Person.id)
        )
    )


def forget_card(session: Session, person_id: str, payment_method: str | None) -> None:
    """Stop using a card that can never be charged again; one that was given since is kept."""
    session.execute(
        update(Person)
        .where(Person.id == person_id, Person.payment_method == payment_method)
        .values(payment_method=None, mandate=None)
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


def is_noted(
    session: Session, channel: Channel, where: str, fact: str, *, book: str | None = None
) -> bool:
    """Whether an address is opted out, or dead, at this moment: for a creditor, or for anybody."""
    standing = _standing(channel, where, fact)
    if book is not None:
        standing = standing.where(func.coalesce(AddressFact.creditor_id, book) == book)
    return session.scalar(standing.limit(1)) is not None


def save_reply(
    session: Session,
    key: str,
    *,
    person_id: str | None,
    channel: Channel,
    words: str,
    understood: str,
    account_id: str | None = None,
    at: datetime | None = None,
) -> None:
    """Keep what somebody wrote to us, once per key; without a person if nobody knows them.

    It is a contact that the person began, about the account that it is taken to be about.
    """
    row = insert(Reply).values(
        id=key,
        person_id=person_id,
        channel=channel,
        words=words,
        understood=understood,
        account_id=account_id,
        at=at,
    )
    session.execute(row.on_conflict_do_nothing())
