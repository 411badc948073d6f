"""What a journey that begins again has to know: the account as the record has it."""

from collections.abc import Iterable
from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.orm import Session

from compliance.orders import Recorded
from domain.accounts import Placement
from domain.contacts import COUNTED, Channel, Contact, ContactStatus, Message, Purpose
from domain.plans import PaymentPlan
from storage import (
    accounts,
    contacts,
    contracts,
    journal,
    laws,
    ledger,
    people,
    plans,
    settlements,
    tasks,
)
from storage.session import lock_account
from storage.tables import Account, ChargeRow, ContactRow, Decision, Task


class Reopened(BaseModel):
    """An account whose journey begins again."""

    model_config = ConfigDict(frozen=True)

    workflow_id: str
    placement: Placement
    journey: str
    """The one that it took last."""
    recorded: Recorded
    plan: PaymentPlan | None
    step: int
    """The highest number among the keys of its effects: the next ones must be new."""
    contacts: tuple[Contact, ...]
    """What the journey sent, oldest first."""
    unseen: tuple[str, ...] = ()
    """What a person of ours was asked to look at and has not seen to, by its keys."""
    at: AwareDatetime
    """The account's present: its journey begins no earlier, though the wall may lag behind."""


def reopened(session: Session, account_id: str) -> Reopened | None:
    """An open account as it stands; None if it is closed."""
    lock_account(session, account_id)
    account = session.get_one(Account, account_id, populate_existing=True)
    if account.closure is not None:
        return None
    at = _present(session, account)
    return Reopened(
        workflow_id=account.workflow_id,
        placement=accounts.recorded_placement(account),
        journey=account.journey,
        recorded=_recorded(session, account, at),
        plan=plans.current(session, account_id),
        step=_highest_step(session, account),
        contacts=tuple(_contacts(session, account)),
        unseen=tuple(each.task.key for each in tasks.worklist(session, account_id=account_id)),
        at=at,
    )


def _present(session: Session, account: Account) -> datetime:
    """When the money went back, and never before the end of the journey that was over."""
    last = ledger.movements(session, account.id)[-1]
    at = contacts.present(session, account.person_id, last.at or last.recorded_at)
    return max(at, journal.last_of(session, account.id, "stage", "closed") or at)


def _recorded(session: Session, account: Account, at: datetime) -> Recorded:
    return Recorded(
        version=ledger.version(session, account.id),
        balance=ledger.balance(session, account.id),
        facts=people.facts(session, account.id, at),
        law=laws.current(session),
        law_number=laws.number(session) or 0,
        recalled=account.recalled_at is not None,
        contract=contracts.of_account(session, account.id),
        settlement=settlements.standing(session, account, at),
    )


def _contacts(session: Session, account: Account) -> Iterable[Contact]:
    """What the journey itself sent; calls and messages of people of ours have other keys."""
    rows = session.scalars(
        select(ContactRow)
        .where(ContactRow.account_id == account.id, ContactRow.inbound.is_(False))
        .where(ContactRow.status.in_(COUNTED), ContactRow.key.startswith(_prefix(account)))
        .order_by(ContactRow.at, ContactRow.recorded_at)
    )
    for row in rows:
        message = Message(
            channel=Channel(row.channel), name=row.message, purpose=Purpose(row.purpose)
        )
        yield Contact(key=row.key, message=message, status=ContactStatus(row.status), at=row.at)


def _highest_step(session: Session, account: Account) -> int:
    """Keys are the workflow's id and a number; all that leaves a trace leaves its key."""
    keys = (ContactRow.key, Decision.contact_key, ChargeRow.key, Task.key)
    prefix, highest = _prefix(account), 0
    for key in keys:
        owner = key.class_.account_id
        found = session.scalars(select(key).where(owner == account.id, key.startswith(prefix)))
        numbers = (each.removeprefix(prefix) for each in found)
        highest = max(highest, *(int(each) for each in numbers if each.isdigit()), 0)
    return highest


def _prefix(account: Account) -> str:
    return f"{account.workflow_id}#"
