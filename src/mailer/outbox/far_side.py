"""The far side: mailboxes that take a copy, and write back later.

Most of what comes back of an issue comes hours after a provider has said 250. This notes which of the
copies the relay took will come back, and brings them to whatever door the return path leads to, over
SMTP like any other mail server.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase

import aiosmtplib

from mailer.errors import MailerError
from mailer.outbox import returns
from mailer.outbox.journal import Receipt
from mailer.outbox.mailbox import KeptMail
from mailer.outbox.returns import Original

_CONNECTIONS = 4
_PATIENCE_S = 60.0
# Named, because the default asks DNS.
_HELLO = "mx.example.net"


class Kind(StrEnum):
    """What comes back."""

    FAILURE = "failure"
    """A report that the copy could not be delivered after all."""
    COMPLAINT = "complaint"
    """The reader pressed "this is spam"."""
    HOLIDAY = "holiday"
    """An answering machine."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """What becomes of the copies that some addresses take.

    Attributes:
        pattern: an address or a glob, lower case, as in a script.
        words: of a failure, what the last server said (``550 5.1.1 User unknown``); of a holiday, what the
            person left there; of a complaint, nothing.
    """

    pattern: str
    kind: Kind
    words: str = ""

    def names(self, address: str) -> bool:
        """Tell whether an address reacts so."""
        return fnmatchcase(address.lower(), self.pattern)


@dataclass(frozen=True, slots=True)
class Return:
    """A mail on its way back.

    Attributes:
        sender: of the envelope; empty, as reports and answering machines have it (RFC 3834 §3.3).
        recipient: of the envelope.
        content: CRLF.
    """

    sender: str
    recipient: str
    content: bytes


class FarSide:
    """Remembers what was taken, and brings it back.

    Attributes:
        brought: how many mails of each kind were brought and taken.
    """

    def __init__(self, reactions: Sequence[Reaction], *, clock: Callable[[], datetime]) -> None:
        """
        Remember nothing yet.

        Args:
            reactions: the first that names an address holds; nobody else writes back.
            clock: aware UTC.
        """
        self._reactions = reactions
        self._clock = clock
        self._waiting: list[tuple[KeptMail, str, Reaction]] = []
        self.brought: Counter[Kind] = Counter()

    @property
    def waiting_count(self) -> int:
        """How many mails are still to be brought."""
        return len(self._waiting)

    def note(self, receipt: Receipt) -> bool:
        """Remember what was taken, where one of its recipients writes back; tell whether one does."""
        found = [
            (receipt.mail, recipient, reaction)
            for recipient in receipt.mail.recipients
            if receipt.accepted and (reaction := self._reaction(recipient)) is not None
        ]
        self._waiting += found
        return bool(found)

    async def bring(self, host: str, port: int, *, tick: Callable[[], None] = lambda: None) -> None:
        """
        Bring what waits to the mail server of the return path, a few at a time.

        Args:
            host: where it listens.
            port: of its SMTP.
            tick: called after each mail that was taken.

        Raises:
            MailerError: the server can't be reached, or refuses a mail.
            NotFound: somebody has removed a kept mail meanwhile.
        """
        waiting, self._waiting = iter(self._waiting), []
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(_CONNECTIONS):
                    group.create_task(self._bring_some(waiting, host, port, tick))
        except* (aiosmtplib.SMTPException, OSError) as group_of:
            raise MailerError(
                f"the door for returned mail at {host}, port {port} does not take what comes back "
                f"({type(group_of.exceptions[0]).__name__}); see whether [returned] smtp names that port"
            ) from group_of

    def _reaction(self, recipient: str) -> Reaction | None:
        return next((each for each in self._reactions if each.names(recipient)), None)

    async def _bring_some(
        self,
        waiting: Iterator[tuple[KeptMail, str, Reaction]],
        host: str,
        port: int,
        tick: Callable[[], None],
    ) -> None:
        client: aiosmtplib.SMTP | None = None
        try:
            for mail, recipient, reaction in waiting:
                if client is None:
                    client = _client(host, port)
                    await client.connect()
                going = self._render(mail, recipient, reaction)
                await client.sendmail(going.sender, [going.recipient], going.content)
                self.brought[reaction.kind] += 1
                tick()
        finally:
            if client is not None:
                client.close()

    def _render(self, mail: KeptMail, recipient: str, reaction: Reaction) -> Return:
        original, at = Original(mail.envelope_from, recipient, mail.content()), self._clock()
        match reaction.kind:
            case Kind.FAILURE:
                return Return("", original.return_path, returns.failure(original, reaction.words, at))
            case Kind.HOLIDAY:
                return Return("", original.return_path, returns.holiday(original, reaction.words, at))
            case Kind.COMPLAINT:
                to = returns.complaints_address(original)
                return Return(returns.complainer(original), to, returns.complaint(original, at))


def _client(host: str, port: int) -> aiosmtplib.SMTP:
    return aiosmtplib.SMTP(
        hostname=host,
        port=port,
        local_hostname=_HELLO,
        use_tls=False,
        start_tls=False,
        timeout=_PATIENCE_S,
    )
