"""Who has seen to what was handed over; and what waits and what is done, each in its order."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

WAITING, DONE = "ix_tasks_waiting", "ix_tasks_done"


def upgrade() -> None:
    op.add_column("tasks", sa.Column("done_by", sa.Text(), nullable=True))
    op.create_index(WAITING, "tasks", ["at", "key"], postgresql_where=sa.text("done_at is null"))
    is_done = sa.text("done_at is not null")
    op.create_index(DONE, "tasks", ["done_at", "key"], postgresql_where=is_done)


def downgrade() -> None:
    op.drop_index(DONE, "tasks")
    op.drop_index(WAITING, "tasks")
    op.drop_column("tasks", "done_by")
