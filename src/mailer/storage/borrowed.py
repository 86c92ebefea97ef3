"""A database that is used for a while and left as it was found: empty."""

from __future__ import annotations

from sqlalchemy import inspect, text

from mailer.storage.database import Transaction
from mailer.storage.tables import metadata


def is_empty(tx: Transaction) -> bool:
    """Tell whether it has no table of anybody's."""
    return not inspect(tx).get_table_names()


def empty(tx: Transaction) -> None:
    """Remove our tables with all they hold, and what tells their version."""
    metadata.drop_all(tx)
    tx.execute(text("DROP TABLE IF EXISTS alembic_version"))
