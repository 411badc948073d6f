"""Bring the database to the newest schema: `python -m storage.migrate`.

With TAHSIL_CODEC_KEY, Temporal's UI becomes known by that key as an operator who opens payloads.
"""

import os
from contextlib import closing
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.orm import Session

from storage import Database, operators

HERE = Path(__file__).parent / "migrations"
UI, CODEC = "temporal-ui", "codec"
"""Who opens payloads in Temporal's UI, and the role for that (`api.roles`)."""


def upgrade(url: str, to: str = "head") -> None:
    """Apply every migration, as far as `to`, that the database at `url` does not have yet."""
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["url"] = url
    command.upgrade(config, to)


def newest() -> str:
    """The newest version of the schema that this code knows."""
    return str(ScriptDirectory(str(HERE)).get_current_head())


def is_behind(version: str | None) -> bool:
    """Whether a database at that version lacks something.

    One that is ahead of this code does not: the next release has migrated it already, and this one
    goes on until it is replaced.
    """
    return version is None or version in _older()


@cache
def _older() -> frozenset[str]:
    scripts = ScriptDirectory(str(HERE))
    return frozenset(each.revision for each in scripts.walk_revisions()) - {newest()}


def version(session: Session) -> str | None:
    """The version of the schema that the database is at; None: there is none yet."""
    return MigrationContext.configure(session.connection()).get_current_revision()


def main() -> None:
    """Upgrade the database named by TAHSIL_DATABASE_URL."""
    url = os.environ.get("TAHSIL_DATABASE_URL")
    if not url:
        raise SystemExit("TAHSIL_DATABASE_URL is not set: expected postgresql+psycopg://…")
    key = os.environ.get("TAHSIL_CODEC_KEY")
    if key and not key.startswith(operators.PREFIX):
        raise SystemExit(f"TAHSIL_CODEC_KEY: expected {operators.PREFIX} and random letters")
    upgrade(url)
    if key:
        with closing(Database(url)) as database, database.transaction() as session:
            operators.keep(session, UI, key, [CODEC])


if __name__ == "__main__":
    main()
