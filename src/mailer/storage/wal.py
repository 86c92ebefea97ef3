"""SQLite's write-ahead log: how long it has grown, and its way back into the database file.

SQLite folds it in by itself after some commits, but never past what somebody still reads: one long
read in another program makes it grow without end. A sync that fails meanwhile it keeps to itself,
which loses nothing as long as the log stands; here it is heard.
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from mailer.errors import StorageBroken
from mailer.storage.database import Database
from mailer.storage.refusal import refusals_as_ours

# How long writers may be kept waiting for those who still read.
_PATIENCE_S = 0.1


def size_bytes(database: Database) -> int:
    """Return the length of the log's file; 0 where there is none."""
    try:
        return Path(f"{database.url.database}-wal").stat().st_size if database.is_embedded else 0
    except FileNotFoundError:
        return 0


async def fold_in(database: Database) -> None:
    """Put the log into the database file and empty it, as far as nobody reads it.

    Raises:
        StorageBroken: the disk failed under it; this process must end.
        StorageError: the database or the disk said no.
    """
    try:
        with refusals_as_ours():
            await asyncio.to_thread(_fold_in, str(database.url.database))
    except StorageBroken as error:
        database.give_up(error)
        raise


def _fold_in(file: str) -> None:
    with closing(sqlite3.connect(file, timeout=_PATIENCE_S, isolation_level=None)) as connection:
        # First the bulk, which keeps nobody waiting, then the little that came meanwhile.
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
