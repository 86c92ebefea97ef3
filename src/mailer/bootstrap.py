"""The only wiring: settings become a running installation. Nobody else knows every room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

import structlog

from mailer.audience import signup
from mailer.audience.keys import Keys, load_keys
from mailer.audience.vault import Vault
from mailer.config import Settings
from mailer.delivery.copy import Composer
from mailer.delivery.feed import Feed
from mailer.delivery.letterpress import Letterpress
from mailer.delivery.presence import Presence
from mailer.delivery.rounds import Rounds
from mailer.delivery.sender import Sender
from mailer.domain.links import Links
from mailer.domain.retry import RetryPolicy
from mailer.errors import MailerError
from mailer.outbox.mailbox import Mailbox
from mailer.outbox.reading import Outbox
from mailer.outbox.relay import Relay
from mailer.outbox.script import Script
from mailer.storage import Database, open_database, schema

_DECIDE_S = 1.0
_log = structlog.get_logger()


def utc_now() -> datetime:
    """Return the time; the one clock that is passed to every room."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Installation:
    """Settings, keys and database of one place; nothing runs yet."""

    settings: Settings
    database: Database
    keys: Keys
    vault: Vault
    links: Links
    clock: Callable[[], datetime] = utc_now

    @property
    def is_outbox_only(self) -> bool:
        """Whether no outgoing server is set, so that every mail is kept here."""
        return not self.settings.relay.host

    @property
    def hello(self) -> str:
        """The name said in EHLO."""
        return self.settings.relay.hello or urlsplit(self.settings.site.public_url).hostname or "localhost"

    @property
    def composer(self) -> Composer:
        """What makes copies."""
        return Composer(self.keys, self.vault, self.settings.sending.return_path_domain)

    def presence(self) -> Presence:
        """Return this process's place among the nodes."""
        return Presence(self.database, self.settings.data / "run")


@asynccontextmanager
async def open_installation(settings: Settings) -> AsyncIterator[Installation]:
    """Open an installation and close it afterwards.

    Raises:
        KeysError: keys are missing or damaged.
        StorageError: the database is of another version or can't be read.
    """
    keys = load_keys(settings.data / "keys")
    database = open_database(settings.database_url)
    try:
        await database.read(schema.check_version)
        yield Installation(settings, database, keys, Vault(keys), Links(settings.site.public_url))
    finally:
        await database.close()


@dataclass(slots=True)
class Service:
    """Pages and sender of an installation in one process.

    Attributes:
        installation: open.
        script: what the outbox does, where it is the relay.
        outbox: the kept mails, where the outbox is the relay.
    """

    installation: Installation
    script: Script = ()
    outbox: Outbox | None = None
    _feed: Feed | None = None
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """Look for work now: a page wrote some."""
        self._wanted.set()
        if self._feed is not None:
            self._feed.wake()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Send for as long as the context lasts; then finish bodies in flight and let go of everything.

        Raises:
            MailerError: another process sends from the same data.
        """
        presence = self.installation.presence()
        await presence.enter()
        try:
            presence.be_the_sender()
            async with self._relay() as relay_port, self._sending(presence, relay_port):
                yield
        finally:
            await presence.leave()

    @asynccontextmanager
    async def _relay(self) -> AsyncIterator[int | None]:
        """Run the outbox where no outgoing server is set; yield its port."""
        if not self.installation.is_outbox_only:
            yield None
            return
        mailbox = Mailbox(self.installation.settings.data / "outbox")
        self.outbox = Outbox(mailbox)
        relay = Relay(mailbox, self.script)
        await relay.start()
        try:
            yield relay.port
        finally:
            await relay.stop()

    @asynccontextmanager
    async def _sending(self, presence: Presence, outbox_port: int | None) -> AsyncIterator[None]:
        here = self.installation
        relay = here.settings.relay
        if outbox_port is not None:
            relay = relay.model_copy(update={"host": "127.0.0.1", "port": outbox_port, "tls": "none"})
        retry = RetryPolicy(tuple(minutes * 60 for minutes in here.settings.sending.retry_minutes))
        self._feed = Feed(
            here.database, here.composer, Letterpress(here.links), owner=presence.id, clock=here.clock
        )
        sender = Sender(here.database, self._feed, relay, retry=retry, hello=here.hello, clock=here.clock)
        rounds = Rounds(here.database, presence, retry=retry, clock=here.clock)
        await rounds.recover()
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(sender.run())
            helpers = [group.create_task(rounds.run()), group.create_task(self._decide_sign_ups())]
            try:
                yield
            finally:
                sender.stop()
                for task in helpers:
                    task.cancel()
                await sending

    async def _decide_sign_ups(self) -> None:
        here = self.installation
        while True:
            self._wanted.clear()
            try:
                decided = await signup.decide_waiting(here.database, here.vault, now=here.clock())
            except MailerError as error:
                _log.error("signups.failed", reason=str(error))
                decided = 0
            if decided:
                self._wake_feed()
                continue
            try:
                async with asyncio.timeout(_DECIDE_S):
                    await self._wanted.wait()
            except TimeoutError:
                pass

    def _wake_feed(self) -> None:
        if self._feed is not None:
            self._feed.wake()
