"""A wire of some length: a TCP proxy that hands on what it gets after a while, each way.

``python -m benchmarks.delay --to 2525 --ms 25`` prints the port it listens on; SIGTERM ends it.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import cast

import uvloop


class _End(asyncio.Protocol):
    """One end of a connection; what comes in here goes out at the other end later."""

    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._waiting: list[bytes] = []
        self._has_ended = False
        self.other: _End | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hand on what came before there was anybody to hand it to."""
        self._transport = cast("asyncio.Transport", transport)
        for data in self._waiting:
            self._transport.write(data)
        if self._has_ended:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Hand it on later. Timers of one delay go off in the order in which they were set."""
        assert self.other is not None
        self._loop.call_later(self._delay_s, self.other.write, data)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """End the other end too, after what is still on its way."""
        assert self.other is not None
        self._loop.call_later(self._delay_s, self.other.end)

    def write(self, data: bytes) -> None:
        """Send what the other end got."""
        if self._transport is None:
            self._waiting.append(data)
        else:
            self._transport.write(data)

    def end(self) -> None:
        """Close, once everything is written."""
        self._has_ended = True
        if self._transport is not None:
            self._transport.close()


class _Front(_End):
    """The end that a client connects to."""

    def __init__(self, port: int, delay_s: float) -> None:
        super().__init__(delay_s)
        self._port = port
        self._delay = delay_s
        self._connecting: asyncio.Task[object] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connect to the server behind."""
        super().connection_made(transport)
        back = _End(self._delay)
        back.other, self.other = self, back
        self._connecting = asyncio.create_task(
            asyncio.get_running_loop().create_connection(lambda: back, "127.0.0.1", self._port)
        )


async def serve(port: int, delay_s: float) -> None:
    """Hand connections on to *port* until cancelled."""
    server = await asyncio.get_running_loop().create_server(lambda: _Front(port, delay_s), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.delay")
    parser.add_argument("--to", type=int, required=True, help="port of the server behind")
    parser.add_argument("--ms", type=float, required=True, help="each way")
    call = parser.parse_args()
    uvloop.run(serve(call.to, call.ms / 1000))
