"""What the record says of how a house is doing: for whoever looks for what is stuck."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import TextClause, func, select, text
from sqlalchemy.orm import Session

from domain.contacts import NOTHING_LEFT, ContactStatus
from domain.ledger import OWED
from storage.payments import CREATED
from storage.tables import Account, InboxRow

FORGOTTEN = timedelta(days=45)
"""A task explains no silence for longer: no journey waits that long for one."""


@dataclass(frozen=True)
class OpenAccount:
    """An open account with what says whether it is stuck. Times are the account's own."""

    id: str
    workflow_id: str
    journey: str
    stage: str | None
    at: datetime
    """When it was placed."""
    present: datetime
    """As late as the last line of its story, or the wall's time, whichever is later."""
    contacted_at: datetime | None
    held: bool
    agreed: bool
    asked: bool
    """Whether it waits for a person: it is on the worklist, and not forgotten there."""
    doing_since: datetime | None
    """The wall's time of a contact or charge that is intended and has come to no end."""
    ended: bool
    """Whether nothing is owed, or it was taken back: its journey has to end."""
    recorded_at: datetime
    last_line_at: datetime
    """The wall's time of the last line of its story."""


OPEN = """
select a.id, a.workflow_id, a.journey, a.stage, a.at, a.recorded_at,
  greatest(now(), line.at) as present,
  coalesce(line.recorded_at, a.recorded_at) as last_line_at,
  contacted.at as contacted_at,
  exists (
    select from holds h where h.account_id = a.id and h.lifted_at is null and h.part is null
    and coalesce(h.starts, current_date) <= current_date + 1
    and coalesce(h.ends, current_date) >= current_date - 1
  ) as held,
  coalesce((
    select p.why <> 'ended' from plans p where p.account_id = a.id order by p.seq desc limit 1
  ), false) or exists (
    select from promises p where p.account_id = a.id and p.due >= current_date - 1
  ) as agreed,
  exists (
    select from tasks t
    where t.account_id = a.id and t.done_at is null and t.recorded_at > now() - :forgotten
  ) as asked,
  least(
    (select min(c.recorded_at) from contacts c
     where c.account_id = a.id and c.status = :intended and not c.inbound),
    (select min(c.recorded_at) from charges c where c.account_id = a.id and c.status = :created)
  ) as doing_since,
  a.recalled_at is not null or coalesce(owed.minor, 0) <= 0 as ended
from accounts a
left join lateral (
  select max(coalesce(j.at, j.recorded_at)) as at, max(j.recorded_at) as recorded_at
  from journal j where j.account_id = a.id
) line on true
left join lateral (
  select max(c.at) as at from contacts c
  where c.account_id = a.id and c.status <> all (:nothing_left)
) contacted on true
left join lateral (
  select sum(e.minor) as minor from ledger_entries e
  where e.account_id = a.id and e.book = any (:owed)
) owed on true
where a.closure is null and """
BY_ID = text(f"{OPEN} a.id = any (:ids) order by a.workflow_id")
BY_WORKFLOW = text(f"{OPEN} a.workflow_id = any (:ids) order by a.workflow_id")
A_PAGE = text(f"{OPEN} a.workflow_id > :after order by a.workflow_id limit :most")

SUSPECTS = text("""
select a.id
from accounts a
left join (
  select account_id from contacts where status = :intended and not inbound
  union
  select account_id from charges where status = :created
) doing on doing.account_id = a.id
left join (
  select account_id from ledger_entries where book = any (:owed)
  group by account_id having sum(minor) <= 0
) paid on paid.account_id = a.id
left join (
  select distinct account_id from contacts
  where at between now() - :quiet and now() and status <> all (:nothing_left)
) recent on recent.account_id = a.id
left join (
  select account_id from holds where lifted_at is null
  union
  select account_id from plans
  union
  select account_id from promises where due >= current_date - 1
  union
  select account_id from tasks where done_at is null and recorded_at > now() - :forgotten
) explained on explained.account_id = a.id
where a.closure is null
order by
  doing.account_id is null,
  paid.account_id is null and a.recalled_at is null,
  a.stage is not null,
  a.at > now() - :quiet or recent.account_id is not null or explained.account_id is not null,
  a.workflow_id
limit :most
""")
"""Open accounts, the most suspicious first, by one look at each table. Whether one is quiet is
only guessed here: an account that was carried ahead of the wall always seems so."""

BY_CREDITOR = text("""
select c.id, count(a.id)
from creditors c left join accounts a on a.creditor_id = c.id and a.closure is null
group by c.id
""")
A_PAGE_OF_IDS = text("""
select workflow_id, id from accounts
where closure is null and workflow_id > :after and recorded_at < now() - :older
and (cast(:creditor as text) is null or creditor_id = :creditor)
order by workflow_id limit :most
""")
NOT_OPEN = text("""
select asked.id from unnest(cast(:ids as text[])) as asked (id)
where not exists (select from accounts a where a.workflow_id = asked.id and a.closure is null)
""")

ASKED = {
    "intended": ContactStatus.INTENDED.value,
    "created": CREATED,
    "nothing_left": [each.value for each in NOTHING_LEFT],
    "owed": [each.value for each in OWED],
    "forgotten": FORGOTTEN,
}


def suspects(session: Session, quiet: timedelta, most: int) -> list[OpenAccount]:
    """So many open accounts: those that are most likely to be stuck.

    `quiet` is for how long nobody may have been contacted about an account.
    """
    asked = {**ASKED, "quiet": quiet, "most": most}
    return _accounts(session, BY_ID, ids=list(session.scalars(SUSPECTS, asked)))


def called(session: Session, workflow_ids: Sequence[str]) -> list[OpenAccount]:
    """The open accounts of these workflows."""
    return _accounts(session, BY_WORKFLOW, ids=list(workflow_ids))


def page(session: Session, after: str, most: int) -> list[OpenAccount]:
    """So many open accounts, by their workflows' ids, from those on that come after that one."""
    return _accounts(session, A_PAGE, after=after, most=most)


def _accounts(session: Session, query: TextClause, **asked: object) -> list[OpenAccount]:
    return [OpenAccount(**row) for row in session.execute(query, {**ASKED, **asked}).mappings()]


def open_by_creditor(session: Session) -> dict[str, int]:
    """How many open accounts each creditor has."""
    return {row[0]: row[1] for row in session.execute(BY_CREDITOR)}


def open_ids(
    session: Session, creditor: str | None, after: str, older: timedelta, most: int
) -> dict[str, str]:
    """A page of open accounts by their workflows' ids, in their order: a creditor's, or anybody's.

    What was recorded within `older` is left out.
    """
    asked = {"creditor": creditor, "after": after, "older": older, "most": most}
    return {row[0]: row[1] for row in session.execute(A_PAGE_OF_IDS, asked)}


def not_open(session: Session, workflow_ids: Sequence[str]) -> list[str]:
    """Those of them of which the record has no account open."""
    return list(session.scalars(NOT_OPEN, {"ids": list(workflow_ids)}))


def left_in_inbox(session: Session, older_than: timedelta) -> list[tuple[str, str, int, datetime]]:
    """Events that are stored and not applied: provider, topic, how many, and the oldest's time."""
    rows = session.execute(
        select(InboxRow.provider, InboxRow.topic, func.count(), func.min(InboxRow.recorded_at))
        .where(InboxRow.applied_at.is_(None), InboxRow.recorded_at < func.now() - older_than)
        .group_by(InboxRow.provider, InboxRow.topic)
        .order_by(InboxRow.provider, InboxRow.topic)
    ).all()
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def counts_by_stage(session: Session) -> list[tuple[str, str | None, int]]:
    """How many open accounts there are in each stage of each journey."""
    where = (Account.journey, Account.stage)
    rows = session.execute(
        select(*where, func.count()).where(Account.closure.is_(None)).group_by(*where)
    ).all()
    return sorted(((row[0], row[1], row[2]) for row in rows), key=str)


def is_open(session: Session, workflow_id: str) -> bool | None:
    """Whether the account of a workflow is open; None if there is no such account."""
    row = session.execute(
        select(Account.closure).where(Account.workflow_id == workflow_id)
    ).one_or_none()
    return None if row is None else row.closure is None


def clock(session: Session) -> datetime:
    """What the database's clock says."""
    says: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    return says
