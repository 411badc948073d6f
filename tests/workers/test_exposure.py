from pathlib import Path

import yaml
from sqlalchemy import QueuePool

from storage import Database
from workers.settings import Settings

COMPOSE = yaml.safe_load((Path(__file__).parents[2] / "docker-compose.yml").read_text("utf-8"))


def test_settings_do_not_show_the_databases_password():
    settings = Settings(database_url="postgresql://u:secret@h/d", public_url="http://p")
    assert "secret" not in repr(settings)


def test_a_process_opens_no_more_connections_than_it_has_threads():
    database = Database("postgresql+psycopg://u@h/d", pool_size=3)
    pool = database._engine.pool
    assert isinstance(pool, QueuePool)
    assert (pool.size(), pool._max_overflow) == (3, 0)
    database.close()


def test_temporals_ui_is_for_this_machine_alone():
    assert COMPOSE["services"]["temporal-ui"]["ports"] == ["127.0.0.1:8080:8080"]
    assert "max_connections=400" in COMPOSE["services"]["postgres"]["command"]
