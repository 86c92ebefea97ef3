"""The pages on a socket: uvicorn inside our own process, under our own signals."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import socket
from collections.abc import AsyncIterator, Iterator, Sequence

import uvicorn
from fastapi import FastAPI

from mailer.errors import UsageError

_STOP_S = 5


class PortInUse(UsageError):  # noqa: N818 - reads as what it is where it is caught
    """Another program listens there already."""


class _Server(uvicorn.Server):
    """Leaves SIGTERM and SIGINT to the program it runs in, and says when it answers."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Say so once the first page can be asked for."""
        await super().startup(sockets)
        self.is_up.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int) -> socket.socket:
    """Bind the pages' socket before anything else is started; port 0 takes a free one.

    Raises:
        PortInUse: another program listens there.
        UsageError: the port may not be used, or the host is not ours.
    """
    found: socket.socket | None = None
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        found = socket.socket(family, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(1024)
    except OSError as error:
        if found is not None:
            found.close()
        where = f"the pages can't listen on {host}, port {port}"
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(
                f"{where}: another program does; end it, or choose another port in [site] listen"
            ) from error
        raise UsageError(
            f"{where} ({error.strerror}); write an address of this machine, as 127.0.0.1, "
            "and a port above 1023"
        ) from error
    return found


@contextlib.asynccontextmanager
async def serving(
    app: FastAPI, on: socket.socket, trusted_proxies: Sequence[str] = ()
) -> AsyncIterator[None]:
    """Serve *app* for as long as the context lasts.

    Args:
        trusted_proxies: addresses or networks whose word on who the visitor is (X-Forwarded-For) is taken.
    """
    server = _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,  # addresses of pages hold tokens
            server_header=False,
            forwarded_allow_ips=list(trusted_proxies),
            timeout_graceful_shutdown=_STOP_S,
        )
    )
    task = asyncio.create_task(server.serve(sockets=[on]))
    try:
        await server.is_up.wait()
        with _at_rest():
            yield
    finally:
        server.should_exit = True
        await task


@contextlib.contextmanager
def _at_rest() -> Iterator[None]:
    """Spare what was there at the start from each search for garbage.

    It stays until the end anyway; looking through it was seen to stop every page for 0.1 s, twice a second
    while many came.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
