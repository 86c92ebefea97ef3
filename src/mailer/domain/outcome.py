"""What one attempt to hand over a copy ended in, with the stage and the reply that prove it.

A refusal by a mail server is an Outcome, never an exception.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias


class Stage(StrEnum):
    """How far an SMTP conversation had come (RFC 5321 §3)."""

    # Enum's own hash is a Python function; these are looked up several times for every copy.
    __hash__ = str.__hash__

    CONNECT = "connect"
    """TCP, TLS, greeting, EHLO and AUTH: nothing said about any reader yet."""
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    """The DATA command, before its 354."""
    BODY = "body"
    """Message bytes are on their way; the final dot is not."""
    DOT = "dot"
    """The final dot was sent, or may have been."""


class Blame(StrEnum):
    """Whose fault a permanent refusal is."""

    READER = "reader"
    """The mailbox does not exist or takes no mail."""
    SENDER = "sender"
    """They refused us: policy, authentication, size. It never touches the reader."""
    DEADLINE = "deadline"
    """The issue's deadline passed while it was being tried."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The mail provider took the copy; never called delivered.

    Attributes:
        reply: masked, in one line.
    """

    stage: Stage
    reply: str


@dataclass(frozen=True, slots=True)
class Deferred:
    """Not now: try again at *retry_at* (aware UTC)."""

    stage: Stage
    reply: str
    retry_at: datetime


@dataclass(frozen=True, slots=True)
class Failed:
    """Refused for good."""

    stage: Stage
    reply: str
    blame: Blame


@dataclass(frozen=True, slots=True)
class Unknown:
    """The connection died when the copy may have arrived (RFC 1047).

    Attributes:
        resend_at: when the same bytes go once more; None leaves it to an operator.
    """

    stage: Stage
    reply: str
    resend_at: datetime | None


Outcome: TypeAlias = Accepted | Deferred | Failed | Unknown
