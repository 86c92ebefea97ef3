"""The allowance: permits that keep to the settings and the relay's word, and cost nothing without either."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from mailer.config import RelaySettings
from mailer.delivery.allowance import Allowance
from mailer.domain.pace import Throttle, ThrottleKind
from mailer.storage import Database
from tests.integration.delivery.conftest import OpenHouse
from tests.integration.delivery.dispatch import until
from tests.integration.delivery.house import House, utc_now


class Asked:
    """An allowance at work, and how often it called for another try."""

    def __init__(self, database: Database, **limits: float) -> None:
        relay = RelaySettings.model_validate({"host": "smtp.example.org", **limits})
        self.allowance = Allowance(database, relay, clock=utc_now)
        self.woken = asyncio.Event()

    async def take(self, most: int, within_s: float = 5) -> list[float]:
        """Take permits as they come, at most so many; return when each was had."""
        had: list[float] = []
        try:
            async with asyncio.timeout(within_s):
                while len(had) < most:
                    self.woken.clear()
                    while len(had) < most and self.allowance.take():
                        had.append(time.monotonic())
                    if len(had) < most:
                        await self.woken.wait()
        except TimeoutError:
            pass
        return had


@asynccontextmanager
async def asking(here: House, **limits: float) -> AsyncIterator[Asked]:
    """Run an allowance until the block ends; then it gives back what it holds."""
    asked = Asked(here.database, **limits)
    task = asyncio.create_task(asked.allowance.run(asked.woken.set))
    try:
        yield asked
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asked.allowance.drain()


def test_without_a_limit_nothing_is_asked_and_nothing_written(house: OpenHouse) -> None:
    """Ten thousand permits at once, and not one commit."""

    async def scene() -> None:
        async with house() as here, asking(here) as asked:
            await asyncio.sleep(0.05)

            assert len(await asked.take(10_000)) == 10_000
            asked.allowance.give_back()

        assert here.database.commits == 0

    asyncio.run(scene())


def test_messages_per_second_is_kept_to(house: OpenHouse) -> None:
    """In no stretch of time are there more permits than its rate and a small burst; all come in the end."""

    async def scene() -> None:
        async with house() as here, asking(here, messages_per_second=100) as asked:
            had = await asked.take(60)

        assert len(had) == 60
        for first, begin in enumerate(had):
            for last in range(first, len(had)):
                assert last - first + 1 <= 100 * (had[last] - begin) + 12

    asyncio.run(scene())


def test_messages_per_day_hold_across_a_restart(house: OpenHouse) -> None:
    """Three a day: the fourth waits, in the next process too, and it is said until when."""

    async def scene() -> None:
        async with house() as here:
            async with asking(here, messages_per_day=3) as asked:
                assert len(await asked.take(4, 0.3)) == 3
            async with asking(here, messages_per_day=3) as again:
                assert await again.take(1, 0.3) == []
                until_then = again.allowance.waits_until
                assert until_then is not None
                assert timedelta(hours=23) < until_then - utc_now() < timedelta(hours=25)
                assert again.allowance.reason == (
                    "the messages of the day are used up ([relay] messages_per_day)"
                )

    asyncio.run(scene())


def test_what_is_not_used_is_given_back(house: OpenHouse) -> None:
    """A process that stops leaves the rest of its block to the next one."""

    async def scene() -> None:
        async with house() as here:
            async with asking(here, messages_per_day=1000) as asked:
                assert len(await asked.take(2)) == 2
                asked.allowance.give_back()
            assert await here.rows("SELECT sum(taken) FROM lane_use") == [(1,)]

    asyncio.run(scene())


def test_a_relay_that_says_wait_is_left_alone_until_then(house: OpenHouse) -> None:
    """No permit before its time, and whoever was turned away is called when it has come."""

    async def scene() -> None:
        async with house() as here, asking(here) as asked:
            await asyncio.sleep(0.02)
            begun_at = time.monotonic()
            asked.allowance.heard_throttle(Throttle(ThrottleKind.RATE, 0.3), utc_now())
            assert asked.allowance.reason == "the outgoing mail server asked us to wait"

            (had_at,) = await asked.take(1)

            assert had_at - begun_at >= 0.3
            assert asked.allowance.waits_until is None

    asyncio.run(scene())


def test_a_relay_that_throttles_gets_half_as_much(house: OpenHouse) -> None:
    """Without a word of how much it takes, permits go on at a pace of their own."""

    async def scene() -> None:
        async with house() as here, asking(here) as asked:
            asked.allowance.heard_accepted(40)
            await asyncio.sleep(0.02)
            asked.allowance.heard_throttle(Throttle(ThrottleKind.RATE), utc_now())

            had = await asked.take(10_000, 0.3)

        assert 1 <= len(had) < 40

    asyncio.run(scene())


def test_what_the_relay_bears_of_connections_is_learned(house: OpenHouse) -> None:
    """Too many connections: one less; too many messages over one: as many as it took."""

    async def scene() -> None:
        async with house() as here, asking(here, connections=4, messages_per_connection=50) as asked:
            allowance = asked.allowance
            assert (allowance.connections, allowance.messages_per_connection) == (4, 50)

            allowance.heard_throttle(Throttle(ThrottleKind.CONNECTIONS), utc_now())
            allowance.heard_throttle(Throttle(ThrottleKind.MESSAGES), utc_now(), sent_count=20)

            assert (allowance.connections, allowance.messages_per_connection) == (3, 20)
            for _ in range(3):
                allowance.heard_close(7)
            assert allowance.messages_per_connection == 7
            assert allowance.take()

    asyncio.run(scene())


def test_a_database_that_fails_gives_no_permit_and_is_asked_again(house: OpenHouse) -> None:
    """While it can't count, nothing goes; when it can again, sending goes on by itself."""

    async def scene() -> None:
        async with house() as here:
            broken = (
                "CREATE TRIGGER broken BEFORE INSERT ON lane BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
            )
            await here.execute(broken)
            async with asking(here, messages_per_second=50) as asked:
                assert await asked.take(1, 0.2) == []
                await here.execute("DROP TRIGGER broken")

                async def had_one() -> bool:
                    return bool(await asked.take(1, 0.1))

                await until(had_one)

    asyncio.run(scene())
