"""A relay that listens for one test, and a client that says exactly what the test writes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiosmtplib
import uvloop

from mailer.outbox.journal import Receipt
from mailer.outbox.mailbox import Mailbox
from mailer.outbox.relay import Relay
from mailer.outbox.script import parse_script

SENDER = "desk@example.org"
READER = "reader@example.org"
MESSAGE = b"Subject: x\r\n\r\nbody\r\n"
ENVELOPE = b"MAIL FROM:<desk@example.org>\r\nRCPT TO:<reader@example.org>\r\nDATA\r\n"

Run = Callable[[Awaitable[None]], None]

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


class Dialogue:
    """A client that says exactly what a test writes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def say(self, octets: bytes) -> None:
        """Write, without waiting for anything."""
        self._writer.write(octets)

    async def reply(self) -> str:
        """Return the last line of the next reply; "" when the relay closed the connection."""
        async with asyncio.timeout(5):
            try:
                while (line := await self._reader.readline())[3:4] == b"-":
                    pass
            except ConnectionError:
                return ""
            return line.decode().rstrip()

    async def replies_to(self, octets: bytes) -> list[str]:
        """Write, and return every line of the next reply."""
        self.say(octets)
        lines = [(await self._reader.readline()).decode().rstrip()]
        while lines[-1][3:4] == "-":
            lines.append((await self._reader.readline()).decode().rstrip())
        return lines

    async def everything(self) -> bytes:
        """Return all that comes until the connection closes."""
        came = b""
        async with asyncio.timeout(5):
            # A server that closes on a client who still talks resets the connection.
            with contextlib.suppress(ConnectionError):
                while piece := await self._reader.read(65_536):
                    came += piece
        return came

    async def drained(self) -> None:
        """Wait until what was said is on its way."""
        await self._writer.drain()

    async def codes(self, count: int) -> list[str]:
        """Return the codes of the next replies."""
        return [(await self.reply())[:3] for _ in range(count)]

    async def is_silent(self) -> bool:
        """Say whether nothing comes for a while, and the connection stands."""
        try:
            async with asyncio.timeout(0.05):
                await self._reader.readline()
        except TimeoutError:
            return True
        return False

    def hang_up(self) -> None:
        """Close politely, with FIN."""
        self._writer.close()

    async def gone(self) -> None:
        """Close, and wait until that is done."""
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    def vanish(self) -> None:
        """Close with RST, as a killed process on a broken line does."""
        line = self._writer.get_extra_info("socket")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


class Stand:
    """A relay that listens, with its mailbox."""

    def __init__(self, relay: Relay, mailbox: Mailbox) -> None:
        self.relay = relay
        self.mailbox = mailbox
        self._dialogues: list[Dialogue] = []

    def hang_up(self) -> None:
        """Close every connection that a test has left open."""
        for dialogue in self._dialogues:
            dialogue.hang_up()

    def contents(self) -> list[bytes]:
        """Return the messages that were kept, in order of arrival."""
        return [mail.content() for mail in self.mailbox]

    async def dial(self) -> Dialogue:
        """Connect; the greeting is not read yet."""
        dialogue = Dialogue(*await asyncio.open_connection("127.0.0.1", self.relay.port))
        self._dialogues.append(dialogue)
        return dialogue

    async def greeted(self) -> Dialogue:
        """Connect and say EHLO."""
        dialogue = await self.dial()
        assert (await dialogue.reply())[:3] == "220"
        dialogue.say(b"EHLO client.example.org\r\n")
        assert (await dialogue.reply())[:3] == "250"
        return dialogue

    async def ready_for_body(self) -> Dialogue:
        """Connect and go as far as 354."""
        dialogue = await self.greeted()
        dialogue.say(ENVELOPE)
        assert await dialogue.codes(3) == ["250", "250", "354"]
        return dialogue

    async def send(self, message: bytes = MESSAGE, recipient: str = READER) -> str:
        """Send through aiosmtplib; return the reply to the final dot."""
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=self.relay.port, start_tls=False, timeout=5)
        async with client:
            _, reply = await client.sendmail(SENDER, [recipient], message)
        return reply


@asynccontextmanager
async def standing(
    folder: Path,
    script: str = "",
    *,
    max_message_bytes: int = 10_000_000,
    witness: Callable[[Receipt], Awaitable[None]] | None = None,
) -> AsyncIterator[Stand]:
    mailbox = Mailbox(folder)
    relay = Relay(mailbox, parse_script(script, "test"), max_message_bytes=max_message_bytes, witness=witness)
    await relay.start()
    stand = Stand(relay, mailbox)
    try:
        yield stand
    finally:
        await relay.stop()
        stand.hang_up()
