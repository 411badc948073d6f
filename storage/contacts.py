"""Contacts and the gate's decisions about them."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from compliance.orders import ReachOut
from compliance.verdicts import Verdict, Wait
from domain.contacts import ContactStatus
from domain.plans import PaymentPlan
from storage import journal
from storage.tables import Account, ContactRow, Decision, Person

OPEN = (ContactStatus.INTENDED, ContactStatus.SENT, ContactStatus.UNKNOWN)
"""Statuses that a provider's report may still change."""


def by_key(session: Session, key: str) -> ContactRow | None:
    """The contact of that key."""
    return session.get(ContactRow, key)


def by_link(session: Session, link: str) -> ContactRow | None:
    """The contact whose message carries this link."""
    return session.scalar(select(ContactRow).where(ContactRow.link == link))


def decide(
    session: Session,
    order: ReachOut,
    person: Person,
    verdict: Verdict,
    *,
    at: datetime,
    facts: dict[str, Any] | None = None,
) -> None:
    """Keep a verdict given at `at`, sent or not, with the rules it names and the facts it had.

    One that an account slept through rested on the facts that it carried, not on the record's.
    """
    session.add(
        Decision(
            contact_key=order.key,
            account_id=order.account_id,
            person_id=person.id,
            channel=order.message.channel,
            verdict=type(verdict).__name__.lower(),
            rules=[reason.rule for reason in verdict.reasons],
            until=verdict.until if isinstance(verdict, Wait) else None,
            detail={
                "message": order.message.name,
                "packs": list(verdict.packs),
                "reasons": [reason.model_dump(mode="json") for reason in verdict.reasons],
                "facts": facts,
            },
            at=at,
        )
    )


def intend(
    session: Session, order: ReachOut, person: Person, *, address: str, link: str
) -> ContactRow:
    """Write the intent, which reserves the slot; the caller holds the person's lock."""
    row = ContactRow(
        key=order.key,
        account_id=order.account_id,
        person_id=person.id,
        channel=order.message.channel,
        message=order.message.name,
        purpose=order.message.purpose,
        address=address,
        status=ContactStatus.INTENDED,
        link=link,
        offer=order.offer.model_dump(mode="json") if order.offer else None,
        at=order.at,
    )
    session.add(row)
    return row


def intend_again(row: ContactRow, order: ReachOut, *, address: str) -> None:
    """Turn a contact that the last look refused into an intent once more, at its new time."""
    row.status, row.at, row.recorded_at = ContactStatus.INTENDED, order.at, func.now()
    row.address = address


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


def latest_at(session: Session, person_id: str) -> datetime | None:
    """The time, by the account's clock, at which the person was contacted last."""
    return session.scalar(select(func.max(ContactRow.at)).where(ContactRow.person_id == person_id))


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
