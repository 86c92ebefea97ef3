"""Whether the database file is whole, asked before anything is sent from it.

A page that rotted shows only when somebody reads it, which may be in the middle of an issue. SQLite's
quick_check walks every page once: 0.2 s for 150 MB on the machine it was measured on, plus what the
disk takes to read them (docs/decisions/disk-faults.md).
"""

from __future__ import annotations

from sqlalchemy import text

from mailer.errors import StorageError
from mailer.storage.database import Database, Transaction
from mailer.storage.refusal import DAMAGED


async def check_sound(database: Database) -> None:
    """Refuse a damaged SQLite file; PostgreSQL looks after its own.

    Raises:
        StorageError: a page is damaged; nothing was changed.
    """
    if database.is_embedded and await database.read(_first_fault) != "ok":
        raise StorageError(DAMAGED)


def _first_fault(tx: Transaction) -> str:
    return str(tx.execute(text("PRAGMA quick_check(1)")).scalar_one())
