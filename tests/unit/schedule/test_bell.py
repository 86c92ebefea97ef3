"""The bell rings when it was asked to, when somebody pulls it, and never twice at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from mailer.schedule.bell import Bell

A_MOMENT_S = 0.25
"""Later than that is late, even on a busy machine."""


@dataclass
class Listener:
    """Notes when it heard the bell, and says when it wants to hear it next."""

    waits_s: list[float | None]
    busy_s: float = 0.0
    heard_s: list[float] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    began_at: float = field(default_factory=time.monotonic)

    async def hear(self) -> datetime | None:
        """Take *busy_s* and ask for the next wait of the list; at its end for none."""
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.heard_s.append(time.monotonic() - self.began_at)
        await asyncio.sleep(self.busy_s)
        self.at_once -= 1
        wait_s = self.waits_s.pop(0) if self.waits_s else None
        return None if wait_s is None else datetime.now(UTC) + timedelta(seconds=wait_s)


@asynccontextmanager
async def hanging(listener: Listener, *, at_least_every_s: float = 60.0) -> AsyncIterator[Bell]:
    """Hang a bell and let it go until the block ends."""
    bell = Bell(listener.hear, at_least_every_s=at_least_every_s)
    task = asyncio.create_task(bell.run())
    try:
        yield bell
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_it_rings_at_start_and_at_each_time_asked_for() -> None:
    """Never before the time; a time that has passed rings at once."""

    async def scene() -> list[float]:
        listener = Listener([0.3, 0.5, -5.0, None])
        async with hanging(listener):
            await asyncio.sleep(1.3)
        return listener.heard_s

    start, second, third, fourth = asyncio.run(scene())

    assert start < A_MOMENT_S
    assert 0.3 <= second - start < 0.3 + A_MOMENT_S
    assert 0.5 <= third - second < 0.5 + A_MOMENT_S
    assert fourth - third < A_MOMENT_S


def test_it_rings_when_somebody_pulls_it() -> None:
    """What was asked for before is replaced by what is asked for now."""

    async def scene() -> list[float]:
        listener = Listener([0.6, None])
        async with hanging(listener) as bell:
            await asyncio.sleep(0.1)
            bell.ring()
            await asyncio.sleep(0.8)
        return listener.heard_s

    _, pulled = asyncio.run(scene())

    assert 0.1 <= pulled < 0.1 + A_MOMENT_S


def test_it_is_never_silent_for_long() -> None:
    """A time far away, as after a clock that was wrong, does not keep it from ringing."""

    async def scene() -> int:
        listener = Listener([86400.0] * 9)
        async with hanging(listener, at_least_every_s=0.1):
            await asyncio.sleep(0.45)
        return len(listener.heard_s)

    assert asyncio.run(scene()) >= 3


def test_it_waits_for_whoever_is_busy() -> None:
    """A ring in the meantime is heard afterwards, once."""

    async def scene() -> Listener:
        listener = Listener([None], busy_s=0.2)
        async with hanging(listener) as bell:
            await asyncio.sleep(0.1)
            for _ in range(3):
                bell.ring()
            await asyncio.sleep(0.6)
        return listener

    listener = asyncio.run(scene())

    assert listener.most_at_once == 1
    assert len(listener.heard_s) == 2
