"""When to try again: a schedule of waits with jitter, until the issue's deadline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

_SPREAD = 0.4
_LEAST = 0.8


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long to wait between tries.

    Attributes:
        waits_s: seconds before the second, third … try; the last one repeats.
    """

    waits_s: tuple[float, ...] = (300, 900, 1800, 3600, 7200)

    @classmethod
    def of_minutes(cls, waits: Sequence[float]) -> RetryPolicy:
        """Return the policy whose waits are given in minutes."""
        return cls(tuple(each * 60 for each in waits))

    @property
    def most_s(self) -> float:
        """How long a server may make a copy wait, in seconds: twice the longest of our own waits.

        So the policy bounds what replies ask for: four hours as it comes, and moments where a
        demonstration or a test waits for moments.
        """
        return 2 * max(self.waits_s)

    def next_attempt_at(self, attempts: int, now: datetime, jitter: float) -> datetime:
        """Say when to try again.

        Args:
            attempts: tries already made, 1 or more.
            now: aware UTC.
            jitter: 0.0 to 1.0, given by the caller so that this stays pure; the wait is stretched
                by 0.8 to 1.2, so that copies deferred together do not come back together.

        Raises:
            ValueError: *attempts* is below 1.

        RFC 5321 §4.5.4.1 asks for 30 minutes between tries; the first wait is 5 minutes because
        greylisting servers answer sooner.
        """
        if attempts < 1:
            raise ValueError("a retry follows at least one attempt")
        wait = self.waits_s[min(attempts, len(self.waits_s)) - 1]
        return now + timedelta(seconds=wait * (_LEAST + _SPREAD * jitter))
