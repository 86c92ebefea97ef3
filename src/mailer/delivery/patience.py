"""Writes that must happen: an outcome that is known but not written would be sent twice or lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from mailer.errors import StorageBroken, StorageError
from mailer.storage import Database, Transaction

T = TypeVar("T")

LEAVING_S = 5.0
"""How long a process that was told to stop waits for room or for a lock."""
_AGAIN_S = 1.0
_log = structlog.get_logger()


async def keep_writing(database: Database, work: Callable[[Transaction], T]) -> T:
    """
    Do *work* in a transaction, again and again until the database takes it; return its result.

    Whoever awaits this stands still meanwhile: nothing new is begun while the disk is full or the
    database gone (design §4). *work* may find itself done already: an answer to a commit can be lost.

    Raises:
        StorageBroken: see keep_trying.
    """
    return await keep_trying(database, lambda: database.write(work))


async def keep_trying(database: Database, write: Callable[[], Awaitable[T]]) -> T:
    """
    Await *write* again and again until the database takes it; return its result.

    Args:
        database: what *write* writes to.
        write: starts the write anew at each call.

    Raises:
        StorageBroken: the disk failed, which no second try mends; or the process was told to stop
            (Database.hurry) and its patience is at an end. The process must end: what was in flight is
            recovered as after kill -9.
    """
    refused_at: float | None = None
    while True:
        try:
            return await write()
        except StorageBroken:
            raise
        except StorageError as error:
            _log.error("ledger.write_failed", reason=str(error))
            refused_at = time.monotonic() if refused_at is None else refused_at
            if not database.has_patience(refused_at):
                raise _gave_up(database) from error
        await asyncio.sleep(_AGAIN_S)


def _gave_up(database: Database) -> StorageBroken:
    error = StorageBroken(
        "told to stop, this program could not write down what the mail server had answered last, so those "
        "copies are “not certain”; make room on the disk or end what holds the database, then start it again"
    )
    database.give_up(error)
    return error
