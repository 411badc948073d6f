"""Calls that journeys ask for: the list of whoever dials.

A call is on the list from the moment at which the gate allowed its contact: it counts under every
cap from then on. It leaves the list when its outcome is reported, or when the journey goes on
without it; then it gives its place under the caps back.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from domain.contacts import Channel, ContactStatus, call_key
from storage.contacts import CALL
from storage.lines import Asked, ask
from storage.session import driver
from storage.tables import Account, ContactRow


def is_listed(row: ContactRow) -> bool:
    """Whether a contact is a call that waits to be dialled, and nobody has a permit for it yet."""
    return row.channel == Channel.VOICE and row.message != CALL and row.status == ContactStatus.SENT


def due(session: Session, creditor_id: str, *, limit: int) -> Sequence[tuple[ContactRow, Account]]:
    """Calls that wait to be dialled for a creditor, the oldest first."""
    rows = session.execute(
        select(ContactRow, Account)
        .join(Account, Account.id == ContactRow.account_id)
        .where(Account.creditor_id == creditor_id, Account.closure.is_(None), *_listed())
        .where(ContactRow.words.is_not(None))
        .order_by(ContactRow.at, ContactRow.key)
        .limit(limit)
    )
    return [(row.ContactRow, row.Account) for row in rows]


_WITHDRAW = f"""
with gone as (
    update contacts set status = '{ContactStatus.UNAVAILABLE}'
    where account_id = $1 and channel = '{Channel.VOICE}' and message <> '{CALL}'
        and status = '{ContactStatus.SENT}'
    returning key
)
insert into journal (account_id, what, detail, at)
select $1, 'call withdrawn', json_build_object('contact', key), $2 from gone"""  # noqa: S608 -- constants of ours; values are parameters


def withdrawing(account_id: str, at: datetime) -> Asked:
    """Take an account's calls off the list; the caller holds the lock.

    They were not dialled, and so they give their place back. One for which a permit was given stays
    as it is, until whoever dials it reports.
    """
    return _WITHDRAW, (account_id, at)


def withdraw(session: Session, account_id: str, *, at: datetime) -> None:
    """Do so at once."""
    session.flush()
    ask(driver(session), withdrawing(account_id, at))


def reported_as(row: ContactRow) -> str:
    """The key by which whoever dials asks for a permit and reports the outcome."""
    return row.key.removeprefix(call_key(row.account_id, ""))


def _listed() -> tuple[ColumnElement[bool], ...]:
    """Asked for by a journey: calls that people or diallers make by themselves have no message."""
    return (
        ContactRow.channel == Channel.VOICE,
        ContactRow.message != CALL,
        ContactRow.status == ContactStatus.SENT,
    )
