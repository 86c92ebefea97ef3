"""Deciding sign-ups: requests that the pages have written down become subscriptions and Letters."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import structlog

from mailer.audience import signup
from mailer.audience.vault import Vault
from mailer.errors import MailerError
from mailer.storage import Database

_LOOK_S = 1.0
_log = structlog.get_logger()


class Deciding:
    """Looks for requests when somebody wrote one, and now and then."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        *,
        clock: Callable[[], datetime],
        decided: Callable[[], None],
    ) -> None:
        """
        Decide nothing yet.

        Args:
            database: of the installation.
            vault: opens what visitors typed.
            clock: aware UTC.
            decided: called when Letters may have been written.
        """
        self._database = database
        self._vault = vault
        self._clock = clock
        self._decided = decided
        self._wanted = asyncio.Event()

    def wake(self) -> None:
        """Look now."""
        self._wanted.set()

    async def run(self) -> None:
        """Decide until cancelled."""
        while True:
            self._wanted.clear()
            try:
                count = await signup.decide_waiting(self._database, self._vault, now=self._clock())
            except MailerError as error:
                _log.error("signups.failed", reason=str(error))
                count = 0
            if count:
                self._decided()
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await self._wanted.wait()
