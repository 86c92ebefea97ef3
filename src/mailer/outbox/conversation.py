"""One SMTP conversation: aiosmtpd's protocol, with scripted faults and a body read in one piece.

aiosmtpd reads a body line by line, which costs more than all the rest of a message; here the end is
searched for once and the dots are taken out once. The rest of the protocol stays aiosmtpd's.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Sequence
from typing import AnyStr, Final, NoReturn, Protocol, cast

from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

from mailer.errors import StorageError
from mailer.outbox.journal import Receipt
from mailer.outbox.mailbox import KeptMail
from mailer.outbox.script import Action, Rule, Stage


class House(Protocol):
    """What a conversation needs of the relay it belongs to."""

    @property
    def max_message_bytes(self) -> int:
        """The longest message that is taken, without transparency dots."""

    def choose(self, stage: Stage, address: str) -> Rule | None:
        """Return the rule that speaks here, counting it, or None to go on as usual."""

    def keep(self, envelope_from: str, recipients: Sequence[str], content: bytes) -> KeptMail:
        """Keep a message, or raise StorageError."""

    async def witness(self, receipt: Receipt) -> None:
        """Hear what was kept, before the client does; may raise StorageError."""

    def joined(self, conversation: Conversation) -> None:
        """Take note that a client has connected."""

    def left(self, conversation: Conversation) -> None:
        """Take note that its connection is gone."""


class Conversation(SMTP):
    """The server's side of one connection."""

    def __init__(self, house: House, loop: asyncio.AbstractEventLoop) -> None:
        self._house = house
        # aiosmtpd makes its reader as wide as this: a whole message with every line beginning with
        # a dot must fit (three octets "a", CR, LF never grow, ".", CR, LF do by a third).
        self.line_length_limit = 2 * house.max_message_bytes
        # Its own table is shared by all connections and emptied by each new one.
        self.command_size_limits = defaultdict(lambda: _MAX_COMMAND_BYTES)
        super().__init__(
            _Hooks(),
            data_size_limit=house.max_message_bytes,
            enable_SMTPUTF8=True,
            # Named, because the default asks DNS at each connection.
            hostname="localhost",
            ident="mailer outbox",
            loop=loop,
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin (called by the event loop)."""
        super().connection_made(transport)
        self._house.joined(self)

    def connection_lost(self, error: Exception | None) -> None:
        """End (called by the event loop)."""
        super().connection_lost(error)
        self._house.left(self)

    def abort(self) -> asyncio.Task[None] | None:
        """Close the connection at once, and return the task that will end by it."""
        if self.transport is not None:
            # A cast, where isinstance would ask: uvloop's transports do not descend from asyncio's.
            cast("asyncio.Transport", self.transport).abort()
        return self._handler_coroutine

    async def push(self, status: AnyStr) -> None:
        """Send one reply; 421 closes the connection after it (RFC 5321 §3.8)."""
        await super().push(status)
        closes = status.startswith(_CLOSING) if isinstance(status, str) else False
        if closes and self.transport is not None:
            self.transport.close()

    async def scripted(self, stage: Stage, addresses: Sequence[str]) -> str | None:
        """
        Play what the script says here; return its reply, or None to go on as usual.

        Args:
            stage: where we are.
            addresses: the first that a rule names decides, as SMTP has one reply for all.
        """
        rules = (self._house.choose(stage, address) for address in addresses)
        rule = next((rule for rule in rules if rule is not None), None)
        return None if rule is None else await self._play(rule)

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
        elif reply := await self.scripted(Stage.DATA, envelope.rcpt_tos):
            await self.push(reply)
        else:
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            content = await self._read_body()
            self.envelope = self._create_envelope()
            await self.push(await self._take(envelope, content))

    async def handle_exception(self, error: Exception) -> str:
        """Answer something unforeseen, without telling a stranger what it was (called by aiosmtpd)."""
        self.loop.call_exception_handler(
            {"message": "The outbox met something unforeseen in a conversation", "exception": error}
        )
        return "451 4.3.0 Temporary failure, try again later"

    async def _handle_client(self) -> None:
        # A client that goes away in the middle of a reply is no news.
        with contextlib.suppress(ConnectionError):
            reply = await self.scripted(Stage.CONNECT, ("",))
            if reply is None:
                await super()._handle_client()
            else:
                await self._turn_away(reply)

    async def _turn_away(self, reply: str) -> None:
        # RFC 5321 §3.1: after 554 in place of a greeting, 503 to all but QUIT.
        await self.push(reply)
        while self.transport is not None and not self.transport.is_closing():
            command = await self._reader.readuntil(b"\n")
            if command.strip().upper() == b"QUIT":
                await self.push("221 2.0.0 Bye")
                self.transport.close()
            else:
                await self.push("503 5.5.1 No mail service here")

    async def _take(self, envelope: Envelope, content: bytes | None) -> str:
        """Decide over a message that has come in whole; return the reply to its final dot."""
        if content is None:
            return "552 5.3.4 Message too big for system"
        recipients = envelope.rcpt_tos
        if reply := await self.scripted(Stage.DOT, recipients):
            return reply
        sender = envelope.mail_from or ""
        try:
            mail = self._house.keep("" if sender == _NULL_SENDER else sender, recipients, content)
            rules = (self._house.choose(Stage.AFTER_DOT, address) for address in recipients)
            rule = next((rule for rule in rules if rule is not None), None)
            await self._house.witness(Receipt(mail, content, accepted=rule is None))
        except StorageError:
            return "452 4.3.1 Insufficient system storage, try again later"
        return f"250 2.0.0 Kept as {mail.number}" if rule is None else await self._play(rule)

    async def _read_body(self) -> bytes | None:
        """Read up to the final dot; None when it was longer than is taken (RFC 5321 §4.5.3.1.9)."""
        # The line end of DATA itself counts before the first line, so that an empty body, which is
        # ".\r\n" alone, ends like any other. A client may have sent its body already.
        self._reader._buffer[:0] = b"\r\n"  # type: ignore[attr-defined]  # noqa: SLF001 - there is no public way
        fits = True
        while True:
            try:
                raw = await self._reader.readuntil(b"\r\n.\r\n")
                break
            except asyncio.LimitOverrunError as overrun:
                await self._reader.readexactly(overrun.consumed)
                fits = False
        content = _undotted(raw)
        return content if fits and len(content) <= self._house.max_message_bytes else None

    async def _play(self, rule: Rule) -> str:
        match rule.action:
            case Action.HANG:
                await self._hang()
            case Action.DROP:
                self.abort()
                raise asyncio.CancelledError
        return rule.answer

    async def _hang(self) -> NoReturn:
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()
        # What comes is thrown away: a reader that stops reading never learns that the client left.
        while await self._reader.read(_DISCARD_BYTES):
            pass
        raise asyncio.CancelledError


class _Hooks:
    """What aiosmtpd asks before it answers a command; each returns the reply."""

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name and arguments
        self, server: Conversation, session: Session, _envelope: Envelope, hostname: str, replies: list[str]
    ) -> list[str]:
        if reply := await server.scripted(Stage.EHLO, ("",)):
            session.host_name = None
            return [reply]
        session.host_name = hostname
        # RFC 2920 asks nothing more of a server than to keep what it has not read yet.
        return [*replies[:-1], "250-PIPELINING", replies[-1]]

    async def handle_HELO(  # noqa: N802
        self, server: Conversation, session: Session, _envelope: Envelope, hostname: str
    ) -> str:
        reply = await server.scripted(Stage.EHLO, ("",))
        session.host_name = None if reply else hostname
        return reply or f"250 {server.hostname}"

    async def handle_MAIL(  # noqa: N802
        self, server: Conversation, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if reply := _unwritable(address, envelope) or await server.scripted(Stage.MAIL, (address,)):
            return reply
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Sender OK"

    async def handle_RCPT(  # noqa: N802
        self, server: Conversation, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if reply := _unwritable(address, envelope) or await server.scripted(Stage.RCPT, (address,)):
            return reply
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 Recipient OK"


_MAX_COMMAND_BYTES: Final = 2_048
_DISCARD_BYTES: Final = 65_536
_CLOSING: Final = "421"
_NULL_SENDER: Final = "<>"


def _unwritable(address: str, envelope: Envelope) -> str | None:
    """Return the reply to an address that is not ASCII and may not be so, or None."""
    if address.isascii():
        return None
    try:
        address.encode()
    except UnicodeEncodeError:
        return "553 5.1.3 Error: the address is not UTF-8"
    # RFC 6531 §3.5
    return None if envelope.smtp_utf8 else "553 5.6.7 Non-ASCII address without SMTPUTF8"


def _undotted(raw: bytes) -> bytes:
    """Take a body out of what lies between two line ends and the final dot (RFC 5321 §4.5.2)."""
    return raw[:-3].replace(b"\r\n.", b"\r\n")[2:]
