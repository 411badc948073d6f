"""Whose hold is whose: each instruction for many has its own on every account that it pauses.

Also what finds quickly whom an instruction has not reached yet.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("holds", sa.Column("instruction_id", sa.Text(), nullable=True))
    # Both were written in one transaction, which gave them one instant.
    op.execute("""
        update holds set instruction_id = instructions.id
        from journal join instructions on instructions.id = journal.detail->>'instruction'
        where journal.account_id = holds.account_id
            and journal.what = 'hold placed' and holds.hold = journal.detail->>'hold'
            and journal.recorded_at = holds.recorded_at
    """)
    op.create_foreign_key(
        op.f("fk_holds_instruction_id"), "holds", "instructions", ["instruction_id"], ["id"]
    )
    op.create_index(
        "ix_holds_instructed",
        "holds",
        ["instruction_id"],
        postgresql_where=sa.text("instruction_id is not null and lifted_at is null"),
    )
    op.create_index(
        "ix_instructed_accounts_untold",
        "instructed_accounts",
        ["instruction_id", "account_id"],
        postgresql_where=sa.text("told_at is null"),
    )


def downgrade() -> None:
    op.drop_index("ix_instructed_accounts_untold", "instructed_accounts")
    op.drop_index("ix_holds_instructed", "holds")
    op.drop_constraint(op.f("fk_holds_instruction_id"), "holds")
    op.drop_column("holds", "instruction_id")
