"""What the law in force says of the money of one account."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from compliance.facts import Actor, PersonFacts, Sector
from compliance.laws import LAWS, shipped_id
from compliance.money import MoneyLaw, money_law
from domain.accounts import Hold
from domain.people import StandingHold
from domain.time import local_date
from storage import laws
from storage.tables import Account, Creditor, HoldRow, Person


def of_account(session: Session, account_id: str, at: datetime | None = None) -> MoneyLaw:
    """What binds the account at `at`, the account's time; None: now, by the wall."""
    when = at or session.execute(select(func.now())).scalar_one()
    facts = _facts(session, account_id)
    days = {local_date(when, name) for name in facts.zones}
    packs = LAWS.called(laws.latest(session) or shipped_id())
    rules = [rule for pack in packs.binding(facts, days) for rule in pack.money]
    return money_law(rules, facts, (each.hold for each in facts.standing(when)))


def _facts(session: Session, account_id: str) -> PersonFacts:
    """What packs ask about whom they bind, and the holds; nothing else is read."""
    person, creditor = session.execute(
        select(Person, Creditor)
        .join(Account, Account.person_id == Person.id)
        .join(Creditor, Creditor.id == Account.creditor_id)
        .where(Account.id == account_id)
    ).one()
    holds = session.scalars(
        select(HoldRow).where(HoldRow.account_id == account_id, HoldRow.lifted_at.is_(None))
    )
    return PersonFacts(
        country=person.country,
        regions=tuple(person.regions),
        zones=tuple(person.zones) or ("UTC",),
        creditor=creditor.id,
        actor=Actor(creditor.actor) if creditor.actor else None,
        sector=Sector(creditor.sector) if creditor.sector else None,
        holds=tuple(
            StandingHold(hold=Hold(row.hold), starts=row.starts, ends=row.ends, part=row.part)
            for row in holds
        ),
    )
