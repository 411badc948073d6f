"""What the gate asks of the record, each in one statement: a person's facts, and a whole last look.

Postgres puts the facts together as JSON and pydantic reads them: that is one journey to the server
instead of ten, and no row of a contact becomes an object on the way.
"""

# ruff: noqa: S608 -- what is put into the statements are constants of ours; values are parameters

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any

import orjson
from psycopg import Connection
from sqlalchemy.orm import Session

from compliance.facts import PersonFacts
from compliance.last_look import why_over
from compliance.packs import COMMON, LONGEST
from compliance.verdicts import Reason
from domain.accounts import Closure
from domain.contacts import NOTHING_LEFT, Channel, ContactStatus
from domain.ledger import OWED
from domain.people import MilestoneKind, Profile
from domain.plans import PaymentPlan
from domain.replies import Understood
from domain.settlements import Settlement
from storage.lines import ask
from storage.session import HOLD, driver
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
_LEFT_ALONE = (Understood.STOP, Understood.CEASE, Understood.REFUSAL)
_NO_QUESTIONS = ", ".join(f"'{said}'" for said in _LEFT_ALONE)
"""What a person wrote to be left in peace is not answered, and so no contact that they began."""
_ADDRESSED = f"'{{{', '.join(ADDRESSED)}}}'"
_OWED = ", ".join(f"'{book}'" for book in OWED)
_NOTHING_LEFT = ", ".join(f"'{status}'" for status in sorted(NOTHING_LEFT))


_PROFILE = """
    p.revision, p.country, p.regions, p.zones, p.residence_zones, p.locale as language, p.wishes"""

_MILESTONES = """array(
    select json_build_object(
        'kind', kind, 'at', at, 'account_id', account_id, 'channels', channels,
        'direct', direct, 'until', until
    ) from milestones where person_id = p.id order by at, key
)"""

_ADDRESS = f"""case address
    when '' then '' when p.phone then 'phone' when p.email then 'email' else '{FORMER}'
end"""

_MORE = """json_build_object(
    'purpose', purpose, 'inbound', inbound, 'place', place, 'dial', dial, 'debts', debts,
    'solicited', solicited
)"""

# A contact as it usually is, is written short: hundreds are read.
_CONTACTS = f"""array(
    select json_build_array(key, account_id, channel, at, status, {_ADDRESS}, case
        when purpose = 'demand' and not inbound and not solicited and place = 'unknown'
            and dial = 'manual' and debts = '{{}}'
        then null else {_MORE}
    end)
    from contacts where person_id = p.id and status not in ({_NOTHING_LEFT}) and at > $2
    union all
    select json_build_array(key, account_id, channel, at, status, {_ADDRESS}, {_MORE})
    from contacts where person_id = p.id and status not in ({_NOTHING_LEFT}) and at <= $2
        and purpose not in ({_COMMON})
    union all
    select json_build_array(id, coalesce(account_id, ''), channel, coalesce(at, recorded_at),
        '{ContactStatus.DELIVERED}', '', json_build_object('inbound', true))
    from replies where person_id = p.id and coalesce(at, recorded_at) > $2
        and not string_to_array(understood, ', ') && array[{_NO_QUESTIONS}]
)"""

_FACTS = f"""
    {_PROFILE}, {_MILESTONES} as milestones,
    a.id as account_id, a.due_on, a.at as placed_at,
    a.creditor_id as creditor, c.actor, c.sector,
    p.phone is not null as has_phone, p.email is not null as has_email,
    array(
        select channel || ' ' || fact from address_facts
        where address = any(array[p.phone, p.email]) and channel = any({_ADDRESSED})
            and lifted_at is null and coalesce(creditor_id, a.creditor_id) = a.creditor_id
    ) as noted,
    array(
        select coalesce(channel, '*') from optouts where person_id = p.id and lifted_at is null
    ) as refused,
    array(
        select json_build_object('hold', hold, 'starts', starts, 'ends', ends, 'part', part)
        from holds where account_id = a.id and lifted_at is null
        group by hold, starts, ends, part order by hold, starts, ends, part
    ) as holds,
    {_CONTACTS} as contacts"""

_FROM = """
from accounts a join people p on p.id = a.person_id join creditors c on c.id = a.creditor_id"""


def _as_json(statement: str) -> str:
    """What gives a row as a statement that gives it as one JSON text, quicker read than columns."""
    return f"select row_to_json(one)::text from ({statement}) one"


PERSON = _as_json(f"""
select {_PROFILE}, {_MILESTONES} as milestones, (
    select json_agg(json_build_array(id, due_on, at)) from accounts
    where person_id = p.id and closure is null
) as accounts
from people p where p.id = $1""")

FACTS = _as_json(f"select {_FACTS} {_FROM} where a.id = $1")

_SPOKEN = """
    (select terms from plans where account_id = a.id order by seq desc limit 1) as plan,
    (
        select decline_code from charges where account_id = a.id order by recorded_at desc limit 1
    ) as decline,"""

_TOLD = """
    array(
        select json_build_array(contact_key, at) from unnest($4::text[]) wanted
        cross join lateral (
            select * from decisions where contact_key = wanted offset 0  -- by that index alone
        ) each
        where account_id = a.id and verdict = 'wait'
    ) as told,"""


@cache
def _look(*, spoken: bool, told: bool) -> str:
    """A last look, with what is seldom asked for if it is: what is not read costs time, too."""
    return _as_json(f"""
select a.person_id, a.closure, a.recalled_at is not null as recalled, a.currency, p.name, p.phone,
    p.email, c.name as creditor_name, changed.law_id as law,
    coalesce(changed.seq, 0) as law_number, head.seq, head.hash,
    (select status from contacts where key = $3) as status,
    (
        select coalesce(sum(minor) filter (where book in ({_OWED})), 0)::bigint
        from ledger_entries where account_id = a.id
    ) as balance,
    (select count(*) from ledger_transactions where account_id = a.id) as version,
    (
        select json_build_object(
            'settlement_id', id, 'minor', minor, 'balance', balance, 'currency', a.currency,
            'expires', expires, 'by', by, 'zones', zones
        ) from settlements where account_id = a.id and withdrawn_at is null and met_at is null
    ) as settlement,{_SPOKEN if spoken else ""}{_TOLD if told else ""}
    {_FACTS}
{_FROM}
left join lateral (select law_id, seq from law_changes order by seq desc limit 1) changed on true
left join lateral (
    select seq, hash from decisions where account_id = a.id order by seq desc limit 1
) head on true
where a.id = $1""")


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
    law: str
    """The law in force; empty if none has been put in force yet."""
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
    settlement: Settlement | None
    """The offer to settle that nobody has met or withdrawn; it may have expired."""
    decline: str | None
    """Why the newest charge was declined, if it was."""
    facts: PersonFacts
    plain: dict[str, Any]
    """The facts as they were read, plain as JSON has them."""

    def address(self, channel: Channel) -> str | None:
        """The number or mailbox that reaches the person on this channel, if we have one."""
        named = ADDRESSED.get(channel)
        return getattr(self, named) if named else None

    @property
    def over(self) -> Reason | None:
        """Why nothing may leave about this account any more, if so."""
        return why_over(closure=self.closure, recalled=self.recalled, balance=self.balance)


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
    wanted = (account_id, at - LOOK_BACK, key, *([list(told)] if told else []))
    read = (_look(spoken=spoken, told=bool(told)), wanted)
    _, found = ask(connection, (HOLD, (account_id,)), read)
    if found is None:
        raise LookupError(f"no account {account_id} in the record")
    row = orjson.loads(found)
    plan, offer, plain = row.get("plan"), row["settlement"], _facts_of(row, silent)
    return Look(
        account_id=row["account_id"],
        person_id=row["person_id"],
        closure=Closure(row["closure"]) if row["closure"] is not None else None,
        recalled=row["recalled"],
        balance=row["balance"],
        version=row["version"],
        law=row["law"] or "",
        law_number=row["law_number"],
        seq=row["seq"] or 0,
        hash=row["hash"] or "",
        status=ContactStatus(row["status"]) if row["status"] is not None else None,
        told=frozenset((told, datetime.fromisoformat(at)) for told, at in row.get("told", ())),
        currency=row["currency"],
        due_on=date.fromisoformat(row["due_on"]),
        name=row["name"],
        creditor_name=row["creditor_name"],
        phone=row["phone"],
        email=row["email"],
        plan=PaymentPlan.model_validate(plan) if plan else None,
        settlement=Settlement.model_validate(offer) if offer else None,
        decline=row.get("decline"),
        facts=PersonFacts.model_validate(plain),
        plain=plain,
    )


PROFILE = ("revision", "country", "regions", "zones", "residence_zones", "language", "wishes")
CREDITOR = ("creditor", "actor", "sector")


def _facts_of(row: dict[str, Any], silent: Collection[Channel]) -> dict[str, Any]:
    """The facts, plain as JSON has them, put together from the parts that one statement reads."""
    noted, refused = tuple(row["noted"]), tuple(row["refused"])
    reach = _reach(row["has_phone"], row["has_email"], noted, refused, tuple(silent))
    dated = _dated(row["account_id"], row["due_on"], row["placed_at"])
    return {
        **_named(row, PROFILE + CREDITOR),
        **reach,
        "milestones": dated + row["milestones"],
        "holds": row["holds"],
        "contacts": [_contact(each) for each in sorted(row["contacts"], key=_AGE)],
    }


def _named(row: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: row[name] for name in names}


CONTACT = ("key", "account_id", "channel", "at", "status", "address")
_AGE = itemgetter(3, 0)
"""When a contact was, as it is read, and which it was of those at that instant. Instants in UTC
stand in the order of their texts."""


def _contact(read: list[Any]) -> dict[str, Any]:
    """A contact with what is unusual of it."""
    usual, unusual = dict(zip(CONTACT, read, strict=False)), read[-1]
    return {**usual, **unusual} if unusual else usual


def _dated(account_id: str, due_on: str, placed_at: str) -> list[dict[str, Any]]:
    """The milestones that every account has.

    A day without an hour stands at noon UTC: that is the same date nearly everywhere on earth.
    """
    due = f"{due_on}T12:00:00+00:00"
    return [
        {"kind": MilestoneKind.DUE.value, "at": due, "account_id": account_id},
        {"kind": MilestoneKind.ASSIGNED.value, "at": placed_at, "account_id": account_id},
    ]


@lru_cache
def _reach(
    has_phone: bool,  # noqa: FBT001 -- as the row has it
    has_email: bool,  # noqa: FBT001
    noted: tuple[str, ...],
    refused: tuple[str, ...],
    silent: tuple[Channel, ...],
) -> dict[str, Any]:
    """What reaches the person, and what must not or cannot."""
    held = {"phone": has_phone, "email": has_email}
    reached = {channel.value: named for channel, named in ADDRESSED.items() if held[named]}
    out = [
        channel.value
        for channel in Channel
        if "*" in refused or channel in refused or f"{channel.value} {OPTED_OUT}" in noted
    ]
    mute = [
        channel.value
        for channel in Channel
        if channel not in reached or channel in silent or f"{channel.value} {DEAD}" in noted
    ]
    return {"addresses": reached, "opted_out": sorted(out), "unreachable": sorted(mute)}


def facts(
    session: Session, account_id: str, at: datetime, *, silent: Collection[Channel] = ()
) -> PersonFacts:
    """What the gate needs to know to decide a contact about this account at `at`."""
    session.flush()
    [found] = ask(driver(session), (FACTS, (account_id, at - LOOK_BACK)))
    if found is None:
        raise LookupError(f"no account {account_id} in the record")
    return PersonFacts.model_validate(_facts_of(orjson.loads(found), silent))


def profile(session: Session, person_id: str) -> Profile:
    """What stands in the record about a person, as far as rules ask."""
    session.flush()
    [found] = ask(driver(session), (PERSON, (person_id,)))
    if found is None:
        raise LookupError(f"no person {person_id} in the record")
    row = orjson.loads(found)
    dated = [each for account in row["accounts"] or () for each in _dated(*account)]
    milestones = dated + row["milestones"]
    return Profile.model_validate({**_named(row, PROFILE), "milestones": milestones})
