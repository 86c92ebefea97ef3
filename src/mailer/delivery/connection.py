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
from mailer.delivery.envelope import Envelopes
from mailer.delivery.timeouts import Timeouts
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
_LONGEST_SIZE = 20
"""Digits (RFC 1870 §3)."""
_ONE_WRITE = 60_000
"""A body up to this size fits into the transport's buffer with its dot: bytes."""
_YES = 2
_VERDICTS = (_YES, 4, 5)
"""First digits with which a message is taken, put off or refused (RFC 5321 §4.2.1)."""
_ENVELOPE = (Stage.MAIL, Stage.RCPT, Stage.DATA)
_ASKED_FOR = [250, 250, _GO_AHEAD]
"""What nearly every envelope is answered: the body may come."""


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
    _envelopes: Envelopes = field(init=False)
    _pipelines: bool = field(init=False)
    _has_body: bool = field(default=False, init=False)
    _asked: tuple[Stage, ...] = field(default=(), init=False)
    _later: list[tuple[Stage, bytes]] = field(default_factory=list, init=False)
    _needs_reset: bool = field(default=False, init=False)
    _is_hurried: bool = field(default=False, init=False)
    _limits: dict[tuple[Stage, ...], tuple[float, ...]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        size = self.extensions.get("size", "")
        is_said = size.isascii() and size.isdigit() and len(size) <= _LONGEST_SIZE
        self.largest = (int(size) if is_said else 0) or math.inf
        self._envelopes = Envelopes(self.extensions)
        self._pipelines = "pipelining" in self.extensions

    @property
    def pipelines(self) -> bool:
        """Whether the relay takes several commands in one write (RFC 2920)."""
        return self._pipelines

    @property
    def is_open(self) -> bool:
        """Whether the connection can take another copy."""
        return self.wire.is_in_step

    def takes(self, copy: Copy) -> bool:
        """Tell whether the relay can take an address in this script."""
        return self._envelopes.fits(copy)

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
            self._asked = (Stage.BODY,)
            if not self.wire.is_in_step:
                # What it said unasked would be taken for its answer to the dot.
                self.wire.fail("the relay spoke before it was asked")
                return
            if len(body) > _ONE_WRITE and not await self._is_read(body):
                self.wire.fail("the body broke off")
                return
            end = b".\r\n" if len(body) > _ONE_WRITE else body + b".\r\n"
            self._asked = (Stage.DOT,)
        self.wire.write(end + self._envelope(offer) if offer is not None else end)

    async def hear(self) -> Heard:
        """Wait for the answers to what was said."""
        asked = self._asked[: self._has_body] if self._is_hurried else self._asked
        limits = self._limits.get(asked) or self._limits_of(asked)
        replies = await self.wire.expect(limits)
        dot, envelope = None, replies
        if self._has_body:
            dot, envelope = self._dot(replies), replies[1:]
            if self._asked[0] is Stage.BODY:
                return Heard(dot, Lost(Stage.MAIL, self.wire.lost))
            self._has_body, asked = False, asked[1:]
        if not asked and not self._later:
            return Heard(dot, None)
        if [code for code, _ in envelope] == _ASKED_FOR and self.wire.is_in_step:
            return Heard(dot, None)
        return Heard(dot, await self._refusal(asked, envelope))

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
        self.wire.write(body)
        return await self.wire.until_clear(self.timeouts.block_s)

    def _envelope(self, copy: Copy) -> bytes:
        """Return what to say now of an offer, and keep what must wait for an answer first."""
        mail, rcpt = self._envelopes.write(copy)
        reset, self._needs_reset = self._needs_reset, False
        if self._pipelines:
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
        if self._asked[0] is Stage.BODY and code // 100 == _YES:
            return Lost(Stage.BODY, "the relay spoke before it was asked")
        if code // 100 not in _VERDICTS:
            # It answers something else, or nothing that we know: what became of the body can't be told.
            self.wire.fail("an answer of the wrong kind")
            return Lost(Stage.DOT, f"answered {code}, which is no answer to a message")
        return Answer(Stage.DOT, _readable(replies[0]))

    async def _refusal(self, asked: tuple[Stage, ...], replies: list[RawReply]) -> Answer | Lost | None:
        """Return the first refusal of an envelope, whether it was said at once or is asked now."""
        refusal = await (self._first_refusal(asked, replies) if asked else self._ask_one_by_one())
        self._later.clear()
        self._needs_reset = refusal is not None
        if refusal is None and not self.wire.is_in_step:
            self.wire.fail("the relay spoke before it was asked")
            return Lost(Stage.DATA, self.wire.lost)
        return refusal

    async def _first_refusal(self, asked: tuple[Stage, ...], replies: list[RawReply]) -> Answer | Lost | None:
        if len(asked) > len(_ENVELOPE) and replies and not _is_yes(Stage.MAIL, replies[0]):
            return self._without_reset()
        refusal: Answer | Lost | None = None
        for stage, reply in zip(asked, replies, strict=False):
            if not _is_yes(stage, reply):
                refusal = refusal or Answer(stage, _readable(reply))
            elif refusal is not None and stage is Stage.DATA:
                await self._send_nothing(refusal.stage)
        if refusal is None and len(replies) < len(asked):
            return Lost(asked[len(replies)], self.wire.lost)
        return refusal

    async def _ask_one_by_one(self) -> Answer | Lost | None:
        while self._later:
            stage, command = self._later.pop(0)
            self.wire.write(command)
            heard = await self.wire.expect(self._limits_of((stage,)))
            if not heard:
                return Lost(stage, self.wire.lost)
            if not _is_yes(stage, heard[0]):
                is_reset = command == _RESET.encode()
                return self._without_reset() if is_reset else Answer(stage, _readable(heard[0]))
        return None

    def _without_reset(self) -> Lost:
        """Give up a connection that can't be reset, which says nothing about the copy behind it."""
        self._later.clear()
        self.wire.fail("the relay refuses RSET")
        return Lost(Stage.MAIL, self.wire.lost)

    async def _send_nothing(self, refused: Stage) -> None:
        """Answer a 354 that came after a refusal with an empty body, and ignore its reply (RFC 2920 §3.1).

        Only where RCPT was refused, so that nobody gets it: else the connection is dropped.
        """
        if refused is not Stage.RCPT:
            self.wire.fail("asked for a body after a refusal")
            return
        self.wire.write(b".\r\n")
        if not await self.wire.expect((self.timeouts.reset_s,)):
            self.wire.fail("no answer to an empty body")


def _is_yes(stage: Stage, reply: RawReply) -> bool:
    code, _ = reply
    return code == _GO_AHEAD if stage is Stage.DATA else code // 100 == _YES


def _readable(reply: RawReply) -> Reply:
    """Return a reply with its text in one line, what is no UTF-8 replaced: no database stores that."""
    code, text = reply
    return Reply(code, " ".join(text.decode("utf-8", "replace").split()))
