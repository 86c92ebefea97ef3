"""Claims: what this node has taken out of the database, as jobs, and what it gives back.

A chunk that is claimed is ours until it is given back, or until this process is known dead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial

import structlog

from mailer.delivery.copy import Composer, Copy
from mailer.delivery.jobs import DeliveryJob, LetterJob, Lot
from mailer.delivery.letterpress import Letterpress
from mailer.delivery.patience import keep_writing
from mailer.domain.delivery import SkipReason
from mailer.domain.newsletter import Newsletter, UnknownPolicy
from mailer.errors import StorageError
from mailer.rendering.skeleton import Skeleton
from mailer.storage import (
    Database,
    Transaction,
    chunks,
    deliveries,
    editions,
    issues,
    letters,
    newsletters,
    preferences,
)
from mailer.storage.chunks import Chunk, DueCopy
from mailer.storage.letters import Letter

_SKELETONS = 32
_log = structlog.get_logger()


class Claims:
    """What one node holds."""

    def __init__(
        self,
        database: Database,
        composer: Composer,
        letterpress: Letterpress,
        *,
        owner: str,
        clock: Callable[[], datetime],
    ) -> None:
        """
        Hold nothing yet.

        Args:
            database: of the installation.
            composer: makes copies.
            letterpress: renders Letters.
            owner: this node's id.
            clock: aware UTC.
        """
        self._database = database
        self._composer = composer
        self._letterpress = letterpress
        self._owner = owner
        self._clock = clock
        self._skeletons: dict[int, tuple[Skeleton, Newsletter]] = {}
        self._lots: dict[int, Lot] = {}
        self._finished: list[Chunk] = []

    async def letters(self, most: int) -> list[LetterJob]:
        """Claim Letters that are due, oldest first."""
        now = self._clock()

        def work(tx: Transaction) -> list[tuple[Letter, Newsletter, int, bool]]:
            return [
                (
                    letter,
                    newsletters.pick(tx, letter.newsletter),
                    newsletters.identifier(tx, letter.newsletter),
                    preferences.is_discreet(tx, letter.public_id),
                )
                for letter in letters.claim(tx, self._owner, now, most)
            ]

        claimed = await self._database.write(work, urgent=True)
        try:
            await self._letterpress.prepare(newsletter for _, newsletter, *_ in claimed)
        except Exception:
            # Whatever it was, a Letter that nobody holds in hand must not stay ours.
            await self.give_back([letter.id for letter, *_ in claimed], ())
            raise
        return [LetterJob(partial(self._letter_copy, *each), each[0], self._owner) for each in claimed]

    async def copies(self) -> list[DeliveryJob] | None:
        """Claim the chunk that is due longest; return its copies that are due, None without a chunk."""
        now = self._clock()
        chunk = await self._database.write(lambda tx: chunks.claim(tx, self._owner, now))
        if chunk is None:
            return None
        try:
            # Outside the claim's transaction: it is ours now, and the writer has bodies waiting.
            due = await self._database.read(lambda tx: chunks.due(tx, chunk, now))
            there = [copy for copy in due if copy.sealed_address is not None]
            if len(there) < len(due):
                await self._skip_gone([copy for copy in due if copy.sealed_address is None])
            skeleton, newsletter = await self._skeleton(chunk.edition_id, chunk.issue_id)
            compose = self._composer.of(newsletter).press(skeleton, chunk.issue_id).copy
        except Exception:
            # Whatever it was, a chunk that nobody holds in hand must not stay ours.
            self._finish(chunk)
            raise
        lot = self._lots[chunk.id] = Lot(chunk, len(there))
        holds = newsletter.unknown_policy is UnknownPolicy.HOLD
        if not there:
            self._finish(chunk)
        return [DeliveryJob(compose, copy, self._owner, lot, holds) for copy in there]

    def done(self, job: DeliveryJob) -> bool:
        """Note that a copy has its outcome; whether it was its chunk's last, which can be given back."""
        job.lot.open_count -= 1
        if job.lot.open_count == 0:
            self._finish(job.lot.chunk)
        return job.lot.open_count == 0

    def drop(self, issue_id: int, group: str | None) -> None:
        """Let nothing more be tried of an issue, or of one provider group of it, that was stopped."""
        for lot in self._lots.values():
            if lot.chunk.issue_id == issue_id and group in (None, lot.chunk.provider_group):
                lot.is_lost = True

    async def let_go_finished(self) -> None:
        """Give back the chunks of which every copy has its outcome."""
        if not self._finished:
            return
        finished, self._finished = self._finished, []
        now = self._clock()

        def work(tx: Transaction) -> None:
            for chunk in finished:
                chunks.let_go(tx, chunk.id, self._owner, now)

        await keep_writing(self._database, work)

    async def give_back(self, letter_ids: Sequence[int], copies: Iterable[DeliveryJob]) -> None:
        """Give back what was claimed and not tried; what can't be is freed by recovery."""
        finished, self._finished = self._finished, []
        chunk_ids = {chunk.id for chunk in finished} | {job.lot.chunk.id for job in copies}
        now = self._clock()

        def work(tx: Transaction) -> None:
            letters.let_go(tx, letter_ids, self._owner)
            for chunk_id in sorted(chunk_ids):
                chunks.let_go(tx, chunk_id, self._owner, now)

        try:
            await self._database.write(work)
        except StorageError as error:
            _log.error("claims.not_given_back", reason=str(error))

    async def is_held(self, job: DeliveryJob) -> bool:
        """Tell whether a copy's chunk is still ours under the epoch it was claimed with."""
        try:
            return await self._database.read(job.is_held)
        except StorageError:
            # Not known: the rest of the chunk is left to whoever claims it next.
            return False

    def _letter_copy(
        self,
        letter: Letter,
        newsletter: Newsletter,
        newsletter_id: int,
        is_discreet: bool,  # noqa: FBT001 - as the claim made it
    ) -> Copy:
        # Rendered when its turn has come, not when it is claimed: a template that is wrong must cost
        # its own letter a try, and not lose the others of the claim.
        titles = self._composer.titles(letter)
        skeleton = self._letterpress.skeleton(
            letter.kind, newsletter, letter.language, is_discreet=is_discreet, titles=titles
        )
        return self._composer.of(newsletter).letter_copy(skeleton, letter, newsletter_id)

    def _finish(self, chunk: Chunk) -> None:
        self._lots.pop(chunk.id, None)
        self._finished.append(chunk)

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
