"""Contacts and the gate's decisions about them."""

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from psycopg import Connection
from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from compliance.facts import ContactRequest
from compliance.orders import ReachOut, Slept
from compliance.verdicts import AnyVerdict, Wait
from domain.contacts import (
    NOTHING_LEFT,
    Channel,
    ContactStatus,
    Dial,
    Message,
    Place,
    Purpose,
)
from domain.plans import PaymentPlan
from domain.time import local_date
from storage import journal
from storage.chain import FIRST, body_of, link
from storage.lines import Asked, ask
from storage.looking import ADDRESSED
from storage.session import driver
from storage.tables import Account, ContactRow, Decision, Person

OPEN = (ContactStatus.INTENDED, ContactStatus.SENT, ContactStatus.UNKNOWN)
"""Statuses that a provider's report may still change: our own word for what it has not told yet."""

CALL = "call"
"""Stands for the message of a contact that was spoken."""


def by_key(session: Session, key: str) -> ContactRow | None:
    """The contact of that key."""
    return session.get(ContactRow, key)


def not_on_record(session: Session, provider_ids: Sequence[str]) -> list[str]:
    """Those of a provider's ids that no contact has, in their order."""
    known = set(
        session.scalars(
            select(ContactRow.provider_id).where(ContactRow.provider_id.in_(provider_ids))
        )
    )
    return [each for each in provider_ids if each not in known]


def by_link(session: Session, link: str) -> ContactRow | None:
    """The contact whose message carries this link."""
    return session.scalar(select(ContactRow).where(ContactRow.link == link))


@dataclass(frozen=True)
class Head:
    """The end of an account's chain of decisions, to which the next one is tied."""

    account_id: str
    person_id: str
    seq: int
    hash: str


@dataclass(frozen=True)
class Ruling:
    """A verdict of the gate with all that it rested on, ready to be written down."""

    key: str
    at: datetime
    law: str
    request: ContactRequest
    message: Message
    verdict: AnyVerdict
    facts: Mapping[str, Any] | None = None
    """Person facts, plain as JSON has them; None if an account slept through it: it rested on what
    that carried."""
    balance: int | None = None
    version: int | None = None


@dataclass(frozen=True)
class Intent:
    """A contact that is allowed and is made next; once it is written, its slot is taken."""

    order: ReachOut
    address: str
    link: str
    words: str
    """The message as JSON."""
    tried_at: datetime | None = None
    """When whoever writes it is about to call."""


DECISION = """
insert into decisions (
    contact_key, account_id, person_id, seq, channel, verdict, rules, until, law, body, previous,
    hash, at
) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"""

DECISION_AND_INTENT = f"""
with decided as ({DECISION})
insert into contacts (
    key, account_id, person_id, channel, at, message, purpose, address, status, link, offer, words,
    tried_at
) values ($1, $2, $3, $5, $13, $14, $15, $16, $17, $18, $19, $20, $21)"""  # noqa: S608 -- a constant of ours; values are parameters
"""A contact that is allowed, with the verdict that allows it."""


def decide(
    connection: Connection[Any],
    head: Head,
    rulings: Sequence[Ruling],
    intent: Intent | None = None,
    *,
    last: bool = False,
) -> Head:
    """Write verdicts, sent or not, as the next links of the account's chain; its new end.

    The last verdict may allow an `intent`, which is written with it. The caller holds the person's
    lock, and read `head` under it: so no other can come between. If this is the `last` thing that a
    line is asked for, it commits at once.
    """
    asked = list[Asked]()
    for ruling in rulings:
        row, head = _tied(head, ruling)
        asked.append((DECISION, row))
    if intent:
        _, decided = asked.pop()
        asked.append((DECISION_AND_INTENT, (*decided, *_intent_row(intent))))
    if asked:
        ask(connection, *asked, last=last)
    return head


def _tied(head: Head, ruling: Ruling) -> tuple[tuple[object, ...], Head]:
    """The values of `DECISION`, in order, and the chain's end with it."""
    seq, body = head.seq + 1, _body(head, ruling)
    hashed, verdict = link(head.hash, body), ruling.verdict
    row = (
        *(ruling.key, head.account_id, head.person_id, seq),
        *(ruling.message.channel.value, verdict.kind),
        [reason.rule for reason in verdict.reasons],
        verdict.until if isinstance(verdict, Wait) else None,
        *(ruling.law, body, head.hash, hashed, ruling.at),
    )
    return row, Head(head.account_id, head.person_id, seq, hashed)


def _intent_row(intent: Intent) -> tuple[object, ...]:
    """The values of `DECISION_AND_INTENT` that a decision does not have, in order."""
    order, message = intent.order, intent.order.message
    offer = order.offer.model_dump_json() if order.offer else None
    return (
        *(message.name, message.purpose.value, intent.address, ContactStatus.INTENDED.value),
        *(intent.link, offer, intent.words, intent.tried_at),
    )


def _body(head: Head, ruling: Ruling) -> str:
    """A decision as it is written down: the next link after `head`."""
    return body_of(
        {
            "contact": ruling.key,
            "account": head.account_id,
            "person": head.person_id,
            "seq": head.seq + 1,
            "at": ruling.at.astimezone(UTC).isoformat(),
            "law": ruling.law,
            "request": ruling.request,
            "message": ruling.message,
            "verdict": ruling.verdict,
            "zones": ruling.facts["zones"] if ruling.facts else None,
            "facts": ruling.facts,
            "balance": ruling.balance,
            "version": ruling.version,
        }
    )


def untold(
    account_id: str, waits: Iterable[Slept], told: Container[tuple[str, datetime]]
) -> list[Ruling]:
    """The waits that the record does not have yet, in their order, each once."""
    fresh = {(slept.key, slept.at): slept for slept in waits if (slept.key, slept.at) not in told}
    return [
        Ruling(
            key=slept.key,
            at=slept.at,
            law=slept.law,
            request=ContactRequest(
                account_id=account_id,
                channel=slept.message.channel,
                purpose=slept.message.purpose,
            ),
            message=slept.message,
            verdict=slept.verdict,
        )
        for slept in fresh.values()
    ]


def note_waits(session: Session, account_id: str, waits: Sequence[Slept]) -> None:
    """Write verdicts that an account slept through, each once; the caller holds the lock."""
    if not waits:
        return
    keys = {slept.key for slept in waits}
    rows = session.execute(
        select(Decision.contact_key, Decision.at)
        .where(Decision.contact_key.in_(keys), Decision.account_id == account_id)
        .where(Decision.verdict == "wait")
    ).all()
    told = {(row.contact_key, row.at) for row in rows}
    decide(driver(session), head_of(session, account_id), untold(account_id, waits, told))


def head_of(session: Session, account_id: str) -> Head:
    """The end of an account's chain."""
    person_id = session.scalars(select(Account.person_id).where(Account.id == account_id)).one()
    last = session.execute(
        select(Decision.seq, Decision.hash)
        .where(Decision.account_id == account_id)
        .order_by(Decision.seq.desc())
        .limit(1)
    ).one_or_none()
    return Head(account_id, person_id, *(last or (0, FIRST)))


def intend_again(
    row: ContactRow, order: ReachOut, *, address: str, words: dict[str, Any], tried_at: datetime
) -> None:
    """Turn a contact that the last look refused into an intent once more, at its new time."""
    row.status, row.at, row.recorded_at = ContactStatus.INTENDED, order.at, func.now()
    row.address, row.words, row.tried_at = address, words, tried_at


def conclude(
    session: Session,
    key: str,
    status: ContactStatus,
    *,
    at: datetime,
    provider_id: str | None = None,
    error_code: str | None = None,
) -> None:
    """Write what became of the call, unless the provider has already reported something later."""
    concluded = session.execute(
        update(ContactRow)
        .where(ContactRow.key == key, ContactRow.status == ContactStatus.INTENDED)
        .values(status=status, provider_id=provider_id, error_code=error_code)
        .returning(ContactRow.account_id, ContactRow.channel, ContactRow.message)
    ).one_or_none()
    if concluded is not None:
        journal.note(
            session,
            concluded.account_id,
            f"{concluded.channel} {status}",
            at=at,
            message=concluded.message,
            contact=key,
            code=error_code,
        )


def report(
    session: Session,
    key: str,
    status: ContactStatus,
    *,
    provider_id: str | None,
    error_code: str | None = None,
) -> bool:
    """Take in a provider's report; False if the contact's fate was settled before."""
    moved = session.execute(
        update(ContactRow)
        .where(ContactRow.key == key, ContactRow.status.in_(OPEN))
        .where(ContactRow.status != status)
        .values(
            status=status,
            error_code=error_code,
            provider_id=func.coalesce(ContactRow.provider_id, provider_id),
        )
        .returning(ContactRow.account_id, ContactRow.channel, ContactRow.message)
    ).one_or_none()
    if moved is None:
        return False
    journal.note(
        session,
        moved.account_id,
        f"{moved.channel} {status}",
        message=moved.message,
        contact=key,
        code=error_code,
    )
    return True


@dataclass(frozen=True)
class Call:
    """A call that was made or received outside of `reach_out`: by an agent, or from the person."""

    key: str
    account_id: str
    status: ContactStatus
    at: datetime
    inbound: bool = False
    debts: tuple[str, ...] = ()
    """Further accounts that were talked about."""
    purpose: Purpose = Purpose.DEMAND
    place: Place = Place.UNKNOWN
    dial: Dial = Dial.MANUAL
    solicited: bool = False
    address: str | None = None
    """The number; None: the person's own on record."""


def note_call(session: Session, call: Call) -> bool:
    """Write a call and what became of it, once per key; False if that is on record already.

    A later outcome corrects an earlier one, as an outcome corrects what it counts as: a busy tone
    gives its slot back, a conversation begins the silence after it. The caller holds the lock.
    """
    person_id, phone = session.execute(
        select(Account.person_id, Person.phone)
        .join(Person, Person.id == Account.person_id)
        .where(Account.id == call.account_id)
    ).one()
    said = {
        "status": call.status,
        "debts": list(call.debts),
        "place": call.place,
        "dial": call.dial,
        "solicited": call.solicited,
    }
    row = insert(ContactRow).values(
        key=call.key,
        account_id=call.account_id,
        person_id=person_id,
        channel=Channel.VOICE,
        message=CALL,
        purpose=call.purpose,
        address=call.address or phone or "",
        inbound=call.inbound,
        at=call.at,
        **said,
    )
    other = or_(*(getattr(ContactRow, name) != row.excluded[name] for name in said))
    written = session.execute(
        row.on_conflict_do_update(
            index_elements=[ContactRow.key],
            set_=said,
            where=and_(ContactRow.account_id == call.account_id, other),
        ).returning(ContactRow.key)
    ).scalar()
    if written is None:
        return False
    what = "call from the person" if call.inbound else "call"
    journal.note(session, call.account_id, f"{what}: {call.status}", at=call.at, contact=call.key)
    return True


def latest_account(session: Session, person_id: str) -> Account | None:
    """The account about which the person was contacted last; else their oldest open one."""
    contacted = session.scalar(
        select(Account)
        .join(ContactRow, ContactRow.account_id == Account.id)
        .where(Account.person_id == person_id, Account.closure.is_(None))
        .order_by(ContactRow.recorded_at.desc())
        .limit(1)
    )
    return contacted or session.scalar(
        select(Account)
        .where(Account.person_id == person_id, Account.closure.is_(None))
        .order_by(Account.recorded_at)
        .limit(1)
    )


def latest_person(session: Session, person_ids: Collection[str]) -> str | None:
    """Whoever of these people was contacted last; the first of them if none was."""
    contacted = session.scalar(
        select(ContactRow.person_id)
        .where(ContactRow.person_id.in_(person_ids))
        .order_by(ContactRow.recorded_at.desc())
        .limit(1)
    )
    return contacted or min(person_ids, default=None)


def last_reached(session: Session, channel: Channel, where: Collection[str]) -> Person | None:
    """Whoever was contacted last at one of these numbers or mailboxes, whosever it is now."""
    kind = ADDRESSED.get(channel)
    alike = [each for each, named in ADDRESSED.items() if named == kind]
    return session.scalar(
        select(Person)
        .join(ContactRow, ContactRow.person_id == Person.id)
        .where(ContactRow.address.in_(where), ContactRow.channel.in_(alike))
        .where(ContactRow.status.not_in(NOTHING_LEFT))
        .order_by(ContactRow.recorded_at.desc())
        .limit(1)
    )


def present(session: Session, person_id: str, wall: datetime) -> datetime:
    """The person's present: the wall's, or their own if they were run ahead of it.

    That is as late as the last contact with them, by the account's clock.
    """
    latest = session.scalar(
        select(func.max(ContactRow.at)).where(ContactRow.person_id == person_id)
    )
    return max(wall, latest) if latest else wall


def today(session: Session, person: Person, wall: datetime) -> date:
    """The date of their present where the person is."""
    zone_name = person.zones[0] if person.zones else "UTC"
    return local_date(present(session, person.id, wall), zone_name)


def decisions(
    session: Session, account_id: str, *, after: int = 0, limit: int = 200
) -> list[Decision]:
    """The gate's decisions about an account after a decision's id, oldest first."""
    return list(
        session.scalars(
            select(Decision)
            .where(Decision.account_id == account_id, Decision.id > after)
            .order_by(Decision.id)
            .limit(limit)
        )
    )


def offered_plan(row: ContactRow) -> PaymentPlan | None:
    """The plan that the message put to the consumer, if it did."""
    return PaymentPlan.model_validate(row.offer) if row.offer else None
