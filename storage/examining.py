"""What the record says of how a house is doing: for whoever looks for what is stuck."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from domain.contacts import NOTHING_LEFT, ContactStatus
from domain.ledger import OWED
from storage.payments import CREATED
from storage.tables import Account, InboxRow


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
    doing_since: datetime | None
    """The wall's time of a contact or charge that is intended and has come to no end."""
    ended: bool
    """Whether nothing is owed, or it was taken back: its journey has to end."""
    recorded_at: datetime
    last_line_at: datetime
    """The wall's time of the last line of its story."""


OPEN = text("""
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
where a.closure is null
order by a.workflow_id
""")


def open_accounts(session: Session) -> list[OpenAccount]:
    """Every open account, by its workflow's id."""
    asked = {
        "intended": ContactStatus.INTENDED.value,
        "created": CREATED,
        "nothing_left": [each.value for each in NOTHING_LEFT],
        "owed": [each.value for each in OWED],
    }
    return [OpenAccount(**row) for row in session.execute(OPEN, asked).mappings()]


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
