"""The mail room: every way in that the settings name, and the reading behind them, as one piece.

``mailer serve`` runs it beside the pages and the sender, ``mailer bounces`` alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from mailer.audience.keys import Keys
from mailer.audience.vault import Vault
from mailer.bounces.backlog import Backlog, Desk
from mailer.bounces.certificate import Certificate
from mailer.bounces.consequences import Rules
from mailer.bounces.door import Door, Reception
from mailer.bounces.forwarding import Forwarding
from mailer.bounces.limits import Limits
from mailer.bounces.mailbox import Mailbox, Pickup
from mailer.bounces.matching import Matching
from mailer.bounces.providers.reading import WEBHOOK_READERS
from mailer.bounces.refused import Refused
from mailer.bounces.stored import Arrived, keep
from mailer.config import Settings
from mailer.errors import SettingsError
from mailer.storage import Database


class MailRoom:
    """Takes what comes back, reads it and does what follows.

    Attributes:
        smtp, lmtp: the doors; None where the settings name none.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        *,
        keys: Keys,
        vault: Vault,
        clock: Callable[[], datetime],
    ) -> None:
        """
        Put the pieces together; nothing listens yet.

        Raises:
            SettingsError: a door has no domain to take mail for, or its certificate can't be used.
        """
        self._settings = settings
        self._database = database
        self._vault = vault
        self._clock = clock
        _check_newsroom(settings)
        rules = Rules.of(settings.returned)
        matching = Matching(vault, keys)
        self._backlog = Backlog(
            database,
            Desk(matching, rules, WEBHOOK_READERS, forwarding=Forwarding.of(settings.returned, vault)),
            clock=clock,
            keep=timedelta(days=settings.returned.keep_days),
        )
        self._refused = Refused(database, rules, clock=clock)
        pickup = Pickup.of(settings)
        self._mailbox = None if pickup is None else Mailbox(pickup, matching, self.take, clock=clock)
        self.smtp: Door | None = None
        self.lmtp: Door | None = None
        if settings.returned.smtp or settings.returned.lmtp:
            reception = Reception(_domain(settings), keys.return_path, self.take)
            limits, certificate = _limits(settings), _certificate(settings)
            if settings.returned.smtp:
                self.smtp = Door("smtp", reception, limits, certificate=certificate)
            if settings.returned.lmtp:
                self.lmtp = Door("lmtp", reception, limits, certificate=certificate)

    @property
    def ways_in(self) -> list[str]:
        """Where mail comes in while it runs, for people: ``SMTP at 127.0.0.1:2525``."""
        ways = []
        for name, door, place in self._doors():
            host, _, port = place.rpartition(":")
            ways.append(f"{name} at {place if port != '0' else f'{host}:{door.port}'}")
        if self._mailbox is not None:
            ways.append(f"the mailbox at {self._settings.mailbox.host}")
        return ways

    async def take(self, arrived: Arrived) -> None:
        """Store what arrived by any door, and have it read; StorageError where it is not stored."""
        if await keep(self._database, self._vault, arrived, self._clock()):
            self.wake()

    def wake(self) -> None:
        """Look now: something was stored, such as what a provider told our pages."""
        self._backlog.wake()

    async def catch_up(self) -> None:
        """
        Read what waits and look for refusals now, for whoever can't wait until the next look.

        Raises:
            StorageError: something of it was not done; it waits for the next look.
        """
        while await self._backlog.read_waiting():
            pass
        await self._refused.look()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """
        Take and read for as long as the context lasts.

        Raises:
            UsageError: a door can't be opened where the settings say.
        """
        async with AsyncExitStack() as stack:
            for _, door, place in self._doors():
                stack.push_async_callback(door.stop)
                await door.start(place)
            group = await stack.enter_async_context(asyncio.TaskGroup())
            works = [self._backlog.run(), self._refused.run()]
            works += [] if self._mailbox is None else [self._mailbox.run()]
            working = [group.create_task(work) for work in works]
            try:
                yield
            finally:
                for task in working:
                    task.cancel()

    def _doors(self) -> list[tuple[str, Door, str]]:
        """Return name, door and place of each way in."""
        returned = self._settings.returned
        both = (("SMTP", self.smtp, returned.smtp), ("LMTP", self.lmtp, returned.lmtp))
        return [(name, door, place) for name, door, place in both if door is not None]


def _domain(settings: Settings) -> str:
    domain = settings.sending.return_path_domain
    if not domain:
        raise SettingsError(
            "[returned] opens a door, but [sending] return_path_domain is empty; write there the domain "
            "whose mail comes to it, such as bounces.example.org"
        )
    return domain.lower()


def _check_newsroom(settings: Settings) -> None:
    """Refuse to hand letters on to where they came in: they would go round for ever."""
    local, _, domain = settings.returned.newsroom.rpartition("@")
    ours, prefix = settings.sending.return_path_domain, settings.sending.return_path_prefix
    if not ours or domain.lower() != ours.lower():
        return
    if not prefix or f"{local.lower()}{prefix[-1]}".startswith(prefix.lower()):
        raise SettingsError(
            "[returned] newsroom is an address that returned mail comes to; name another, that people read"
        )


def _limits(settings: Settings) -> Limits:
    longest, usual = settings.returned.max_bytes, Limits()
    return replace(usual, max_bytes=longest, bytes_at_once=max(usual.bytes_at_once, 4 * longest))


def _certificate(settings: Settings) -> Certificate | None:
    """Return what STARTTLS is offered with, or None."""
    returned = settings.returned
    if not returned.certificate and not returned.certificate_key:
        return None
    if not (returned.certificate and returned.certificate_key):
        raise SettingsError(
            "[returned] certificate and certificate_key belong together; name both files, or neither"
        )
    return Certificate(settings.data / returned.certificate, settings.data / returned.certificate_key)
