"""A disk that fails under a write: nothing is tried again in this process, and whoever runs it is told."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from mailer.domain.content import LetterKind
from mailer.errors import StorageBroken, StorageError
from mailer.storage import Database, Transaction, letters, open_database
from tests.integration.storage.scene import NOW

BREAKING = ["SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC", "SQLITE_IOERR_DIR_FSYNC", "SQLITE_IOERR_TRUNCATE"]
PASSING = ["SQLITE_IOERR_SHMSIZE", "SQLITE_IOERR_SHMMAP", "SQLITE_IOERR_READ", "SQLITE_FULL", "SQLITE_BUSY"]


def failing_with(name: str) -> Callable[[Transaction], None]:
    """Return a unit that writes, and then meets what SQLite calls *name*."""

    def unit(tx: Transaction) -> None:
        letters.count(tx, b"failing", LetterKind.CONFIRM, NOW)
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorname = name
        raise error

    return unit


def stored_count(url: str) -> int:
    """Return how many rows another process would find."""
    with closing(sqlite3.connect(Path(url.removeprefix("sqlite:///")))) as connection:
        (count,) = connection.execute("SELECT count(*) FROM letter_count").fetchone()
    return int(count)


@pytest.mark.parametrize("name", BREAKING)
def test_a_batch_whose_disk_fails_is_not_tried_again(sqlite_url: str, name: str) -> None:
    """Each of its units runs once and hears of the failure, as does every later write; nothing is stored."""
    ran: list[int] = []

    def noting(number: int) -> Callable[[Transaction], None]:
        def unit(tx: Transaction) -> None:
            ran.append(number)
            letters.count(tx, bytes([number]), LetterKind.CONFIRM, NOW)

        return unit

    async def scene(database: Database) -> list[BaseException | None]:
        is_busy, go_on = threading.Event(), threading.Event()

        def occupy(_tx: Transaction) -> None:
            is_busy.set()
            go_on.wait(10)

        first = asyncio.create_task(database.write(occupy))
        await asyncio.to_thread(is_busy.wait, 10)
        units = (noting(1), failing_with(name), noting(2))
        batch = [asyncio.create_task(database.write(unit)) for unit in units]
        await asyncio.sleep(0)
        go_on.set()
        await first
        answers = await asyncio.gather(*batch, return_exceptions=True)
        with pytest.raises(StorageBroken, match="the disk failed while it was written"):
            await database.write(noting(3))
        async with asyncio.timeout(1):
            assert "start it again" in str(await database.until_broken())
        await database.close()
        return answers

    answers = asyncio.run(scene(open_database(sqlite_url)))

    assert [type(answer) for answer in answers] == [StorageBroken] * 3
    assert ran == [1]
    assert stored_count(sqlite_url) == 0


@pytest.mark.parametrize("name", PASSING)
def test_what_passes_by_itself_breaks_nothing(sqlite_url: str, name: str) -> None:
    """A full disk, a lock, a file that can't be lengthened or read: the next write is as good as any."""

    async def scene(database: Database) -> None:
        with pytest.raises(StorageError) as refused:
            await database.write(failing_with(name))
        assert not isinstance(refused.value, StorageBroken)
        await database.write(lambda tx: letters.count(tx, b"next", LetterKind.CONFIRM, NOW))
        await database.close()

    asyncio.run(scene(open_database(sqlite_url)))

    assert stored_count(sqlite_url) == 1
