"""What a mail server's refusal is about: six classes for what we do, finer causes for how we wait.

One vocabulary for SMTP replies, returned mail and webhooks, so that all are judged alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ReplyClass(StrEnum):
    """What follows from a refusal."""

    INVALID = "invalid"
    """There is no such mailbox: do not mail it."""
    MAILBOX = "mailbox"
    """The mailbox takes nothing now: count it, give up after several issues."""
    TRANSIENT = "transient"
    """A network, a server or a pace, not a person: try again."""
    POLICY = "policy"
    """They refused us, not the reader."""
    MESSAGE = "message"
    """The message or our dialogue is at fault: mend it."""
    UNKNOWN = "unknown"
    """Nothing that we can read, or no refusal at all."""


class Cause(StrEnum):
    """Why, as finely as sending needs it."""

    NO_MAILBOX = "no-mailbox"
    NO_DOMAIN = "no-domain"
    UNLISTED = "unlisted"
    """Not in the provider's directory, or hidden by it: nearly as good as no mailbox."""
    EDGE_BLOCKED = "edge-blocked"
    """Not in the directory that Microsoft asks at its edge: no mailbox, or a directory not filled yet."""

    FULL = "full"
    DISABLED = "disabled"

    GREYLISTED = "greylisted"
    RATE = "rate"
    """We send too much in a stretch of time."""
    CONNECTIONS = "connections"
    """We have too many connections open."""
    MESSAGES = "messages"
    """We sent enough over one connection."""
    RECIPIENT_BUSY = "recipient-busy"
    """The mailbox receives too much at the moment."""
    TOO_MANY_RECIPIENTS = "too-many-recipients"
    NETWORK = "network"
    """No way there: routes, loops, timeouts, mail that grew too old on the way."""
    SYSTEM = "system"
    """Their server is broken, full or shut for now."""

    REPUTATION = "reputation"
    """We are listed, or look like spam."""
    REPUTATION_RATE = "reputation-rate"
    """We send more than our name allows us."""
    AUTHENTICATION = "authentication"
    """SPF, DKIM, DMARC or reverse DNS."""
    SENDER = "sender"
    """Our return path or From."""
    LOGIN = "login"
    """AUTH or TLS."""
    RELAYING = "relaying"
    CHALLENGE = "challenge"
    """A person is asked to confirm that we are one."""
    RULE = "rule"
    """A rule of theirs, not named."""

    SIZE = "size"
    CONTENT = "content"
    PROTOCOL = "protocol"
    SMTPUTF8 = "smtputf8"
    """The address needs a server that takes other letters than ASCII (RFC 6531)."""

    FILTERED = "filtered"
    """A filter of the reader's own."""
    UNREADABLE = "unreadable"
    NO_REFUSAL = "no-refusal"

    @property
    def reply_class(self) -> ReplyClass:
        """The class this cause belongs to."""
        return _CLASS_OF[self]


_CAUSES_OF = {
    ReplyClass.INVALID: (Cause.NO_MAILBOX, Cause.NO_DOMAIN, Cause.UNLISTED, Cause.EDGE_BLOCKED),
    ReplyClass.MAILBOX: (Cause.FULL, Cause.DISABLED),
    ReplyClass.TRANSIENT: (
        Cause.GREYLISTED,
        Cause.RATE,
        Cause.CONNECTIONS,
        Cause.MESSAGES,
        Cause.RECIPIENT_BUSY,
        Cause.TOO_MANY_RECIPIENTS,
        Cause.NETWORK,
        Cause.SYSTEM,
    ),
    ReplyClass.POLICY: (
        Cause.REPUTATION,
        Cause.REPUTATION_RATE,
        Cause.AUTHENTICATION,
        Cause.SENDER,
        Cause.LOGIN,
        Cause.RELAYING,
        Cause.CHALLENGE,
        Cause.RULE,
    ),
    ReplyClass.MESSAGE: (Cause.SIZE, Cause.CONTENT, Cause.PROTOCOL, Cause.SMTPUTF8),
    ReplyClass.UNKNOWN: (Cause.FILTERED, Cause.UNREADABLE, Cause.NO_REFUSAL),
}
_CLASS_OF = {cause: group for group, causes in _CAUSES_OF.items() for cause in causes}

READER_CLASSES = frozenset({ReplyClass.INVALID, ReplyClass.MAILBOX})
"""What only a refusal of this very recipient can mean."""


class Hardness(StrEnum):
    """Whether a refusal condemns the address."""

    HARD = "hard"
    """A clear word that the mailbox does not exist."""
    SOFT = "soft"
    """Refused, but the address may be good; the class says whether it counts against it."""
    NONE = "none"
    """Nothing was refused."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a reply says.

    Attributes:
        evidence: the rule that decided: ``stage:mail``, ``text:no-mailbox``, ``status:5.1.1`` or
            ``code:550``. Never a word of the reply itself, which may hold an address.
        words: what the rule found there, in lower case and without addresses; empty where it asked no
            words. For an operator's eyes: a local part that stands alone may be among them.
    """

    cause: Cause
    verdict: Hardness
    evidence: str
    words: str = ""

    @property
    def reply_class(self) -> ReplyClass:
        """What follows from it."""
        return self.cause.reply_class

    @property
    def shown_evidence(self) -> str:
        """The rule with the words it found, as ``text:no-mailbox “user unknown”``."""
        return f"{self.evidence} “{self.words}”" if self.words else self.evidence
