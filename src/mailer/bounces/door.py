"""The door: where mail servers bring what came back, by SMTP or LMTP (docs/returned-mail.md).

It takes mail for our return paths and for the two addresses that every domain must have, and nothing
else. What it took is stored before it says so; reading is the backlog's.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mailer.bounces.certificate import Certificate
from mailer.bounces.inward_conversation import CALLS, InwardConversation, InwardLmtp
from mailer.bounces.limits import Limits, Tally, client_of
from mailer.bounces.smtp_conversation import Manner, silence_library
from mailer.bounces.stored import Arrived
from mailer.domain.return_address import token_text
from mailer.domain.token import TokenKeys
from mailer.errors import UsageError

_BACKLOG = 512
_EVERYBODYS_SOCKET = 0o666
# RFC 5321 §4.5.1 and RFC 2142 §4: people write there, and somebody has to read it.
_PEOPLE = frozenset({"postmaster", "abuse"})


@dataclass(frozen=True, slots=True)
class Reception:
    """For whom mail is taken, and by whom.

    Attributes:
        domain: of our return paths, lower case.
        tokens: know which return paths are ours.
        take: stores for good, or raises StorageError.
    """

    domain: str
    tokens: TokenKeys
    take: Callable[[Arrived], Awaitable[None]]

    def refuse(self, address: str) -> str | None:
        """Return the reply to a recipient that is not ours, or None."""
        local, at, domain = address.lower().rpartition("@")
        if not at:
            # RFC 5321 §4.5.1 has postmaster work without a domain too.
            local, domain = domain, self.domain
        if domain != self.domain:
            return "550 5.7.1 No mail for this domain is taken here"
        if local in _PEOPLE and (at or local == "postmaster"):
            return None
        token = token_text(address)
        if token is None or self.tokens.read_return_path(token) is None:
            return "550 5.1.1 No such address"
        return None


class Door:
    """A server on one port or socket file; as many as there are ways in.

    Attributes:
        limits: what it bears.
        port: where it listens; 0 before *start*, and at a socket file.
    """

    def __init__(
        self,
        way: Literal["smtp", "lmtp"],
        reception: Reception,
        limits: Limits,
        *,
        certificate: Certificate | None = None,
    ) -> None:
        """
        Set up; nothing listens yet.

        Args:
            way: what is spoken.
            reception: for whom mail is taken.
            limits: what it bears.
            certificate: for STARTTLS; None offers none.
        """
        self.limits = limits
        self.port = 0
        self._way = way
        self._reception = reception
        self._certificate = certificate
        self._server: asyncio.Server | None = None
        self._clients: dict[InwardConversation, str] = {}
        self._of_one: Counter[str] = Counter()
        self._held: dict[InwardConversation, int] = {}
        self._held_bytes = 0
        self._by_client = Tally(limits.messages_a_minute)
        self._by_address = Tally(limits.messages_to_one)

    @property
    def manner(self) -> Manner:
        """How it presents itself to whoever comes now: by its domain, and by no product or version."""
        tls = None if self._certificate is None else self._certificate.context()
        return Manner(
            self._reception.domain,
            "LMTP" if self._way == "lmtp" else "ESMTP",
            self.limits.max_bytes,
            idle_s=self.limits.idle_s,
            tls=tls,
            calls=CALLS,
        )

    async def start(self, place: str) -> None:
        """
        Listen; returns when clients may connect.

        Args:
            place: HOST:PORT (0 takes a free one), or the path of a socket file.

        Raises:
            UsageError: it is taken, not ours, or not allowed.
        """
        silence_library()
        loop = asyncio.get_running_loop()
        speaks = InwardLmtp if self._way == "lmtp" else InwardConversation
        try:
            if place.startswith("/"):
                self._server = await loop.create_unix_server(
                    lambda: speaks(self, loop), place, backlog=_BACKLOG
                )
                # The mail server is another user; who may come near is said by the folder it lies in.
                Path(place).chmod(_EVERYBODYS_SOCKET)  # noqa: ASYNC240 - one call, at the start
                return
            host, _, port = place.rpartition(":")
            self._server = await loop.create_server(
                lambda: speaks(self, loop), host.strip("[]"), int(port), backlog=_BACKLOG
            )
        except OSError as error:
            raise UsageError(
                f"[returned] {self._way}: {place} can't be listened on ({error.strerror or error}); stop the "
                "program that uses it, or name another place (ports below 1024 need a right of their own)"
            ) from error
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and close every connection; what was not answered yet may be stored or not."""
        if self._server is None:
            return
        self._server.close()
        endings = [ending for each in list(self._clients) if (ending := each.abort())]
        await asyncio.gather(*endings, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    def admit(self, conversation: InwardConversation) -> str | None:
        """Count a client in; return the reply that turns it away, or None."""
        transport = conversation.transport
        client = client_of(transport.get_extra_info("peername")) if transport else ""
        self._clients[conversation] = client
        self._of_one[client] += 1
        if len(self._clients) > self.limits.connections:
            return "421 4.3.2 Too busy, try again later"
        if client and self._of_one[client] > self.limits.connections_of_one:
            return "421 4.7.0 Too many connections of yours"
        return None

    def left(self, conversation: InwardConversation) -> None:
        """Take note that its connection is gone."""
        self.release(conversation)
        client = self._clients.pop(conversation, None)
        if client is None:
            return
        self._of_one[client] -= 1
        if not self._of_one[client]:
            del self._of_one[client]

    def may_send(self, conversation: InwardConversation) -> bool:
        """Count a message that a client begins, and say whether it may."""
        return not self._by_client.is_over(self._clients.get(conversation, ""), time.monotonic())

    def refuse_recipient(self, address: str) -> str | None:
        """Return the reply to an address that nothing is taken for, or None."""
        if reply := self._reception.refuse(address):
            return reply
        # By the token: what stands before it may be anything.
        if self._by_address.is_over(token_text(address) or "people", time.monotonic()):
            return "450 4.2.1 Too many messages to this address, try again in a minute"
        return None

    def hold(self, conversation: InwardConversation, size: int) -> bool:
        """Hold room for a body of *size* bytes so far; False where there is none, and none is held."""
        self.release(conversation)
        if self._held_bytes + size > self.limits.bytes_at_once:
            return False
        self._held[conversation] = size
        self._held_bytes += size
        return True

    def release(self, conversation: InwardConversation) -> None:
        """Let go of it."""
        self._held_bytes -= self._held.pop(conversation, 0)

    async def store(self, sender: str, recipient: str, content: bytes) -> None:
        """Store a message for good; raises StorageError."""
        await self._reception.take(Arrived(self._way, sender, recipient, content))
