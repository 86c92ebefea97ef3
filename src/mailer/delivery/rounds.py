"""The rounds: what a running node looks after between messages, each at its own pace."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

from mailer.audience import retention
from mailer.delivery.presence import BEAT_S, Presence
from mailer.delivery.recovery import recover
from mailer.delivery.wal_watch import LOOK_S, WalWatch
from mailer.domain.retry import RetryPolicy
from mailer.errors import MailerError
from mailer.storage import Database, Transaction, deliveries, issues

_FINISH_S = 0.5
_RECOVER_S = 10.0
_TIDY_S = 60.0
_log = structlog.get_logger()


class Rounds:
    """Heartbeat, recovery, finished issues, deadlines, what has outlived its time, and the log's length."""

    def __init__(
        self,
        database: Database,
        presence: Presence,
        *,
        retry: RetryPolicy,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._presence = presence
        self._retry = retry
        self._clock = clock
        self._wal_watch = WalWatch(database)

    async def run(self) -> None:
        """Go round until cancelled."""
        async with asyncio.TaskGroup() as group:
            for work, every_s in (
                (self._presence.beat, BEAT_S),
                (self.finish, _FINISH_S),
                (self.recover, _RECOVER_S),
                (self.tidy, _TIDY_S),
                (self._wal_watch.look, LOOK_S),
            ):
                group.create_task(_again(work, every_s))

    async def finish(self) -> None:
        """Call issues sent of which no copy is open."""
        if await self._database.read(issues.done):
            await self._database.write(issues.finish_done)

    async def recover(self) -> None:
        """Free what dead nodes held."""
        now = self._clock()
        found = await recover(
            self._database,
            await self._presence.dead(),
            now=now,
            resend_at=self._retry.next_attempt_at(1, now, jitter=0.5),
        )
        if found.chunks or found.letters or found.releases:
            _log.warning(
                "node.recovered",
                chunks=found.chunks,
                copies_unknown=found.copies,
                letters_unknown=found.letters,
                releases_undone=found.releases,
            )

    async def tidy(self) -> None:
        """End what is past its deadline and forget what has outlived its time."""
        now = self._clock()

        def work(tx: Transaction) -> None:
            for issue_id in issues.past_deadline(tx, now):
                deliveries.close_waiting(tx, issue_id, now, deadline=True)

        await self._database.write(work)
        await retention.forget(self._database, now=now)


async def _again(work: Callable[[], Awaitable[None]], every_s: float) -> None:
    while True:
        try:
            await work()
        except MailerError as error:
            _log.error("rounds.failed", work=work.__name__, reason=str(error))
        await asyncio.sleep(every_s)
