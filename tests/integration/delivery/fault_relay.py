"""
A mail server that breaks wherever a test tells it to, and keeps a log that can be held against the ledger.

It writes down what it accepts before it answers, takes commands that arrive together or behind the dot of
the message before, and refuses what real servers refuse. What goes wrong is said in faults.py.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.integration.delivery.fault_conversation import Conversation, Over
from tests.integration.delivery.fault_log import FaultLog
from tests.integration.delivery.faults import PIPELINED, Fault, Terms

_BUFFER = 65_536


@dataclass(slots=True)
class FaultRelay(FaultLog):
    """
    The server.

    Attributes:
        tls: what STARTTLS leads to; None does not offer it.
        is_sealed: whether TLS begins with the connection (port 465).
        port: on loopback; 0 until it listens.
    """

    tls: ssl.SSLContext | None = None
    is_sealed: bool = False
    port: int = 0
    _open: dict[asyncio.Task[None], asyncio.StreamWriter] = field(default_factory=dict)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[FaultRelay]:
        """Listen until the block ends; then hang up on everybody."""
        server = await asyncio.start_server(
            self._converse,
            sock=_listener(self.port, self.terms.receive_buffer),
            limit=self.terms.receive_buffer or _BUFFER,
            backlog=1024,
            ssl=self.tls if self.is_sealed else None,
        )
        self.port = server.sockets[0].getsockname()[1]
        self.begin()
        try:
            yield self
        finally:
            server.close()
            await self.hang_up()
            await server.wait_closed()

    async def hang_up(self) -> None:
        """Drop every connection that is open now."""
        tasks = [*self._open]
        for writer in self._open.values():
            writer.transport.abort()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.seen["connect"] += 1
        tls = None if self.is_sealed else self.tls
        conversation = Conversation(self, reader, writer, number=self.seen["connect"], tls=tls)
        self._open[task] = writer
        is_welcome = self.terms.connections is None or len(self._open) <= self.terms.connections
        try:
            await conversation.run(is_welcome=is_welcome)
        except (Over, OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            # The end of it, whoever hung up; cancelled is what hang_up() does.
            pass
        finally:
            del self._open[task]
            writer.close()


@asynccontextmanager
async def fault_relay(
    *faults: Fault,
    terms: Terms = PIPELINED,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[FaultRelay]:
    """Run a relay that does these things wrong until the block ends."""
    async with FaultRelay(faults, terms, tls=tls).listening() as relay:
        yield relay


def _listener(port: int, receive_buffer: int | None) -> socket.socket:
    # The protocol is named, else asyncio leaves Nagle's algorithm on, and each answer waits for 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if receive_buffer is not None:
        # Before it listens: what it accepts inherits it, and TCP never announces a larger window.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    listener.bind(("127.0.0.1", port))
    return listener
