"""A door that listens for one test; what comes in lies in a list."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from mailer.audience.keys import seeded_keys
from mailer.bounces.certificate import Certificate
from mailer.bounces.door import Door, Reception
from mailer.bounces.limits import Limits
from mailer.bounces.stored import Arrived
from mailer.domain.token import Token
from mailer.errors import StorageError
from tests.integration.outbox.standing import Dialogue

DOMAIN = "returns.example.org"
KEYS = seeded_keys(b"porch")
REPORT = b"Subject: x\r\n\r\nIt came back.\r\n"


def path_of(number: int = 1) -> str:
    """Return the return path of reader *number*."""
    return f"{KEYS.return_path.return_path(Token(number.to_bytes(12, 'big'), issue=47))}@{DOMAIN}"


def envelope(*recipients: str, sender: str = "") -> bytes:
    """Return the commands up to DATA, in one piece."""
    lines = [f"MAIL FROM:<{sender}>", *(f"RCPT TO:<{each}>" for each in recipients), "DATA"]
    return "".join(f"{line}\r\n" for line in lines).encode()


@dataclass
class Porch:
    """A door, and who stands before it.

    Attributes:
        taken: what was stored, in order.
        is_full: from now on nothing can be stored.
    """

    door: Door
    taken: list[Arrived] = field(default_factory=list)
    is_full: bool = False
    dialogues: list[Dialogue] = field(default_factory=list)

    async def take(self, arrived: Arrived) -> None:
        """Store a report, as the door asks."""
        if self.is_full:
            raise StorageError("the disk is full; make room")
        self.taken.append(arrived)

    async def dial(self, path: str = "") -> Dialogue:
        """Connect; the greeting is not read yet."""
        opened = (
            await asyncio.open_unix_connection(path)
            if path
            else await asyncio.open_connection("127.0.0.1", self.door.port)
        )
        self.dialogues.append(Dialogue(*opened))
        return self.dialogues[-1]

    async def greeted(self, hello: str = "EHLO client.example.net") -> Dialogue:
        """Connect and greet."""
        dialogue = await self.dial()
        assert (await dialogue.reply())[:3] == "220"
        dialogue.say(hello.encode() + b"\r\n")
        assert (await dialogue.reply())[:3] == "250"
        return dialogue

    async def bring(self, raw: bytes = REPORT, *recipients: str, sender: str = "") -> str:
        """Bring a message; return the reply to its final dot."""
        dialogue = await self.greeted()
        dialogue.say(envelope(*(recipients or (path_of(),)), sender=sender))
        assert (await dialogue.codes(2 + max(1, len(recipients))))[-1] == "354"
        dialogue.say(raw + b".\r\n")
        reply = await dialogue.reply()
        dialogue.hang_up()
        return reply


@asynccontextmanager
async def porch(
    way: Literal["smtp", "lmtp"] = "smtp",
    *,
    place: str = "127.0.0.1:0",
    certificate: Certificate | None = None,
    limits: Limits | None = None,
) -> AsyncIterator[Porch]:
    """Open a door until the block ends."""
    there: list[Porch] = []

    async def take(arrived: Arrived) -> None:
        await there[0].take(arrived)

    reception = Reception(DOMAIN, KEYS.return_path, take)
    door = Door(way, reception, limits or Limits(max_bytes=100_000), certificate=certificate)
    there.append(Porch(door))
    await door.start(place)
    try:
        yield there[0]
    finally:
        await door.stop()
        for dialogue in there[0].dialogues:
            dialogue.hang_up()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port
