"""The server's side of an SMTP conversation, as far as both our servers share it: door and outbox.

aiosmtpd reads a body line by line, which costs more than all the rest of a message, and in memory that
a client may fill. Here a body is read in pieces, its end is searched for once and the dots are taken out
once. The rest of the protocol stays aiosmtpd's.
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import AnyStr, Final, cast

from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

NULL_SENDER: Final = "<>"
"""How aiosmtpd writes the sender of a report (RFC 5321 §4.5.5)."""
TOO_BIG: Final = "552 5.3.4 Message too big for system"

_MAX_COMMAND_BYTES: Final = 2_048
_MAX_LINE_BYTES: Final = 65_536
_PIECE_BYTES: Final = 65_536
_CLOSING: Final = "421"
_END: Final = b"\r\n.\r\n"
_ECHO: Final = '500 Error: command "'
_UNKNOWN_COMMAND: Final = "500 5.5.1 Error: command not recognized"
_PLAIN_ADDRESS: Final = re.compile(r"<([A-Za-z0-9+_=-]+(?:\.[A-Za-z0-9+_=-]+)*@[A-Za-z0-9.-]+)>\s*([^<>]*)")


@dataclass(frozen=True, slots=True)
class Manner:
    """How a server presents itself.

    Attributes:
        hostname: said in greeting and EHLO; named, because aiosmtpd would ask DNS at each connection.
        ident: what follows it in the greeting.
        max_bytes: the longest message that is taken, announced as SIZE, without transparency dots.
        idle_s: a client that says nothing useful for so long is left; so is one whose body takes longer.
        tls: offered as STARTTLS; None offers none.
        calls: how often a command may be said in one conversation, ``*`` for those not named; None for
            no limit.
    """

    hostname: str
    ident: str
    max_bytes: int
    idle_s: float = 300.0
    tls: ssl.SSLContext | None = None
    calls: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A body that was read to its end and not taken, and the reply that says why."""

    reply: str


class SmtpConversation(SMTP):
    """One connection. A server of ours says what happens to a message, in *take*."""

    def __init__(self, hooks: object, manner: Manner, loop: asyncio.AbstractEventLoop) -> None:
        """
        Begin when the event loop says so.

        Args:
            hooks: an object with aiosmtpd's ``handle_EHLO`` and the like.
            manner: how the server presents itself.
            loop: the running one.
        """
        # aiosmtpd makes its reader as wide as this. Bodies are read in pieces, so commands alone count.
        self.line_length_limit = _MAX_LINE_BYTES
        # Its own table is shared by all connections and emptied by each new one.
        self.command_size_limits = defaultdict(lambda: _MAX_COMMAND_BYTES)
        super().__init__(
            hooks,
            data_size_limit=manner.max_bytes,
            enable_SMTPUTF8=True,
            hostname=manner.hostname,
            ident=manner.ident,
            tls_context=manner.tls,
            timeout=manner.idle_s,
            command_call_limit=None if manner.calls is None else dict(manner.calls),
            loop=loop,
        )

    def abort(self) -> asyncio.Task[None] | None:
        """Close the connection at once, and return the task that will end by it."""
        if self.transport is not None:
            # A cast, where isinstance would ask: uvloop's transports do not descend from asyncio's.
            cast("asyncio.Transport", self.transport).abort()
        return self._handler_coroutine

    async def push(self, status: AnyStr) -> None:
        """Send one reply; 421 closes the connection after it (RFC 5321 §3.8)."""
        if not isinstance(status, str):
            await super().push(status)
            return
        # aiosmtpd repeats a command that it does not know, whatever is in it: addresses, control characters.
        await super().push(_UNKNOWN_COMMAND if status.startswith(_ECHO) else status)
        if status.startswith(_CLOSING) and self.transport is not None:
            self.transport.close()

    @syntax("STARTTLS", when="tls_context")
    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802 - aiosmtpd finds commands by this name
        """Begin TLS (called by aiosmtpd)."""
        await super().smtp_STARTTLS(arg)
        assert self.session is not None
        if self._tls_protocol is not None and self.session.ssl is None:
            # The client left in the middle of the handshake. Nobody tells aiosmtpd, who would wait for ever.
            self.connection_lost(None)
            raise ConnectionResetError

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd finds commands by this name
        """Take a message (called by aiosmtpd)."""
        if await self.check_helo_needed():
            return
        envelope = self.envelope
        assert envelope is not None
        if not envelope.rcpt_tos:
            await self.push("503 5.5.1 Error: need RCPT command")
        elif arg:
            await self.push("501 5.5.4 Syntax: DATA")
        elif reply := await self.refuse_data(envelope):
            await self.push(reply)
        else:
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            body = await self._read_body()
            # What follows may take as long as a database does.
            self._reset_timeout()
            self.envelope = self._create_envelope()
            for reply in await self._answers(envelope, body):
                await self.push(reply)

    async def refuse_data(self, envelope: Envelope) -> str | None:  # noqa: ARG002 - for who does
        """Return the reply to DATA where it is not 354."""
        return None

    def refuse_body(self, size: int) -> str | None:
        """Return why a body that has *size* bytes so far is not taken, or None to read on."""
        # Lines that begin with a dot travel with another one: ".", CR, LF grow by a third.
        return TOO_BIG if size > self._max_bytes * 4 // 3 + len(_END) else None

    async def take(self, envelope: Envelope, content: bytes) -> Sequence[str]:
        """Take a message, CRLF line ends; return the replies to its final dot."""
        raise NotImplementedError

    def refusals(self, envelope: Envelope, reply: str) -> Sequence[str]:  # noqa: ARG002 - for LMTP
        """Return the replies to the final dot of a message that is not taken."""
        return [reply]

    @property
    def _max_bytes(self) -> int:
        assert self.data_size_limit is not None
        return self.data_size_limit

    async def _answers(self, envelope: Envelope, body: bytes | Refused) -> Sequence[str]:
        if isinstance(body, Refused):
            return self.refusals(envelope, body.reply)
        content = _undotted(body)
        if len(content) > self._max_bytes:
            return self.refusals(envelope, TOO_BIG)
        return await self.take(envelope, content)

    async def _read_body(self) -> bytes | Refused:
        """Read up to the final dot (RFC 5321 §4.5.3.1.9); what is too much is read and thrown away.

        Returns:
            What lies between two line ends, dots still doubled. The line end of DATA counts before the
            first line, so that an empty body, which is a dot alone, ends like any other.
        """
        read, refused = bytearray(b"\r\n"), None
        while True:
            piece = await self._reader.read(_PIECE_BYTES)
            if not piece:
                raise ConnectionResetError
            seen = max(0, len(read) - len(_END))
            read += piece
            end = read.find(_END, seen)
            if end >= 0:
                # The next commands, if the client did not wait. There is no public way to give back.
                self._reader._buffer[:0] = read[end + len(_END) :]  # type: ignore[attr-defined]  # noqa: SLF001
                del read[end + 2 :]
                break
            if refused is None and (refused := self.refuse_body(len(read))) is None:
                continue
            del read[: -len(_END)]
        refused = refused or self.refuse_body(len(read))
        return bytes(read) if refused is None else Refused(refused)

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        # The library's parser knows every form of RFC 5322 and takes longer than the rest of a command.
        plain = _PLAIN_ADDRESS.fullmatch(arg)
        return (plain[1], plain[2]) if plain else super()._getaddr(arg)


def with_pipelining(replies: Sequence[str]) -> list[str]:
    """Return the lines of an EHLO reply with PIPELINING.

    RFC 2920 asks nothing more of a server than to keep what it has not read yet.
    """
    return [*replies[:-1], "250-PIPELINING", replies[-1]]


def unwritable(address: str, envelope: Envelope) -> str | None:
    """Return the reply to an address that is not ASCII and may not be so, or None."""
    if address.isascii():
        return None
    try:
        address.encode()
    except UnicodeEncodeError:
        return "553 5.1.3 Error: the address is not UTF-8"
    # RFC 6531 §3.5
    return None if envelope.smtp_utf8 else "553 5.6.7 Non-ASCII address without SMTPUTF8"


def silence_library() -> None:
    """Keep aiosmtpd from logging: it writes every command, addresses included."""
    logging.getLogger("mail.log").setLevel(logging.CRITICAL + 1)


def _undotted(raw: bytes) -> bytes:
    """Take a body out of what lies between two line ends (RFC 5321 §4.5.2)."""
    return raw.replace(b"\r\n.", b"\r\n")[2:]


__all__ = [
    "NULL_SENDER",
    "TOO_BIG",
    "Envelope",
    "Manner",
    "Refused",
    "Session",
    "SmtpConversation",
    "silence_library",
    "unwritable",
    "with_pipelining",
]
