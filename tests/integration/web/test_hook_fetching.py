"""What is fetched for SNS: a little, from where we asked, or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from mailer.web.hooks.trust import Unreachable, fetch_https

HEAD = "HTTP/1.1 {} X\r\nConnection: close\r\nContent-Length: {}\r\n{}\r\n"


@asynccontextmanager
async def answering(status: int, body: bytes, extra: str = "") -> AsyncIterator[str]:
    """Serve one answer on loopback; yield its URL."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD.format(status, len(body), extra).encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


def test_what_lies_there_is_returned() -> None:
    """Up to as many bytes as were asked for."""

    async def scene() -> bytes:
        async with answering(200, b"a certificate") as url:
            return await fetch_https(url, 13)

    assert asyncio.run(scene()) == b"a certificate"


@pytest.mark.parametrize(
    ("status", "body", "extra"),
    [
        (200, b"a certificate that is too long", ""),
        (302, b"", "Location: https://example.org/\r\n"),
        (404, b"", ""),
        (500, b"", ""),
    ],
)
def test_nothing_else_is(status: int, body: bytes, extra: str) -> None:
    """Neither more, nor what lies elsewhere, nor an error."""

    async def scene() -> None:
        async with answering(status, body, extra) as url:
            await fetch_https(url, 13)

    with pytest.raises(Unreachable):
        asyncio.run(scene())


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "https://", "nonsense"])
def test_nobody_there_is_no_error_of_ours(url: str) -> None:
    """A place that does not answer, or is none, can't be reached."""
    with pytest.raises(Unreachable):
        asyncio.run(fetch_https(url, 13))
