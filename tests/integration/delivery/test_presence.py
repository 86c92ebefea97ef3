"""A node is known dead by its lock, and one process at a time sends from an SQLite file."""

from __future__ import annotations

import asyncio
import fcntl
from pathlib import Path

import pytest

from mailer.delivery.presence import Presence
from mailer.delivery.recovery import Recovered, recover
from mailer.errors import MailerError
from mailer.storage import Transaction, deliveries, letters
from tests.integration.delivery.conftest import OpenHouse
from tests.integration.delivery.dispatch import dispatching
from tests.integration.delivery.house import House, utc_now
from tests.integration.storage import scene


async def _die(presence: Presence) -> None:
    """Let go of a node's locks without a word, as the kernel does when a process is killed."""
    for lock in presence._locks:
        lock.close()


def test_a_node_is_dead_when_its_lock_is_free(house: OpenHouse, tmp_path: Path) -> None:
    """While the lock is held nobody else takes it for dead; afterwards everybody does."""

    async def scene() -> None:
        async with house() as here:
            first, second = (Presence(here.database, tmp_path / "run") for _ in range(2))
            await first.enter()
            await second.enter()
            assert await second.dead() == []
            await _die(first)
            assert await second.dead() == [first.id]
            await second.leave()

    asyncio.run(scene())


def test_a_node_that_leaves_is_off_the_list(house: OpenHouse, tmp_path: Path) -> None:
    """Nothing is left of it: no row, no lock file."""

    async def scene() -> None:
        async with house() as here:
            presence = Presence(here.database, tmp_path / "run")
            await presence.enter()
            await presence.leave()
            assert await here.rows("SELECT * FROM node") == []
            assert list((tmp_path / "run").iterdir()) == []

    asyncio.run(scene())


def test_what_a_node_locks_is_locked_for_the_whole_machine(house: OpenHouse, tmp_path: Path) -> None:
    """The lock is the kernel's: any program can ask for it."""

    async def scene() -> None:
        async with house() as here:
            presence = Presence(here.database, tmp_path / "run")
            await presence.enter()
            with (
                (tmp_path / "run" / f"{presence.id}.lock").open("rb") as file,
                pytest.raises(BlockingIOError),
            ):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            await presence.leave()

    asyncio.run(scene())


def test_a_second_sender_is_refused(house: OpenHouse, tmp_path: Path) -> None:
    """With one sentence, until the first has ended."""

    async def scene() -> None:
        async with house() as here:
            first, second = (Presence(here.database, tmp_path / "run") for _ in range(2))
            await first.enter()
            await second.enter()
            first.be_the_sender()
            with pytest.raises(MailerError, match="end it first"):
                second.be_the_sender()
            await first.leave()
            second.be_the_sender()
            await second.leave()

    asyncio.run(scene())


def test_on_postgresql_a_node_is_dead_when_its_heart_stands_still(
    postgres_house: OpenHouse, tmp_path: Path
) -> None:
    """By the database's own clock, and not before 30 seconds."""

    async def scene() -> None:
        async with postgres_house() as here:
            first, second = (Presence(here.database, tmp_path / "run") for _ in range(2))
            await first.enter()
            await second.enter()
            await here.execute("UPDATE node SET heartbeat_at = heartbeat_at - 25000")
            assert await second.dead() == []
            await here.execute("UPDATE node SET heartbeat_at = heartbeat_at - 10000")
            await second.beat()
            assert await second.dead() == [first.id]
            assert await first.dead() == []

    asyncio.run(scene())


async def _torn(here: House, owner: str) -> None:
    """Claim everything for a node, and put one copy and one Letter in flight."""

    def work(tx: Transaction) -> None:
        claimed = scene.claim(tx, owner, utc_now())
        assert claimed is not None
        assert deliveries.begin(tx, claimed[1][0], owner)
        for letter in letters.claim(tx, owner, utc_now(), 10):
            assert letters.begin(tx, letter.id, owner)

    await here.database.write(work)


def test_what_a_dead_node_held_is_sent_by_the_next(house: OpenHouse, tmp_path: Path) -> None:
    """What was in flight is sent once more, what was only claimed once; recovering again changes nothing."""
    addresses = ["first@example.org", "second@example.org"]

    async def scene() -> None:
        async with house() as here:
            await here.subscribe(addresses)
            await here.release()
            await here.write_letter("letter@example.net")
            await _torn(here, "dead-node")
            found = await recover(here.database, ["dead-node"], now=utc_now(), resend_at=utc_now())
            assert found == Recovered(chunks=1, copies=1, letters=1, releases=0)
            assert (await here.books()).unknown == 1
            again = await recover(here.database, ["dead-node"], now=utc_now(), resend_at=utc_now())
            assert again == Recovered()
            async with dispatching(here, tmp_path) as dispatch:
                await dispatch.until_settled()
            assert dispatch.kept() == dict.fromkeys([*addresses, "letter@example.net"], 1)
            assert (await here.books()).accepted == 2

    asyncio.run(scene())


def test_a_letter_that_was_put_off_before_survives_a_crash(house: OpenHouse, tmp_path: Path) -> None:
    """However often a Letter was deferred, one that was in flight when its node died is sent once more."""

    async def scene() -> None:
        async with house() as here:
            await here.subscribe(["first@example.org"])
            await here.release()
            await here.write_letter("letter@example.net")
            await here.execute("UPDATE letter SET attempts = 3, state = 'deferred'")
            await _torn(here, "dead-node")
            await recover(here.database, ["dead-node"], now=utc_now(), resend_at=utc_now())
            await _torn_letters(here, "dead-again")
            # It was uncertain before, so this was its resend: there is no third time.
            await recover(here.database, ["dead-again"], now=utc_now(), resend_at=utc_now())
            assert await here.rows("SELECT * FROM letter") == []

    asyncio.run(scene())


async def _torn_letters(here: House, owner: str) -> None:
    def work(tx: Transaction) -> int:
        claimed = letters.claim(tx, owner, utc_now(), 10)
        return sum(letters.begin(tx, letter.id, owner) for letter in claimed)

    assert await here.database.write(work) == 1
