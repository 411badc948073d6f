"""Contracts, portions of what is owed, plans that change, promises, settlements and statements."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from domain.transfers import reference_of

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BOOKS = (
    "principal owed",
    "interest owed",
    "costs owed",
    "placed by the creditor",
    "interest and costs added for the creditor",
    "collected for the creditor",
    "paid to the creditor directly",
    "forgiven by the creditor",
)
APPEND_ONLY = (
    "contracts",
    "plans",
    "promises",
    "means",
    "accruals",
    "stripe_lines",
    "reconciliations",
    "differences",
    "statements",
    "statement_lines",
)
"""What is agreed, told or proven is never changed: there is only more of it."""

Instant = sa.DateTime(timezone=True)


def _recorded() -> sa.Column[datetime]:
    return sa.Column("recorded_at", Instant, server_default=sa.text("now()"), nullable=False)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, Instant, nullable=nullable)


def _serial() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _facts(name: str) -> sa.Column[object]:
    return sa.Column(name, postgresql.JSONB(), nullable=False)


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_{table}_{column}"))


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def upgrade() -> None:
    _split_what_is_owed()
    _add_contracts()
    _widen()
    _add_agreements()
    _add_outside_money()
    _add_statements()
    for table in APPEND_ONLY:
        op.execute(
            f"create trigger {table}_append_only before update or delete on {table} "
            "for each row execute function append_only()"
        )


def _split_what_is_owed() -> None:
    """What was owed so far is principal: only the name of the book is new."""
    op.execute("alter table ledger_entries disable trigger ledger_entries_append_only")
    op.execute(
        "update ledger_entries set book = 'principal owed' where book = 'owed by the consumer'"
    )
    op.execute("alter table ledger_entries enable trigger ledger_entries_append_only")
    named = ", ".join(repr(book) for book in BOOKS)
    op.create_check_constraint(
        op.f("ck_ledger_entries_book"), "ledger_entries", f"book in ({named})"
    )
    op.add_column("ledger_transactions", _instant("at", nullable=True))


def _add_contracts() -> None:
    op.create_table(
        "contracts",
        _serial(),
        _text("creditor_id"),
        _facts("terms"),
        _recorded(),
        _refers("contracts", "creditor_id", "creditors.id"),
        _key("contracts", "id"),
    )
    op.create_index(op.f("ix_contracts_creditor_id"), "contracts", ["creditor_id"])
    op.add_column("accounts", _number("contract_id", nullable=True))
    op.create_foreign_key(
        op.f("fk_accounts_contract_id"), "accounts", "contracts", ["contract_id"], ["id"]
    )


def _widen() -> None:
    op.add_column("accounts", _text("payment_reference", nullable=True))
    op.create_unique_constraint(
        op.f("uq_accounts_payment_reference"), "accounts", ["payment_reference"]
    )
    _give_references()
    op.add_column(
        "accounts", sa.Column("reopened", sa.BigInteger(), server_default="0", nullable=False)
    )
    for name in ("method_kind", "card", "network", "mandate"):
        op.add_column("people", _text(name, nullable=True))
    op.add_column("people", _instant("method_at", nullable=True))
    for name in ("card", "network"):
        op.add_column("charges", _text(name, nullable=True))
    for name in ("tried_at", "again_at"):
        op.add_column("charges", _instant(name, nullable=True))
    op.create_index(op.f("ix_charges_card_tried_at"), "charges", ["card", "tried_at"])
    op.add_column(
        "plans", sa.Column("revision", sa.BigInteger(), server_default="1", nullable=False)
    )
    op.add_column("plans", sa.Column("why", sa.Text(), server_default="accepted", nullable=False))
    seq = sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False)
    op.add_column("plans", seq)
    op.create_unique_constraint(op.f("uq_plans_seq"), "plans", ["seq"])
    op.add_column("plans", _text("cause", nullable=True))
    op.create_unique_constraint(op.f("uq_plans_cause"), "plans", ["cause"])
    op.add_column("plans", _instant("at", nullable=True))
    op.drop_constraint(op.f("pk_plans"), "plans")
    op.create_primary_key(op.f("pk_plans"), "plans", ["id", "revision"])


def _give_references() -> None:
    """Whoever is on record already can pay by bank transfer, too."""
    bind = op.get_bind()
    known = bind.execute(sa.text("select id from accounts")).scalars().all()
    if known:
        bind.execute(
            sa.text("update accounts set payment_reference = :reference where id = :id"),
            [{"id": each, "reference": reference_of(each)} for each in known],
        )


def _add_agreements() -> None:
    op.create_table(
        "promises",
        _text("id"),
        _text("account_id"),
        _number("minor"),
        _number("balance"),
        _number("version"),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("zones", sa.ARRAY(sa.Text()), nullable=False),
        _text("source"),
        _instant("at"),
        _recorded(),
        _refers("promises", "account_id", "accounts.id"),
        _key("promises", "id"),
        _check("promises", "minor", "minor > 0"),
    )
    op.create_index(op.f("ix_promises_account_id"), "promises", ["account_id"])
    op.create_table(
        "settlements",
        _text("id"),
        _text("account_id"),
        _number("minor"),
        _number("floor"),
        _number("balance"),
        _number("version"),
        sa.Column("expires", sa.Date(), nullable=False),
        sa.Column("zones", sa.ARRAY(sa.Text()), nullable=False),
        _text("by"),
        _text("source"),
        _instant("at"),
        _recorded(),
        _instant("withdrawn_at", nullable=True),
        _instant("met_at", nullable=True),
        _refers("settlements", "account_id", "accounts.id"),
        _key("settlements", "id"),
        _check("settlements", "floor", "minor > 0 and minor >= floor and minor <= balance"),
    )
    op.create_index(op.f("ix_settlements_account_id"), "settlements", ["account_id"])
    op.create_index(
        "uq_settlements_standing",
        "settlements",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at is null"),
    )
    op.create_table(
        "means",
        _text("id"),
        _text("person_id"),
        _text("account_id", nullable=True),
        _text("currency"),
        _facts("figures"),
        _number("disposable"),
        _text("source"),
        _instant("at"),
        _recorded(),
        _refers("means", "person_id", "people.id"),
        _refers("means", "account_id", "accounts.id"),
        _key("means", "id"),
    )
    op.create_index(op.f("ix_means_person_id"), "means", ["person_id"])


def _add_outside_money() -> None:
    op.create_table(
        "refunds",
        _text("key"),
        _text("account_id"),
        _text("payment_key"),
        _number("minor"),
        _text("currency"),
        _text("reason"),
        _text("status"),
        _text("refund_id", nullable=True),
        _recorded(),
        _refers("refunds", "account_id", "accounts.id"),
        _refers("refunds", "payment_key", "ledger_transactions.key"),
        _key("refunds", "key"),
        _check("refunds", "minor", "minor > 0"),
    )
    op.create_index(op.f("ix_refunds_account_id"), "refunds", ["account_id"])
    op.create_table(
        "transfers",
        _text("id"),
        _text("creditor_id"),
        _number("minor"),
        _text("currency"),
        sa.Column("booked_on", sa.Date(), nullable=False),
        _text("said"),
        _text("account_id", nullable=True),
        _text("outcome"),
        _recorded(),
        _refers("transfers", "creditor_id", "creditors.id"),
        _refers("transfers", "account_id", "accounts.id"),
        _key("transfers", "id"),
    )
    op.create_index(op.f("ix_transfers_account_id"), "transfers", ["account_id"])


def _add_statements() -> None:
    op.create_table(
        "accruals",
        _text("account_id"),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        _number("held"),
        sa.Column("percent", sa.Numeric(7, 4), nullable=False),
        _text("day_count"),
        _text("why", nullable=True),
        _recorded(),
        _refers("accruals", "account_id", "accounts.id"),
        _key("accruals", "account_id", "until"),
    )
    op.create_table(
        "stripe_lines",
        _text("id"),
        _text("payment"),
        _text("kind"),
        _number("minor"),
        _text("currency"),
        _number("fee"),
        _number("net"),
        _text("balance_currency"),
        _text("charge_id", nullable=True),
        _text("source_id", nullable=True),
        _text("account_id", nullable=True),
        sa.Column("by_bank", sa.Boolean(), nullable=False),
        _instant("created"),
        _instant("available"),
        _recorded(),
        _key("stripe_lines", "id"),
    )
    op.create_index(op.f("ix_stripe_lines_payment"), "stripe_lines", ["payment"])
    op.create_table(
        "reconciliations",
        _serial(),
        _instant("since"),
        _instant("until"),
        _instant("read_until"),
        _number("compared"),
        _facts("sums"),
        _recorded(),
        _key("reconciliations", "id"),
    )
    op.create_table(
        "differences",
        _serial(),
        _number("reconciliation_id"),
        _text("cause"),
        _text("stripe_id", nullable=True),
        _text("ledger_key", nullable=True),
        _text("account_id", nullable=True),
        _text("currency"),
        _number("at_stripe", nullable=True),
        _number("in_ledger", nullable=True),
        _recorded(),
        _refers("differences", "reconciliation_id", "reconciliations.id"),
        _refers("differences", "account_id", "accounts.id"),
        _key("differences", "id"),
    )
    op.create_index(op.f("ix_differences_reconciliation_id"), "differences", ["reconciliation_id"])
    op.create_table(
        "statements",
        _text("id"),
        _text("creditor_id"),
        _text("currency"),
        _number("number"),
        _instant("until"),
        _facts("totals"),
        _recorded(),
        _refers("statements", "creditor_id", "creditors.id"),
        _key("statements", "id"),
        sa.UniqueConstraint(
            "creditor_id",
            "currency",
            "number",
            name=op.f("uq_statements_creditor_id_currency_number"),
        ),
    )
    op.create_table(
        "statement_lines",
        _text("transaction_key"),
        _text("statement_id"),
        _number("minor"),
        _number("commission"),
        _refers("statement_lines", "transaction_key", "ledger_transactions.key"),
        _refers("statement_lines", "statement_id", "statements.id"),
        _key("statement_lines", "transaction_key"),
    )
    op.create_index(op.f("ix_statement_lines_statement_id"), "statement_lines", ["statement_id"])


def downgrade() -> None:
    raise NotImplementedError("what is owed has portions now: there is no way back")
