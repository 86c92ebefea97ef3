"""SMTP replies: their digits read, and stripped of addresses.

What the words say, and whose fault a refusal is, judges classifier.py.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import NamedTuple

from mailer.domain.outcome import Stage

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
_GO_AHEAD = 354


class Reply(NamedTuple):
    """One SMTP reply.

    Attributes:
        code: three digits, 200 to 599; 0 where a report names none.
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
    first_digit = reply.code // 100
    is_positive = reply.code == _GO_AHEAD if stage is Stage.DATA else first_digit == 2  # noqa: PLR2004 - RFC 5321's digit
    if is_positive:
        return Verdict.TAKEN if stage is Stage.DOT else Verdict.GO_ON
    # A positive answer of the wrong kind (250 or 350 to DATA, 354 to a dot) is a broken server: try later.
    if first_digit != 5 or stage in (Stage.CONNECT, Stage.MAIL):  # noqa: PLR2004 - RFC 5321's digit
        return Verdict.NOT_NOW
    return Verdict.REFUSED


def mask(text: str, recipient: str) -> str:
    """Return *text* fit to be stored: one line of whole UTF-8, no address in it.

    Every address, and *recipient* in any spelling and without its domain, becomes ``‹…›``.
    """
    if _is_clean(text, recipient):
        return text.strip()[:_MAX_REPLY_CHARS]
    return _masked(text, recipient)


def _masked(text: str, recipient: str) -> str:
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


def _is_clean(text: str, recipient: str) -> bool:
    """Whether there is nothing to mask: a quick look, for every copy that is taken has such a reply.

    Only a local part in ASCII can be looked for so, because some other letters match ASCII ones
    without regard to case ("ſ" and "s").
    """
    if "@" in text or not text.isascii() or not text.isprintable():
        return False
    local = recipient[: recipient.rfind("@")]
    return bool(local) and local.isascii() and "@" in recipient and local.lower() not in text.lower()
