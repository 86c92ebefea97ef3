"""The post room: everything that sends, put together and run as one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from mailer.delivery.claims import Claims
from mailer.delivery.copy import Composer
from mailer.delivery.dialler import Dialler
from mailer.delivery.feed import Feed
from mailer.delivery.fence import Fence
from mailer.delivery.letterpress import Letterpress
from mailer.delivery.patience import LEAVING_S
from mailer.delivery.presence import Presence
from mailer.delivery.rounds import Rounds
from mailer.delivery.sender import Sender
from mailer.domain.retry import RetryPolicy
from mailer.storage import Database


@dataclass(frozen=True, slots=True)
class Manners:
    """How copies are tried.

    Attributes:
        retry: when again.
        clock: aware UTC.
    """

    retry: RetryPolicy
    clock: Callable[[], datetime]


class PostRoom:
    """Claims what is due, sends it and looks after what others left behind."""

    def __init__(
        self,
        database: Database,
        composer: Composer,
        letterpress: Letterpress,
        *,
        presence: Presence,
        fence: Fence,
        manners: Manners,
    ) -> None:
        """
        Put the pieces together; nothing runs yet.

        Args:
            database: of the installation.
            composer: makes copies.
            letterpress: renders Letters.
            presence: of this process.
            fence: asked before anything is claimed or sent.
            manners: how copies are tried.
        """
        self._database = database
        self._presence = presence
        self._fence = fence
        self._manners = manners
        claims = Claims(database, composer, letterpress, owner=presence.id, clock=manners.clock)
        self._feed = Feed(claims, may_send=lambda: fence.is_open)

    def wake(self) -> None:
        """Look for work now: somebody wrote some."""
        self._feed.wake()

    @asynccontextmanager
    async def sending(self, dialler: Dialler) -> AsyncIterator[None]:
        """
        Send for as long as the context lasts; then finish what is in flight.

        Raises:
            StorageBroken: the disk failed, or outcomes could not be written before leaving; in a group.
        """
        retry, clock = self._manners.retry, self._manners.clock
        sender = Sender(self._database, self._feed, dialler, retry=retry, clock=clock)
        rounds = Rounds(self._database, self._presence, retry=retry, clock=clock)
        await self._fence.count()
        await rounds.recover()
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(sender.run())
            others = [group.create_task(work) for work in (rounds.run(), self._fence.watch(self._feed.wake))]
            guarding = group.create_task(self._end_when_broken())
            try:
                yield
            finally:
                self._database.hurry(LEAVING_S)
                sender.stop()
                for task in others:
                    task.cancel()
                await sending
                guarding.cancel()

    async def _end_when_broken(self) -> None:
        """End everything at once, whoever met the failure and whatever it made of it."""
        raise await self._database.until_broken()
