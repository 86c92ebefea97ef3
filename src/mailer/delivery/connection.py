"""One connection to the relay, as a conversation: body after body, and what was said to each.

With PIPELINING (RFC 2920) the dot of one copy, and MAIL, RCPT and DATA of the next, travel in one
write; without it the same conversation goes command by command.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from mailer.delivery.copy import Copy
from mailer.delivery.wire import RawReply, Wire
from mailer.domain.judgement import Answer, Lost
from mailer.domain.outcome import Stage
from mailer.domain.reply import Reply

CLOSING = 421
"""After this the relay closes, whatever it answers (RFC 5321 §3.8)."""
TAKEN = 250
"""To a final dot: the relay has taken responsibility (RFC 5321 §4.2.5)."""
_GO_AHEAD = 354
_RESET = "RSET\r\n"
"""Its answer stands for that of the sender's line: neither says anything about a reader."""
_ONE_WRITE = 60_000
"""A body up to this size fits into the transport's buffer with its dot: bytes."""
_YES = 2
_VERDICTS = (_YES, 4, 5)
"""First digits with which a message is taken, put off or refused (RFC 5321 §4.2.1)."""
_ENVELOPE = (Stage.MAIL, Stage.RCPT, Stage.DATA)
_ASKED_FOR = [250, 250, _GO_AHEAD]
"""What nearly every envelope is answered: the body may come."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long each answer may take, in seconds (RFC 5321 §4.5.3.2).

    Attributes:
        connect_s: TCP, TLS, the greeting, EHLO and login, each.
        mail_s, rcpt_s, data_s: the answer to the command of that name.
        block_s: how long a relay may read nothing of a body.
        dot_s: from the body's last byte to the answer to its final dot.
        reset_s: the answers to RSET and QUIT.
        redial_s: half of the first wait after a connection failed; the next ones double.
        login_again_s: the wait after a refused login: more often, and some servers lock the account.
    """

    connect_s: float = 30.0
    mail_s: float = 300.0
    rcpt_s: float = 300.0
    data_s: float = 120.0
    block_s: float = 180.0
    dot_s: float = 600.0
    reset_s: float = 30.0
    redial_s: float = 0.5
    login_again_s: float = 60.0

    @property
    def by_stage(self) -> Mapping[Stage, float]:
        """The answers' limits by what they answer."""
        return {
            Stage.MAIL: self.mail_s,
            Stage.RCPT: self.rcpt_s,
            Stage.DATA: self.data_s,
            Stage.BODY: self.block_s,
            Stage.DOT: self.dot_s,
        }

    @property
    def look_every_s(self) -> float:
        """How often to look whether one is over: by so much it may be exceeded."""
        return min(*self.by_stage.values(), self.reset_s) / 4


class Heard(NamedTuple):
    """What came back.

    Attributes:
        dot: the answer to the body's final dot, or how the connection ended before it; None when no
            body was under way.
        refusal: why the offered copy's body is not asked for; None after its 354, or when none was offered.
    """

    dot: Answer | Lost | None
    refusal: Answer | Lost | None


@dataclass(slots=True)
class Connection:
    """An open, logged-in connection that takes one copy after another.

    Attributes:
        wire: its bytes.
        extensions: what the relay offers, lower case, with parameters (RFC 5321 §4.1.1.1).
        timeouts: of its answers.
        sent_count: bodies handed over so far.
        largest: the largest message the relay takes, in bytes, where it says so (RFC 1870); else infinite.
    """

    wire: Wire
    extensions: Mapping[str, str]
    timeouts: Timeouts
    sent_count: int = 0
    largest: float = field(init=False)
    _has_body: bool = field(default=False, init=False)
    _asked: tuple[Stage, ...] = field(default=(), init=False)
    _later: list[tuple[Stage, bytes]] = field(default_factory=list, init=False)
    _needs_reset: bool = field(default=False, init=False)
    _is_hurried: bool = field(default=False, init=False)
    _limits: dict[tuple[Stage, ...], tuple[float, ...]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        size = self.extensions.get("size", "")
        self.largest = int(size) if size.isdigit() and int(size) else math.inf

    @property
    def is_open(self) -> bool:
        """Whether the connection can take another copy."""
        return self.wire.is_in_step

    def takes(self, copy: Copy) -> bool:
        """Tell whether the relay can take this address (RFC 6531 §3.1)."""
        return copy.recipient.isascii() or "smtputf8" in self.extensions

    async def say(self, body: bytes | None, offer: Copy | None) -> None:
        """Hand over a body that was asked for, and offer the next copy in the same write.

        The final dot of a large body is not sent before the relay has read so much of it that the rest
        fits into one buffer: what breaks off before that has provably not arrived.
        """
        self._has_body = body is not None
        self._asked = ()
        end = b""
        if body is not None:
            self.sent_count += 1
            if self.wire.lost:
                self._asked = (Stage.BODY,)
                return
            if len(body) > _ONE_WRITE and not await self._is_read(body):
                return
            end = b".\r\n" if len(body) > _ONE_WRITE else body + b".\r\n"
            self._asked = (Stage.DOT,)
        self.wire.write(end + self._envelope(offer) if offer is not None else end)

    async def hear(self) -> Heard:
        """Wait for the answers to what was said."""
        asked = self._asked[: self._has_body] if self._is_hurried else self._asked
        limits = self._limits.get(asked) or self._limits_of(asked)
        replies = await self.wire.expect(limits)
        dot = self._dot(replies) if self._has_body else None
        if len(asked) == self._has_body and not self._later:
            return Heard(dot, None)
        envelope = replies[1:] if self._has_body else replies
        if [code for code, _ in envelope] == _ASKED_FOR and self.wire.is_in_step:
            return Heard(dot, None)
        return Heard(dot, await self._refusal(envelope))

    async def hand_over(self, copy: Copy) -> Answer | Lost:
        """Send one copy alone; return the answer to its dot, or to what came before."""
        await self.say(None, copy)
        refusal = (await self.hear()).refusal
        if refusal is not None:
            return refusal
        await self.say(await copy.signed(), None)
        dot = (await self.hear()).dot
        assert dot is not None
        return dot

    def hurry(self) -> None:
        """Let go of an offer, from now on; an answer to a final dot is still waited for."""
        self._is_hurried = True
        self._later.clear()
        self.wire.settle_for(1 if self._has_body else 0)

    async def quit(self) -> None:
        """Take leave and close."""
        if self.is_open:
            self.wire.write(b"QUIT\r\n")
            await self.wire.expect((self.timeouts.reset_s,))
        self.abort()

    def abort(self) -> None:
        """Drop the connection at once: a relay discards a message whose final dot never came."""
        self.wire.fail("closed by us")

    async def _is_read(self, body: bytes) -> bool:
        """Send a body without its dot, and wait until the relay has read so much of it."""
        self._asked = (Stage.BODY,)
        self.wire.write(body)
        return await self.wire.until_clear(self.timeouts.block_s)

    def _envelope(self, copy: Copy) -> bytes:
        """Return what to say now of an offer, and keep what must wait for an answer first."""
        utf8 = "" if copy.recipient.isascii() else " SMTPUTF8"
        size = f" SIZE={len(copy.message)}" if "size" in self.extensions else ""
        mail = f"MAIL FROM:<{copy.return_path}>{size}{utf8}\r\n"
        rcpt = f"RCPT TO:<{copy.recipient}>\r\n"
        reset, self._needs_reset = self._needs_reset, False
        if "pipelining" in self.extensions:
            self._asked += (Stage.MAIL, *_ENVELOPE) if reset else _ENVELOPE
            return f"{_RESET if reset else ''}{mail}{rcpt}DATA\r\n".encode()
        commands = (mail, rcpt, "DATA\r\n")
        self._later = [(stage, said.encode()) for stage, said in zip(_ENVELOPE, commands, strict=True)]
        if reset:
            self._later.insert(0, (Stage.MAIL, _RESET.encode()))
        return b""

    def _limits_of(self, asked: tuple[Stage, ...]) -> tuple[float, ...]:
        by_stage = self.timeouts.by_stage
        limits = self._limits[asked] = tuple(by_stage[stage] for stage in asked)
        return limits

    def _dot(self, replies: list[RawReply]) -> Answer | Lost:
        if not replies:
            return Lost(self._asked[0], self.wire.lost)
        code, _ = replies[0]
        if code // 100 not in _VERDICTS:
            # It answers something else, or nothing that we know: what became of the body can't be told.
            self.wire.fail("an answer of the wrong kind")
            return Lost(Stage.DOT, f"answered {code}, which is no answer to a message")
        return Answer(Stage.DOT, _readable(replies[0]))

    async def _refusal(self, replies: list[RawReply]) -> Answer | Lost | None:
        """Return the first refusal among *replies* to an envelope, asking what was kept for later."""
        asked = self._asked[self._has_body :]
        refusal: Answer | Lost | None = None
        for stage, reply in zip(asked, replies, strict=False):
            if not _is_yes(stage, reply):
                refusal = refusal or Answer(stage, _readable(reply))
            elif refusal is not None and stage is Stage.DATA:
                await self._send_nothing()
        if refusal is None and len(replies) < len(asked):
            refusal = Lost(asked[len(replies)], self.wire.lost)
        while refusal is None and self._later:
            stage, command = self._later.pop(0)
            self.wire.write(command)
            heard = await self.wire.expect(self._limits_of((stage,)))
            if not heard:
                refusal = Lost(stage, self.wire.lost)
            elif not _is_yes(stage, heard[0]):
                refusal = Answer(stage, _readable(heard[0]))
        self._later.clear()
        self._needs_reset = refusal is not None
        if refusal is None and not self.wire.is_in_step:
            self.wire.fail("the relay spoke before it was asked")
            return Lost(Stage.DATA, self.wire.lost)
        return refusal

    async def _send_nothing(self) -> None:
        """Answer a 354 that came after a refusal with an empty body, and ignore its reply (RFC 2920 §3.1)."""
        self.wire.write(b".\r\n")
        await self.wire.expect((self.timeouts.dot_s,))


def _is_yes(stage: Stage, reply: RawReply) -> bool:
    code, _ = reply
    return code == _GO_AHEAD if stage is Stage.DATA else code // 100 == _YES


def _readable(reply: RawReply) -> Reply:
    """Return a reply with its text in one line, what is no UTF-8 replaced: no database stores that."""
    code, text = reply
    return Reply(code, " ".join(text.decode("utf-8", "replace").split()))
