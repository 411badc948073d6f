"""The record as the auditor reads it: plain SQL on the tables, and nothing of the code around them.

The record keeps what is known of a person now; what was known when a contact was decided stands in
the decision. Where both speak of the same revision of the person, the record's own row is read.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Any

from sqlalchemy import Connection, Row, create_engine, text

from auditor import decisions, profiles
from auditor.book import (
    Book,
    Contact,
    Heard,
    HeldFrom,
    Link,
    Milestone,
    Over,
    Person,
    Refusal,
)
from auditor.charges import Allowed, at_the_last_look, debit_of, of_credit, was_tried
from auditor.profiles import OVERLAP

PAGE = 1000
"""Decisions that are read at a time."""

SPOKEN = "call"
"""The message of a call, which an agent makes; the gate decides about what we send by ourselves."""

Grouped = dict[str, list[Any]]


def read_book(url: str) -> Book:
    """Everything that an audit needs from the record at this database URL, at one moment."""
    engine = create_engine(url, hide_parameters=True, connect_args={"options": "-c timezone=UTC"})
    try:
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            return _Reading(connection).book()
    finally:
        engine.dispose()


def read_provider_ids(url: str) -> dict[str, str]:
    """Which contact each message id of a provider belongs to."""
    engine = create_engine(url, hide_parameters=True)
    try:
        with engine.connect() as connection:
            rows = connection.execute(
                text("select provider_id, key from contacts where provider_id is not null")
            )
            return {row.provider_id: row.key for row in rows}
    finally:
        engine.dispose()


class _Reading:
    """One pass over the tables."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._owed = self._balances()
        self._chain: list[Link] = []
        self._allowed: dict[str, Allowed] = {}
        self._heard: list[Heard] = []
        self._known: dict[str, list[profiles.Known]] = defaultdict(list)
        self._read_decisions()

    def _all(self, statement: str) -> Sequence[Row[Any]]:
        return self._connection.execute(text(statement)).all()

    def _by(self, statement: str, column: str) -> Grouped:
        grouped: Grouped = defaultdict(list)
        for row in self._all(statement):
            grouped[getattr(row, column)].append(row)
        return grouped

    def book(self) -> Book:
        """All of it."""
        laws = {row.id: row.text for row in self._all("select id, text from laws")}
        changes = self._all("select recorded_at, law_id from law_changes order by seq")
        return Book(
            laws=laws,
            # what was sent before the first law was put on record went by that law
            law_changes=[
                (row.recorded_at if number else None, row.law_id)
                for number, row in enumerate(changes)
            ],
            people=self._people(),
            over=self._over(),
            chain=self._chain,
            heard=self._heard,
            overlap=OVERLAP,
        )

    def _read_decisions(self) -> None:
        """Walk over the decisions once, and keep what is short."""
        statement = text(
            "select account_id, person_id, seq, contact_key, verdict, law, body, previous, hash,"
            " recorded_at from decisions order by account_id, seq"
        )
        for each in self._connection.execution_options(yield_per=PAGE).execute(statement):
            row = decisions.Row(
                each.account_id,
                each.seq,
                each.contact_key,
                each.verdict,
                each.law,
                each.body,
                each.previous,
                each.hash,
                each.recorded_at,
            )
            signed = decisions.read_text(each.body)
            self._chain.append(decisions.link_of(row, signed))
            if decisions.kind_of(signed) == "allow":
                self._allowed[signed["contact"]] = Allowed.of(signed, each.recorded_at)
            facts = signed.get("facts")
            if facts:
                profiles.note(self._known[each.person_id], each.recorded_at, facts)

    def _balances(self) -> dict[str, list[tuple[datetime, int]]]:
        """What was owed on each account after every movement."""
        owed: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
        for row in self._all(
            "select t.account_id, t.recorded_at, sum(e.minor) as minor from ledger_entries e"
            " join ledger_transactions t on t.key = e.transaction_key"
            " where e.book in ('principal owed', 'interest owed', 'costs owed')"
            " group by t.account_id, t.key, t.recorded_at, t.version"
            " order by t.account_id, t.version"
        ):
            before = owed[row.account_id][-1][1] if owed[row.account_id] else 0
            owed[row.account_id].append((row.recorded_at, before + int(row.minor)))
        return owed

    def _over(self) -> dict[str, list[Over]]:
        over: dict[str, list[Over]] = defaultdict(list)
        for row in self._all(
            "select id, closure, closed_at, recalled_at from accounts"
            " where closed_at is not null or recalled_at is not null"
        ):
            if row.closed_at is not None:
                over[row.id].append(Over(row.closed_at, f"closed: {row.closure}", own_time=True))
            if row.recalled_at is not None:
                over[row.id].append(Over(row.recalled_at, "recalled"))
        for account, owed in self._owed.items():
            paid = _paid_since(owed)
            if paid is not None:
                over[account].append(Over(paid, "paid"))
        return over

    def _people(self) -> list[Person]:
        rows = self._all(
            "select p.*, c.name as creditor_name, c.actor, c.sector from people p"
            " join creditors c on c.id = p.creditor_id"
        )
        account = self._by("select id, person_id, due_on, at, recorded_at from accounts", "id")
        whose = {name: found[0].person_id for name, found in account.items()}
        holds = _held(self._all("select * from holds"), whose)
        noted = self._by("select * from address_facts", "address")
        optouts = self._by("select * from optouts", "person_id")
        milestones = self._by("select * from milestones", "person_id")
        for rows_of in account.values():
            milestones[rows_of[0].person_id] += _dated(rows_of[0])
        contacts = self._contacts()
        for debit, credit, person_id in self._debits():
            contacts[person_id].append(debit)
            milestones[person_id] += credit
        changes = self._by(profiles.CHANGES, "person_id")
        people = [
            Person(
                id=row.id,
                creditor=row.creditor_id,
                creditor_name=row.creditor_name,
                profiles=profiles.history(
                    row, self._known[row.id], (each.recorded_at for each in changes[row.id])
                ),
                optouts=[
                    *(_refusal(each, each.channel) for each in optouts[row.id]),
                    *_at_addresses(row, contacts[row.id], noted, "opted out"),
                ],
                dead=_at_addresses(row, contacts[row.id], noted, "dead"),
                holds=holds[row.id],
                milestones=[_milestone(each) for each in milestones[row.id]],
                contacts=contacts[row.id],
            )
            for row in rows
        ]
        self._hear({each.id: each for each in people})
        return people

    def _hear(self, people: Mapping[str, Person]) -> None:
        """What was written to us, with the opt-outs that are on record of its writer."""
        for row in self._all("select * from replies where person_id is not null"):
            said = (row.id, row.account_id or "", row.channel, row.words, row.recorded_at)
            self._heard.append(Heard(*said, people[row.person_id].optouts))

    def _debits(self) -> Iterator[tuple[Contact, list[Milestone], str]]:
        """Charges that were tried, what is known of the card then, and whose they are."""
        for row in self._all(
            "select h.*, a.person_id, p.payment_method as stored, p.funding from charges h"
            " join accounts a on a.id = h.account_id join people p on p.id = a.person_id"
        ):
            allowed = self._allowed.get(row.key)
            if was_tried(row, allowed):
                before = at_the_last_look(row, allowed) - OVERLAP
                debit = debit_of(row, allowed, self._owed_at(row.account_id, before))
                yield debit, of_credit(row, debit, allowed), row.person_id

    def _contacts(self) -> dict[str, list[Contact]]:
        found: dict[str, list[Contact]] = defaultdict(list)
        for row in self._all(
            "select c.*, a.currency from contacts c join accounts a on a.id = c.account_id"
        ):
            found[row.person_id].append(self._contact(row))
        for row in self._all("select * from replies where person_id is not null"):
            found[row.person_id].append(
                Contact(
                    key=row.id,
                    account=row.account_id or "",
                    channel=row.channel,
                    at=row.at or row.recorded_at,
                    wall=row.recorded_at,
                    inbound=True,
                )
            )
        return found

    def _contact(self, row: Row[Any]) -> Contact:
        allowed = self._allowed.get(row.key)
        spoken = row.message == SPOKEN
        # a call is written down afterwards: what was learned meanwhile does not stand against it
        wall = min(row.at, row.recorded_at) if spoken else row.tried_at or row.recorded_at
        return Contact(
            key=row.key,
            account=row.account_id,
            channel=row.channel,
            at=row.at,
            wall=wall,
            purpose=row.purpose,
            status=row.status,
            inbound=row.inbound,
            address=row.address,
            place=row.place,
            recipient=allowed.recipient if allowed is not None else "consumer",
            dial=row.dial,
            debts=tuple(row.debts),
            solicited=row.solicited,
            text=row.words.get("text") if row.words else None,
            currency=row.currency,
            balance=allowed.balance if allowed is not None else None,
            demanded=allowed.demanded if allowed is not None else None,
            owed=self._owed_at(row.account_id, wall),
            law=allowed.law if allowed is not None else None,
            allowed=allowed is not None or spoken,
            unasked=allowed is None and spoken and not row.inbound,
        )

    def _owed_at(self, account: str, wall: datetime) -> int | None:
        owed = [minor for since, minor in self._owed.get(account, ()) if since <= wall]
        return owed[-1] if owed else None


def _paid_since(owed: list[tuple[datetime, int]]) -> datetime | None:
    """Since when nothing is owed any more; None if something is."""
    since = None
    for at, minor in owed:
        if minor > 0:
            since = None
        elif since is None:
            since = at
    return since


def _held(rows: Iterable[Row[Any]], whose: dict[str, str]) -> dict[str, list[HeldFrom]]:
    holds: dict[str, list[HeldFrom]] = defaultdict(list)
    for row in rows:
        holds[whose[row.account_id]].append(
            HeldFrom(
                row.hold,
                row.recorded_at,
                row.lifted_at,
                row.account_id,
                row.starts,
                row.ends,
                row.part,
            )
        )
    return holds


def _refusal(row: Row[Any], channel: str | None, address: str | None = None) -> Refusal:
    return Refusal(row.recorded_at, row.lifted_at, channel, address)


def _at_addresses(
    person: Row[Any], contacts: Iterable[Contact], noted: Grouped, fact: str
) -> list[Refusal]:
    """What was noted of the addresses that are, or were, the person's.

    What a creditor said binds in their own book; what was said from there or by a provider, in all.
    """
    theirs = {person.phone, person.email, *(each.address for each in contacts)} - {None, ""}
    return [
        _refusal(row, row.channel, address)
        for address in sorted(theirs)
        for row in noted.get(address, ())
        if row.fact == fact and row.creditor_id in {None, person.creditor_id}
    ]


def _dated(account: Row[Any]) -> list[Milestone]:
    """What the placement of an account says of itself."""
    due = datetime.combine(account.due_on, time(12), UTC)
    return [
        Milestone("due", due, account.recorded_at, account.id),
        Milestone("assigned", account.at, account.recorded_at, account.id),
    ]


def _milestone(row: Row[Any] | Milestone) -> Milestone:
    if isinstance(row, Milestone):
        return row
    return Milestone(
        kind=row.kind,
        at=row.at,
        known_from=row.recorded_at,
        account=row.account_id,
        channels=frozenset(row.channels),
        direct=row.direct,
        until=row.until,
    )
