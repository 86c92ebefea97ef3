"""What a fault relay has seen and accepted, and which fault comes next: to be held against the ledger."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.integration.delivery.faults import PIPELINED, Act, Fault, Moment, Pace, Terms


@dataclass(frozen=True, slots=True)
class Record:
    """A message whose dot was read.

    Attributes:
        digest: SHA-256 of every byte, without the dots that were stuffed.
        accepted: whether the relay took it upon itself.
        connection: over which it came; the first is 1.
    """

    message_id: str
    recipient: str
    digest: bytes
    accepted: bool
    connection: int


@dataclass(slots=True)
class Bucket:
    """What is left of a Pace."""

    pace: Pace
    tokens: float = field(init=False)
    at_s: float = 0.0

    def __post_init__(self) -> None:
        self.tokens = self.pace.burst

    def takes(self, now_s: float) -> bool:
        """Take a token if there is one; *now_s* counts from the start of the relay."""
        gained = self.pace.tokens_between(self.at_s, now_s)
        self.tokens, self.at_s = min(self.pace.burst, self.tokens + gained), now_s
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@dataclass(slots=True)
class FaultLog:
    """The relay's memory.

    Attributes:
        faults: the first that fits a moment happens.
        log: every message whose dot was read, in order.
        commands: every line that was no body, in order, as it came.
        seen: how often each moment was reached; besides ``connect``, ``fault``, ``paced`` (refused by the
            pace), ``early`` (something came before an answer that it had to wait for), ``stray`` (a body
            without a recipient that was not empty), ``auth in clear`` and ``mail in clear``.
        hanging: connections that are kept waiting now.
        flooded: most bytes that a client swallowed of one Flood.
    """

    faults: Sequence[Fault] = ()
    terms: Terms = PIPELINED
    log: list[Record] = field(default_factory=list)
    commands: list[bytes] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    hanging: int = 0
    flooded: int = 0
    _used: Counter[int] = field(default_factory=Counter)
    _bucket: Bucket | None = None
    _began_at: float = 0.0

    def accepted(self) -> Counter[str]:
        """Return how many messages were accepted, by recipient."""
        return Counter(record.recipient for record in self.log if record.accepted)

    def contents(self) -> dict[str, set[bytes]]:
        """Return the digests that came under each Message-ID."""
        found: defaultdict[str, set[bytes]] = defaultdict(set)
        for record in self.log:
            found[record.message_id].add(record.digest)
        return found

    def begin(self) -> None:
        """Start the clock of the pace."""
        self._began_at = asyncio.get_running_loop().time()
        self._bucket = None if self.terms.pace is None else Bucket(self.terms.pace)

    def next_fault(self, moment: Moment, connection: int, recipient: str) -> int | None:
        """Return which fault would happen at a moment."""
        for number, fault in enumerate(self.faults):
            is_left = fault.times is None or self._used[number] < fault.times
            if is_left and fault.hits(moment, connection, recipient):
                return number
        return None

    def act(self, number: int | None) -> Act | None:
        """Return what a fault does, and count it."""
        if number is None:
            return None
        self._used[number] += 1
        self.seen["fault"] += 1
        return self.faults[number].act

    def refusal(self, moment: Moment) -> bytes:
        """Return what the pace says to one message more; empty when it takes it."""
        if self._bucket is None or moment is not self._bucket.pace.moment:
            return b""
        if self._bucket.takes(asyncio.get_running_loop().time() - self._began_at):
            return b""
        self.seen["paced"] += 1
        return self._bucket.pace.refusal

    @contextmanager
    def keeping_waiting(self) -> Iterator[None]:
        """Count a connection as hanging."""
        self.hanging += 1
        try:
            yield
        finally:
            self.hanging -= 1
