"""What a reservation reads and writes, with less to look up.

Contacts for rare purposes, which count for ever, are found without reading all of a person's. That
account and person of a contact or decision are on record, and belong together, is one look.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = ("contacts", "decisions")
OLD = {"account_id": "accounts", "person_id": "people"}


def upgrade() -> None:
    op.create_index(
        "ix_contacts_rare",
        "contacts",
        ["person_id", "at"],
        postgresql_where=sa.text("purpose not in ('demand', 'reply')"),
    )
    together = ["id", "person_id"]
    op.create_unique_constraint(op.f("uq_accounts_id_person_id"), "accounts", together)
    for table in TABLES:
        for column in OLD:
            op.drop_constraint(op.f(f"fk_{table}_{column}"), table)
        name = op.f(f"fk_{table}_account_id")
        op.create_foreign_key(name, table, "accounts", ["account_id", "person_id"], together)


def downgrade() -> None:
    for table in TABLES:
        op.drop_constraint(op.f(f"fk_{table}_account_id"), table)
        for column, other in OLD.items():
            op.create_foreign_key(op.f(f"fk_{table}_{column}"), table, other, [column], ["id"])
    op.drop_constraint(op.f("uq_accounts_id_person_id"), "accounts")
    op.drop_index("ix_contacts_rare", "contacts")
