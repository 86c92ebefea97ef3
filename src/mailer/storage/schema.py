"""The version of the tables: brought up to date, or said to be of another version.

alembic is imported only when the schema is changed: it costs memory that a running sender needs not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, inspect, text

from mailer.bundled import bundled
from mailer.errors import StorageError
from mailer.storage.database import Database

HEAD = "0009"
"""The revision this code was written for; a test holds it against migrations/."""


async def upgrade(database: Database) -> None:
    """Bring the tables to HEAD; running it again changes nothing."""
    await database.write(_upgrade)


def check_version(tx: Connection) -> None:
    """Refuse tables of another version.

    Raises:
        StorageError: the tables are missing, older or newer than this code.
    """
    if not inspect(tx).has_table("alembic_version"):
        raise StorageError("the database is empty; run “mailer init” or “mailer db upgrade”")
    version = tx.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if version != HEAD:
        raise StorageError(
            f"the database has version {version} and this program needs {HEAD}; run “mailer db upgrade”"
        )


def _upgrade(tx: Connection) -> None:
    with_alembic(tx, lambda config, command: command.upgrade(config, "head"))


def with_alembic(tx: Connection, work: Callable[[Any, Any], None]) -> None:
    """Run an alembic command on the transaction *tx*; *work* takes its config and command module."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(bundled("migrations")).replace("%", "%%"))
    config.attributes["connection"] = tx
    work(config, command)
