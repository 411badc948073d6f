"""Every table of the record. Rows carry `at`, the account's time, and `recorded_at`, the wall's."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    Numeric,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from domain.ledger import Book


class Base(DeclarativeBase):
    """Common types: text without lengths, aware instants, JSON as jsonb."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 -- SQLAlchemy reads it as a class attribute
        str: Text,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB(none_as_null=True),
        list[Any]: JSONB(none_as_null=True),
        int: BigInteger,
        Decimal: Numeric(7, 4),
        list[str]: ARRAY(Text),
    }


def _recorded() -> Mapped[datetime]:
    return mapped_column(server_default=func.now())


def _of_its_person() -> ForeignKeyConstraint:
    """The account is there, and its person is the one named: one look instead of two."""
    return ForeignKeyConstraint(["account_id", "person_id"], ["accounts.id", "accounts.person_id"])


class Creditor(Base):
    """A creditor who places accounts with us."""

    __tablename__ = "creditors"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    actor: Mapped[str | None]
    """Who collects for them (agency, buyer, creditor); empty: not known, every rule binds."""
    sector: Mapped[str | None]
    recorded_at: Mapped[datetime] = _recorded()


class ApiKey(Base):
    """A creditor's key to the API: only its hash is kept."""

    __tablename__ = "api_keys"

    hash: Mapped[str] = mapped_column(primary_key=True)
    creditor_id: Mapped[str] = mapped_column(ForeignKey("creditors.id"))
    label: Mapped[str]
    recorded_at: Mapped[datetime] = _recorded()
    revoked_at: Mapped[datetime | None]


class OperatorRow(Base):
    """A person or program of the house who uses the API: only their key's hash is kept."""

    __tablename__ = "operators"

    name: Mapped[str] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(unique=True)
    roles: Mapped[list[str]]
    creditor_ids: Mapped[list[str] | None]
    """Whose accounts they may see; empty: every creditor's."""
    recorded_at: Mapped[datetime] = _recorded()
    rotated_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class OperatorAct(Base):
    """Something that an operator asked for, written before it was done."""

    __tablename__ = "operator_acts"
    __table_args__ = (
        Index(None, "creditor_id"),
        Index(None, "account_id"),
        Index(None, "person_id"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    operator: Mapped[str] = mapped_column(ForeignKey("operators.name"))
    right: Mapped[str]
    what: Mapped[str]
    """The request by its method and the pattern of its path, which holds no value."""
    creditor_id: Mapped[str | None]
    account_id: Mapped[str | None]
    """Empty, too, if it was about one that the creditor does not have."""
    person_id: Mapped[str | None]
    reason: Mapped[str]
    status: Mapped[int | None]
    """Of the answer; empty: nobody knows whether it was done."""
    recorded_at: Mapped[datetime] = _recorded()


class IdempotentRequest(Base):
    """An answered request, kept so that its key answers the same again."""

    __tablename__ = "idempotent_requests"

    creditor_id: Mapped[str] = mapped_column(ForeignKey("creditors.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    status: Mapped[int | None]
    answer: Mapped[dict[str, Any] | None]
    recorded_at: Mapped[datetime] = _recorded()


class ContractRow(Base):
    """What a creditor agreed with us (`domain.contracts`), from then on; never changed."""

    __tablename__ = "contracts"
    __table_args__ = (Index(None, "creditor_id"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    creditor_id: Mapped[str] = mapped_column(ForeignKey("creditors.id"))
    terms: Mapped[dict[str, Any]]
    recorded_at: Mapped[datetime] = _recorded()


class Person(Base):
    """A consumer within one creditor's book."""

    __tablename__ = "people"
    __table_args__ = (
        UniqueConstraint("creditor_id", "reference"),
        Index(None, "phone"),
        Index(None, "email"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    creditor_id: Mapped[str] = mapped_column(ForeignKey("creditors.id"))
    reference: Mapped[str]
    name: Mapped[str]
    locale: Mapped[str]
    country: Mapped[str]
    zones: Mapped[list[str]]
    residence_zones: Mapped[list[str]] = mapped_column(server_default="{}")
    regions: Mapped[list[str]] = mapped_column(server_default="{}")
    wishes: Mapped[list[Any]] = mapped_column(server_default="[]")
    revision: Mapped[int] = mapped_column(server_default="0")
    """Grows with every change of what rules ask about the person."""
    phone: Mapped[str | None]
    email: Mapped[str | None]
    stripe_customer: Mapped[str | None]
    payment_method: Mapped[str | None]
    method_kind: Mapped[str | None]
    """Of the stored means of payment, as Stripe names it: card, us_bank_account."""
    card: Mapped[str | None]
    """Its fingerprint at Stripe: the same card has the same under every payment method."""
    network: Mapped[str | None]
    """Of a card: visa, mastercard …"""
    funding: Mapped[str | None]
    """Of a card: credit, debit, prepaid; what is not known to be credit counts as a debit."""
    mandate: Mapped[str | None]
    """Stripe's id of the standing authority, where there is one."""
    method_at: Mapped[datetime | None]
    """When it was given, by Stripe's clock: what was given earlier and is told later is old."""
    recorded_at: Mapped[datetime] = _recorded()


class AddressFact(Base):
    """What is known of a number or e-mail address, whoever shares it: opted out, or dead."""

    __tablename__ = "address_facts"
    __table_args__ = (Index(None, "channel", "address"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    channel: Mapped[str]
    address: Mapped[str]
    fact: Mapped[str]
    creditor_id: Mapped[str | None] = mapped_column(ForeignKey("creditors.id"))
    """The creditor who said so, in whose book alone it binds; empty: in everybody's."""
    source: Mapped[str]
    at: Mapped[datetime]
    recorded_at: Mapped[datetime] = _recorded()
    lifted_at: Mapped[datetime | None]


class OptOutRow(Base):
    """A person's refusal of a medium, or of all of them. One of an address is an address fact."""

    __tablename__ = "optouts"
    __table_args__ = (Index(None, "person_id"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    channel: Mapped[str | None]
    """Empty: every channel."""
    source: Mapped[str]
    at: Mapped[datetime]
    recorded_at: Mapped[datetime] = _recorded()
    lifted_at: Mapped[datetime | None]


class MilestoneRow(Base):
    """Something that happened on a day and matters to rules: a notice sent, a consent given."""

    __tablename__ = "milestones"
    __table_args__ = (Index(None, "person_id"),)

    key: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    kind: Mapped[str]
    channels: Mapped[list[str]] = mapped_column(server_default="{}")
    direct: Mapped[bool] = mapped_column(server_default="true")
    at: Mapped[datetime]
    until: Mapped[datetime | None]
    source: Mapped[str]
    recorded_at: Mapped[datetime] = _recorded()


class Account(Base):
    """One debt that a consumer owes to a creditor."""

    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint("creditor_id", "reference"),
        UniqueConstraint("id", "person_id"),
        Index(None, "person_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    creditor_id: Mapped[str] = mapped_column(ForeignKey("creditors.id"))
    reference: Mapped[str]
    workflow_id: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    currency: Mapped[str]
    due_on: Mapped[date]
    journey: Mapped[str]
    stage: Mapped[str | None]
    closure: Mapped[str | None]
    recalled_at: Mapped[datetime | None]
    placement: Mapped[dict[str, Any]]
    contract_id: Mapped[int | None] = mapped_column(ForeignKey("contracts.id"))
    """The creditor's contract on the day of placement; empty: none, every term is its default."""
    payment_reference: Mapped[str | None] = mapped_column(unique=True)
    """What the consumer writes on a bank transfer (ISO 11649)."""
    reopened: Mapped[int] = mapped_column(server_default="0")
    """How often it was opened again after its end."""
    at: Mapped[datetime]
    recorded_at: Mapped[datetime] = _recorded()
    closed_at: Mapped[datetime | None]


class HoldRow(Base):
    """A reason for which an account's clock is stopped, or was."""

    __tablename__ = "holds"
    __table_args__ = (
        Index(None, "account_id"),
        Index(
            "ix_holds_instructed",
            "instruction_id",
            postgresql_where=text("instruction_id is not null and lifted_at is null"),
        ),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    hold: Mapped[str]
    reason: Mapped[str]
    starts: Mapped[date | None]
    ends: Mapped[date | None]
    part: Mapped[int | None]
    """Minor units that it concerns; empty: the whole debt."""
    recorded_at: Mapped[datetime] = _recorded()
    lifted_at: Mapped[datetime | None]
    instruction_id: Mapped[str | None] = mapped_column(ForeignKey("instructions.id"))
    """The instruction for many that placed it: each has its own hold, and lifts no other's."""


class LedgerTransaction(Base):
    """A balanced movement of money on one account; never changed, never deleted."""

    __tablename__ = "ledger_transactions"
    __table_args__ = (UniqueConstraint("account_id", "version"),)

    key: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    version: Mapped[int]
    cause: Mapped[str]
    currency: Mapped[str]
    provider_ref: Mapped[str | None]
    at: Mapped[datetime | None]
    """The account's time; empty where only the wall's is known."""
    recorded_at: Mapped[datetime] = _recorded()


class LedgerEntry(Base):
    """One line of a movement. The database refuses a movement whose lines do not sum to zero."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        Index(None, "transaction_key"),
        Index(None, "account_id"),
        CheckConstraint(f"book in ({', '.join(repr(each.value) for each in Book)})", name="book"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    transaction_key: Mapped[str] = mapped_column(ForeignKey("ledger_transactions.key"))
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    book: Mapped[str]
    minor: Mapped[int]


class ContactRow(Base):
    """One attempt to contact: the intent, committed before the provider is called, and its fate."""

    __tablename__ = "contacts"
    __table_args__ = (
        Index(None, "person_id", "at"),
        Index(
            "ix_contacts_rare",
            "person_id",
            "at",
            postgresql_where=text("purpose not in ('demand', 'reply')"),
        ),
        Index(None, "account_id"),
        Index(None, "provider_id"),
        Index(None, "address"),
        _of_its_person(),
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str]
    person_id: Mapped[str]
    channel: Mapped[str]
    message: Mapped[str]
    purpose: Mapped[str]
    address: Mapped[str]
    status: Mapped[str]
    inbound: Mapped[bool] = mapped_column(server_default="false")
    """The person contacted us."""
    place: Mapped[str] = mapped_column(server_default="unknown")
    dial: Mapped[str] = mapped_column(server_default="manual")
    debts: Mapped[list[str]] = mapped_column(server_default="{}")
    """Further accounts that it was about."""
    solicited: Mapped[bool] = mapped_column(server_default="false")
    link: Mapped[str | None] = mapped_column(unique=True)
    offer: Mapped[dict[str, Any] | None]
    words: Mapped[dict[str, Any] | None]
    """Subject, text and HTML as they were written for this contact: every attempt sends these."""
    provider_id: Mapped[str | None]
    error_code: Mapped[str | None]
    at: Mapped[datetime]
    recorded_at: Mapped[datetime] = _recorded()
    tried_at: Mapped[datetime | None]
    """The wall's time of the last call to the provider, written before it; empty once it is known
    that nothing left."""


class Decision(Base):
    """A verdict of the gate, sent or not: a link of the account's chain of decisions.

    `body` is the whole decision as canonical JSON, and what is hashed; the other columns say parts
    of it again, to be searched by. `hash` is the SHA-256 of the previous hash and the body.
    """

    __tablename__ = "decisions"
    __table_args__ = (
        UniqueConstraint("account_id", "seq"),
        Index(None, "contact_key"),
        _of_its_person(),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    contact_key: Mapped[str]
    account_id: Mapped[str]
    person_id: Mapped[str]
    seq: Mapped[int]
    """1, 2, 3 … along the account."""
    channel: Mapped[str]
    verdict: Mapped[str]
    rules: Mapped[list[str]]
    until: Mapped[datetime | None]
    law: Mapped[str]
    body: Mapped[str]
    previous: Mapped[str]
    """The hash of the decision before; empty for the first."""
    hash: Mapped[str]
    at: Mapped[datetime]
    recorded_at: Mapped[datetime] = _recorded()


class LawRow(Base):
    """A law: packs and calendars as one canonical text, called by its hash; never changed."""

    __tablename__ = "laws"

    id: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]
    recorded_at: Mapped[datetime] = _recorded()


class LawChange(Base):
    """From when on a law is the one to go by; the latest is the one in force."""

    __tablename__ = "law_changes"

    seq: Mapped[int] = mapped_column(Identity(), primary_key=True)
    law_id: Mapped[str] = mapped_column(ForeignKey("laws.id"))
    why: Mapped[str]
    recorded_at: Mapped[datetime] = _recorded()


class Reply(Base):
    """What a consumer wrote to us, word for word, and how it was understood."""

    __tablename__ = "replies"
    __table_args__ = (Index(None, "person_id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    channel: Mapped[str]
    words: Mapped[str]
    understood: Mapped[str]
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    """The account that it was taken to be about."""
    at: Mapped[datetime | None]
    """The account's time; empty: the wall's."""
    recorded_at: Mapped[datetime] = _recorded()


class Task(Base):
    """Something a person of ours has to look at."""

    __tablename__ = "tasks"
    __table_args__ = (
        Index(None, "account_id"),
        Index("ix_tasks_waiting", "at", "key", postgresql_where=text("done_at is null")),
        Index("ix_tasks_done", "done_at", "key", postgresql_where=text("done_at is not null")),
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    reason: Mapped[str]
    at: Mapped[datetime]
    recorded_at: Mapped[datetime] = _recorded()
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None]
    """The creditor's slug, or the operator's name."""


class Plan(Base):
    """A payment plan that a consumer accepted, or a later revision of it. Rows only grow in number.

    The plan of an account is its newest row, unless that row ends it.
    """

    __tablename__ = "plans"
    __table_args__ = (Index(None, "account_id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(server_default="1", primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    terms: Mapped[dict[str, Any]]
    seq: Mapped[int] = mapped_column(Identity(), unique=True)
    """1, 2, 3 … in the order of writing, which is the order under the person's lock."""
    why: Mapped[str] = mapped_column(server_default="accepted")
    """Such as accepted, move, skip, pause, respread, restarted, ended: given up."""
    cause: Mapped[str | None] = mapped_column(unique=True)
    """The request that made it: sent again, it finds this revision and makes no other."""
    at: Mapped[datetime | None]
    recorded_at: Mapped[datetime] = _recorded()


class PromiseRow(Base):
    """A promise to pay. Whether it was kept follows from the ledger."""

    __tablename__ = "promises"
    __table_args__ = (Index(None, "account_id"), CheckConstraint("minor > 0", name="minor"))

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    minor: Mapped[int]
    balance: Mapped[int]
    """What was owed when it was made, in minor units."""
    version: Mapped[int]
    """The ledger's movements up to then: what came later counts for the promise."""
    due: Mapped[date]
    zones: Mapped[list[str]]
    """Where the consumer was when it was made: its day ends as it did there."""
    source: Mapped[str]
    at: Mapped[datetime]
    recorded_at: Mapped[datetime] = _recorded()


class SettlementRow(Base):
    """An offer to settle for less. The database itself refuses one below the floor."""

    __tablename__ = "settlements"
    __table_args__ = (
        Index(
            "uq_settlements_standing",
            "account_id",
            unique=True,
            postgresql_where=text("withdrawn_at is null"),
        ),
        Index(None, "account_id"),
        CheckConstraint("minor > 0 and minor >= floor and minor <= balance", name="floor"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    minor: Mapped[int]
    floor: Mapped[int]
    """The least that the creditor's contract lets whoever made the offer ask, in minor units."""
    balance: Mapped[int]
    version: Mapped[int]
    """The ledger's movements when it was made: what came later counts for it."""
    expires: Mapped[date]
    zones: Mapped[list[str]]
    """Where the consumer was when it was made: its last day ends as it did there."""
    by: Mapped[str]
    source: Mapped[str]
    at: Mapped[datetime]
    recorded_at: Mapped[datetime] = _recorded()
    withdrawn_at: Mapped[datetime | None]
    met_at: Mapped[datetime | None]


class MeansRow(Base):
    """What a consumer told of income and essentials (`domain.affordability`), at one time."""

    __tablename__ = "means"
    __table_args__ = (Index(None, "person_id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    currency: Mapped[str]
    figures: Mapped[dict[str, Any]]
    disposable: Mapped[int]
    """Minor units a month after essentials; below zero if they do not suffice."""
    source: Mapped[str]
    at: Mapped[datetime]
    recorded_at: Mapped[datetime] = _recorded()


class RefundRow(Base):
    """Money to be given back: the intent, written before Stripe is asked, and its fate."""

    __tablename__ = "refunds"
    __table_args__ = (Index(None, "account_id"), CheckConstraint("minor > 0", name="minor"))

    key: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    payment_key: Mapped[str] = mapped_column(ForeignKey("ledger_transactions.key"))
    minor: Mapped[int]
    currency: Mapped[str]
    reason: Mapped[str]
    status: Mapped[str]
    refund_id: Mapped[str | None]
    recorded_at: Mapped[datetime] = _recorded()


class TransferRow(Base):
    """A line of a bank statement, and the account that it was found to pay."""

    __tablename__ = "transfers"
    __table_args__ = (Index(None, "account_id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    """The bank's own id of the line, after the creditor's."""
    creditor_id: Mapped[str] = mapped_column(ForeignKey("creditors.id"))
    minor: Mapped[int]
    currency: Mapped[str]
    booked_on: Mapped[date]
    said: Mapped[str]
    """What the payer wrote."""
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    outcome: Mapped[str]
    recorded_at: Mapped[datetime] = _recorded()


class AccrualRow(Base):
    """Days for which interest was worked out, whether any was due or not; never changed."""

    __tablename__ = "accruals"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    until: Mapped[date] = mapped_column(primary_key=True)
    """The first day that does not count any more."""
    since: Mapped[date]
    held: Mapped[int]
    """Minor units of the principal that did not count, such as a part in dispute."""
    percent: Mapped[Decimal]
    """A year; 0 while nothing may be added."""
    day_count: Mapped[str]
    why: Mapped[str | None]
    """Why it is not what the contract says: a rule's id, a hold, a plan that is kept."""
    recorded_at: Mapped[datetime] = _recorded()


class StripeLine(Base):
    """A line of Stripe's balance (`providers.stripe_books`), as it was read; never changed."""

    __tablename__ = "stripe_lines"
    __table_args__ = (Index(None, "payment"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    payment: Mapped[str]
    """What belongs together: a payment intent and all that came of it."""
    kind: Mapped[str]
    minor: Mapped[int]
    currency: Mapped[str]
    fee: Mapped[int]
    net: Mapped[int]
    balance_currency: Mapped[str]
    """Of fee and net."""
    charge_id: Mapped[str | None]
    source_id: Mapped[str | None]
    account_id: Mapped[str | None]
    """As Stripe was told it; it may not be on record."""
    by_bank: Mapped[bool]
    created: Mapped[datetime]
    available: Mapped[datetime]
    recorded_at: Mapped[datetime] = _recorded()


class Reconciliation(Base):
    """One comparison of the ledger with Stripe's balance transactions."""

    __tablename__ = "reconciliations"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    since: Mapped[datetime]
    until: Mapped[datetime]
    read_until: Mapped[datetime]
    """Up to here, Stripe's lines had been read."""
    compared: Mapped[int]
    sums: Mapped[dict[str, Any]]
    recorded_at: Mapped[datetime] = _recorded()


class Difference(Base):
    """Something in which the ledger and Stripe differ, and its cause."""

    __tablename__ = "differences"
    __table_args__ = (Index(None, "reconciliation_id"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    reconciliation_id: Mapped[int] = mapped_column(ForeignKey("reconciliations.id"))
    cause: Mapped[str]
    stripe_id: Mapped[str | None]
    ledger_key: Mapped[str | None]
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    currency: Mapped[str]
    at_stripe: Mapped[int | None]
    in_ledger: Mapped[int | None]
    """Minor units in each book; empty: nothing there."""
    recorded_at: Mapped[datetime] = _recorded()


class Statement(Base):
    """A remittance statement to a creditor: what was collected, what we keep, what is paid out."""

    __tablename__ = "statements"
    __table_args__ = (UniqueConstraint("creditor_id", "currency", "number"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    creditor_id: Mapped[str] = mapped_column(ForeignKey("creditors.id"))
    currency: Mapped[str]
    number: Mapped[int]
    until: Mapped[datetime]
    totals: Mapped[dict[str, Any]]
    recorded_at: Mapped[datetime] = _recorded()


class StatementLine(Base):
    """A movement on a statement. Each stands on one statement, and on no other."""

    __tablename__ = "statement_lines"
    __table_args__ = (Index(None, "statement_id"),)

    transaction_key: Mapped[str] = mapped_column(
        ForeignKey("ledger_transactions.key"), primary_key=True
    )
    statement_id: Mapped[str] = mapped_column(ForeignKey("statements.id"))
    minor: Mapped[int]
    """What it adds to what we hold for the creditor, in minor units."""
    commission: Mapped[int]


class ChargeRow(Base):
    """One attempt to collect with a stored card: created at Stripe first, then confirmed."""

    __tablename__ = "charges"
    __table_args__ = (
        Index(None, "account_id"),
        Index(None, "intent_id"),
        Index(None, "card", "tried_at"),
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    minor: Mapped[int]
    currency: Mapped[str]
    instalment: Mapped[int | None]
    status: Mapped[str]
    intent_id: Mapped[str | None]
    customer: Mapped[str | None]
    payment_method: Mapped[str | None]
    """The card of the first attempt: the same idempotency key must carry the same parameters."""
    card: Mapped[str | None]
    """Its fingerprint: networks count tries by card, over all accounts and amounts."""
    network: Mapped[str | None]
    tried_at: Mapped[datetime | None]
    """The account's time of asking the network; empty: it was not asked."""
    decline_code: Mapped[str | None]
    codes: Mapped[dict[str, Any] | None]
    again_at: Mapped[datetime | None]
    """When it may be tried again; empty: not, or not decided."""
    at: Mapped[datetime]
    recorded_at: Mapped[datetime] = _recorded()


class Checkout(Base):
    """A hosted payment page that was opened for an account."""

    __tablename__ = "checkouts"
    __table_args__ = (Index(None, "account_id"),)

    session_id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    contact_key: Mapped[str | None]
    purpose: Mapped[str]
    plan: Mapped[dict[str, Any] | None]
    recorded_at: Mapped[datetime] = _recorded()


class ReleaseRow(Base):
    """What the journeys of a build do (`simulation.outlines`), from the day its worker started."""

    __tablename__ = "releases"
    __table_args__ = (Index(None, "build"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    build: Mapped[str]
    digest: Mapped[str]
    """Of the outline: the same code may run under many builds, and a build's code may change."""
    outline: Mapped[dict[str, Any]]
    recorded_at: Mapped[datetime] = _recorded()


class InboxRow(Base):
    """A provider's event as it came: stored first, then applied, then marked."""

    __tablename__ = "inbox"
    __table_args__ = (
        Index(None, "applied_at", "recorded_at"),
        Index("ix_inbox_names", text("inbox_names(payload)"), postgresql_using="gin"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    """Provider and the provider's own event id, so that a second delivery is the same row."""
    provider: Mapped[str]
    topic: Mapped[str]
    payload: Mapped[dict[str, Any]]
    recorded_at: Mapped[datetime] = _recorded()
    applied_at: Mapped[datetime | None]
    failure: Mapped[str | None]


class JournalRow(Base):
    """One line of an account's story, in the order in which it was recorded."""

    __tablename__ = "journal"
    __table_args__ = (Index(None, "account_id", "id"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    what: Mapped[str]
    detail: Mapped[dict[str, Any]]
    at: Mapped[datetime | None]
    """The account's time where it is known; news from outside has only the wall's."""
    recorded_at: Mapped[datetime] = _recorded()


class PlacementFile(Base):
    """A file of accounts that a creditor sent to be placed."""

    __tablename__ = "placements"

    id: Mapped[str] = mapped_column(primary_key=True)
    creditor_id: Mapped[str] = mapped_column(ForeignKey("creditors.id"))
    status: Mapped[str]
    rows: Mapped[int] = mapped_column(server_default="0")
    recorded_at: Mapped[datetime] = _recorded()
    finished_at: Mapped[datetime | None]


class PlacementRow(Base):
    """One row of a placement file, and what became of it."""

    __tablename__ = "placement_rows"
    __table_args__ = (Index(None, "placement_id", "reference"),)

    placement_id: Mapped[str] = mapped_column(ForeignKey("placements.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str | None]
    placement: Mapped[dict[str, Any] | None]
    """The validated row while it waits to be placed; erased once it is."""
    outcome: Mapped[str]
    errors: Mapped[list[Any] | None]
    account_id: Mapped[str | None]


class DataKey(Base):
    """A key that data are encrypted with, wrapped by the one above it (`storage.keys`)."""

    __tablename__ = "data_keys"
    __table_args__ = (
        Index(
            "uq_data_keys_standing",
            "kind",
            "owner",
            unique=True,
            postgresql_where=text("retired_at is null and erased_at is null"),
        ),
        Index(None, "kind", "owner"),
        Index(None, "wrapped_by"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    """Payloads name it, so it is never used again."""
    kind: Mapped[str]
    """Whose it is: the house's, a creditor's, a person's."""
    owner: Mapped[str]
    wrapped: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Empty once it is erased."""
    wrapped_by: Mapped[str]
    """A master key, or another row."""
    recorded_at: Mapped[datetime] = _recorded()
    retired_at: Mapped[datetime | None]
    """Since then another closes; this one goes on to open."""
    erased_at: Mapped[datetime | None]


class PayloadOwner(Base):
    """Whose account a workflow is: written before it starts, and so before the account itself."""

    __tablename__ = "payload_owners"
    __table_args__ = (Index(None, "person_id"),)

    workflow_id: Mapped[str] = mapped_column(primary_key=True)
    creditor_id: Mapped[str]
    person_id: Mapped[str]
    recorded_at: Mapped[datetime] = _recorded()


class ErasureRow(Base):
    """That something of a person was erased, and what had to stay, and why; never changed."""

    __tablename__ = "erasures"
    __table_args__ = (Index(None, "person_id"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    person_id: Mapped[str]
    creditor_id: Mapped[str]
    complete: Mapped[bool]
    """Nothing had to stay that says who the person is."""
    kept: Mapped[list[Any]]
    """Rules that bind, each with the last day on which it does."""
    at: Mapped[datetime]
    recorded_at: Mapped[datetime] = _recorded()


class Instruction(Base):
    """Something that operations told one account, or many: what, why, and who says so."""

    __tablename__ = "instructions"

    id: Mapped[str] = mapped_column(primary_key=True)
    verb: Mapped[str]
    conditions: Mapped[str | None]
    """Which accounts were found when it was given; empty: whichever are told one by one."""
    detail: Mapped[dict[str, Any]]
    reason: Mapped[str]
    given_by: Mapped[str]
    recorded_at: Mapped[datetime] = _recorded()


class InstructedAccount(Base):
    """An account that an instruction concerns."""

    __tablename__ = "instructed_accounts"
    __table_args__ = (
        Index(None, "account_id"),
        Index(
            "ix_instructed_accounts_untold",
            "instruction_id",
            "account_id",
            postgresql_where=text("told_at is null"),
        ),
    )

    instruction_id: Mapped[str] = mapped_column(ForeignKey("instructions.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    told_at: Mapped[datetime | None]
    """When its journey took it in, by the wall's clock; empty: it has not yet."""
