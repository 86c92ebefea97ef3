"""A mail server that says exactly what a test writes, also what no server should say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

USUAL: Mapping[str, bytes] = {
    "CONNECT": b"220 plain.example.org\r\n",
    "EHLO": b"250-plain.example.org\r\n250 SIZE 1000000\r\n",
    "MAIL": b"250 OK\r\n",
    "RCPT": b"250 OK\r\n",
    "DATA": b"354 Go on\r\n",
    ".": b"250 Taken\r\n",
    "RSET": b"250 OK\r\n",
    "QUIT": b"221 Bye\r\n",
}


@dataclass(slots=True)
class PlainServer:
    """What it says by verb, and what it has heard."""

    says: Mapping[str, bytes]
    port: int = 0
    heard: list[str] = field(default_factory=list)

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one client."""
        try:
            writer.write(self.says["CONNECT"])
            while line := await reader.readline():
                verb = line.split()[0].decode().upper()
                self.heard.append(line.decode().strip())
                writer.write(self.says[verb])
                if verb == "DATA" and self.says["DATA"].startswith(b"354"):
                    await reader.readuntil(b"\r\n.\r\n")
                    writer.write(self.says["."])
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def plain_server(**says: bytes) -> AsyncIterator[PlainServer]:
    """Listen; *says* replaces usual answers, with DOT for the final one."""
    different = {("." if verb == "DOT" else verb): answer for verb, answer in says.items()}
    speaker = PlainServer({**USUAL, **different})
    server = await asyncio.start_server(speaker.converse, "127.0.0.1", 0)
    speaker.port = server.sockets[0].getsockname()[1]
    async with server:
        yield speaker
