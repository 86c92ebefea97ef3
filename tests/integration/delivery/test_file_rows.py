"""Faults rows 12, 14, 15 and 16: an SQLite file that is held up, put together wrongly, or damaged."""

from __future__ import annotations

import asyncio
import os
import random
import resource
import shutil
import sqlite3
from collections.abc import Callable, Coroutine
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from mailer.delivery.fence import Fence, identify
from mailer.delivery.wal_watch import WalWatch
from mailer.domain.content import LetterKind
from mailer.domain.fence import Fault
from mailer.errors import StorageBroken, StorageError
from mailer.storage import Database, Transaction, letters, open_database, wal
from mailer.storage.soundness import check_sound

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
MEGABYTE = 1024**2


@pytest.fixture
def file(furnished_file: Path, tmp_path: Path) -> Path:
    """A database of this test's own."""
    (tmp_path / "data").mkdir()
    return Path(shutil.copy(furnished_file, tmp_path / "data" / "mailer.db"))


def with_database(file: Path, scene: Callable[[Database], Coroutine[Any, Any, None]]) -> None:
    """Play a scene on an open database."""

    async def opened() -> None:
        database = open_database(f"sqlite:///{file}")
        try:
            await scene(database)
        finally:
            await database.close()

    asyncio.run(opened())


async def write_much(database: Database, row_count: int) -> None:
    """Write about as many kilobytes as rows into the log."""

    def work(tx: Transaction) -> None:
        for _ in range(row_count):
            letters.count(tx, os.urandom(400), LetterKind.CONFIRM, NOW)

    await database.write(work)


async def count(database: Database) -> int:
    """Return how many rows there are."""
    return await database.read(
        lambda tx: int(tx.execute(text("SELECT count(*) FROM letter_count")).scalar_one())
    )


def copied(file: Path, folder: Path, *suffixes: str) -> Path:
    """Copy a database as a person might, with only some of its three files; return the new one."""
    folder.mkdir()
    for suffix in ("", *suffixes):
        shutil.copy(f"{file}{suffix}", folder / f"mailer.db{suffix}")
    return folder / "mailer.db"


def test_row_14_a_log_that_one_reader_holds_up_is_told_once_and_shrinks_afterwards(file: Path) -> None:
    """Written rows stay readable meanwhile; when the reader has gone, the next look empties the log."""

    async def scene(database: Database) -> None:
        watch = WalWatch(database, most_bytes=MEGABYTE)
        with closing(sqlite3.connect(file, isolation_level=None)) as reader, capture_logs() as lines:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM letter_count").fetchall()
            for _ in range(3):
                await write_much(database, 1_500)
                await watch.look()
            assert wal.size_bytes(database) > MEGABYTE
            told = [line["reason"] for line in lines if line["event"] == "database.log_grows"]
            assert len(told) == 1
            assert "another program has been reading the database for long" in told[0]
            assert await count(database) == 4_500

        await watch.look()

        assert wal.size_bytes(database) == 0

    with_database(file, scene)


def test_row_14_the_log_is_emptied_when_there_is_little_to_do(file: Path) -> None:
    """While mail goes out it stays as it is, for lengthening an empty one costs more; later it goes."""

    async def scene(database: Database) -> None:
        watch = WalWatch(database)
        await watch.look()
        for _ in range(100):
            await write_much(database, 1)
        await watch.look()
        assert wal.size_bytes(database) > 0

        await watch.look()

        assert wal.size_bytes(database) == 0
        assert await count(database) == 100

    with_database(file, scene)


def test_row_12_a_disk_that_fails_under_the_log_is_heard(file: Path) -> None:
    """SQLite keeps to itself what fails when it folds the log in after a commit; our own look does not."""
    length = file.stat().st_size

    async def scene(database: Database) -> None:
        await write_much(database, 500)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (length, hard))
        try:
            with pytest.raises(StorageBroken):
                await wal.fold_in(database)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        async with asyncio.timeout(1):
            assert "the disk failed while it was written" in str(await database.until_broken())

    with_database(file, scene)


def test_row_15_without_its_shared_memory_file_nothing_is_missing(file: Path, tmp_path: Path) -> None:
    """After a crash the log alone brings every commit back."""

    async def scene(database: Database) -> None:
        await write_much(database, 10)
        crashed = copied(file, tmp_path / "crashed", "-wal")

        async def look(found: Database) -> None:
            await check_sound(found)
            assert await count(found) == 10

        await asyncio.to_thread(with_database, crashed, look)

    with_database(file, scene)


def test_row_15_without_its_log_a_database_is_an_older_one_and_sends_nothing(
    file: Path, tmp_path: Path
) -> None:
    """What was committed last is gone with the log; the fence finds out by what it counted."""
    data = file.parent

    async def scene(database: Database) -> None:
        await identify(database, data, now=NOW)
        await wal.fold_in(database)
        fence = Fence(database, data, clock=lambda: NOW)
        assert (await fence.count()).is_open
        bare = copied(file, tmp_path / "bare")
        shutil.copy(data / "identity", bare.parent)

        async def look(found: Database) -> None:
            state = await Fence(found, bare.parent, clock=lambda: NOW).look()
            assert state.fault is Fault.BEHIND
            assert "nothing is sent: the database is older than data/identity" in state.sentence

        await asyncio.to_thread(with_database, bare, look)

    with_database(file, scene)


def test_row_15_a_database_copied_while_it_was_written_is_refused(file: Path, tmp_path: Path) -> None:
    """The file of before with the log of after fit no more, which the look at the start finds."""

    async def scene(database: Database) -> None:
        await write_much(database, 500)
        await wal.fold_in(database)
        torn = copied(file, tmp_path / "torn")
        await database.write(lambda tx: tx.execute(text("DELETE FROM letter_count WHERE id % 3 > 0")))
        await wal.fold_in(database)
        await write_much(database, 300)
        shutil.copy(f"{file}-wal", f"{torn}-wal")

        async def look(found: Database) -> None:
            with pytest.raises(StorageError, match="the database file is damaged; restore the last backup"):
                await check_sound(found)

        await asyncio.to_thread(with_database, torn, look)

    with_database(file, scene)


def _flip(file: Path) -> None:
    """Overwrite pages that hold rows."""
    content = bytearray(file.read_bytes())
    chance = random.Random(16)
    for page in range(len(content) // 4096 - 60, len(content) // 4096 - 50):
        content[page * 4096 : page * 4096 + 64] = chance.randbytes(64)
    file.write_bytes(content)


def _cut(file: Path) -> None:
    """Lose the second half."""
    os.truncate(file, file.stat().st_size // 2 // 4096 * 4096)


def _behead(file: Path) -> None:
    """Lose the first page."""
    content = file.read_bytes()
    file.write_bytes(bytes(4096) + content[4096:])


@pytest.mark.parametrize("damage", [_flip, _cut, _behead])
def test_row_16_a_damaged_file_is_refused_and_left_as_it_is(
    file: Path, damage: Callable[[Path], None]
) -> None:
    """One sentence, whatever is damaged; not a byte is changed."""
    with_database(file, lambda database: write_much(database, 500))
    damage(file)
    before = file.read_bytes()

    with pytest.raises(StorageError, match="the database file is damaged; restore the last backup"):
        with_database(file, check_sound)

    assert file.read_bytes() == before


def test_row_16_a_sound_file_is_taken(file: Path) -> None:
    """The look finds nothing where there is nothing."""

    async def scene(database: Database) -> None:
        await write_much(database, 500)
        await check_sound(database)

    with_database(file, scene)
