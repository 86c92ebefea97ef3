"""Faults rows 13 and 53: another program at the same file, many readers, and how patience ends."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from mailer.delivery.patience import keep_writing
from mailer.delivery.timeouts import Timeouts
from mailer.domain.language import Language
from mailer.errors import StorageBroken, StorageError
from mailer.outbox.journal import Receipt
from mailer.storage import Database, Transaction, intake, newsletters, open_database
from mailer.storage.readers import Reader
from tests.integration.delivery.conftest import OpenHouse
from tests.integration.delivery.dispatch import Manner, dispatching
from tests.integration.delivery.house import House

READERS = [f"reader{number}@example.org" for number in range(40)]
BUSY_S = 0.2
_HOLD = """
import sqlite3, sys
holder = sqlite3.connect(sys.argv[1], isolation_level=None)
holder.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
holder.rollback()
"""


@contextmanager
def held_by_another(file: Path) -> Iterator[subprocess.Popen[str]]:
    """Let another process hold the write lock until the block ends."""
    command = [sys.executable, "-c", _HOLD, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder


def impatient(folder: Path) -> Database:
    """Open a test's database so that it waits a fifth of a second for another program, not half a minute."""
    return open_database(f"sqlite:///{folder / 'mailer.db'}", busy_s=BUSY_S)


def test_row_13_a_write_waits_for_another_program_and_says_whom_to_end(
    house: OpenHouse, tmp_path: Path
) -> None:
    """It ends after the time-out, reads are answered meanwhile, and the next write is as good as any."""

    async def scene() -> None:
        async with house() as here:
            database = impatient(tmp_path)
            with held_by_another(tmp_path / "mailer.db"):
                began = time.monotonic()
                with pytest.raises(StorageError, match="another program has held the database") as refused:
                    await database.write(_touch)
                assert BUSY_S <= time.monotonic() - began < 10 * BUSY_S
                assert not isinstance(refused.value, StorageBroken)
                assert await database.read(lambda tx: tx.execute(text("SELECT 1")).scalar()) == 1
            await database.write(_touch)
            await database.close()
            assert await here.rows("SELECT count(*) FROM newsletter") == [(1,)]

    asyncio.run(scene())


def test_row_13_no_outcome_is_lost_while_another_program_holds_the_database(
    house: OpenHouse, tmp_path: Path
) -> None:
    """Answers of the mail server wait in memory for several time-outs; nothing is begun, nobody doubled."""

    async def scene() -> None:
        came, go_on = asyncio.Event(), asyncio.Event()

        async def witness(_receipt: Receipt) -> None:
            came.set()
            await go_on.wait()

        async with house() as here:
            await here.subscribe(READERS)
            await here.release()
            ours = House(impatient(tmp_path), here.vault)
            patient = Manner(connections=3, timeouts=Timeouts())
            async with dispatching(ours, tmp_path, manner=patient, witness=witness) as dispatch:
                await came.wait()
                with held_by_another(tmp_path / "mailer.db"):
                    go_on.set()
                    await asyncio.sleep(4 * BUSY_S)
                    assert len(dispatch.begun) <= 3
                await dispatch.until_settled(20)
            await ours.database.close()
            assert dispatch.kept() == dict.fromkeys(READERS, 1)
            assert (await here.books()).accepted == len(READERS)
            assert await here.rows("SELECT * FROM attempt") == []

    asyncio.run(scene())


def _touch(tx: Transaction) -> None:
    tx.execute(text("UPDATE newsletter SET slug = slug"))


def _full(_tx: Transaction) -> None:
    raise sqlite3.OperationalError("database or disk is full")


def test_patience_ends_when_the_process_must_leave(house: OpenHouse) -> None:
    """A write goes on being tried until somebody hurries; then the process writes no more, and is told."""

    async def scene() -> None:
        async with house() as here:
            writing = asyncio.create_task(keep_writing(here.database, _full))
            await asyncio.sleep(0.2)
            assert not writing.done()

            here.database.hurry(0.1)

            with pytest.raises(StorageBroken, match="could not write down what the mail server had answered"):
                await asyncio.wait_for(writing, 10)
            with pytest.raises(StorageBroken):
                await here.database.write(_touch)
            async with asyncio.timeout(1):
                assert "not certain" in str(await here.database.until_broken())

    asyncio.run(scene())


def test_row_53_a_freeze_takes_no_more_memory_for_more_readers(house: OpenHouse) -> None:
    """Three times the readers, the same peak: they pass through in slices."""

    async def scene() -> None:
        async with house() as here:
            small = await _peak_of_a_release(here, 12_000, 47)
            large = await _peak_of_a_release(here, 24_000, 48)  # to the others as well
            assert large < 1.3 * small

    asyncio.run(scene())


async def _peak_of_a_release(here: House, newcomer_count: int, number: int) -> int:
    """Take readers in and release an issue to all; return the most bytes that Python held meanwhile."""
    await here.database.write(
        lambda tx: intake.take_in(
            tx, newsletters.slugs(tx)[0], _readers(newcomer_count), changed_month="2026-11"
        )
    )
    tracemalloc.start()
    await here.release(number)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def _readers(count: int) -> list[Reader]:
    """Return readers whose addresses nobody opens."""
    return [
        Reader(0, os.urandom(12), b"sealed", os.urandom(32), "other", Language.ENGLISH, None)
        for _ in range(count)
    ]
