"""SMTP replies: read, judged and stripped of addresses.

A thin first judge: by stage and code class, with the enhanced code (RFC 3463) telling our faults
from the reader's. The finer table by text and provider belongs to returned mail.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from mailer.domain.outcome import Blame, Stage

_ENHANCED = re.compile(r"^([245])\.(\d{1,3})\.(\d{1,3})\b")
# In angle brackets, or bare: quoted local parts and address literals too (RFC 5321 §4.1.2, §4.1.3).
_ADDRESS = re.compile(
    r"<[^<>\s]*@[^<>\s]*>"
    r"|(?:\"[^\"]*\"|[^\s<>\"()\[\],;:]+)@(?:\[[^\]\s]*\]?|[^\s<>\"'()\[\],;:]+)"
)
_MASK = "‹…›"
# Everything at which a line can end, for str.splitlines and for terminals.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_MAX_REPLY_CHARS = 300

# RFC 3463 subjects that speak of the message or of policy, not of the mailbox: X.3 (mail system),
# X.5 (protocol), X.6 (content), X.7 (security and policy).
_SENDER_SUBJECTS = frozenset({3, 5, 6, 7})
# Sender address problems that live in the addressing subject: X.1.7 and X.1.8.
_SENDER_DETAILS = frozenset({(1, 7), (1, 8)})


@dataclass(frozen=True, slots=True)
class Reply:
    """One SMTP reply.

    Attributes:
        code: three digits, 200 to 599.
        text: all lines joined by one space, without the code.
    """

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip()

    @property
    def enhanced(self) -> tuple[int, int, int] | None:
        """The enhanced status code as numbers, or None where the server gave none."""
        match = _ENHANCED.match(self.text)
        return (int(match[1]), int(match[2]), int(match[3])) if match else None


class Verdict(Enum):
    """What a reply means for the copy at hand."""

    TAKEN = auto()
    GO_ON = auto()
    """The command was accepted; the conversation continues."""
    NOT_NOW = auto()
    REFUSED = auto()


def judge(reply: Reply, stage: Stage) -> Verdict:
    """Say what *reply* means when it answers *stage*.

    RFC 5321 §4.2.1: 2yz and 3yz go on, 4yz is transient, 5yz is permanent. What refuses us before
    RCPT says nothing about a reader, so it can only mean "not now".
    """
    positive = {Stage.DATA: 3}.get(stage, 2)
    first_digit = reply.code // 100
    if first_digit == positive:
        return Verdict.TAKEN if stage is Stage.DOT else Verdict.GO_ON
    # A positive answer of the wrong kind (250 to DATA, 354 to a dot) is a broken server: try later.
    if first_digit != 5 or stage in (Stage.CONNECT, Stage.MAIL):  # noqa: PLR2004 - RFC 5321's digit
        return Verdict.NOT_NOW
    return Verdict.REFUSED


def blame(reply: Reply, stage: Stage) -> Blame:
    """Say whose fault a permanent refusal is.

    Only a refusal at RCPT can be the reader's: what is refused after it has been seen is the
    message. Where the enhanced code names policy, content or protocol, it is ours at RCPT too.
    """
    if stage is not Stage.RCPT:
        return Blame.SENDER
    if (enhanced := reply.enhanced) is not None:
        _, subject, detail = enhanced
        if subject in _SENDER_SUBJECTS or (subject, detail) in _SENDER_DETAILS:
            return Blame.SENDER
    return Blame.READER


def mask(text: str, recipient: str) -> str:
    """Return *text* fit to be stored: one line of whole UTF-8, no address in it.

    Every address, and *recipient* in any spelling and without its domain, becomes ``‹…›``.
    """
    # A relay may answer in KOI8-R; what is no UTF-8 comes as surrogates, which no database takes.
    line = _CONTROL.sub(" ", text.encode("utf-8", "replace").decode("utf-8")).strip()
    local, _, _ = recipient.rpartition("@")
    line = _ADDRESS.sub(_MASK, line)
    if recipient:
        line = re.sub(re.escape(recipient), _MASK, line, flags=re.IGNORECASE)
    if len(local) > 1:
        # Servers also quote the local part alone: "User reader7 unknown".
        line = re.sub(rf"(?<![\w.]){re.escape(local)}(?![\w])", _MASK, line, flags=re.IGNORECASE)
    return line[:_MAX_REPLY_CHARS]
