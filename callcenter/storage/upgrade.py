"""Runs the migrations that a database is missing. Loaded only when there are some."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from callcenter.storage.stores import DatabaseUnusable

MIGRATIONS = Path(__file__).parent / "migrations"


def make_config() -> Config:
    """Alembic's configuration, without a file of its own."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(connection: Connection, found: str) -> None:
    """Run what comes after the migration ``found`` on this connection and in its transaction.

    Raises ``DatabaseUnusable`` when a newer program wrote the database.
    """
    config = make_config()
    config.attributes["connection"] = connection
    script = ScriptDirectory.from_config(config)
    if found and found not in {revision.revision for revision in script.walk_revisions()}:
        raise DatabaseUnusable(
            f"The database was written by a newer program (its schema is {found}, this program "
            f"knows up to {script.get_current_head()}). Install the newer program again, or "
            "restore a backup."
        )
    command.upgrade(config, "head")
