from sqlalchemy import QueuePool

from storage import Database
from workers.settings import Settings


def test_settings_do_not_show_the_databases_password():
    settings = Settings(database_url="postgresql://u:secret@h/d", public_url="http://p")
    assert "secret" not in repr(settings)


def test_a_process_opens_no_more_connections_than_it_has_threads():
    database = Database("postgresql+psycopg://u@h/d", pool_size=3)
    pool = database._engine.pool
    assert isinstance(pool, QueuePool)
    assert (pool.size(), pool._max_overflow) == (3, 0)
    database.close()
