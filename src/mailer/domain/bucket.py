"""How many messages a relay may be handed now: a token bucket, and a count of the last 24 hours.

The day slides: at no moment have more than the day's messages gone out within the 24 hours before it.
Relays that count from midnight allow no less, and those that count 24 hours back would refuse what a
count from midnight lets through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, inf

SLOT = timedelta(minutes=10)
"""The day is counted in pieces of this length: a message counts until its piece is a day old."""
DAY = timedelta(hours=24)
BURST_S = 1.0
"""Seconds' worth of messages that a silence saves up, never less than one message."""
_BLOCK_S = 0.5
_BLOCKS_PER_DAY = 200
_MOST_IN_A_BLOCK = 2000


@dataclass(frozen=True, slots=True)
class Limits:
    """What the settings allow.

    Attributes:
        per_second: messages; None is no limit.
        per_day: messages in any 24 hours; None is no limit.
    """

    per_second: float | None = None
    per_day: int | None = None

    @property
    def are_set(self) -> bool:
        """Whether there is any."""
        return self.per_second is not None or self.per_day is not None

    @property
    def burst(self) -> float:
        """Most messages in the bucket."""
        return inf if self.per_second is None else max(1.0, self.per_second * BURST_S)

    @property
    def block(self) -> int:
        """How many messages to take at a time: enough that asking costs little, few enough to lose."""
        if self.per_second is not None:
            return min(max(1, ceil(self.per_second * _BLOCK_S)), int(self.burst))
        return min(max(1, (self.per_day or 0) // _BLOCKS_PER_DAY), _MOST_IN_A_BLOCK)


@dataclass(frozen=True, slots=True)
class Bucket:
    """What may go at once, and since when that is so.

    Attributes:
        tokens: messages.
        filled_at: aware UTC.
    """

    tokens: float
    filled_at: datetime

    def filled(self, limits: Limits, now: datetime) -> Bucket:
        """Return the bucket at *now*; a clock that was set back fills nothing, and keeps nobody waiting."""
        if limits.per_second is None:
            return Bucket(self.tokens, now)
        passed_s = max(0.0, (now - self.filled_at).total_seconds())
        return Bucket(min(limits.burst, self.tokens + passed_s * limits.per_second), now)


@dataclass(frozen=True, slots=True)
class Use:
    """How many messages were taken in one piece of a day."""

    began_at: datetime
    taken: int


@dataclass(frozen=True, slots=True)
class Grant:
    """What may be taken now.

    Attributes:
        count: messages, 0 to what was asked for.
        bucket: what is left.
        ask_at: when to ask again for the rest; None when all was granted.
        used_up_until: when the first of the day's messages is free again, if it is the day that ran out.
    """

    count: int
    bucket: Bucket
    ask_at: datetime | None
    used_up_until: datetime | None


def grant(limits: Limits, bucket: Bucket, uses: Sequence[Use], now: datetime) -> Grant:
    """
    Say how much of a block may be taken.

    Args:
        limits: of the relay.
        bucket: as it was left.
        uses: of the last 24 hours, in any order.
        now: aware UTC; the database's own time, as several machines share the bucket.
    """
    wanted = limits.block
    full = bucket.filled(limits, now)
    in_bucket = wanted if limits.per_second is None else min(wanted, int(full.tokens))
    left = wanted if limits.per_day is None else max(0, limits.per_day - sum(use.taken for use in uses))
    count = min(in_bucket, left)
    rest = full if limits.per_second is None else Bucket(full.tokens - count, now)
    if left == 0:
        # Settings may allow nothing at all: then no slot will help, and a day later is as good as any.
        until = min((use.began_at for use in uses if use.taken), default=now) + SLOT + DAY
        return Grant(0, rest, until, until)
    if count == wanted or limits.per_second is None:
        return Grant(count, rest, None, None)
    missing_s = (wanted - count - rest.tokens) / limits.per_second
    return Grant(count, rest, now + timedelta(seconds=max(missing_s, 0.0)), None)


def slot_of(now: datetime) -> datetime:
    """Return the beginning of the piece of a day that *now* is in."""
    return now - (now - datetime(1970, 1, 1, tzinfo=now.tzinfo)) % SLOT
