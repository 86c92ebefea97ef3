"""A mail server that may be taught to answer anything at any moment, for one test."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_USUAL = {
    "EHLO": b"250-odd\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
    "DATA": b"354 go\r\n",
    "QUIT": b"221 bye\r\n",
}


class OddServer:
    """Answers as usual; a test overrides what shall be odd."""

    port: int

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.said: list[str] = []
        self._seen: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    def recipients(self) -> list[bytes]:
        """Return the To of every body taken, in order."""
        return [line[4:] for body in self.bodies for line in body.split(b"\r\n") if line[:4] == b"To: "]

    async def answer(self, verb: str, number: int) -> bytes | None:
        """Return an odd answer to a command, by how often it was said; None for the usual one."""

    async def before_body(
        self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Do something odd between a 354 and its body."""

    async def dot(self, number: int) -> bytes:
        """Answer a body's dot."""
        return b"250 taken\r\n"

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 odd\r\n")
        while line := await reader.readline():
            verb = line.split()[0].decode().upper()
            self.said.append(verb)
            self._seen[verb] += 1
            reply = await self.answer(verb, self._seen[verb]) or _USUAL.get(verb, b"250 ok\r\n")
            writer.write(reply)
            if verb == "DATA" and reply.startswith(b"35"):
                await self.before_body(self._seen[verb], reader, writer)
                self.bodies.append(await _body(reader))
                writer.write(await self.dot(len(self.bodies)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._converse(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen until the block ends."""
        server = await asyncio.start_server(self._joined, "127.0.0.1", 0, limit=1 << 16)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)


async def _body(reader: asyncio.StreamReader) -> bytes:
    lines = []
    while (line := await reader.readline()) != b".\r\n":
        if not line:
            raise ConnectionError
        lines.append(line)
    return b"".join(lines)
