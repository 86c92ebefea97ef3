"""A released issue, a sender and a scripted relay on a real socket, for one test."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from mailer.config import RelaySettings
from mailer.delivery.claims import Claims
from mailer.delivery.connection import Connection
from mailer.delivery.copy import Composer, Copy
from mailer.delivery.dialler import Dialler
from mailer.delivery.dkim import Signer
from mailer.delivery.feed import Feed
from mailer.delivery.letterpress import Letterpress
from mailer.delivery.sender import Sender
from mailer.delivery.timeouts import Timeouts
from mailer.domain.retry import RetryPolicy
from mailer.outbox.conversation import Conversation
from mailer.outbox.journal import Receipt
from mailer.outbox.mailbox import Mailbox
from mailer.outbox.relay import Relay
from mailer.outbox.script import parse_script
from tests.integration.delivery.house import LINKS, NODE, SECRETS, House, utc_now

QUICK = Timeouts(
    connect_s=0.4, mail_s=0.4, rcpt_s=0.4, data_s=0.4, block_s=0.4, dot_s=0.4, reset_s=0.4, redial_s=0.02
)
"""Waits that a test can afford; every one long enough for a loopback."""


class CountingRelay(Relay):
    """The outbox, which also counts who called."""

    connections = 0

    def joined(self, conversation: Conversation) -> None:
        """Count a client."""
        self.connections += 1
        super().joined(conversation)


class Begun(NamedTuple):
    """A body that was begun: to whom, when by the loop's clock, and whether it was a Letter's."""

    recipient: str
    at: float
    is_letter: bool


class ObservedConnection(Connection):
    """A connection that notes when each body began."""

    begun: list[Begun]

    async def say(self, body: bytes | None, offer: Copy | None) -> None:
        """Note the moment, then do what a connection does."""
        if body is not None:
            to = re.search(rb"\r\nTo: (.*)\r\n", b"\r\n" + body)
            assert to is not None
            is_letter = b"\r\nList-Unsubscribe:" not in body
            self.begun.append(Begun(to[1].decode(), asyncio.get_running_loop().time(), is_letter))
        await super().say(body, offer)


@dataclass(frozen=True, slots=True)
class ObservedDialler(Dialler):
    """Opens connections that note when each body began."""

    begun: list[Begun] = field(default_factory=list)

    async def open(self) -> Connection:
        """Open one."""
        opened = await Dialler.open(self)
        seen = ObservedConnection(opened.wire, opened.extensions, self.timeouts)
        seen.begun = self.begun
        return seen


async def until(condition: Callable[[], Awaitable[bool]], within_s: float = 10) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(within_s):
        while not await condition():  # noqa: ASYNC110 - what it asks for is in the database
            await asyncio.sleep(0.01)


@dataclass(slots=True)
class Dispatch:
    """A sender at work on a house, and the relay it sends to."""

    house: House
    relay: CountingRelay
    mailbox: Mailbox
    feed: Feed
    sender: Sender
    begun: list[Begun]
    task: asyncio.Task[None]

    async def until(self, condition: Callable[[], Awaitable[bool]], within_s: float = 10) -> None:
        """Wait; the books must balance at every look."""

        async def looked() -> bool:
            assert not self.task.done(), self.task
            await self.house.books()
            self.feed.wake()
            return await condition()

        await until(looked, within_s)

    async def until_settled(self, within_s: float = 10) -> None:
        """Wait until no copy is pending or awaits its resend."""

        async def settled() -> bool:
            waiting = "SELECT 1 FROM chunk WHERE next_at IS NOT NULL OR owner IS NOT NULL"
            return (await self.house.books()).pending == 0 and not await self.house.rows(waiting)

        await self.until(settled, within_s)

    def kept(self) -> Counter[str]:
        """Return how many copies the relay holds, by address."""
        return Counter(recipient for mail in self.mailbox for recipient in mail.recipients)

    async def stop(self) -> None:
        """Stop the sender and wait for it."""
        self.sender.stop()
        await self.task


@dataclass(frozen=True, slots=True)
class Manner:
    """How a test's sender goes about it."""

    connections: int = 1
    retry_s: tuple[float, ...] = (0.05,)
    messages_per_connection: int = 100
    timeouts: Timeouts = QUICK


@asynccontextmanager
async def dispatching(
    house: House,
    folder: Path,
    script: str = "",
    *,
    manner: Manner = Manner(),
    witness: Callable[[Receipt], Awaitable[None]] | None = None,
) -> AsyncIterator[Dispatch]:
    """Run relay and sender until the block ends."""
    mailbox = Mailbox(folder / "kept")
    relay = CountingRelay(mailbox, parse_script(script, "test"), witness=witness)
    await relay.start()
    try:
        async with sending(house, relay.port, manner) as (feed, sender, begun, task):
            yield Dispatch(house, relay, mailbox, feed, sender, begun, task)
    finally:
        await relay.stop()


@asynccontextmanager
async def sending(
    house: House,
    port: int,
    manner: Manner = Manner(),
    *,
    owner: str = NODE,
    signer: Signer | None = None,
    **settings: Any,
) -> AsyncIterator[tuple[Feed, Sender, list[Begun], asyncio.Task[None]]]:
    """
    Run a sender to whatever listens on *port* until the block ends.

    Args:
        house: open.
        port: on loopback.
        manner: how the sender goes about it.
        owner: the node it sends as.
        signer: signs each copy.
        settings: of the relay, where they are not those of a plain one.
    """
    composer = Composer(SECRETS, house.vault, "", signer)
    feed = Feed(Claims(house.database, composer, Letterpress(LINKS), owner=owner, clock=utc_now))
    usual = {
        "host": "127.0.0.1",
        "port": port,
        "tls": "none",
        "connections": manner.connections,
        "messages_per_connection": manner.messages_per_connection,
    }
    relay = RelaySettings.model_validate(usual | settings)
    dialler = ObservedDialler(relay, "client.example.org", manner.timeouts)
    sender = Sender(house.database, feed, dialler, retry=RetryPolicy(manner.retry_s), clock=utc_now)
    task = asyncio.create_task(sender.run())
    try:
        yield feed, sender, dialler.begun, task
        sender.stop()
        async with asyncio.timeout(30):
            await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
