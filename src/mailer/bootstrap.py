"""The only wiring: settings become a running installation. Nobody else knows every room."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from fastapi import FastAPI

from mailer.audience import defence
from mailer.audience.deciding import Deciding
from mailer.bounces.mail_room import MailRoom
from mailer.config import RelaySettings
from mailer.delivery import premises
from mailer.delivery.allowance import lane_of
from mailer.delivery.dialler import Dialler
from mailer.delivery.dkim import Signer
from mailer.delivery.fence import Fence
from mailer.delivery.letterpress import Letterpress
from mailer.delivery.post_room import Manners, PostRoom
from mailer.delivery.printing import report_theme_faults
from mailer.delivery.signing import load_signing
from mailer.delivery.timekeeper import Timekeeper
from mailer.domain.newsletter import Newsletter
from mailer.domain.retry import RetryPolicy
from mailer.installation import Installation, open_installation, utc_now
from mailer.outbox.mailbox import Mailbox
from mailer.outbox.reading import Outbox
from mailer.outbox.relay import Relay
from mailer.schedule.bell import Bell
from mailer.storage import newsletters
from mailer.storage.media import Media
from mailer.storage.soundness import check_sound
from mailer.web.app import create_app
from mailer.web.hooks.trust import load_trust
from mailer.web.server import serving
from mailer.web.site import Site

__all__ = ["Installation", "Service", "open_installation", "utc_now"]


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
        self._mail_room = here.mail_room()
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
            trust=load_trust(here.settings.webhooks, here.settings.data, self._mail_room.wake),
        )

    @property
    def app(self) -> FastAPI:
        """The pages."""
        return create_app(self._site)

    @property
    def fence(self) -> Fence:
        """Whether mail may go, and why not; it looks for as long as the service runs."""
        return self._fence

    @property
    def mail_room(self) -> MailRoom:
        """What takes returned mail; its doors are open for as long as the service runs."""
        return self._mail_room

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
                await stack.enter_async_context(self._mail_room.running())
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
