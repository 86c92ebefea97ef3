"""SMTP replies: their digits read, and stripped of addresses.

What the words say, and whose fault a refusal is, judges classifier.py.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import NamedTuple

from mailer.domain.outcome import Stage
from mailer.domain.spellings import ESCAPES, readings

# At the start, in brackets behind the words ("(#5.1.1)"), after "status=": not in an address or a version.
_ENHANCED = re.compile(r"(?<![\w.])([245])\.(\d{1,3})\.(\d{1,3})(?!\w|\.?\d)")
_MAX_STATUS_CHARS = 1000
# In angle brackets, or bare: quoted local parts and address literals too (RFC 5321 §4.1.2, §4.1.3).
_ADDRESS = re.compile(
    r"<[^<>\s]*@[^<>\s]*>"
    r"|(?:\"[^\"]*\"|[^\s<>\"()\[\],;:]+)@(?:\[[^\]\s]*\]?|[^\s<>\"'()\[\],;:]+)"
)
_MASK = "‹…›"
# Everything at which a line can end, for str.splitlines and for terminals.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_WORD = re.compile(r"([^\s<>()\[\]\"',]+)")
_MAX_REPLY_CHARS = 300
_GO_AHEAD = 354


Status = tuple[int, int, int]
"""Class, subject and detail of an enhanced status code (RFC 3463 §2)."""


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
    def enhanced(self) -> Status | None:
        """The enhanced status code, the first that says something; None where the server gave none.

        Behind the words it counts only where it agrees with the reply's own first digit.
        """
        found = None
        for match in _ENHANCED.finditer(self.text, 0, _MAX_STATUS_CHARS):
            status = (int(match[1]), int(match[2]), int(match[3]))
            if match.start() and self.code and status[0] != self.code // 100:
                continue
            if is_precise(status):
                return status
            found = found or status
        return found


def is_precise(status: Status | None) -> bool:
    """Whether *status* says something: 5.0.0 and 4.0.0 do not, and 5.1.0 hardly (RFC 3463 §3.1)."""
    return status is not None and status[1] != 0 and status[1:] != (1, 0)


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

    Every address, and *recipient* in any spelling, becomes ``‹…›``: its local part or its domain alone
    too, and both in the encodings that servers repeat addresses in (spellings.py).
    """
    if _is_clean(text, recipient):
        return text.strip()[:_MAX_REPLY_CHARS]
    return _masked(text, recipient)


def _masked(text: str, recipient: str) -> str:
    # A relay may answer in KOI8-R; what is no UTF-8 comes as surrogates, which no database takes.
    line = _CONTROL.sub(" ", text.encode("utf-8", "replace").decode("utf-8")).strip()
    line = _ADDRESS.sub(_MASK, line)
    if recipient:
        theirs = _spelled(recipient)
        line = theirs.sub(_MASK, line)
        fewest = _fewest_encoded(recipient)
        words = (_MASK if _betrays(word, theirs, fewest) else word for word in _WORD.split(line))
        line = "".join(words)
    return line[:_MAX_REPLY_CHARS]


def _spelled(recipient: str) -> re.Pattern[str]:
    """Return what finds an address or a part of it."""
    forms = [re.escape(recipient)]
    local, _, domain = recipient.rpartition("@")
    # Servers also quote the local part alone, "User reader7 unknown", or what is left without its tag.
    forms += [rf"(?<![\w.]){re.escape(part)}(?![\w])" for part in _parts(local) if len(part) > 1]
    if local and domain:
        # With the hosts under it, such as its mail server's; and "reader7 at example dot org".
        names = {domain, _international(domain)}
        dots = [r"(?:\.|\W{0,2}\bdot\b\W{0,2})".join(map(re.escape, name.split("."))) for name in names]
        forms += [rf"[\w.-]*(?<![\w-]){name}(?![\w-])" for name in sorted(dots)]
    return re.compile("|".join(forms), re.IGNORECASE)


def _parts(local: str) -> tuple[str, ...]:
    return (local, *local.split("+")) if "+" in local else (local,)


def _international(domain: str) -> str:
    try:
        return domain.encode().decode("idna")
    except UnicodeError:
        return domain


def _betrays(word: str, theirs: re.Pattern[str], fewest: int) -> bool:
    return any(theirs.search(reading) for reading in readings(word, fewest))


def _fewest_encoded(recipient: str) -> int:
    # No encoding is denser than base64, four letters for three bytes.
    return len(recipient) * 4 // 3


def _is_clean(text: str, recipient: str) -> bool:
    """Whether there is nothing to mask: a quick look, for every copy that is taken has such a reply.

    Only an address in ASCII can be looked for so, because some other letters match ASCII ones
    without regard to case ("ſ" and "s").
    """
    if "@" in text or not text.isascii() or not text.isprintable() or not recipient.isascii():
        return False
    local, _, domain = recipient.lower().rpartition("@")
    if not local:
        return False
    # One label of the domain is enough: each form of it has them all.
    signs = (*_parts(local), domain.partition(".")[0])
    said = text.lower()
    if any(sign in said for sign in signs):
        return False
    fewest = _fewest_encoded(recipient)
    if ESCAPES.isdisjoint(text) and max(map(len, said.split()), default=0) < fewest:
        return True
    # Many servers answer with long names of their own; to compile an expression for each costs more.
    return not any(
        sign in reading.lower()
        for word in _WORD.findall(text)
        for reading in readings(word, fewest)
        for sign in signs
    )
