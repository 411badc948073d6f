"""What the gate asks of the record, each in one statement: a person's facts, and a whole last look.

Postgres puts the facts together as JSON and pydantic reads them: that is one journey to the server
instead of ten, and no row of a contact becomes an object on the way.
"""

# ruff: noqa: S608 -- what is put into the statements are constants of ours; values are parameters

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import namedtuple_row
from sqlalchemy.orm import Session

from compliance.facts import PersonFacts
from compliance.packs import COMMON, LONGEST
from domain.accounts import Closure
from domain.contacts import NOTHING_LEFT, Channel, ContactStatus
from domain.ledger import Book
from domain.people import MilestoneKind, Profile
from domain.plans import PaymentPlan
from domain.replies import Understood
from storage.session import driver
from storage.tables import Person

LOOK_BACK = LONGEST + timedelta(days=2)
"""How far back contacts are read: longer than any window of a rule. Those for rare purposes, which
some rules allow once a year or once at all, are read whatever their age."""

OPTED_OUT = "opted out"
DEAD = "dead"

ADDRESSED = {Channel.SMS: "phone", Channel.VOICE: "phone", Channel.EMAIL: "email"}
"""What reaches a person on a channel; the others we hold no address for."""


FORMER = "former"
"""Stands for a number or mailbox that is not the person's any more. Outside of the record they are
called by what they are (phone, email, former): a hash of a number could be looked up."""


def called(person: Person, where: str) -> str:
    """What a number or mailbox is called outside of the record."""
    names = {"": "", person.phone: "phone", person.email: "email"}
    return names.get(where, FORMER)


_COMMON = ", ".join(f"'{purpose}'" for purpose in sorted(COMMON))
_NO_QUESTIONS = ", ".join(f"'{said}'" for said in (Understood.STOP, Understood.CEASE))
"""What a person wrote to be left in peace is not answered, and so no contact that they began."""
_NOTHING_LEFT = ", ".join(f"'{status}'" for status in sorted(NOTHING_LEFT))


def _dated(account: str) -> str:
    """The SQL of the milestones that every account has.

    A day without an hour stands at noon UTC: that is the same date nearly everywhere on earth.
    """
    due = f"({account}.due_on + time '12:00') at time zone 'UTC'"
    return f"""
        json_build_object('kind', '{MilestoneKind.DUE}', 'at', {due}, 'account_id', {account}.id),
        json_build_object(
            'kind', '{MilestoneKind.ASSIGNED}', 'at', {account}.at, 'account_id', {account}.id
        )"""


_PROFILE = """
    'revision', p.revision, 'country', p.country, 'regions', p.regions, 'zones', p.zones,
    'residence_zones', p.residence_zones, 'language', p.locale, 'wishes', p.wishes"""

_MILESTONES = """(
    select json_agg(
        json_build_object(
            'kind', kind, 'at', at, 'account_id', account_id, 'channels', channels,
            'direct', direct, 'until', until
        ) order by at, key
    )::text from milestones where person_id = p.id
)"""

# A contact as it usually is, is written short: hundreds are read.
_CONTACTS = f"""(
    select json_agg(
        case
            when purpose = 'demand' and not inbound and not solicited and place = 'unknown'
                and dial = 'manual' and debts = '{{}}'
            then json_build_object(
                'key', key, 'account_id', account_id, 'channel', channel, 'at', at,
                'status', status, 'address', address
            )
            else json_build_object(
                'key', key, 'account_id', account_id, 'channel', channel, 'at', at,
                'status', status, 'address', address, 'purpose', purpose, 'inbound', inbound,
                'place', place, 'dial', dial, 'debts', debts, 'solicited', solicited
            )
        end order by at, key
    )::text
    from (
        select key, account_id, channel, at, status, purpose, inbound, place, dial, debts,
            solicited, case address
                when '' then '' when p.phone then 'phone' when p.email then 'email'
                else '{FORMER}'
            end as address
        from contacts where person_id = p.id and status not in ({_NOTHING_LEFT})
            and (at > %(since)s or purpose not in ({_COMMON}))
        union all
        select id, coalesce(account_id, ''), channel, coalesce(at, recorded_at),
            '{ContactStatus.DELIVERED}', 'demand', true, 'unknown', 'manual', '{{}}', false, ''
        from replies where person_id = p.id and coalesce(at, recorded_at) > %(since)s
            and not string_to_array(understood, ', ') && array[{_NO_QUESTIONS}]
    ) each
)"""

_FACTS = f"""
    json_build_object({_PROFILE},
        'creditor', a.creditor_id, 'actor', c.actor, 'sector', c.sector
    )::text as plain,
    json_build_array({_dated("a")})::text as dated,
    {_MILESTONES} as milestones,
    p.phone is not null as has_phone, p.email is not null as has_email,
    (
        select array_agg(f.channel || ' ' || f.fact) from address_facts f
        where f.address in (p.phone, p.email) and f.lifted_at is null and (
            f.address = p.email and f.channel = '{Channel.EMAIL}'
            or f.address = p.phone and f.channel in ('{Channel.SMS}', '{Channel.VOICE}')
        )
    ) as noted,
    (
        select array_agg(coalesce(o.channel, '*')) from optouts o
        where o.person_id = p.id and o.lifted_at is null
    ) as refused,
    (
        select json_agg(
            json_build_object('hold', hold, 'starts', starts, 'ends', ends, 'part', part)
            order by hold, starts, ends, part
        )::text from holds where account_id = a.id and lifted_at is null
    ) as holds,
    {_CONTACTS} as contacts"""

_FROM = """
from accounts a join people p on p.id = a.person_id join creditors c on c.id = a.creditor_id"""


def _short(statement: str) -> str:
    """On one line: the driver remembers how to send a statement only if it is short enough."""
    return " ".join(statement.split())


PERSON = _short(f"""
select json_build_object({_PROFILE})::text as plain, {_MILESTONES} as milestones, (
    select json_agg(each)::text from accounts o
    cross join lateral unnest(array[{_dated("o")}]) each
    where o.person_id = p.id and o.closure is null
) as dated
from people p where p.id = %(person)s""")

FACTS = _short(f"select {_FACTS} {_FROM} where a.id = %(account)s")

LOCK = """
select pg_advisory_xact_lock(hashtextextended(person_id, 0)) from accounts where id = %(account)s"""

LOOK = _short(f"""
select a.id as account_id, a.person_id, a.closure, a.recalled_at is not null as recalled,
    a.currency, a.due_on, p.name, p.phone, p.email, c.name as creditor_name,
    changed.law_id as law, coalesce(changed.seq, 0) as law_number,
    k.status, books.balance, books.version, head.seq, head.hash, {_FACTS}
{_FROM}
left join contacts k on k.key = %(key)s
left join lateral (select law_id, seq from law_changes order by seq desc limit 1) changed on true
left join lateral (
    select seq, hash from decisions where account_id = a.id order by seq desc limit 1
) head on true
cross join lateral (
    select coalesce(sum(minor) filter (where book = '{Book.OWED}'), 0)::bigint as balance,
        count(distinct transaction_key) as version
    from ledger_entries where account_id = a.id
) books
where a.id = %(account)s""")

TOLD = """
select contact_key, at from decisions
where contact_key = any(%(told)s) and account_id = %(account)s and verdict = 'wait'"""

SPOKEN = """
select (
    select terms::text from plans where account_id = %(account)s order by recorded_at desc limit 1
) as plan, (
    select decline_code from charges where account_id = %(account)s
    order by recorded_at desc limit 1
) as decline"""


@dataclass(frozen=True)
class Look:
    """All that one contact is decided and written by, as the record had it at one moment."""

    account_id: str
    person_id: str
    closure: Closure | None
    recalled: bool
    balance: int
    """Minor units that the consumer still owes."""
    version: int
    """How many movements the ledger of the account has seen."""
    law: str | None
    """The law in force; None if none has been put in force yet."""
    law_number: int
    """Which change of law put it in force; 0 if none was."""
    seq: int
    """How many decisions the account's chain has, with the hash of the last."""
    hash: str
    status: ContactStatus | None
    """What stands of the contact that was asked for; None if it is not on record."""
    told: frozenset[tuple[str, datetime]]
    """Which of the waits that were asked for are on record, by contact and time."""
    currency: str
    due_on: date
    name: str
    creditor_name: str
    phone: str | None
    email: str | None
    plan: PaymentPlan | None
    """The plan accepted last."""
    decline: str | None
    """Why the newest charge was declined, if it was."""
    facts: PersonFacts
    text: str
    """The facts as JSON, as they were read."""

    def address(self, channel: Channel) -> str | None:
        """The number or mailbox that reaches the person on this channel, if we have one."""
        named = ADDRESSED.get(channel)
        return getattr(self, named) if named else None


def look(
    connection: Connection[Any],
    account_id: str,
    at: datetime,
    *,
    key: str = "",
    told: Collection[str] = (),
    silent: Collection[Channel] = (),
    spoken: bool = True,
) -> Look:
    """Hold the account's person until the transaction ends, and read everything about them.

    `key` names the contact that is wanted, `told` those whose waits may be on record already, and
    `silent` the channels that nothing carries: those reach nobody. Plan and decline are read if
    they are to be `spoken` of. LookupError if there is no such account.

    The lock is a statement of its own: a statement sees what was committed before it began, so one
    that waited for the lock inside would decide by what stood before the wait.
    """
    asked = {"account": account_id, "since": at - LOOK_BACK, "key": key, "told": list(told)}
    connection.execute(LOCK, asked, prepare=True)
    reading = connection.cursor(row_factory=namedtuple_row)
    row: Any = reading.execute(LOOK, asked, prepare=True).fetchone()
    if row is None:
        raise LookupError(f"no account {account_id} in the record")
    known = connection.execute(TOLD, asked, prepare=True).fetchall() if told else ()
    said: Any = reading.execute(SPOKEN, asked, prepare=True).fetchone() if spoken else None
    text = _facts_text(row, silent)
    return Look(
        account_id=row.account_id,
        person_id=row.person_id,
        closure=Closure(row.closure) if row.closure is not None else None,
        recalled=row.recalled,
        balance=row.balance,
        version=row.version,
        law=row.law,
        law_number=row.law_number,
        seq=row.seq or 0,
        hash=row.hash or "",
        status=ContactStatus(row.status) if row.status is not None else None,
        told=frozenset(known),
        currency=row.currency,
        due_on=row.due_on,
        name=row.name,
        creditor_name=row.creditor_name,
        phone=row.phone,
        email=row.email,
        plan=PaymentPlan.model_validate_json(said.plan) if said and said.plan else None,
        decline=said.decline if said else None,
        facts=PersonFacts.model_validate_json(text),
        text=text,
    )


def _facts_text(row: Any, silent: Collection[Channel]) -> str:  # noqa: ANN401 -- a row of FACTS
    """The facts as JSON, put together from the parts that one statement reads."""
    held = {"phone": row.has_phone, "email": row.has_email}
    reached = {channel: named for channel, named in ADDRESSED.items() if held[named]}
    noted, refused = row.noted or (), row.refused or ()
    out = [
        channel
        for channel in Channel
        if "*" in refused or channel in refused or f"{channel.value} {OPTED_OUT}" in noted
    ]
    mute = [
        channel
        for channel in Channel
        if channel not in reached or channel in silent or f"{channel.value} {DEAD}" in noted
    ]
    lists = json.dumps(
        {"addresses": reached, "opted_out": sorted(out), "unreachable": sorted(mute)}
    )
    return (
        f"{row.plain[:-1]},{lists[1:-1]},"
        f'"milestones":{_joined(row.dated, row.milestones)},'
        f'"holds":{row.holds or "[]"},"contacts":{row.contacts or "[]"}}}'
    )


def _joined(*lists: str | None) -> str:
    """JSON lists as one."""
    parts = [inside for text in lists if text and (inside := text.strip()[1:-1])]
    return f"[{','.join(parts)}]"


def facts(
    session: Session, account_id: str, at: datetime, *, silent: Collection[Channel] = ()
) -> PersonFacts:
    """What the gate needs to know to decide a contact about this account at `at`."""
    asked = {"account": account_id, "since": at - LOOK_BACK}
    row = _one(session, FACTS, asked)
    if row is None:
        raise LookupError(f"no account {account_id} in the record")
    return PersonFacts.model_validate_json(_facts_text(row, silent))


def profile(session: Session, person_id: str) -> Profile:
    """What stands in the record about a person, as far as rules ask."""
    row = _one(session, PERSON, {"person": person_id})
    if row is None:
        raise LookupError(f"no person {person_id} in the record")
    milestones = _joined(row.dated, row.milestones)
    return Profile.model_validate_json(f'{row.plain[:-1]},"milestones":{milestones}}}')


def _one(session: Session, statement: str, asked: dict[str, Any]) -> Any:  # noqa: ANN401 -- a row
    session.flush()
    with driver(session).cursor(row_factory=namedtuple_row) as reading:
        return reading.execute(statement, asked, prepare=True).fetchone()
