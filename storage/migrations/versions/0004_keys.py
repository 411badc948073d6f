"""Keys that people's data are encrypted with, and what was erased."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

APPEND_ONLY = """
create or replace function append_only() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: % refused', tg_table_name, tg_op;
end $$;
"""
BUT_FOR_ERASURE = """
create or replace function append_only() returns trigger language plpgsql as $$
begin
  -- What somebody told of their means can be erased; what proves what we did cannot.
  if tg_table_name = 'means' and tg_op = 'DELETE'
     and current_setting('tahsil.erasing', true) = 'on' then
    return old;
  end if;
  raise exception '% is append-only: % refused', tg_table_name, tg_op;
end $$;
"""

Instant = sa.DateTime(timezone=True)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _recorded() -> sa.Column[datetime]:
    return sa.Column("recorded_at", Instant, server_default=sa.text("now()"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "data_keys",
        _text("id"),
        _text("kind"),
        _text("owner"),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        _text("wrapped_by"),
        _recorded(),
        sa.Column("retired_at", Instant, nullable=True),
        sa.Column("erased_at", Instant, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_keys")),
    )
    op.create_index(
        "uq_data_keys_standing",
        "data_keys",
        ["kind", "owner"],
        unique=True,
        postgresql_where=sa.text("retired_at is null and erased_at is null"),
    )
    op.create_index(op.f("ix_data_keys_kind_owner"), "data_keys", ["kind", "owner"])
    op.create_index(op.f("ix_data_keys_wrapped_by"), "data_keys", ["wrapped_by"])
    op.create_table(
        "payload_owners",
        _text("workflow_id"),
        _text("creditor_id"),
        _text("person_id"),
        _recorded(),
        sa.PrimaryKeyConstraint("workflow_id", name=op.f("pk_payload_owners")),
    )
    op.create_index(op.f("ix_payload_owners_person_id"), "payload_owners", ["person_id"])
    op.create_table(
        "erasures",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        _text("person_id"),
        _text("creditor_id"),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("kept", postgresql.JSONB(), nullable=False),
        sa.Column("at", Instant, nullable=False),
        _recorded(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
    )
    op.create_index(op.f("ix_erasures_person_id"), "erasures", ["person_id"])
    op.execute(BUT_FOR_ERASURE)
    op.execute(
        "create trigger erasures_append_only before update or delete on erasures "
        "for each row execute function append_only()"
    )


def downgrade() -> None:
    op.drop_table("erasures")
    op.execute(APPEND_ONLY)
    op.drop_table("payload_owners")
    op.drop_table("data_keys")
