"""One conversation with who brings returned mail: SMTP (RFC 5321) or LMTP (RFC 2033).

A message is answered 250 only once it is stored for good. Nobody learns here who reads: an address that
is no token of ours is refused, whoever it is, and a token tells nothing about a person.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Sequence
from typing import Final, Protocol

import structlog
from aiosmtpd.smtp import TLSSetupException, syntax

from mailer.bounces.limits import Limits
from mailer.bounces.smtp_conversation import (
    NULL_SENDER,
    Envelope,
    Manner,
    Refused,
    Session,
    SmtpConversation,
    unwritable,
    with_pipelining,
)
from mailer.errors import StorageError

_log = structlog.get_logger()

_UNNAMED_CALLS: Final = 100
_ENDLESS: Final = 1 << 31
# Whoever brings mail says these for each; everything else is said a few times.
CALLS: Final = {"*": _UNNAMED_CALLS} | dict.fromkeys(("MAIL", "RCPT", "DATA", "RSET"), _ENDLESS)

# A line of one dot whose line ends are not both CRLF: some servers take it for the end of a message, so
# what follows it would be commands there and text here (SMTP smuggling). No mail server writes it.
_SMUGGLED: Final = re.compile(rb"[\r\n]\.[\r\n]")
_STORED: Final = "250 2.0.0 Stored"
_TRY_AGAIN: Final = "451 4.3.0 Can't be stored now, try again later"


class DoorKeeper(Protocol):
    """What a conversation needs of the door it came through."""

    @property
    def limits(self) -> Limits:
        """What it bears."""

    @property
    def manner(self) -> Manner:
        """How it presents itself at this moment."""

    def admit(self, conversation: InwardConversation) -> str | None:
        """Count a client in; return the reply that turns it away, or None."""

    def left(self, conversation: InwardConversation) -> None:
        """Take note that its connection is gone."""

    def may_send(self, conversation: InwardConversation) -> bool:
        """Count a message that a client begins, and say whether it may."""

    def refuse_recipient(self, address: str) -> str | None:
        """Return the reply to an address that nothing is taken for, or None."""

    def hold(self, conversation: InwardConversation, size: int) -> bool:
        """Hold room for a body of *size* bytes so far; False where there is none, and none is held."""

    def release(self, conversation: InwardConversation) -> None:
        """Let go of it."""

    async def store(self, sender: str, recipient: str, content: bytes) -> None:
        """Store a message for good; raises StorageError."""


class InwardConversation(SmtpConversation):
    """The door's side of one SMTP connection."""

    def __init__(self, keeper: DoorKeeper, loop: asyncio.AbstractEventLoop) -> None:
        """Args: keeper: of the door."""
        self._keeper = keeper
        self._messages = 0
        super().__init__(_Hooks(keeper), keeper.manner, loop)

    def connection_lost(self, error: Exception | None) -> None:
        """End (called by the event loop)."""
        self._keeper.left(self)
        super().connection_lost(error)

    async def handle_exception(self, error: Exception) -> str:
        """Answer something unforeseen, without telling a stranger what it was (called by aiosmtpd)."""
        if not isinstance(error, TLSSetupException):
            # Its words may hold an address.
            _log.error("returned.conversation", error=type(error).__name__)
        return _TRY_AGAIN

    @syntax("VRFY <address>")
    async def smtp_VRFY(self, arg: str) -> None:  # noqa: ARG002, N802 - aiosmtpd's name and arguments
        """Say nothing about anybody (RFC 5321 §7.3)."""
        await self.push("252 2.5.0 Send mail, and see")

    async def smtp_AUTH(self, arg: str) -> None:  # noqa: ARG002, N802 - as above
        """Know no passwords."""
        await self.push("502 5.5.1 AUTH not implemented")

    def refuse_body(self, size: int) -> str | None:
        """Return why a body is not taken that has *size* bytes so far, or None to read on."""
        if reply := super().refuse_body(size):
            self._keeper.release(self)
            return reply
        return None if self._keeper.hold(self, size) else "452 4.3.1 Too much at once, try again later"

    def refuse_message(self) -> str | None:
        """Return the reply to the beginning of another message where it may not begin, or None."""
        self._messages += 1
        if self._messages > self._keeper.limits.messages_of_connection:
            return "421 4.7.0 Enough for one connection, open another"
        if not self._keeper.may_send(self):
            return "451 4.7.1 Too many messages, try again in a minute"
        return None

    async def take(self, envelope: Envelope, content: bytes) -> Sequence[str]:
        """Store a message once for each recipient; return the replies to its final dot."""
        outcomes = await self._store(envelope, content)
        return [_STORED if all(outcomes) else _TRY_AGAIN]

    async def _store(self, envelope: Envelope, content: bytes) -> list[bool]:
        """Say of each recipient whether the message is stored."""
        sender = envelope.mail_from or ""
        sender = "" if sender == NULL_SENDER else sender
        # Beside each other, so that they share a commit.
        return await asyncio.gather(*(self._stored(sender, each, content) for each in envelope.rcpt_tos))

    async def _stored(self, sender: str, recipient: str, content: bytes) -> bool:
        try:
            await self._keeper.store(sender, recipient, content)
        except StorageError as error:
            _log.error("returned.not_stored", reason=str(error))
            return False
        return True

    async def _answers(self, envelope: Envelope, body: bytes | Refused) -> Sequence[str]:
        try:
            if isinstance(body, bytes) and _SMUGGLED.search(body):
                return self.refusals(envelope, "554 5.5.2 A line of one dot has to end with CRLF")
            return await super()._answers(envelope, body)
        finally:
            self._keeper.release(self)

    async def _handle_client(self) -> None:
        # A client that goes away in the middle of a reply is no news.
        with contextlib.suppress(ConnectionError):
            if reply := self._keeper.admit(self):
                await self.push(reply)
            else:
                await super()._handle_client()


class InwardLmtp(InwardConversation):
    """The same by LMTP: a greeting of its own, and a reply for each recipient."""

    @syntax("LHLO hostname")
    async def smtp_LHLO(self, arg: str) -> None:  # noqa: N802 - aiosmtpd finds commands by this name
        """Greet (RFC 2033 §4.1)."""
        await super().smtp_EHLO(arg)

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: ARG002, N802 - aiosmtpd's arguments
        """Refuse what LMTP does not know."""
        await self.push("500 5.5.1 This is LMTP, say LHLO")

    async def smtp_HELO(self, hostname: str) -> None:  # noqa: N802
        """Refuse what LMTP does not know."""
        await self.smtp_EHLO(hostname)

    async def take(self, envelope: Envelope, content: bytes) -> Sequence[str]:
        """Store a message; return one reply for each recipient, in order (RFC 2033 §4.2)."""
        return [_STORED if one else _TRY_AGAIN for one in await self._store(envelope, content)]

    def refusals(self, envelope: Envelope, reply: str) -> Sequence[str]:
        """Return one reply for each recipient."""
        return [reply] * len(envelope.rcpt_tos)


class _Hooks:
    """What aiosmtpd asks before it answers a command; each returns the reply."""

    def __init__(self, keeper: DoorKeeper) -> None:
        self._keeper = keeper

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name and arguments
        self, _server: object, session: Session, _envelope: Envelope, hostname: str, replies: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return with_pipelining([each for each in replies if not each.startswith("250-AUTH")])

    async def handle_MAIL(  # noqa: N802
        self,
        server: InwardConversation,
        _session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if reply := unwritable(address, envelope) or server.refuse_message():
            return reply
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Sender OK"

    async def handle_RCPT(  # noqa: N802
        self,
        _server: object,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        if len(envelope.rcpt_tos) >= self._keeper.limits.recipients:
            return "452 4.5.3 Too many recipients"
        if reply := self._keeper.refuse_recipient(address):
            return reply
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Recipient OK"
