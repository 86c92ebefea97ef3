"""What is to be sent next: Letters first, but of what copies wait at least four for each Letter.

So a confirmation overtakes an issue, and a flood of them delays it by a fifth at most.

The database is the queue; this holds only what this process has claimed and not yet tried.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

import structlog

from mailer.delivery.claims import Claims
from mailer.delivery.jobs import DeliveryJob, Job, LetterJob
from mailer.errors import MailerError, StorageBroken

_LETTERS = 100
_COPIES_PER_LETTER = 4
_LOW_WATER = 1000
"""Below so many copies at hand another chunk is claimed: a fast relay takes them within 100 ms."""
_POLL_S = 1.0
_log = structlog.get_logger()


class Permits(Protocol):
    """What a job needs to be dealt out (delivery/allowance.py)."""

    def take(self) -> bool:
        """Take one; False when there is none now."""
        ...

    def give_back(self) -> None:
        """Put one back that was not used."""
        ...


class _Every:
    def take(self) -> bool:
        return True

    def give_back(self) -> None:
        pass


_EVERY = _Every()


class Feed:
    """Claims work for one node and deals it out to its connections."""

    def __init__(self, claims: Claims, *, may_send: Callable[[], bool] = lambda: True) -> None:
        """
        Deal out nothing yet.

        Args:
            claims: of this node.
            may_send: asked before anything is claimed or dealt out (delivery/fence.py); after it changes
                to True, call *wake*.
        """
        self._claims = claims
        self._may_send = may_send
        self._letters: deque[Job] = deque()
        self._copies: deque[Job] = deque()
        self._owed = 0
        self._changed = asyncio.Condition()
        self._wanted = asyncio.Event()
        self._permits: Permits = _EVERY
        self._letters_at = 0.0
        self._stopping = False

    def obey(self, permits: Permits) -> None:
        """Deal out nothing without a permit; after *permits* found none and has some again, call *wake*."""
        self._permits = permits

    def wake(self) -> None:
        """Look at the database now: somebody wrote work."""
        self._letters_at = 0.0
        self._wanted.set()

    async def fill(self) -> None:
        """Claim work whenever little is left, until *stop*."""
        while not self._stopping:
            self._wanted.clear()
            try:
                await self._claims.let_go_finished()
                found = await self._claim()
            except StorageBroken:
                raise
            except Exception as error:  # noqa: BLE001 - the top of the loop: one chunk must not stop the others
                # Only our own sentences are known to hold no address.
                reason = str(error) if isinstance(error, MailerError) else type(error).__name__
                _log.error("feed.claim_failed", reason=reason)
                # A chunk that can't be read is due again at once: it must not be claimed again and again.
                self._wanted.clear()
                found = 0
            if found or self._letters or self._copies:
                async with self._changed:
                    self._changed.notify_all()
            if not found or len(self._copies) >= _LOW_WATER:
                await self._nap()
        async with self._changed:
            self._changed.notify_all()

    def stop(self) -> None:
        """Deal out nothing more."""
        self._stopping = True
        self.wake()

    async def take(self, timeout_s: float | None = None) -> Job | None:
        """Return the next job, waiting for one at most *timeout_s*; None when there is none or we stop."""
        try:
            async with asyncio.timeout(timeout_s), self._changed:
                while True:
                    if self._stopping:
                        return None
                    if (job := self._pop()) is not None:
                        return job
                    await self._changed.wait()
        except TimeoutError:
            return None

    def take_now(self) -> Job | None:
        """Return the next job if one is at hand."""
        return None if self._stopping else self._pop()

    def put_back(self, job: Job) -> None:
        """Return a job that was not tried."""
        self._permits.give_back()
        self._queue_of(job).appendleft(job)

    def put_off(self, job: Job) -> None:
        """Return a job at which the relay hung up: the others go first."""
        self._permits.give_back()
        self._queue_of(job).append(job)

    def spare(self) -> None:
        """Say that a job used none of the relay's messages, so that its permit goes to another."""
        self._permits.give_back()

    def done(self, job: Job) -> None:
        """Say that a job has its outcome; a chunk is let go soon after its last."""
        if isinstance(job, DeliveryJob) and self._claims.done(job):
            self._wanted.set()

    def drop(self, issue_id: int, group: str | None) -> None:
        """Let nothing more be tried of an issue, or of one provider group of it, that was stopped."""
        self._claims.drop(issue_id, group)

    async def lost(self, job: Job) -> None:
        """Say that a job may not be sent any more; look whether its whole chunk is lost."""
        if isinstance(job, DeliveryJob) and not await self._claims.is_held(job):
            job.lot.is_lost = True
        self.spare()
        self.done(job)

    async def drain(self) -> None:
        """Give back everything that was claimed and not tried."""
        ids = [job.letter.id for job in self._letters if isinstance(job, LetterJob)]
        copies = [job for job in self._copies if isinstance(job, DeliveryJob)]
        self._letters.clear()
        self._copies.clear()
        await self._claims.give_back(ids, copies)

    def _queue_of(self, job: Job) -> deque[Job]:
        return self._letters if isinstance(job, LetterJob) else self._copies

    def _pop(self) -> Job | None:
        if not self._may_send():
            return None
        while self._copies and self._copies[0].is_void:
            # It costs no permit.
            self.done(self._copies.popleft())
        queue = self._letters if self._letters and not (self._owed and self._copies) else self._copies
        if queue and not self._permits.take():
            # Nor is more claimed now: whoever waits for a permit would ask for it again and again.
            return None
        job = queue.popleft() if queue else None
        if job is not None:
            self._owed = _COPIES_PER_LETTER if queue is self._letters else max(0, self._owed - 1)
        if len(self._copies) < _LOW_WATER:
            self._wanted.set()
        return job

    async def _nap(self) -> None:
        try:
            async with asyncio.timeout(_POLL_S):
                await self._wanted.wait()
        except TimeoutError:
            pass

    async def _claim(self) -> int:
        found = 0
        if not self._may_send():
            return found
        # Not for every chunk: whoever writes one wakes us, and what is due again can wait a moment.
        if len(self._letters) < _LETTERS and time.monotonic() >= self._letters_at:
            self._letters_at = time.monotonic() + _POLL_S
            letters = await self._claims.letters(_LETTERS)
            if len(letters) == _LETTERS:
                self._letters_at = 0.0
            self._letters.extend(letters)
            found += len(letters)
        if len(self._copies) < _LOW_WATER and (copies := await self._claims.copies()) is not None:
            self._copies.extend(copies)
            found += 1
        return found
