"""Every table of the record. Rows carry `at`, the account's time, and `recorded_at`, the wall's."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    MetaData,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Common types: text without lengths, aware instants, JSON as jsonb."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 -- SQLAlchemy reads it as a class attribute
        str: Text,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB(none_as_null=True),
        list[Any]: JSONB(none_as_null=True),
        int: BigInteger,
        list[str]: ARRAY(Text),
    }


def _recorded() -> Mapped[datetime]:
    return mapped_column(server_default=func.now())


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


class IdempotentRequest(Base):
    """An answered request, kept so that its key answers the same again."""

    __tablename__ = "idempotent_requests"

    creditor_id: Mapped[str] = mapped_column(ForeignKey("creditors.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    status: Mapped[int | None]
    answer: Mapped[dict[str, Any] | None]
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
    recorded_at: Mapped[datetime] = _recorded()


class AddressFact(Base):
    """What is known of a number or e-mail address, whoever shares it: opted out, or dead."""

    __tablename__ = "address_facts"
    __table_args__ = (Index(None, "channel", "address"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    channel: Mapped[str]
    address: Mapped[str]
    fact: Mapped[str]
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
    __table_args__ = (UniqueConstraint("creditor_id", "reference"), Index(None, "person_id"))

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
    at: Mapped[datetime]
    recorded_at: Mapped[datetime] = _recorded()
    closed_at: Mapped[datetime | None]


class HoldRow(Base):
    """A reason for which an account's clock is stopped, or was."""

    __tablename__ = "holds"
    __table_args__ = (Index(None, "account_id"),)

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
    recorded_at: Mapped[datetime] = _recorded()


class LedgerEntry(Base):
    """One line of a movement. The database refuses a movement whose lines do not sum to zero."""

    __tablename__ = "ledger_entries"
    __table_args__ = (Index(None, "transaction_key"), Index(None, "account_id"))

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
        Index(None, "account_id"),
        Index(None, "provider_id"),
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
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
    __table_args__ = (UniqueConstraint("account_id", "seq"), Index(None, "contact_key"))

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    contact_key: Mapped[str]
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
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
    __table_args__ = (Index(None, "account_id"),)

    key: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    reason: Mapped[str]
    at: Mapped[datetime]
    recorded_at: Mapped[datetime] = _recorded()
    done_at: Mapped[datetime | None]


class Plan(Base):
    """A payment plan that a consumer accepted."""

    __tablename__ = "plans"
    __table_args__ = (Index(None, "account_id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    terms: Mapped[dict[str, Any]]
    recorded_at: Mapped[datetime] = _recorded()


class ChargeRow(Base):
    """One attempt to collect with a stored card: created at Stripe first, then confirmed."""

    __tablename__ = "charges"
    __table_args__ = (Index(None, "account_id"), Index(None, "intent_id"))

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
    decline_code: Mapped[str | None]
    codes: Mapped[dict[str, Any] | None]
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


class InboxRow(Base):
    """A provider's event as it came: stored first, then applied, then marked."""

    __tablename__ = "inbox"
    __table_args__ = (Index(None, "applied_at", "recorded_at"),)

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
