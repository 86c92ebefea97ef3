"""The gate before the relay: after a failed connection everybody waits, and one at a time tries."""

from __future__ import annotations

import asyncio
import math
import time

_MOST_S = 60.0


class Gate:
    """Holds connections back while the relay can't be reached.

    Waits double up to a minute, so that a relay that is down sees one connection per step and never a
    storm (RFC 5321 §4.5.4.1). Connections that break together count once: a relay that restarts is not
    down for longer because many were connected.
    """

    def __init__(self, first_s: float) -> None:
        """
        Open the gate.

        Args:
            first_s: failures within this time count as one, and the first wait is twice as long.
        """
        self._first_s = first_s
        self._failures = 0
        self._failed_at = -math.inf
        self._opens_at = 0.0
        self._one_at_a_time = asyncio.Lock()

    @property
    def is_open(self) -> bool:
        """Whether the last connection succeeded."""
        return self._failures == 0

    async def wait(self, jitter: float) -> None:
        """Return when a connection may be tried; *jitter* is 0.0 to 1.0."""
        if self.is_open:
            return
        async with self._one_at_a_time:
            if not self.is_open:
                await asyncio.sleep(max(0.0, self._opens_at - time.monotonic()))
            # The next in line finds the gate shut until this try has ended.
            self._opens_at = time.monotonic() + self._step(jitter)

    def failed(self, jitter: float) -> None:
        """Shut the gate for the next step."""
        now = time.monotonic()
        if now - self._failed_at >= self._first_s:
            self._failures += 1
            self._failed_at = now
        self._opens_at = now + self._step(jitter)

    def succeeded(self) -> None:
        """Open the gate."""
        self._failures = 0

    def _step(self, jitter: float) -> float:
        return min(_MOST_S, self._first_s * float(2 ** min(self._failures, 10))) * (0.8 + 0.4 * jitter)
