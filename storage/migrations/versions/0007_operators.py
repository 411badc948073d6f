"""People and programs of the house who use the API, and what each of them has done."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

Instant = sa.DateTime(timezone=True)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _recorded() -> sa.Column[datetime]:
    return sa.Column("recorded_at", Instant, server_default=sa.text("now()"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "operators",
        _text("name"),
        _text("hash"),
        sa.Column("roles", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("creditor_ids", sa.ARRAY(sa.Text()), nullable=True),
        _recorded(),
        sa.Column("rotated_at", Instant, nullable=True),
        sa.Column("revoked_at", Instant, nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_operators")),
        sa.UniqueConstraint("hash", name=op.f("uq_operators_hash")),
    )
    op.create_table(
        "operator_acts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        _text("operator"),
        _text("right"),
        _text("what"),
        _text("creditor_id", nullable=True),
        _text("account_id", nullable=True),
        _text("person_id", nullable=True),
        _text("reason"),
        sa.Column("status", sa.BigInteger(), nullable=True),
        _recorded(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_acts")),
        sa.ForeignKeyConstraint(
            ["operator"], ["operators.name"], name=op.f("fk_operator_acts_operator")
        ),
    )
    for column in ("creditor_id", "account_id", "person_id"):
        op.create_index(op.f(f"ix_operator_acts_{column}"), "operator_acts", [column])


def downgrade() -> None:
    op.drop_table("operator_acts")
    op.drop_table("operators")
