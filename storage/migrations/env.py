"""Alembic's way in: online only, with the URL handed over by `storage.migrate`."""

from alembic import context
from sqlalchemy import create_engine, pool

from storage.tables import Base

engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
