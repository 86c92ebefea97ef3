"""A PostgreSQL that sends us away in the middle of an issue costs time, and no copy."""

from __future__ import annotations

import asyncio
from pathlib import Path

from mailer.delivery.timeouts import Timeouts
from tests.integration.delivery.conftest import OpenHouse
from tests.integration.delivery.dispatch import Manner, dispatching

READERS = [f"reader{number}@example.org" for number in range(60)]
SEND_AWAY = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE pid <> pg_backend_pid() AND datname = current_database()"
)


def test_no_copy_is_lost_when_connections_to_the_database_are_cut(
    postgres_house: OpenHouse, tmp_path: Path
) -> None:
    """Cut three times while sending: every reader gets one copy, and the sender goes on by itself."""

    async def scene() -> None:
        async with postgres_house() as here, postgres_house() as knife:
            await here.subscribe(READERS)
            await here.release()
            manner = Manner(connections=3, timeouts=Timeouts())
            async with dispatching(here, tmp_path, manner=manner) as dispatch:
                for wanted in (5, 20, 40):
                    async with asyncio.timeout(15):
                        while len(dispatch.begun) < wanted:
                            assert not dispatch.task.done(), dispatch.task
                            await asyncio.sleep(0.005)
                    await knife.rows(SEND_AWAY)
                async with asyncio.timeout(20):
                    while len(dispatch.begun) < len(READERS):
                        assert not dispatch.task.done(), dispatch.task
                        await asyncio.sleep(0.01)
                await asyncio.sleep(0.3)
            assert dispatch.kept() == dict.fromkeys(READERS, 1)
            assert (await knife.books()).accepted == len(READERS)

    asyncio.run(scene())
