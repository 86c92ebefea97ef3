"""The only wiring: settings become a running installation. Nobody else knows every room."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlsplit

from fastapi import FastAPI

from mailer.audience import defence
from mailer.audience.deciding import Deciding
from mailer.audience.key_file import key_folder
from mailer.audience.keycheck import check_keys
from mailer.audience.keyring import Keyring
from mailer.audience.keys import Keys
from mailer.audience.vault import Vault
from mailer.config import RelaySettings, Settings
from mailer.delivery import premises
from mailer.delivery.allowance import lane_of
from mailer.delivery.copy import Composer
from mailer.delivery.dialler import Dialler
from mailer.delivery.dkim import Signer
from mailer.delivery.fence import Fence, identify
from mailer.delivery.letterpress import Letterpress
from mailer.delivery.post_room import Manners, PostRoom
from mailer.delivery.presence import Presence
from mailer.delivery.printing import report_theme_faults
from mailer.delivery.release import Terms
from mailer.delivery.signing import load_signing
from mailer.delivery.timekeeper import Timekeeper
from mailer.domain.checks.machine import Machine
from mailer.domain.links import Links
from mailer.domain.newsletter import Newsletter
from mailer.domain.retry import RetryPolicy
from mailer.outbox.mailbox import Mailbox
from mailer.outbox.reading import Outbox
from mailer.outbox.relay import Relay
from mailer.rendering.theme_folder import FOLDER, Themes
from mailer.schedule.bell import Bell
from mailer.storage import Database, newsletters, open_database, schema
from mailer.storage.media import Media
from mailer.storage.soundness import check_sound
from mailer.web.app import create_app
from mailer.web.server import serving
from mailer.web.site import Site


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
    machine: Machine
    keyring: Keyring
    clock: Callable[[], datetime] = utc_now

    @property
    def is_outbox_only(self) -> bool:
        """Whether no outgoing server is set, so that every mail is kept here."""
        return not self.settings.relay.host

    @property
    def leaves_machine(self) -> bool:
        """Whether the outgoing server is another machine's."""
        return self.machine.leaves_machine

    @property
    def hello(self) -> str:
        """The name said in EHLO."""
        return self.settings.relay.hello or urlsplit(self.settings.site.public_url).hostname or "localhost"

    def composer(self, signer: Signer | None) -> Composer:
        """Return what makes copies; *signer* signs them, where we are to."""
        sending = self.settings.sending
        return Composer(self.keys, self.vault, sending.return_path_domain, signer, sending.return_path_prefix)

    @asynccontextmanager
    async def composing(self) -> AsyncIterator[Composer]:
        """
        Yield what makes copies, signed where we are to, for as long as the context lasts.

        Raises:
            SettingsError: we are to sign, but [dkim] does not say as whom.
            KeysError: the key can't be used.
        """
        signing = load_signing(self.settings)
        if signing is None:
            yield self.composer(None)
            return
        signer = Signer(signing, clock=self.clock)
        try:
            yield self.composer(signer)
        finally:
            signer.close()

    @property
    def themes(self) -> Themes:
        """Each newsletter's own mail templates."""
        return Themes(self.settings.folder / FOLDER)

    def terms(self, node_id: str, now: datetime) -> Terms:
        """Return how a release by the process *node_id* goes at *now*."""
        return Terms(
            links=self.links,
            node_id=node_id,
            released_at=now.replace(microsecond=0),
            rehearsal=self.is_outbox_only,
            leaves_machine=self.leaves_machine,
            machine=self.machine,
            themes=self.themes,
            fence=self.fence(),
        )

    def fence(self) -> Fence:
        """Return what keeps a restored copy from sending; it has not looked yet."""
        return Fence(self.database, self.settings.data, clock=self.clock)

    def presence(self) -> Presence:
        """Return this process's place among the nodes."""
        return Presence(self.database, self.settings.data / "run")


@asynccontextmanager
async def open_installation(settings: Settings) -> AsyncIterator[Installation]:
    """Open an installation and close it afterwards.

    Raises:
        MailerError: the data folder is another user's.
        KeysError: keys are missing, damaged or of another installation.
        StorageError: the database is of another version, can't be read or is not there.
    """
    premises.check_data_is_ours(settings.data, os.geteuid())
    ring, machine = Keyring(key_folder(settings.data, os.environ)), premises.machine_of(settings)
    premises.check_database_is_there(settings.database_file)
    database = open_database(settings.database_url)
    try:
        await database.read(schema.check_version)
        await identify(database, settings.data, now=utc_now())
        await check_keys(database, ring.keys, ring.vault)
        links = Links(settings.site.public_url, *settings.unsubscribe_at)
        yield Installation(settings, database, ring.keys, ring.vault, links, machine, ring)
    finally:
        await database.close()


class Service:
    """Pages, sender and clock of an installation in one process."""

    def __init__(self, installation: Installation, *, kept: Outbox | None = None) -> None:
        """
        Put the pieces together; nothing runs yet.

        Args:
            installation: open.
            kept: mails that an outbox of the caller's keeps; where no outgoing server is set, the
                service runs an outbox of its own.
        """
        here = self._installation = installation
        self._presence = here.presence()
        self._fence = here.fence()
        signing = load_signing(here.settings)
        self._signer = None if signing is None else Signer(signing, clock=here.clock)
        self._post_room = PostRoom(
            here.database,
            here.composer(self._signer),
            Letterpress(here.links, here.themes),
            presence=self._presence,
            fence=self._fence,
            manners=Manners(RetryPolicy.of_minutes(here.settings.sending.retry_minutes), here.clock),
        )
        gate = defence.set_up(here.settings, here.keys.link, here.vault)
        self._sign_ups = Deciding(here.database, gate.judging, clock=here.clock, decided=self._post_room.wake)
        timekeeper = Timekeeper(
            here.database,
            lambda now: here.terms(self._presence.id, now),
            clock=here.clock,
            released=self._post_room.wake,
        )
        self._bell = Bell(timekeeper.ring)
        self._outbox: Relay | None = None
        if here.is_outbox_only:
            mailbox = Mailbox(here.settings.data / "outbox")
            self._outbox, kept = Relay(mailbox), Outbox(mailbox)
        self._site = Site(
            database=here.database,
            vault=here.vault,
            link_keys=here.keys.link,
            links=here.links,
            clock=here.clock,
            wake=self.wake,
            terms=partial(here.terms, self._presence.id),
            ring=self.ring,
            mailbox=kept,
            relay=here.settings.relay.name,
            lane=lane_of(here.settings.relay),
            machine=here.machine,
            fence=self._fence,
            themes=here.themes,
            media=Media(here.settings.data),
            defence=gate,
        )

    @property
    def app(self) -> FastAPI:
        """The pages."""
        return create_app(self._site)

    @property
    def fence(self) -> Fence:
        """Whether mail may go, and why not; it looks for as long as the service runs."""
        return self._fence

    def wake(self) -> None:
        """Look for work now: somebody wrote some. Sign-ups are decided by a clock of their own."""
        self._post_room.wake()

    def ring(self) -> None:
        """Look at the clock now: a newsletter or its texts have changed."""
        self._bell.ring()

    @asynccontextmanager
    async def running(self, on: socket.socket | None) -> AsyncIterator[None]:
        """
        Serve and send for as long as the context lasts; then finish what is in flight.

        Args:
            on: the pages' socket; None serves none.

        Raises:
            MailerError: another process sends from the same data.
            SettingsError: readers' links would cross the network in the clear, or our signature would
                say nothing about a newsletter's sender.
            StorageError: the database file is damaged, or the disk is full at the start.
            StorageBroken: the disk failed, or outcomes could not be written before leaving; in a group.
        """
        here = self._installation
        premises.check_links_are_private(here.settings.site.public_url, leaves_machine=here.leaves_machine)
        await check_sound(here.database)
        everything = await self._check_newsletters()
        # Before anything is written: whoever sends already may hold the database for a while.
        self._presence.be_the_sender()
        try:
            await self._presence.enter()
            async with AsyncExitStack() as stack:
                relay = await self._relay(stack)
                await stack.enter_async_context(self._post_room.sending(Dialler(relay, here.hello)))
                await stack.enter_async_context(self._working(everything))
                if on is not None:
                    await stack.enter_async_context(serving(self.app, on, here.settings.signup.proxies))
                yield
        finally:
            if self._signer is not None:
                self._signer.close()
            await self._presence.leave()

    async def _check_newsletters(self) -> list[Newsletter]:
        """Return all; say before the start what would else keep each mail of one back (Composer.of)."""
        everything = await self._installation.database.read(newsletters.everything)
        if self._signer is not None:
            for newsletter in everything:
                self._signer.check_sender(newsletter.sender)
        return everything

    async def _relay(self, stack: AsyncExitStack) -> RelaySettings:
        """Return the outgoing server, or start the outbox where none is set."""
        relay = self._installation.settings.relay
        if self._outbox is None:
            return relay
        await self._outbox.start()
        stack.push_async_callback(self._outbox.stop)
        return relay.model_copy(update={"host": "127.0.0.1", "port": self._outbox.port, "tls": "none"})

    @asynccontextmanager
    async def _working(self, everything: list[Newsletter]) -> AsyncIterator[None]:
        """Decide sign-ups, keep clock and keys, try out themes once: one may loop, and pages need none."""
        themes = report_theme_faults(self._installation.themes, everything)
        async with asyncio.TaskGroup() as group:
            own = self._sign_ups.run(), self._bell.run(), self._installation.keyring.watch()
            others = [group.create_task(work) for work in (*own, themes)]
            try:
                yield
            finally:
                for task in others:
                    task.cancel()
