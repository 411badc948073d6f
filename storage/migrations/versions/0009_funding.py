"""Whether a stored card is a credit card: laws on debits do not speak of those."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("funding", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("people", "funding")
