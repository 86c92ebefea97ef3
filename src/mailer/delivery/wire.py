"""The wire: one connection's bytes out and replies in, with a limit on how long each may take.

It takes the transport over from aiosmtplib once connected and logged in (design §4), so that replies
to several commands can be awaited at once. It knows nothing of what they answer.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from typing import TypeAlias

_LONGEST_LINE = 8192
"""Sixteen times what RFC 5321 §4.5.3.1.5 allows."""
_LONGEST_REPLY = 4 * _LONGEST_LINE
_MOST_REPLIES = 16
_CLOSING = 421


RawReply: TypeAlias = tuple[int, bytes]
"""One whole reply: its code, and its lines without the code, joined by one space."""


class Wire(asyncio.Protocol):
    """One connection, after login."""

    def __init__(
        self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, *, look_every_s: float
    ) -> None:
        """
        Take *transport* over.

        Args:
            transport: connected, nothing under way.
            loop: the running one.
            look_every_s: how often to look whether a limit is over. One timer for the connection's life:
                one for each answer would cost more than reading it.
        """
        self._transport = transport
        self._loop = loop
        self._buffer = b""
        self._earlier_lines: list[bytes] = []
        self._replies: list[RawReply] = []
        self._waiter: asyncio.Future[None] | None = None
        self._enough = 0
        self._limits: Sequence[float] = ()
        self._clear: asyncio.Future[None] | None = None
        self._block_s = math.inf
        self._unread = 0
        self._due_at = math.inf
        self.lost = ""
        """How the connection ended, without addresses; empty while it lives."""
        transport.set_protocol(self)
        self._look_every_s = look_every_s
        loop.call_later(look_every_s, self._look)

    def write(self, data: bytes) -> None:
        """Send *data*; on a connection that is gone it is not sent, and *lost* says so."""
        if self.lost:
            return
        try:
            self._transport.write(data)
        except RuntimeError:
            # uvloop's word for a transport that was closed and has not told us yet.
            self.fail("the connection was closed")

    @property
    def is_clear(self) -> bool:
        """Whether what was written is with the kernel, or so little is not that it soon will be."""
        return self._clear is None

    async def until_clear(self, limit_s: float) -> bool:
        """Wait while the relay reads slowly; False when it was lost, or read nothing for *limit_s*."""
        self._block_s = limit_s
        while self._clear is not None and not self.lost:
            self._unread = self._transport.get_write_buffer_size()
            self._due_at = self._loop.time() + limit_s
            await asyncio.shield(self._clear)
        self._due_at = math.inf
        return not self.lost

    async def expect(self, limits: Sequence[float]) -> list[RawReply]:
        """
        Wait for as many replies as *limits* has seconds for; return those that came.

        Fewer come when the connection was lost, when a 421 says that it is about to be
        (RFC 5321 §3.8), or when *settle_for* was called.
        """
        replies = self._replies
        self._enough = len(limits)
        self._limits = limits
        if len(replies) < self._enough and not self.lost:
            self._due_at = self._loop.time() + limits[len(replies)]
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
                self._due_at = math.inf
        self._enough = 0
        heard = replies[: len(limits)]
        del replies[: len(limits)]
        return heard

    def settle_for(self, count: int) -> None:
        """Let whoever waits go on with *count* replies."""
        self._enough = min(self._enough, count)
        self._wake()

    @property
    def is_in_step(self) -> bool:
        """Whether it lives, and the relay has said nothing that it was not asked for."""
        return not (self.lost or self._replies or self._buffer)

    def fail(self, words: str) -> None:
        """Drop the connection at once: what was not sent yet never is."""
        self.lost = self.lost or words
        self._transport.abort()
        self._wake()

    # What follows is called by the loop.

    def data_received(self, data: bytes) -> None:
        """Cut what came into replies."""
        replies = self._replies
        known = len(replies)
        lines = (self._buffer + data).split(b"\n") if self._buffer else data.split(b"\n")
        self._buffer = lines.pop()
        for line in lines:
            if line[3:4] == b" " and line[:3].isdigit() and not self._earlier_lines:
                replies.append((int(line[:3]), line[4:]))
            elif not self._read(line):
                return
        if len(self._buffer) > _LONGEST_LINE:
            self.fail("a reply line without an end")
        elif len(replies) > _MOST_REPLIES:
            self.fail("more replies than commands")
        elif len(replies) > known:
            if any(code == _CLOSING for code, _ in replies):
                self.lost = "the relay closed the connection (421)"
                self.resume_writing()
            elif len(replies) < self._enough:
                self._due_at = self._loop.time() + self._limits[len(replies)]
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end."""
        self.lost = self.lost or (type(exc).__name__ if exc else "the connection was closed")
        self._wake()
        self.resume_writing()

    def pause_writing(self) -> None:
        """Note that the relay does not keep up."""
        if self._clear is None:
            self._clear = self._loop.create_future()

    def resume_writing(self) -> None:
        """Note that it has caught up."""
        clear, self._clear = self._clear, None
        if clear is not None and not clear.done():
            clear.set_result(None)

    def _look(self) -> None:
        """Give the connection up when a limit is over."""
        if self.lost:
            return
        now = self._loop.time()
        if self._clear is not None and (unread := self._transport.get_write_buffer_size()) < self._unread:
            self._unread = unread
            self._due_at = now + self._block_s
        if now > self._due_at:
            self.fail("no answer in time")
        else:
            self._loop.call_later(self._look_every_s, self._look)

    def _read(self, line: bytes) -> bool:
        """Take a line that is not, by itself, a usual reply; False when it is none at all."""
        code, mark = line[:3], line[3:4]
        if len(code) != 3 or not code.isdigit() or mark not in b" -\r":  # noqa: PLR2004 - RFC 5321 §4.2
            self.fail("what came was no SMTP reply")
            return False
        self._earlier_lines.append(line[4:].rstrip())
        if sum(map(len, self._earlier_lines)) + 64 * len(self._earlier_lines) > _LONGEST_REPLY:
            self.fail("a reply without an end")
            return False
        if mark != b"-":
            self._replies.append((int(code), b" ".join(self._earlier_lines)))
            self._earlier_lines.clear()
        return True

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done() and (len(self._replies) >= self._enough or self.lost):
            waiter.set_result(None)
