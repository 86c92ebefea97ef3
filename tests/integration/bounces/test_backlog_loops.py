"""The loops of returned mail go on, whatever the database says, until they are stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from mailer.bounces.backlog import Backlog, Desk
from mailer.bounces.matching import Matching
from mailer.bounces.refused import Refused
from mailer.bounces.stored import Arrived, keep
from mailer.domain.consequence import Effect
from mailer.domain.delivery import DeliveryState
from mailer.domain.outcome import Stage
from mailer.errors import StorageError
from mailer.storage import Database, Transaction, open_database
from mailer.storage.return_tables import consequence
from mailer.storage.tables import attempt
from tests.integration.bounces.sorting_room import SortingRoom


def consequences_there(tx: Transaction) -> bool:
    return tx.execute(consequence.select().limit(1)).first() is not None


def a_backlog(room: SortingRoom, database: Database) -> Backlog:
    desk = Desk(Matching(room.vault, room.keys), room.rules)
    return Backlog(database, desk, clock=lambda: room.now)


def a_look(room: SortingRoom, database: Database) -> Refused:
    return Refused(database, room.rules, clock=lambda: room.now)


@pytest.mark.parametrize("make", [a_backlog, a_look])
def test_a_database_that_is_gone_ends_no_loop(
    room: SortingRoom, sqlite_url: str, make: Callable[[SortingRoom, Database], Any]
) -> None:
    """It is logged and tried again; the doors say "try again" meanwhile."""

    async def scene() -> bool:
        gone = open_database(sqlite_url)
        await gone.close()
        with pytest.raises(StorageError):
            await keep(gone, room.vault, Arrived("smtp", "", "", b"x"), room.now)
        running = asyncio.create_task(make(room, gone).run())
        await asyncio.sleep(0.1)
        is_running = not running.done()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return is_running

    assert room.store.run(scene())


def test_refusals_are_looked_for_while_it_runs(room: SortingRoom) -> None:
    """The first look is at once."""
    (reader_id,) = room.subscribe()
    issue_id = room.send()
    tried = {"issue_id": issue_id, "reader_id": reader_id, "number": 1, "stage": Stage.RCPT, "at": room.now}
    tried |= {"outcome": DeliveryState.FAILED, "reply": "550 5.1.1 User unknown"}

    def refuse(tx: Transaction) -> None:
        tx.execute(attempt.insert().values(tried))

    room.store.write(refuse)

    async def scene() -> None:
        running = asyncio.create_task(a_look(room, room.store.database).run())
        while not await room.store.database.read(consequences_there):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    room.store.run(scene())

    assert room.effects() == [Effect.SUPPRESSED]


def test_a_large_report_is_kept_too(room: SortingRoom) -> None:
    """It is sealed beside the loop that the doors live on."""
    raw = b"x" * 1_000_000

    assert room.store.run(keep(room.store.database, room.vault, Arrived("smtp", "", "", raw), room.now))

    worker = a_backlog(room, room.store.database)
    assert room.store.run(worker.read_waiting()) == 1
    room.now += timedelta(days=31)
    assert room.store.run(worker.forget()) == 1
