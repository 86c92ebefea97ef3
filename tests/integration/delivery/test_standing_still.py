"""A sender that is stopped, or whose disk or relay fails, loses nothing and begins nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from mailer.delivery.timeouts import Timeouts
from mailer.errors import StorageError
from mailer.outbox.journal import Receipt
from mailer.storage import Database, Transaction
from tests.integration.delivery.conftest import OpenHouse
from tests.integration.delivery.dispatch import Manner, dispatching
from tests.integration.delivery.house import House

T = TypeVar("T")

SIX = [f"reader{number}@example.org" for number in range(6)]


class HeldRelay:
    """A relay's witness that lets no message be answered until it is told to."""

    def __init__(self) -> None:
        self.came = asyncio.Event()
        self.go_on = asyncio.Event()

    async def __call__(self, receipt: Receipt) -> None:
        """Hear of a message."""
        self.came.set()
        await self.go_on.wait()


def test_stop_finishes_the_body_in_flight_and_gives_the_rest_back(house: OpenHouse, tmp_path: Path) -> None:
    """One copy is accepted, the others are queued and free, and the next sender sends them once."""

    async def scene() -> None:
        async with house() as here:
            await here.subscribe(SIX)
            await here.release()
            held = HeldRelay()
            patient = Manner(timeouts=Timeouts())
            async with dispatching(here, tmp_path, witness=held, manner=patient) as dispatch:
                await held.came.wait()
                dispatch.sender.stop()
                held.go_on.set()
                await dispatch.task
                found = await here.books()
                assert (found.accepted, found.pending) == (1, 5)
                assert await here.rows("SELECT DISTINCT owner FROM chunk") == [(None,)]
            async with dispatching(here, tmp_path / "next") as again:
                await again.until_settled()
            assert (await here.books()).accepted == 6
            assert dispatch.kept() + again.kept() == dict.fromkeys(SIX, 1)

    asyncio.run(scene())


def test_stop_does_not_wait_for_a_relay_that_is_away(house: OpenHouse, tmp_path: Path) -> None:
    """However long the wait before the next connection, a stop ends within a second and loses no try."""

    async def scene() -> None:
        async with house() as here:
            await here.subscribe(SIX)
            await here.release()
            slow = Manner(connections=3, timeouts=Timeouts(redial_s=30))
            async with dispatching(here, tmp_path, "connect * drop", manner=slow) as dispatch:
                await dispatch.until(lambda: _is_true(dispatch.relay.connections >= 1))
                await asyncio.sleep(0.05)
                begun_at = time.monotonic()
                await dispatch.stop()
                assert time.monotonic() - begun_at < 1
            assert await here.rows("SELECT DISTINCT state, attempts FROM delivery") == [("queued", 0)]
            assert await here.rows("SELECT owner FROM chunk") == [(None,)]

    asyncio.run(scene())


def test_stop_does_not_wait_for_a_relay_that_keeps_silent(house: OpenHouse, tmp_path: Path) -> None:
    """An answer to RCPT that never comes is not waited for: no body has begun."""

    async def scene() -> None:
        async with house() as here:
            await here.subscribe(SIX[:1])
            await here.release()
            patient = Manner(timeouts=Timeouts())
            async with dispatching(here, tmp_path, "rcpt * hang", manner=patient) as dispatch:
                await dispatch.until(lambda: _is_true(dispatch.relay.connections >= 1))
                await asyncio.sleep(0.05)
                begun_at = time.monotonic()
                await dispatch.stop()
                assert time.monotonic() - begun_at < 1
            assert (await here.copy(SIX[0]))[:2] == ("queued", 0)

    asyncio.run(scene())


async def _is_true(held: bool) -> bool:  # noqa: FBT001 - a condition in the shape that until() asks for
    return held


FULL_DISK = (
    "CREATE TRIGGER full_disk BEFORE UPDATE ON {table} WHEN {when}"
    " BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
)


def test_no_body_begins_while_the_ledger_cannot_be_written(house: OpenHouse, tmp_path: Path) -> None:
    """With a full disk nothing is sent; when there is room again every copy goes out once."""

    async def scene() -> None:
        async with house() as here:
            await here.subscribe(SIX)
            await here.release()
            await here.execute(FULL_DISK.format(table="delivery", when="NEW.state = 'inflight'"))
            patient = Manner(connections=2, timeouts=Timeouts())
            async with dispatching(here, tmp_path, manner=patient) as dispatch:
                await dispatch.until(lambda: _is_true(dispatch.relay.connections >= 2))
                await asyncio.sleep(0.2)
                assert not dispatch.begun
                await here.execute("DROP TRIGGER full_disk")
                await dispatch.until_settled()
            assert dispatch.kept() == dict.fromkeys(SIX, 1)
            assert await here.rows("SELECT DISTINCT attempts FROM delivery") == [(1,)]

    asyncio.run(scene())


def test_an_outcome_that_cannot_be_written_is_kept_and_written_later(
    house: OpenHouse, tmp_path: Path
) -> None:
    """What the relay accepted while the disk was full is accepted in the ledger, and nobody gets it twice."""

    async def scene() -> None:
        async with house() as here:
            await here.subscribe(SIX)
            await here.release()
            await here.execute(FULL_DISK.format(table="delivery", when="NEW.state = 'accepted'"))
            patient = Manner(connections=2, timeouts=Timeouts())
            async with dispatching(here, tmp_path, manner=patient) as dispatch:
                await dispatch.until(lambda: _is_true(sum(dispatch.kept().values()) == 2))
                await asyncio.sleep(0.2)
                assert len(dispatch.begun) == 2
                await here.execute("DROP TRIGGER full_disk")
                await dispatch.until_settled()
            assert dispatch.kept() == dict.fromkeys(SIX, 1)
            assert await here.rows("SELECT * FROM attempt") == []

    asyncio.run(scene())


def test_a_chunk_that_cannot_be_let_go_loses_no_copy(house: OpenHouse, tmp_path: Path) -> None:
    """A disk that fills up between an outcome and the end of its chunk leaves no copy in flight."""

    async def scene() -> None:
        async with house() as here:
            # Two chunks, so that the line has another copy in hand when the first chunk ends.
            await here.subscribe(["one@example.org", "two@gmail.com", "three@mail.ru"])
            await here.release()
            await here.execute(FULL_DISK.format(table="chunk", when="NEW.owner IS NULL"))
            async with dispatching(here, tmp_path, manner=Manner(timeouts=Timeouts())) as dispatch:
                await dispatch.until(lambda: _is_true(sum(dispatch.kept().values()) >= 1))
                await asyncio.sleep(0.2)
                await here.execute("DROP TRIGGER full_disk")
                await dispatch.until_settled()
            assert (await here.books()).accepted == 3
            assert set(dispatch.kept().values()) == {1}

    asyncio.run(scene())


class ForgetfulDatabase(Database):
    """A database whose answer to every third commit is lost: it has written, and says that it has not."""

    def __init__(self, real: Database) -> None:
        super().__init__(real.url, real._backend)
        self._count = 0

    async def write(self, work: Callable[[Transaction], T], *, urgent: bool = False) -> T:
        """Write, and forget to say so now and then."""
        result = await super().write(work, urgent=urgent)
        self._count += 1
        if self._count % 3 == 0:
            raise StorageError("the connection to the database was lost")
        return result


def test_a_commit_whose_answer_is_lost_is_found_done(house: OpenHouse, tmp_path: Path) -> None:
    """Copies and Letters go out once each: the ledger knows that it was we who marked them in flight."""

    async def scene() -> None:
        async with house() as here:
            await here.subscribe(SIX)
            await here.release()
            await here.write_letter("letter@example.net")
            forgetful = House(ForgetfulDatabase(here.database), here.vault)
            async with dispatching(forgetful, tmp_path, manner=Manner(timeouts=Timeouts())) as dispatch:
                await dispatch.until_settled(20)
            assert dispatch.kept() == dict.fromkeys([*SIX, "letter@example.net"], 1)
            assert await here.rows("SELECT * FROM attempt") == []

    asyncio.run(scene())
