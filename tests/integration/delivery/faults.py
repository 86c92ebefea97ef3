"""What a fault relay does wrong, and when: plain values, so that a test reads like the row it proves."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TypeAlias


class Moment(StrEnum):
    """Where in a conversation something happens (RFC 5321 §3)."""

    BANNER = "banner"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    """DATA was read; its 354 is due."""
    BODY = "body"
    """So many bytes of the body were read, and not its dot."""
    DOT = "dot"
    """The dot was read; nothing is accepted yet."""
    TAKEN = "taken"
    """The message is accepted and logged; the reply is due."""
    REPLIED = "replied"
    """The reply to the dot has been said."""
    RSET = "rset"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class Close:
    """Hang up with a FIN."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Hang up with an RST."""


@dataclass(frozen=True, slots=True)
class Hang:
    """Say nothing more, and read on, until the client leaves."""


@dataclass(frozen=True, slots=True)
class Deaf:
    """Say nothing and read nothing more: the client's window fills up."""


@dataclass(frozen=True, slots=True)
class Say:
    """
    Answer this in place of the usual; a 421 hangs up as RFC 5321 §3.8 has it.

    Attributes:
        answer: every byte, with its line end.
        then: what follows it.
    """

    answer: bytes
    then: Act | None = None


@dataclass(frozen=True, slots=True)
class Drip:
    """
    Answer one byte at a time.

    Attributes:
        answer: every byte; empty for the usual one.
        every_s: the pause between two bytes.
    """

    every_s: float
    answer: bytes = b""


@dataclass(frozen=True, slots=True)
class Flood:
    """
    Answer *piece* again and again until the client leaves.

    Attributes:
        most_bytes: after so many it is given up, and the client has swallowed them all.
    """

    piece: bytes
    most_bytes: int = 64_000_000


Act: TypeAlias = Close | Reset | Hang | Deaf | Say | Drip | Flood


@dataclass(frozen=True, slots=True)
class Fault:
    """
    One thing that goes wrong.

    Attributes:
        moment, act: when, and what.
        times: how often; None for ever.
        to: pattern of the recipient at hand; before RCPT only ``*`` fits.
        connections: the first is 1; None for all.
        after_bytes: of the body, for BODY.
    """

    moment: Moment
    act: Act
    times: int | None = None
    to: str = "*"
    connections: frozenset[int] | None = None
    after_bytes: int = 0

    def hits(self, moment: Moment, connection: int, recipient: str) -> bool:
        """Tell whether this is its moment."""
        is_here = self.connections is None or connection in self.connections
        return moment is self.moment and is_here and fnmatchcase(recipient, self.to)


@dataclass(frozen=True, slots=True)
class Pace:
    """
    A token bucket that refuses messages above its rate.

    Attributes:
        rates: (from this second of the relay's life, messages a second), in order.
        burst: messages it lets through at once.
        moment: MAIL, RCPT or DOT.
        refusal: what it says; a 421 hangs up.
    """

    rates: tuple[tuple[float, float], ...]
    burst: float = 1.0
    moment: Moment = Moment.MAIL
    refusal: bytes = b"451 4.7.1 Too many messages, slow down\r\n"

    def tokens_between(self, since_s: float, now_s: float) -> float:
        """Return how many messages were allowed between two seconds of the relay's life."""
        ends = [begins for begins, _ in self.rates[1:]] + [float("inf")]
        return sum(
            max(0.0, min(now_s, ends_s) - max(since_s, begins_s)) * rate
            for (begins_s, rate), ends_s in zip(self.rates, ends, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Terms:
    """
    What a relay offers and how much it takes.

    Attributes:
        offers: lines of its EHLO; STARTTLS and AUTH as *tls* and *login* say.
        size: most bytes of a message, said as SIZE (RFC 1870); 0 for no limit.
        login: whether it offers AUTH, and wants it before MAIL.
        asks_anyway: answers 354 though every RCPT was refused, and takes the body.
        per_connection: messages, then 421; None for no limit.
        connections: at once, then 421 as the banner; None for no limit.
        receive_buffer: bytes of the kernel's; None for the usual.
    """

    offers: tuple[str, ...] = ("PIPELINING", "8BITMIME", "SMTPUTF8")
    size: int = 0
    login: bool = False
    asks_anyway: bool = False
    per_connection: int | None = None
    connections: int | None = None
    pace: Pace | None = None
    receive_buffer: int | None = None


PIPELINED = Terms()
LOCKSTEP = Terms(offers=("8BITMIME", "SMTPUTF8"))
