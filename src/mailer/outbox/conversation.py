"""One SMTP conversation with the outbox: the one that the door has too, with scripted faults."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final, NoReturn, Protocol

from mailer.bounces.smtp_conversation import (
    NULL_SENDER,
    Envelope,
    Manner,
    Session,
    SmtpConversation,
    unwritable,
    with_pipelining,
)
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


class Conversation(SmtpConversation):
    """The server's side of one connection."""

    def __init__(self, house: House, loop: asyncio.AbstractEventLoop) -> None:
        """Args: house: the relay."""
        self._house = house
        super().__init__(_Hooks(), Manner("localhost", "mailer outbox", house.max_message_bytes), loop)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin (called by the event loop)."""
        super().connection_made(transport)
        self._house.joined(self)

    def connection_lost(self, error: Exception | None) -> None:
        """End (called by the event loop)."""
        super().connection_lost(error)
        self._house.left(self)

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

    async def refuse_data(self, envelope: Envelope) -> str | None:
        """Return what the script says at DATA, or None to take a body."""
        return await self.scripted(Stage.DATA, envelope.rcpt_tos)

    async def take(self, envelope: Envelope, content: bytes) -> Sequence[str]:
        """Decide over a message that has come in whole; return the reply to its final dot."""
        return [await self._kept(envelope, content)]

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

    async def _kept(self, envelope: Envelope, content: bytes) -> str:
        recipients = envelope.rcpt_tos
        if reply := await self.scripted(Stage.DOT, recipients):
            return reply
        sender = envelope.mail_from or ""
        try:
            mail = self._house.keep("" if sender == NULL_SENDER else sender, recipients, content)
            rules = (self._house.choose(Stage.AFTER_DOT, address) for address in recipients)
            rule = next((rule for rule in rules if rule is not None), None)
            await self._house.witness(Receipt(mail, content, accepted=rule is None))
        except StorageError:
            return "452 4.3.1 Insufficient system storage, try again later"
        return f"250 2.0.0 Kept as {mail.number}" if rule is None else await self._play(rule)

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
        return with_pipelining(replies)

    async def handle_HELO(  # noqa: N802
        self, server: Conversation, session: Session, _envelope: Envelope, hostname: str
    ) -> str:
        reply = await server.scripted(Stage.EHLO, ("",))
        session.host_name = None if reply else hostname
        return reply or f"250 {server.hostname}"

    async def handle_MAIL(  # noqa: N802
        self, server: Conversation, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if reply := unwritable(address, envelope) or await server.scripted(Stage.MAIL, (address,)):
            return reply
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Sender OK"

    async def handle_RCPT(  # noqa: N802
        self, server: Conversation, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if reply := unwritable(address, envelope) or await server.scripted(Stage.RCPT, (address,)):
            return reply
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 Recipient OK"


_DISCARD_BYTES: Final = 65_536
