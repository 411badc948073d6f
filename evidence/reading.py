"""Reading an account's record for evidence: no more about a person than the proof needs.

Names, card references and what the creditor placed stay out. Telephone numbers and e-mail addresses
are in it only if asked for. The words of messages are in it unless they are not wanted, because
they prove what was disclosed; but the link in them opens the consumer's page, so it is blotted out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from evidence.export import Record
from evidence.lines import Body, canonical, digest
from storage import Database, accounts, ledger
from storage.looking import OPTED_OUT, called
from storage.tables import (
    Account,
    AddressFact,
    Base,
    ContactRow,
    Decision,
    HoldRow,
    JournalRow,
    LawChange,
    LawRow,
    LedgerEntry,
    MilestoneRow,
    OptOutRow,
    Person,
    Reply,
)

Row = TypeVar("Row", bound=Base)


BLOTTED = "[link]"
"""Stands where the link of a message was: whoever has the link is let in by it."""


@dataclass(frozen=True)
class Choice:
    """What of the personal data goes into the file."""

    words: bool = True
    """The words of messages and replies. Without them their hashes stand there."""
    addresses: bool = False
    """Telephone numbers and e-mail addresses."""


def read_record(database: Database, account_id: str, choice: Choice | None = None) -> Record:
    """All that is evidence about an account; LookupError if there is no such account.

    It is read as of one moment, so that no contact stands in it without the decision before it.
    """
    choice = choice or Choice()
    with database.transaction() as session:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        account = accounts.by_id(session, account_id)
        if account is None:
            raise LookupError(f"no account {account_id} in the record")
        bodies = tuple(_bodies(session, account, choice))
    return Record(account_id, choice.words, choice.addresses, bodies)


def _bodies(session: Session, account: Account, choice: Choice) -> Iterator[tuple[str, Body]]:
    """Kind and body of every line, in order."""
    person = accounts.person_of(session, account)
    decisions = _rows(session, Decision, "seq", Decision.account_id == account.id)
    contacts = _rows(session, ContactRow, "at key", ContactRow.account_id == account.id)
    holds = _rows(session, HoldRow, "id", HoldRow.account_id == account.id)
    replies = _rows(session, Reply, "recorded_at id", _concerns(Reply, account))
    journal = _rows(session, JournalRow, "id", JournalRow.account_id == account.id)
    milestones = _rows(session, MilestoneRow, "recorded_at key", _concerns(MilestoneRow, account))
    yield "account", _account(account)
    yield from (("law", each) for each in _laws(session, {each.law for each in decisions}))
    yield from (("decision", _decision(each)) for each in decisions)
    yield from (("contact", _contact(each, person, choice)) for each in contacts)
    yield from (("hold", _hold(each)) for each in holds)
    yield from (("opt-out", each) for each in _optouts(session, person, contacts, choice))
    yield from (("milestone", _milestone(each)) for each in milestones)
    yield from (("wish", {"wish": each}) for each in person.wishes)
    yield from (("reply", _reply(each, choice)) for each in replies)
    yield from (("movement", each) for each in _movements(session, account.id))
    yield from (("journal", _journal(each)) for each in journal)


def _rows(
    session: Session, table: type[Row], order: str, *where: ColumnElement[bool]
) -> Sequence[Row]:
    by = [getattr(table, name) for name in order.split()]
    return session.scalars(select(table).where(*where).order_by(*by)).all()


def _concerns(table: type[Reply | MilestoneRow], account: Account) -> ColumnElement[bool]:
    """What is about this account, or about the person and no account."""
    theirs = (table.person_id == account.person_id) & table.account_id.is_(None)
    return (table.account_id == account.id) | theirs


def _account(row: Account) -> Body:
    return {
        "account": row.id,
        "person": row.person_id,
        "creditor": row.creditor_id,
        "currency": row.currency,
        "due_on": row.due_on.isoformat(),
        "journey": row.journey,
        "stage": row.stage,
        "closure": row.closure,
        "closed_at": _when(row.closed_at),
        "recalled_at": _when(row.recalled_at),
        **_times(row),
    }


def _laws(session: Session, named: set[str]) -> Iterator[Body]:
    """The laws that decisions went by, in full, and from when to when each was in force."""
    changes = session.scalars(select(LawChange).order_by(LawChange.seq)).all()
    followed = dict(pairwise(changes))
    for row in _rows(session, LawRow, "id", LawRow.id.in_(named)):
        mine = [each for each in changes if each.law_id == row.id]
        spans = [_span(each, followed.get(each)) for each in mine]
        yield {"id": row.id, "text": row.text, "in_force": spans}


def _span(change: LawChange, following: LawChange | None) -> Body:
    return {
        "why": change.why,
        "recorded_at": _when(change.recorded_at),
        "until": _when(following.recorded_at) if following is not None else None,
    }


def _decision(row: Decision) -> Body:
    return {
        "seq": row.seq,
        "account": row.account_id,
        "person": row.person_id,
        "contact": row.contact_key,
        "channel": row.channel,
        "verdict": row.verdict,
        "rules": row.rules,
        "until": _when(row.until),
        "law": row.law,
        "body": row.body,
        "previous": row.previous,
        "hash": row.hash,
        **_times(row),
    }


def _contact(row: ContactRow, person: Person, choice: Choice) -> Body:
    return {
        "key": row.key,
        "channel": row.channel,
        "message": row.message,
        "purpose": row.purpose,
        "status": row.status,
        "inbound": row.inbound,
        "place": row.place,
        "dial": row.dial,
        "debts": row.debts,
        "solicited": row.solicited,
        "provider_id": row.provider_id,
        "error_code": row.error_code,
        "tried_at": _when(row.tried_at),
        **_addressed(person, row.address, choice),
        **_worded(_unlinked(row), choice),
        **_times(row),
    }


def _addressed(person: Person, where: str, choice: Choice) -> Body:
    """What an address is, as decisions call it; the address itself if asked for."""
    named: Body = {"address_is": called(person, where)}
    return named | ({"address": where} if choice.addresses else {})


def _worded(words: Any, choice: Choice) -> Body:  # noqa: ANN401 -- any JSON
    """The words, and their hash: a file without them can be held against one with them."""
    if words is None:
        return {}
    hashed: Body = {"words_sha256": digest(canonical(words))}
    return hashed | ({"words": words} if choice.words else {})


def _unlinked(row: ContactRow) -> Body | None:
    """The words without the secret of their link."""
    if row.words is None or not row.link:
        return row.words
    return {
        name: said.replace(row.link, BLOTTED) if isinstance(said, str) else said
        for name, said in row.words.items()
    }


def _hold(row: HoldRow) -> Body:
    return {
        "hold": row.hold,
        "reason": row.reason,
        "starts": _when(row.starts),
        "ends": _when(row.ends),
        "part": row.part,
        "recorded_at": _when(row.recorded_at),
        "lifted_at": _when(row.lifted_at),
    }


def _optouts(
    session: Session, person: Person, contacts: Sequence[ContactRow], choice: Choice
) -> Iterator[Body]:
    """What the person refused, and what is known of the addresses that we have, or have used."""
    for refusal in _rows(session, OptOutRow, "id", OptOutRow.person_id == person.id):
        yield {"of": "person", "channel": refusal.channel, "fact": OPTED_OUT, **_stood(refusal)}
    ours = {person.phone, person.email, *(each.address for each in contacts)} - {None, ""}
    here = AddressFact.creditor_id.is_(None) | (AddressFact.creditor_id == person.creditor_id)
    for known in _rows(session, AddressFact, "id", AddressFact.address.in_(ours), here):
        where = _addressed(person, known.address, choice)
        yield (
            {"of": "address", "channel": known.channel, "fact": known.fact} | where | _stood(known)
        )


def _stood(row: OptOutRow | AddressFact) -> Body:
    return {"source": row.source, "lifted_at": _when(row.lifted_at), **_times(row)}


def _milestone(row: MilestoneRow) -> Body:
    return {
        "key": row.key,
        "kind": row.kind,
        "account": row.account_id,
        "channels": row.channels,
        "direct": row.direct,
        "until": _when(row.until),
        "source": row.source,
        **_times(row),
    }


def _reply(row: Reply, choice: Choice) -> Body:
    return {
        "id": row.id,
        "account": row.account_id,
        "channel": row.channel,
        "understood": row.understood,
        **_worded(row.words, choice),
        **_times(row),
    }


def _movements(session: Session, account_id: str) -> Iterator[Body]:
    """The ledger, movement by movement, each with its entries."""
    entries = _rows(session, LedgerEntry, "id", LedgerEntry.account_id == account_id)
    for row in ledger.movements(session, account_id):
        mine = [each for each in entries if each.transaction_key == row.key]
        yield {
            "key": row.key,
            "version": row.version,
            "cause": row.cause,
            "currency": row.currency,
            "provider_ref": row.provider_ref,
            "entries": [{"book": each.book, "minor": each.minor} for each in mine],
            "recorded_at": _when(row.recorded_at),
        }


def _journal(row: JournalRow) -> Body:
    return {"id": row.id, "what": row.what, "detail": row.detail, **_times(row)}


def _times(
    row: Account
    | AddressFact
    | ContactRow
    | Decision
    | JournalRow
    | MilestoneRow
    | OptOutRow
    | Reply,
) -> Body:
    """The account's time and the wall's."""
    return {"at": _when(row.at), "recorded_at": _when(row.recorded_at)}


def _when(moment: datetime | date | None) -> str | None:
    if isinstance(moment, datetime):
        moment = moment.astimezone(UTC)
    return moment.isoformat() if moment is not None else None
