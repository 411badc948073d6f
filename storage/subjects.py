"""Everything that the record holds of one person: to be shown to them, or erased.

Every table is either nobody's (`NOBODYS`) or has a way to the person: a column `person_id` or
`account_id`, or one of the ways below. So a new table is shown to people from its first day.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    ScalarSelect,
    Table,
    Text,
    and_,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import Delete, Update

from storage import keys
from storage.people import OPTED_OUT
from storage.placements import WAITING
from storage.tables import (
    Account,
    AddressFact,
    Base,
    ChargeRow,
    Checkout,
    ContactRow,
    DataKey,
    Decision,
    ErasureRow,
    HoldRow,
    InboxRow,
    InstructedAccount,
    Instruction,
    LedgerTransaction,
    MeansRow,
    OperatorAct,
    Person,
    PlacementRow,
    RefundRow,
    Reply,
    TransferRow,
)

NOBODYS = frozenset(
    {
        *("creditors", "api_keys", "operators", "contracts", "laws", "law_changes"),
        "releases",
        *("placements", "reconciliations", "statements", "statement_lines"),
        "idempotent_requests",  # answers of the API hold no consumer's data
    }
)
PAYMENTS = "stripe"
"""The inbox's name of who tells of payments."""
ERASED = "[erased]"
"""Stands where something was that said who somebody is, or what they wrote."""
WITHHELD = {
    "data_keys": ("wrapped",),
    "contacts": ("link",),
    "operator_acts": ("operator",),
    "instructions": ("given_by",),
    "tasks": ("done_by",),
}
"""Columns that let somebody in, or name one of ours, and say nothing of a person."""


def find(session: Session, creditor_id: str, reference: str) -> Person:
    """The person of that reference in a creditor's book; LookupError if there is none."""
    found = session.scalar(
        select(Person).where(Person.creditor_id == creditor_id, Person.reference == reference)
    )
    if found is None:
        raise LookupError(f"{creditor_id} has no consumer of the reference {reference!r} on record")
    return found


def everything(session: Session, person: Person) -> dict[str, list[dict[str, Any]]]:
    """Every row about the person, by table, plain enough for JSON; tables without any left out."""
    found = {
        name: [_plain(name, row) for row in session.execute(select(table).where(where)).mappings()]
        for name, table, where in _ways(session, person)
    }
    return {name: rows for name, rows in found.items() if rows}


def last_activity(session: Session, account: Account) -> datetime:
    """When something was last done about an account, by its own time where that is known."""
    moments = [account.at, account.closed_at, account.recalled_at]
    for column, owner in (
        (ContactRow.at, ContactRow.account_id),
        (Decision.at, Decision.account_id),
        (
            func.coalesce(LedgerTransaction.at, LedgerTransaction.recorded_at),
            LedgerTransaction.account_id,
        ),
        (func.coalesce(Reply.at, Reply.recorded_at), Reply.account_id),
    ):
        moments.append(session.scalar(select(func.max(column)).where(owner == account.id)))
    return max(each for each in moments if each is not None)


def is_being_placed(session: Session, person: Person) -> bool:
    """Whether a file that was sent has a further account of the person that is not placed yet."""
    consumer = PlacementRow.placement["consumer"]["reference"].astext
    waiting = select(PlacementRow.number).where(
        PlacementRow.outcome == WAITING,
        PlacementRow.placement["creditor"].astext == person.creditor_id,
        consumer == person.reference,
    )
    return session.execute(waiting.limit(1)).first() is not None


def erase_spare(session: Session, person: Person) -> dict[str, int]:
    """Erase what proves nothing: means of payment, and providers' messages as they came.

    Gives how many rows of which table that were. The caller holds the person's lock.
    """
    return _carried_out(session, person, _spare(session, person))


def erase_rest(session: Session, person: Person) -> dict[str, int]:
    """Erase who the person is and all that was said; and the key to what Temporal holds.

    What stays has no name: amounts, dates, codes and hashes, so that books still balance and
    decisions still follow from one another. The caller holds the person's lock.
    """
    session.execute(text("set local tahsil.erasing = 'on'"))
    done = _carried_out(session, person, _rest(session, person))
    destroyed = keys.erase(session, person.id)
    return done | ({"data_keys": destroyed} if destroyed else {})


def note_erasure(
    session: Session, person: Person, *, complete: bool, kept: list[Any], at: datetime
) -> None:
    """Write down that something was erased, and what had to stay, and why."""
    session.add(
        ErasureRow(
            person_id=person.id,
            creditor_id=person.creditor_id,
            complete=complete,
            kept=kept,
            at=at,
        )
    )


def _ways(session: Session, person: Person) -> Iterator[tuple[str, Table, ColumnElement[bool]]]:
    """Every table that may hold something of the person, and which of its rows do."""
    special = {
        "people": Person.id == person.id,
        "data_keys": (DataKey.kind == keys.PERSON) & (DataKey.owner == person.id),
        "address_facts": AddressFact.address.in_(_addresses(session, person))
        & (func.coalesce(AddressFact.creditor_id, person.creditor_id) == person.creditor_id),
        "inbox": _mentions(session, person),
        "instructions": _theirs_alone(person),
    }
    accounts = select(Account.id).where(Account.person_id == person.id)
    for name, table in sorted(Base.metadata.tables.items()):
        if name in NOBODYS:
            continue
        theirs = special.get(name)
        if theirs is None:
            columns = table.columns
            ways = [columns.person_id == person.id] if "person_id" in columns else []
            ways += [columns.account_id.in_(accounts)] if "account_id" in columns else []
            theirs = or_(*ways) if ways else None
        if theirs is None:
            raise LookupError(
                f"the table {name} has no way to a person: give it person_id or account_id, or"
                " name it in storage.subjects.NOBODYS"
            )
        yield name, table, theirs


def _addresses(session: Session, person: Person) -> set[str]:
    """Numbers and mailboxes that are, or were, this person's."""
    used = session.scalars(
        select(ContactRow.address).where(ContactRow.person_id == person.id).distinct()
    )
    return {each for each in (person.phone, person.email, *used) if each} - {ERASED}


def _own_addresses(session: Session, person: Person) -> set[str]:
    """Those that nobody else shares, whatever letters are small in them."""
    mine = _addresses(session, person)
    spelled = mine | {each.lower() for each in mine}
    others = select(Person.phone, Person.email).where(
        Person.id != person.id, Person.phone.in_(spelled) | Person.email.in_(spelled)
    )
    shared = {each.lower() for row in session.execute(others) for each in row if each}
    return {each for each in mine if each.lower() not in shared}


def _theirs_alone(person: Person) -> ColumnElement[bool]:
    """Which instructions of operations concern accounts of the person, and nobody else's."""
    told = select(InstructedAccount.instruction_id).join(
        Account, Account.id == InstructedAccount.account_id
    )
    others = told.where(
        InstructedAccount.instruction_id == Instruction.id, Account.person_id != person.id
    )
    return and_(Instruction.id.in_(told.where(Account.person_id == person.id)), ~others.exists())


def _mentions(session: Session, person: Person) -> ColumnElement[bool]:
    """Which of the providers' messages are about the person, and nobody else.

    They name one of our ids, or an address that is nobody else's was written from, or to.
    """
    accounts = select(Account.id).where(Account.person_id == person.id)
    sent = select(ContactRow.key, ContactRow.provider_id).where(ContactRow.person_id == person.id)
    ids = {
        *session.scalars(accounts),
        *(each for row in session.execute(sent) for each in row),
        *session.scalars(select(ChargeRow.intent_id).where(ChargeRow.account_id.in_(accounts))),
        *session.scalars(select(Checkout.session_id).where(Checkout.account_id.in_(accounts))),
        *session.scalars(
            select(LedgerTransaction.provider_ref).where(
                LedgerTransaction.account_id.in_(accounts),
                LedgerTransaction.key.startswith(f"{PAYMENTS}:"),
            )
        ),
        person.stripe_customer,
    }
    named = func.inbox_names(InboxRow.payload)
    return or_(
        named.bool_op("&&")(_folded(ids)),
        and_(
            InboxRow.provider != PAYMENTS,  # whoever pays may type any mailbox
            named.bool_op("&&")(_folded(_own_addresses(session, person))),
        ),
    )


def _folded(words: Iterable[str | None]) -> ScalarSelect[Any]:
    """The words in small letters, as the database writes them."""
    given = func.unnest(literal([each for each in words if each], ARRAY(Text)))
    folded = func.lower(given.column_valued("word"))
    return select(func.array_agg(folded)).scalar_subquery()


def _spare(session: Session, person: Person) -> list[Update | Delete]:
    accounts = select(Account.id).where(Account.person_id == person.id)
    stored = (
        *(Person.stripe_customer, Person.payment_method, Person.method_kind),
        *(Person.card, Person.network, Person.funding, Person.mandate),
    )
    used = (ChargeRow.customer, ChargeRow.payment_method, ChargeRow.card)
    return [
        update(InboxRow)
        .where(_mentions(session, person), InboxRow.applied_at.is_not(None))
        .where(cast(InboxRow.payload, Text) != "{}")
        .values(payload={}),
        update(ChargeRow)
        .where(ChargeRow.account_id.in_(accounts), or_(*(each.is_not(None) for each in used)))
        .values({each.key: None for each in used}),
        update(Account)
        .where(Account.person_id == person.id)
        .where(func.jsonb_typeof(Account.placement["consumer"]["stored_card"]) == "object")
        .values(placement=_consumer_with(stored_card=None)),
        update(Person)
        .where(Person.id == person.id, or_(*(each.is_not(None) for each in stored)))
        .values({each.key: None for each in stored}),
    ]


def _rest(session: Session, person: Person) -> list[Update | Delete]:
    accounts = select(Account.id).where(Account.person_id == person.id)
    own = _own_addresses(session, person)
    return [
        delete(AddressFact).where(AddressFact.address.in_(own), AddressFact.fact != OPTED_OUT),
        update(Account)
        .where(Account.person_id == person.id)
        .where(Account.placement["consumer"]["name"].astext != ERASED)
        .values(placement=_consumer_with(**_nobody(person))),
        update(ContactRow)
        .where(ContactRow.person_id == person.id)
        .where(or_(ContactRow.address != ERASED, ContactRow.words.is_not(None)))
        .values(address=ERASED, words=None, link=None),
        update(Reply)
        .where(or_(Reply.person_id == person.id, Reply.account_id.in_(accounts)))
        .where(Reply.words != ERASED)
        .values(words=ERASED),
        update(HoldRow)
        .where(HoldRow.account_id.in_(accounts), HoldRow.reason.not_in(("", ERASED)))
        .values(reason=ERASED),
        update(RefundRow)
        .where(RefundRow.account_id.in_(accounts), RefundRow.reason.not_in(("", ERASED)))
        .values(reason=ERASED),
        update(OperatorAct)
        .where(or_(OperatorAct.person_id == person.id, OperatorAct.account_id.in_(accounts)))
        .where(OperatorAct.reason.not_in(("", ERASED)))
        .values(reason=ERASED),
        update(TransferRow)
        .where(TransferRow.account_id.in_(accounts), TransferRow.said != ERASED)
        .values(said=ERASED),
        update(Instruction)
        .where(_theirs_alone(person), Instruction.reason.not_in(("", ERASED)))
        .values(reason=ERASED),
        delete(MeansRow).where(MeansRow.person_id == person.id),
        update(Person)
        .where(Person.id == person.id, Person.name != ERASED)
        .values(name=ERASED, phone=None, email=None, wishes=[]),
    ]


def _nobody(person: Person) -> dict[str, str | None]:
    """A consumer who is nobody, as far as a placement needs one to be read again."""
    return {
        "name": ERASED,
        "phone": None,
        "email": "erased@example.com",
        "locality": None,
        "time_zone": person.zones[0],
    }


def _consumer_with(**fields: str | None) -> ColumnElement[Any]:
    """What the creditor placed, with these fields of the consumer in place of theirs."""
    consumer = Account.placement["consumer"].op("||")(cast(fields, JSONB))
    return func.jsonb_set(Account.placement, ["consumer"], consumer)


def _carried_out(
    session: Session, person: Person, changes: list[Update | Delete]
) -> dict[str, int]:
    done = dict[str, int]()
    for change in changes:
        table = Base.metadata.tables[str(change.table)]
        changed = session.execute(
            change.execution_options(synchronize_session=False).returning(*table.primary_key)
        )
        if number := len(changed.all()):
            done[table.name] = done.get(table.name, 0) + number
    session.refresh(person)
    return done


def _plain(name: str, row: Any) -> dict[str, Any]:  # noqa: ANN401 -- any row
    """A row as JSON has it."""
    hidden = WITHHELD.get(name, ())
    return {column: _value(column, value) for column, value in row.items() if column not in hidden}


def _value(column: str, value: Any) -> Any:  # noqa: ANN401 -- any column's
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case str() if column == "body":
            return json.loads(value)
        case _:
            return value
