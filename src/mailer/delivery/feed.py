"""What is to be sent next: Letters first, then the copies of claimed chunks.

The database is the queue; this holds only what this process has claimed and not yet tried.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

import structlog

from mailer.delivery.copy import Composer
from mailer.delivery.jobs import DeliveryJob, Job, LetterJob, Lot
from mailer.delivery.letterpress import Letterpress
from mailer.domain.delivery import SkipReason
from mailer.domain.newsletter import Newsletter, UnknownPolicy
from mailer.errors import MailerError
from mailer.rendering.skeleton import Skeleton
from mailer.storage import Database, Transaction, chunks, deliveries, editions, issues, letters, newsletters
from mailer.storage.chunks import DueCopy
from mailer.storage.letters import Letter

_LETTERS = 100
_LOW_WATER = 200
_POLL_S = 1.0
_SKELETONS = 32
_log = structlog.get_logger()


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
    ) -> None:
        """Args: owner: this node's id. clock: aware UTC."""
        self._database = database
        self._composer = composer
        self._letterpress = letterpress
        self._owner = owner
        self._clock = clock
        self._letters: deque[Job] = deque()
        self._copies: deque[Job] = deque()
        self._changed = asyncio.Condition()
        self._wanted = asyncio.Event()
        self._skeletons: dict[int, tuple[Skeleton, Newsletter]] = {}
        self._stopping = False

    def wake(self) -> None:
        """Look at the database now: somebody wrote work."""
        self._wanted.set()

    async def fill(self) -> None:
        """Claim work whenever little is left, until *stop*."""
        while not self._stopping:
            self._wanted.clear()
            try:
                found = await self._claim()
            except MailerError as error:
                _log.error("feed.claim_failed", reason=str(error))
                found = 0
            if found:
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
        (self._letters if isinstance(job, LetterJob) else self._copies).appendleft(job)

    async def done(self, job: Job) -> None:
        """Say that a job has its outcome; a chunk is let go with its last."""
        if not isinstance(job, DeliveryJob):
            return
        job.lot.open_count -= 1
        if job.lot.open_count == 0:
            await self._let_go(job.lot)

    async def lost(self, job: Job) -> None:
        """Say that a job may not be sent any more; look whether its whole chunk is lost."""
        if isinstance(job, DeliveryJob) and not await self._database.read(job.is_held):
            job.lot.is_lost = True
        await self.done(job)

    async def drain(self) -> None:
        """Give back everything that was claimed and not tried."""
        ids = [job.letter.id for job in self._letters if isinstance(job, LetterJob)]
        copies = [*self._copies]
        self._letters.clear()
        self._copies.clear()
        if ids:
            await self._database.write(lambda tx: letters.let_go(tx, ids, self._owner))
        for job in copies:
            await self.done(job)

    def _pop(self) -> Job | None:
        if self._letters:
            return self._letters.popleft()
        if len(self._copies) < _LOW_WATER:
            self._wanted.set()
        return self._copies.popleft() if self._copies else None

    async def _nap(self) -> None:
        try:
            async with asyncio.timeout(_POLL_S):
                await self._wanted.wait()
        except TimeoutError:
            pass

    async def _claim(self) -> int:
        found = 0
        if len(self._letters) < _LETTERS:
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
        for letter, newsletter, newsletter_id in claimed:
            skeleton = self._letterpress.skeleton(letter.kind, newsletter, letter.language)
            compose = partial(self._composer.of(newsletter).letter_copy, skeleton, letter, newsletter_id)
            self._letters.append(LetterJob(compose, letter, self._owner))
        return len(claimed)

    async def _claim_chunk(self) -> int:
        now = self._clock()
        claimed = await self._database.write(lambda tx: chunks.claim(tx, self._owner, now))
        if claimed is None:
            return 0
        chunk, due = claimed
        lot = Lot(chunk, len(due))
        skeleton, newsletter = await self._skeleton(chunk.edition_id, chunk.issue_id)
        holds = newsletter.unknown_policy is UnknownPolicy.HOLD
        gone = [copy for copy in due if copy.sealed_address is None]
        if gone:
            await self._skip_gone(gone)
            lot.open_count -= len(gone)
        composer = self._composer.of(newsletter)
        for copy in due:
            if copy.sealed_address is not None:
                compose = partial(composer.edition_copy, skeleton, copy)
                self._copies.append(DeliveryJob(compose, copy, self._owner, lot, holds))
        if lot.open_count == 0:
            await self._let_go(lot)
        return 1

    async def _skip_gone(self, gone: Sequence[DueCopy]) -> None:
        """Leave out the copies of readers who left or were erased since the freeze."""
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

    async def _let_go(self, lot: Lot) -> None:
        now = self._clock()
        await self._database.write(lambda tx: chunks.let_go(tx, lot.chunk.id, self._owner, now))
