"""Whether this process may still write: after a failed sync nothing that it wrote can be trusted.

A kernel may report a failed sync once and call the next one a success although the pages were thrown
away. So the first failure is remembered, every later write is refused without touching the disk, and
whoever runs the process is told, to end it: the next start recovers as after kill -9.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future

from mailer.errors import StorageBroken


class Breakage:
    """The first failure, if there was one; every thread may ask and tell."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # A value and not an exception: nobody has to fetch it.
        self._first: Future[StorageBroken] = Future()
        self.is_there = False
        """Whether anything has broken."""

    def check(self) -> None:
        """Refuse to go on after a failure.

        Raises:
            StorageBroken: there was one.
        """
        if self.is_there:
            raise StorageBroken(str(self._first.result()))

    def note(self, error: StorageBroken) -> None:
        """Remember a failure; a second one changes nothing."""
        with self._lock:
            if not self._first.done():
                self._first.set_result(error)
                self.is_there = True

    async def wait(self) -> StorageBroken:
        """Return the first failure once there is one."""
        return await asyncio.shield(asyncio.wrap_future(self._first))
