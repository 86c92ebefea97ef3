"""The gate before the relay: after a failed connection everybody waits, and one at a time tries."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_MOST_S = 60.0


class Gate:
    """Holds connections back while the relay can't be reached.

    Waits double up to a minute, so that a relay that is down sees one connection per step and never a
    storm (RFC 5321 §4.5.4.1). Connections that break together count once: a relay that restarts is not
    down for longer because many were connected.
    """

    def __init__(self, first_s: float, *, is_proven: bool = True) -> None:
        """
        Open the gate.

        Args:
            first_s: failures within this time count as one, and the first wait is twice as long.
            is_proven: False lets the first connection try alone: with a login that may be refused, many
                at once could lock the account.
        """
        self._first_s = first_s
        self._failures = 0
        self._failed_at = -math.inf
        self._opens_at = 0.0
        self._is_proven = is_proven
        self._opened = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()

    @asynccontextmanager
    async def passing(self, jitter: float) -> AsyncIterator[None]:
        """Wait until a connection may be tried, and try it inside; *jitter* is 0.0 to 1.0."""
        if self._is_proven and not self._failures:
            yield
            return
        async with self._one_at_a_time:
            # Again and again: while one waits, a line that was connected may fail and put the next one off.
            while self._failures and (pause_s := self._opens_at - time.monotonic()) > 0:
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause_s):
                        await self._opened.wait()
            # The next in line finds the gate shut for a step after this try.
            self._opens_at = time.monotonic() + self._step(jitter)
            yield
            self._is_proven = True

    def failed(self, jitter: float, *, least_s: float = 0.0) -> None:
        """Shut the gate for the next step, and for *least_s* at least."""
        self._opened.clear()
        now = time.monotonic()
        if now - self._failed_at >= self._first_s:
            self._failures += 1
            self._failed_at = now
        self._opens_at = now + max(self._step(jitter), least_s)

    def succeeded(self) -> None:
        """Open the gate, for those who wait before it too."""
        if self._failures:
            self._failures = 0
            self._opened.set()

    def _step(self, jitter: float) -> float:
        return min(_MOST_S, self._first_s * float(2 ** min(self._failures, 10))) * (0.8 + 0.4 * jitter)
