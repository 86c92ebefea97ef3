"""The bell rings at the next time of any timetable, and whoever hears it looks what is due.

It knows no newsletter and remembers nothing: a ring that is lost, or comes twice, changes nothing,
because the database says what has been done. It is the only place that knows APScheduler.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger

_AT_LEAST_EVERY_S = 60.0
_JOB = "bell"


class Bell:
    """Calls one function at start, at each time that function asked for, and once a minute at least."""

    def __init__(
        self, hear: Callable[[], Awaitable[datetime | None]], *, at_least_every_s: float = _AT_LEAST_EVERY_S
    ) -> None:
        """
        Hang the bell; nothing rings yet.

        Args:
            hear: does what is due and returns the next time to ring (aware), or None; it is never called
                twice at once. An error of its own ends the bell.
            at_least_every_s: the longest silence. It is counted by the clock that nobody sets, so that a
                wall clock which is put right cannot leave the bell waiting for a time that was wrong.
        """
        self._hear = hear
        self._at_least_every_s = at_least_every_s
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Ring now: a newsletter or its texts have changed."""
        self._rung.set()

    async def run(self) -> None:
        """Ring until cancelled."""
        async with _started() as scheduler:
            while True:
                self._rung.clear()
                self._set(scheduler, await self._hear())
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._at_least_every_s):
                        await self._rung.wait()

    def _set(self, scheduler: AsyncIOScheduler, next_at: datetime | None) -> None:
        if next_at is None:
            if scheduler.get_job(_JOB):
                scheduler.remove_job(_JOB)
            return
        scheduler.add_job(
            self._strike,
            DateTrigger(next_at, timezone=UTC),
            id=_JOB,
            replace_existing=True,
            # None: a process that was stopped or suspended rings when it wakes, however late.
            misfire_grace_time=None,
        )

    async def _strike(self) -> None:
        # A coroutine, so that APScheduler runs it on our event loop and not on a thread.
        self.ring()


@contextlib.asynccontextmanager
async def _started() -> AsyncIterator[AsyncIOScheduler]:
    # UTC: it must not look for the machine's zone, which has nothing to do with a newsletter's.
    scheduler = AsyncIOScheduler(timezone=UTC)
    scheduler.start()
    try:
        yield scheduler
    finally:
        scheduler.shutdown(wait=False)
