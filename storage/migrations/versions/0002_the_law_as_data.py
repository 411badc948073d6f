"""What rules ask about a person, decisions as a chain, and laws by their hash."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from domain.accounts import Consumer

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPEND_ONLY = ("laws", "law_changes")


def _recorded() -> sa.Column[datetime]:
    now = sa.text("now()")
    return sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=now, nullable=False)


def upgrade() -> None:
    _widen()
    _find_regions()
    _add_tables()
    _chain_decisions()
    for table in APPEND_ONLY:
        op.execute(
            f"create trigger {table}_append_only before update or delete on {table} "
            "for each row execute function append_only()"
        )


def _widen() -> None:
    texts, no_texts = postgresql.ARRAY(sa.Text()), sa.text("'{}'")
    op.add_column("creditors", sa.Column("actor", sa.Text()))
    op.add_column("creditors", sa.Column("sector", sa.Text()))
    for name in ("residence_zones", "regions"):
        op.add_column("people", sa.Column(name, texts, server_default=no_texts, nullable=False))
    no_wishes = sa.text("'[]'")
    op.add_column(
        "people", sa.Column("wishes", postgresql.JSONB(), server_default=no_wishes, nullable=False)
    )
    op.add_column(
        "people", sa.Column("revision", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column("holds", sa.Column("starts", sa.Date()))
    op.add_column("holds", sa.Column("ends", sa.Date()))
    op.add_column("holds", sa.Column("part", sa.BigInteger()))
    for name, usual in (("inbound", "false"), ("solicited", "false")):
        op.add_column(
            "contacts", sa.Column(name, sa.Boolean(), server_default=usual, nullable=False)
        )
    for name, usual in (("place", "unknown"), ("dial", "manual")):
        op.add_column("contacts", sa.Column(name, sa.Text(), server_default=usual, nullable=False))
    op.add_column("contacts", sa.Column("debts", texts, server_default=no_texts, nullable=False))
    op.alter_column("contacts", "link", nullable=True)
    op.add_column("replies", sa.Column("at", sa.DateTime(timezone=True)))
    op.add_column("replies", sa.Column("account_id", sa.Text()))
    op.create_foreign_key(
        op.f("fk_replies_account_id"), "replies", "accounts", ["account_id"], ["id"]
    )


def _find_regions() -> None:
    """Who is on record already is bound by the law of their region, too."""
    connection = op.get_bind()
    latest = sa.text(
        "select distinct on (person_id) person_id, placement->'consumer' as consumer"
        " from accounts order by person_id, recorded_at desc"
    )
    found = sa.text("update people set regions = :regions, residence_zones = :zones where id = :id")
    for row in connection.execute(latest).all():
        consumer = Consumer.model_validate(row.consumer)
        told = {"regions": list(consumer.regions), "zones": list(consumer.residence_zones)}
        connection.execute(found, {"id": row.person_id} | told)


def _add_tables() -> None:
    op.create_table(
        "optouts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text()),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _recorded(),
        sa.Column("lifted_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_optouts_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_optouts")),
    )
    op.create_index(op.f("ix_optouts_person_id"), "optouts", ["person_id"])
    op.create_table(
        "milestones",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "channels", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("direct", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True)),
        sa.Column("source", sa.Text(), nullable=False),
        _recorded(),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_milestones_person_id")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_milestones_account_id")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_milestones")),
    )
    op.create_index(op.f("ix_milestones_person_id"), "milestones", ["person_id"])
    op.create_table(
        "laws",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        _recorded(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_laws")),
    )
    op.create_table(
        "law_changes",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("law_id", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        _recorded(),
        sa.ForeignKeyConstraint(["law_id"], ["laws.id"], name=op.f("fk_law_changes_law_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_law_changes")),
    )


def _chain_decisions() -> None:
    """Make decisions a chain. Earlier ones have no hash to stand in it: the table begins anew.

    Nothing was released with it; an export of before is the only place that still has them.
    """
    op.drop_table("decisions")
    op.create_table(
        "decisions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("contact_key", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("rules", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True)),
        sa.Column("law", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _recorded(),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_decisions_account_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_decisions_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
        sa.UniqueConstraint("account_id", "seq", name=op.f("uq_decisions_account_id_seq")),
    )
    op.create_index(op.f("ix_decisions_contact_key"), "decisions", ["contact_key"])
    op.execute(
        "create trigger decisions_append_only before update or delete on decisions "
        "for each row execute function append_only()"
    )


def downgrade() -> None:
    raise NotImplementedError("decisions are a chain now: there is no way back")
