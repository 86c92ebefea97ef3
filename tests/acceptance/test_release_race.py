"""One issue is released once, whoever does it and whoever dies at it."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections import Counter
from pathlib import Path

import pytest

from mailer.audience.departure import unsubscribe
from mailer.delivery.presence import Presence
from mailer.delivery.recovery import recover
from mailer.delivery.release import release
from mailer.domain.issue import IssueState
from mailer.domain.token import Token
from mailer.errors import InvalidMove
from mailer.storage import open_database
from tests.acceptance.releasing import READERS, RELEASED, TOO_LATE, Newsroom, raced, release_slowly, terms
from tests.integration.delivery.house import SECRETS, House, utc_now

SPAWN = multiprocessing.get_context("spawn")
ROUNDS = 16
"""As many as a test run can afford; tests/soak has the hundred."""


def test_two_processes_release_one_issue_once(tmp_path: Path) -> None:
    """In each round one process releases, the other is told that it is too late; one copy per reader."""
    words, copies = raced(tmp_path, ROUNDS)

    assert words == {RELEASED: ROUNDS, TOO_LATE: ROUNDS}
    assert copies == [{issue_id: len(READERS) for issue_id in range(1, ROUNDS // 2 + 1)}] * 2


def test_a_release_that_was_killed_is_undone_at_the_next_start(tmp_path: Path) -> None:
    """Whenever it is killed, the issue is a draft again, without slices, and can be released."""
    room = Newsroom(tmp_path)
    crowd = [f"reader{number}@example.org" for number in range(400)]
    asyncio.run(room.furnish(1, crowd))
    for copies_written in (0, 1, 200):
        process = SPAWN.Process(target=release_slowly, args=(room, 1))
        process.start()
        asyncio.run(_until_written(room, copies_written))
        process.kill()
        process.join(10)
        assert asyncio.run(_recovered(room)) == ("draft", None, 0, 0, 0, 0)

    release_slowly(room, 1)

    assert asyncio.run(_standing(room)) == ("released", None, 1, 400, 400, 0)


async def _until_written(room: Newsroom, copies: int) -> None:
    house = House(open_database(room.url))
    asked = "SELECT (SELECT count(*) FROM delivery), (SELECT count(*) FROM issue WHERE state = 'releasing')"
    give_up_at = time.monotonic() + 20
    while time.monotonic() < give_up_at:
        ((written, releasing),) = await house.rows(asked)
        if releasing and written >= copies:
            break
        await asyncio.sleep(0.002)
    await house.database.close()


async def _recovered(room: Newsroom) -> tuple[object, ...]:
    database = open_database(room.url)
    dead = await Presence(database, room.folder / "run").dead()
    await recover(database, dead, now=utc_now(), resend_at=utc_now())
    await database.close()
    return await _standing(room)


async def _standing(room: Newsroom) -> tuple[object, ...]:
    database = open_database(room.url)
    tables = ("edition", "delivery", "chunk", "node")
    counts = ", ".join(f"(SELECT count(*) FROM {table})" for table in tables)
    (row,) = await House(database).rows(f"SELECT state, releasing_node, {counts} FROM issue")
    await database.close()
    return row


def test_who_leaves_between_slices_gets_no_copy(tmp_path: Path) -> None:
    """Readers who leave while an issue is frozen have no copy that waits, whichever slice they were in."""
    room = Newsroom(tmp_path)
    asyncio.run(room.furnish(1, [f"reader{number}@example.org" for number in range(200)]))

    async def scene() -> None:
        house = House(open_database(room.url))
        releasing = asyncio.create_task(release(house.database, 1, terms("node-1", slice_size=1)))
        await _until_written(room, 20)
        left = await _leave(house)
        released = await releasing
        states = await _states(house, left)
        # Some had their copy already, which was taken out again; the others were never given one.
        assert states.keys() == {"skipped"}
        assert 0 < states["skipped"] < len(left)
        assert released.state is IssueState.RELEASED
        assert (await house.books()).pending == 200 - len(left)
        await house.database.close()

    asyncio.run(scene())


def test_a_release_that_was_taken_for_dead_ends_without_harm(tmp_path: Path) -> None:
    """When another node undoes it in the middle, it hears so, writes nothing more and removes nothing."""
    room = Newsroom(tmp_path)
    asyncio.run(room.furnish(1, [f"reader{number}@example.org" for number in range(200)]))

    async def scene() -> None:
        house = House(open_database(room.url))
        stood_still = asyncio.create_task(release(house.database, 1, terms("node-1", slice_size=1)))
        await _until_written(room, 20)
        await recover(house.database, ["node-1"], now=utc_now(), resend_at=utc_now())
        with pytest.raises(InvalidMove, match="was undone while it stood still"):
            await stood_still
        assert await house.rows("SELECT count(*) FROM delivery") == [(0,)]
        await release(house.database, 1, terms("node-2"))
        assert (await house.books()).pending == 200
        await house.database.close()

    asyncio.run(scene())


async def _leave(house: House) -> set[bytes]:
    """Let every fifth reader leave, from both ends of the list; return them."""
    public_ids = [bytes(own) for (own,) in await house.rows("SELECT public_id FROM reader ORDER BY id")]
    leavers = public_ids[::5]
    for pair in zip(leavers, reversed(leavers), strict=True):
        for own in pair:
            link = SECRETS.link.link(Token(own, issue=1))
            await unsubscribe(house.database, house.vault, SECRETS.link, link=link, now=utc_now())
    return set(leavers)


async def _states(house: House, left: set[bytes]) -> Counter[str]:
    """Return in which states the copies of those who left stand."""
    rows = await house.rows("SELECT r.public_id, d.state FROM delivery d JOIN reader r ON r.id = d.reader_id")
    return Counter(state for own, state in rows if bytes(own) in left)
