"""The relay: a server that listens, takes mail into a Mailbox and plays a Script.

It stands in for the mail provider in the demonstration, before an outgoing server is set, and in
tests. It runs on the event loop of the program that starts it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from mailer.bounces.smtp_conversation import silence_library
from mailer.errors import UsageError
from mailer.outbox.conversation import Conversation
from mailer.outbox.journal import Receipt
from mailer.outbox.mailbox import KeptMail, Mailbox
from mailer.outbox.script import Action, Rule, Script, Stage, Tally, decide

MAX_MESSAGE_BYTES: Final = 32 * 1024 * 1024
"""The longest message that is taken unless told otherwise."""


class Relay:
    """A mail server on one port.

    Attributes:
        port: where it listens; 0 before start().
        max_message_bytes: the longest message that is taken, announced as SIZE.
    """

    def __init__(
        self,
        mailbox: Mailbox,
        script: Script = (),
        *,
        max_message_bytes: int = MAX_MESSAGE_BYTES,
        witness: Callable[[Receipt], Awaitable[None]] | None = None,
    ) -> None:
        """
        Set up; nothing listens yet.

        Args:
            mailbox: takes every message.
            script: what to do otherwise than accept.
            max_message_bytes: a longer one is answered 552.
            witness: called with every message that was kept, before the client is answered; may
                raise StorageError, which the client hears as 452.
        """
        self.port = 0
        self.max_message_bytes = max_message_bytes
        self._mailbox = mailbox
        self._witness = witness
        self._script = script
        self._spoken: Counter[Tally] = Counter()
        self._server: asyncio.Server | None = None
        self._conversations: set[Conversation] = set()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """
        Listen; returns when clients may connect.

        Args:
            host: an address of this machine.
            port: 0 takes a free one.

        Raises:
            UsageError: the port is taken or the host is not ours.
        """
        silence_library()
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: Conversation(self, loop), host, port, backlog=_BACKLOG
            )
        except OSError as error:
            raise UsageError(
                f"The outbox can't listen on {host}, port {port} ({error.strerror}): "
                "stop the program that uses it or choose another port."
            ) from error
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and close every connection; a message not yet answered may be kept or not."""
        if self._server is None:
            return
        self._server.close()
        endings = [ending for conversation in self._conversations if (ending := conversation.abort())]
        await asyncio.gather(*endings, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    def play(self, script: Script) -> None:
        """Put another script in place of the present one; its counts begin anew."""
        self._script = script
        self._spoken.clear()

    def choose(self, stage: Stage, address: str) -> Rule | None:
        """Return the rule that speaks here, counting it, or None to go on as usual."""
        verdict = decide(self._script, self._spoken, stage=stage, address=address)
        if verdict is None:
            return None
        if verdict.rule.times is not None:
            self._spoken[verdict.tally] += 1
        return None if verdict.rule.action is Action.ACCEPT else verdict.rule

    def keep(self, envelope_from: str, recipients: Sequence[str], content: bytes) -> KeptMail:
        """Keep a message, or raise StorageError."""
        return self._mailbox.add(envelope_from, recipients, content)

    async def witness(self, receipt: Receipt) -> None:
        """Pass on what was kept, before the client hears of it; may raise StorageError."""
        if self._witness is not None:
            await self._witness(receipt)

    def joined(self, conversation: Conversation) -> None:
        """Take note that a client has connected."""
        self._conversations.add(conversation)

    def left(self, conversation: Conversation) -> None:
        """Take note that its connection is gone."""
        self._conversations.discard(conversation)


_BACKLOG: Final = 512
