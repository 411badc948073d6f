"""Bring the database to the newest schema: `python -m storage.migrate`."""

import os
from pathlib import Path

from alembic import command
from alembic.config import Config

HERE = Path(__file__).parent / "migrations"


def upgrade(url: str, to: str = "head") -> None:
    """Apply every migration, as far as `to`, that the database at `url` does not have yet."""
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["url"] = url
    command.upgrade(config, to)


def main() -> None:
    """Upgrade the database named by TAHSIL_DATABASE_URL."""
    url = os.environ.get("TAHSIL_DATABASE_URL")
    if not url:
        raise SystemExit("TAHSIL_DATABASE_URL is not set: expected postgresql+psycopg://…")
    upgrade(url)


if __name__ == "__main__":
    main()
