"""Who was reached at an address, and whose word it is that an address is not to be used.

People also reply from one that is no longer on record. Contacts wait while its index is made: some
2 seconds for a million of them. Going back, a creditor's own word binds in everybody's book.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

CREDITOR = "fk_address_facts_creditor_id"


def upgrade() -> None:
    op.create_index(op.f("ix_contacts_address"), "contacts", ["address"])
    op.add_column("address_facts", sa.Column("creditor_id", sa.Text(), nullable=True))
    op.create_foreign_key(op.f(CREDITOR), "address_facts", "creditors", ["creditor_id"], ["id"])


def downgrade() -> None:
    op.drop_constraint(op.f(CREDITOR), "address_facts", type_="foreignkey")
    op.drop_column("address_facts", "creditor_id")
    op.drop_index(op.f("ix_contacts_address"), "contacts")
