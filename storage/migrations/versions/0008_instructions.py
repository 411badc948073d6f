"""Instructions of operations, to one account or to many, with why and by whom."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

Instant = sa.DateTime(timezone=True)
NOW = sa.text("now()")


def upgrade() -> None:
    op.create_table(
        "instructions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("conditions", sa.Text(), nullable=True),
        sa.Column("detail", postgresql.JSONB(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", Instant, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instructions")),
    )
    op.create_table(
        "instructed_accounts",
        sa.Column("instruction_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("told_at", Instant, nullable=True),
        sa.ForeignKeyConstraint(
            ["instruction_id"],
            ["instructions.id"],
            name=op.f("fk_instructed_accounts_instruction_id"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_instructed_accounts_account_id")
        ),
        sa.PrimaryKeyConstraint(
            "instruction_id", "account_id", name=op.f("pk_instructed_accounts")
        ),
    )
    op.create_index(
        op.f("ix_instructed_accounts_account_id"), "instructed_accounts", ["account_id"]
    )


def downgrade() -> None:
    op.drop_table("instructed_accounts")
    op.drop_table("instructions")
