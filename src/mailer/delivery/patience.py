"""Writes that must happen: an outcome that is known but not written would be sent twice or lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import structlog

from mailer.errors import StorageError
from mailer.storage import Database, Transaction

T = TypeVar("T")

_AGAIN_S = 1.0
_log = structlog.get_logger()


async def keep_writing(database: Database, work: Callable[[Transaction], T]) -> T:
    """
    Do *work* in a transaction, again and again until the database takes it; return its result.

    Whoever awaits this stands still meanwhile: nothing new is begun while the disk is full or the
    database gone (design §4). *work* may find itself done already: an answer to a commit can be lost.
    """
    while True:
        try:
            return await database.write(work)
        except StorageError as error:
            _log.error("ledger.write_failed", reason=str(error))
            await asyncio.sleep(_AGAIN_S)
