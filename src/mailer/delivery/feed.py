"""What is to be sent next: Letters first, then the copies of claimed chunks.

The database is the queue; this holds only what this process has claimed and not yet tried.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol

import structlog

from mailer.delivery.copy import Composer, Copy
from mailer.delivery.jobs import DeliveryJob, Job, LetterJob, Lot
from mailer.delivery.letterpress import Letterpress
from mailer.delivery.patience import keep_writing
from mailer.domain.delivery import SkipReason
from mailer.domain.newsletter import Newsletter, UnknownPolicy
from mailer.errors import MailerError, StorageBroken, StorageError
from mailer.rendering.skeleton import Skeleton
from mailer.storage import Database, Transaction, chunks, deliveries, editions, issues, letters, newsletters
from mailer.storage.chunks import Chunk, DueCopy
from mailer.storage.letters import Letter

_LETTERS = 100
_LOW_WATER = 1000
"""Below so many copies at hand another chunk is claimed: a fast relay takes them within 100 ms."""
_POLL_S = 1.0
_SKELETONS = 32
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

    def __init__(
        self,
        database: Database,
        composer: Composer,
        letterpress: Letterpress,
        *,
        owner: str,
        clock: Callable[[], datetime],
        may_send: Callable[[], bool] = lambda: True,
    ) -> None:
        """
        Deal out nothing yet.

        Args:
            database: of the installation.
            composer: makes copies.
            letterpress: renders Letters.
            owner: this node's id.
            clock: aware UTC.
            may_send: asked before anything is claimed or dealt out (delivery/fence.py); after it changes
                to True, call *wake*.
        """
        self._database = database
        self._composer = composer
        self._letterpress = letterpress
        self._owner = owner
        self._clock = clock
        self._may_send = may_send
        self._letters: deque[Job] = deque()
        self._copies: deque[Job] = deque()
        self._changed = asyncio.Condition()
        self._wanted = asyncio.Event()
        self._skeletons: dict[int, tuple[Skeleton, Newsletter]] = {}
        self._lots: dict[int, Lot] = {}
        self._finished: list[Chunk] = []
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
                await self._let_go_finished()
                found = await self._claim()
            except StorageBroken:
                raise
            except Exception as error:  # noqa: BLE001 - the top of the loop: one chunk must not stop the others
                # Only our own sentences are known to hold no address.
                reason = str(error) if isinstance(error, MailerError) else type(error).__name__
                _log.error("feed.claim_failed", reason=reason)
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

    def done(self, job: Job) -> None:
        """Say that a job has its outcome; a chunk is let go soon after its last."""
        if not isinstance(job, DeliveryJob):
            return
        job.lot.open_count -= 1
        if job.lot.open_count == 0:
            self._finish(job.lot.chunk)

    def drop(self, issue_id: int, group: str | None) -> None:
        """Let nothing more be tried of an issue, or of one provider group of it, that was stopped."""
        for lot in self._lots.values():
            if lot.chunk.issue_id == issue_id and group in (None, lot.chunk.provider_group):
                lot.is_lost = True

    async def lost(self, job: Job) -> None:
        """Say that a job may not be sent any more; look whether its whole chunk is lost."""
        if isinstance(job, DeliveryJob) and not await self._is_held(job):
            job.lot.is_lost = True
        self.done(job)

    async def drain(self) -> None:
        """Give back everything that was claimed and not tried; what can't be is freed by recovery."""
        finished, self._finished = self._finished, []
        ids = [job.letter.id for job in self._letters if isinstance(job, LetterJob)]
        copies = [*self._copies]
        self._letters.clear()
        self._copies.clear()
        now = self._clock()
        chunk_ids = {job.lot.chunk.id for job in copies if isinstance(job, DeliveryJob)}
        chunk_ids |= {chunk.id for chunk in finished}

        def give_back(tx: Transaction) -> None:
            letters.let_go(tx, ids, self._owner)
            for chunk_id in sorted(chunk_ids):
                chunks.let_go(tx, chunk_id, self._owner, now)

        try:
            await self._database.write(give_back)
        except StorageError as error:
            _log.error("feed.drain_failed", reason=str(error))

    def _queue_of(self, job: Job) -> deque[Job]:
        return self._letters if isinstance(job, LetterJob) else self._copies

    def _pop(self) -> Job | None:
        if not self._may_send():
            return None
        while self._copies and self._copies[0].is_void:
            # It costs no permit.
            self.done(self._copies.popleft())
        queue = self._letters or self._copies
        if queue and not self._permits.take():
            # Nor is more claimed now: whoever waits for a permit would ask for it again and again.
            return None
        job = queue.popleft() if queue else None
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
            found += await self._claim_letters()
        if len(self._copies) < _LOW_WATER:
            found += await self._claim_chunk()
        return found

    async def _claim_letters(self) -> int:
        now = self._clock()

        def work(tx: Transaction) -> list[tuple[Letter, Newsletter, int]]:
            return [
                (
                    letter,
                    newsletters.pick(tx, letter.newsletter),
                    newsletters.identifier(tx, letter.newsletter),
                )
                for letter in letters.claim(tx, self._owner, now, _LETTERS)
            ]

        claimed = await self._database.write(work, urgent=True)
        if len(claimed) == _LETTERS:
            self._letters_at = 0.0
        for letter, newsletter, newsletter_id in claimed:
            compose = partial(self._letter_copy, letter, newsletter, newsletter_id)
            self._letters.append(LetterJob(compose, letter, self._owner))
        return len(claimed)

    def _letter_copy(self, letter: Letter, newsletter: Newsletter, newsletter_id: int) -> Copy:
        # Rendered when its turn has come, not when it is claimed: a template that is wrong must cost
        # its own letter a try, and not lose the others of the claim.
        skeleton = self._letterpress.skeleton(letter.kind, newsletter, letter.language)
        return self._composer.of(newsletter).letter_copy(skeleton, letter, newsletter_id)

    async def _claim_chunk(self) -> int:
        now = self._clock()
        chunk = await self._database.write(lambda tx: chunks.claim(tx, self._owner, now))
        if chunk is None:
            return 0
        try:
            # Outside the claim's transaction: it is ours now, and the writer has bodies waiting.
            due = await self._database.read(lambda tx: chunks.due(tx, chunk, now))
            there = [copy for copy in due if copy.sealed_address is not None]
            if len(there) < len(due):
                await self._skip_gone([copy for copy in due if copy.sealed_address is None])
            skeleton, newsletter = await self._skeleton(chunk.edition_id, chunk.issue_id)
        except Exception:
            # Whatever it was, a chunk that nobody holds in hand must not stay ours.
            self._finish(chunk)
            raise
        lot = self._lots[chunk.id] = Lot(chunk, len(there))
        holds = newsletter.unknown_policy is UnknownPolicy.HOLD
        compose = self._composer.of(newsletter).press(skeleton, chunk.issue_id).copy
        self._copies.extend(DeliveryJob(compose, copy, self._owner, lot, holds) for copy in there)
        if not there:
            self._finish(chunk)
        return 1

    def _finish(self, chunk: Chunk) -> None:
        self._lots.pop(chunk.id, None)
        self._finished.append(chunk)
        self._wanted.set()

    async def _skip_gone(self, gone: Sequence[DueCopy]) -> None:
        """Leave out the copies of readers who left or were erased since the freeze."""
        if not gone:
            return
        now = self._clock()

        def work(tx: Transaction) -> None:
            for copy in gone:
                deliveries.skip(tx, copy, SkipReason.UNSUBSCRIBED, now)

        await self._database.write(work)

    async def _skeleton(self, edition_id: int, issue_id: int) -> tuple[Skeleton, Newsletter]:
        known = self._skeletons.get(edition_id)
        if known is None:

            def work(tx: Transaction) -> tuple[bytes, Newsletter]:
                newsletter = newsletters.pick(tx, issues.get(tx, issue_id).newsletter)
                return editions.skeleton(tx, edition_id), newsletter

            stored, newsletter = await self._database.read(work)
            known = Skeleton.unpack(stored), newsletter
            if len(self._skeletons) >= _SKELETONS:
                self._skeletons.pop(next(iter(self._skeletons)))
            self._skeletons[edition_id] = known
        return known

    async def _let_go_finished(self) -> None:
        """Give back the chunks of which every copy has its outcome."""
        if not self._finished:
            return
        finished, self._finished = self._finished, []
        now = self._clock()

        def work(tx: Transaction) -> None:
            for chunk in finished:
                chunks.let_go(tx, chunk.id, self._owner, now)

        await keep_writing(self._database, work)

    async def _is_held(self, job: DeliveryJob) -> bool:
        try:
            return await self._database.read(job.is_held)
        except StorageError:
            # Not known: the rest of the chunk is left to whoever claims it next.
            return False
