"""Addresses in the text of a bounce: where they stand, and which are nobody's mailbox.

Nothing here checks that an address is right; it finds what a mail server meant as one.
"""

from __future__ import annotations

import re

ADDRESS = (
    r"(?:mailto:|smtp:|rfc822;[ \t]?)?"
    r"(?P<address>(?:\"[^\"\n]{1,64}\"|[^\s<>()\[\],;:\"'@`|*（）：，。；「」][^\s<>()\[\],;:\"@`|（）：，。；「」]{0,127})@"
    r"(?:\[[\w:.]{3,60}\]|[^\s<>()\[\],;:\"'@`|*\\（）：，。；「」]{1,255}))"
)
"""One address, as the group ``address``; to be tried where one may begin, not all over a text."""

_DELIMITERS = re.compile(r"[\s<>()\[\]{},;\"`|«»“”„’‘（）：，。；、「」【】《》]+")
_LABELS = ("mailto:", "smtp:", "rfc822:", "to:", "recipient:", "address:")
_MACHINES = re.compile(
    r"(?:mailer-?daemon|post-?master|mail\.?delivery[\w.]*|no-?reply|do-?not-?reply|abuse|support|help-?desk|"
    r"host-?master|web-?master|admin(?:istrator)?|sys-?admin|root|[\w.-]+-(?:owner|request|bounces))",
    re.IGNORECASE,
)
# "20090330081819.3619.qmail" and "CAF=x1Yw…": what stands left of a Message-ID's @.
_MESSAGE_ID = re.compile(r"(?=(?:\D*\d){6})[\w.$+=!/-]{22,}|[\da-f.$-]{18,}|\d{8,}\.[\w.]+", re.IGNORECASE)
_MAX_LOCAL_CHARS = 64
_MAX_DOMAIN_CHARS = 255
_LAST_ASCII = 0x7F


def addresses_in(line: str) -> tuple[str, ...]:
    """Every address on *line*, in order, each once; bare or in brackets, in any script."""
    if "@" not in line:
        return ()
    tokens = (tidy(token) for token in _DELIMITERS.split(line) if "@" in token)
    return tuple(dict.fromkeys(token for token in tokens if is_address(token)))


def tidy(token: str) -> str:
    """Return *token* without a label before it and the punctuation around it."""
    token = token.strip("'*•.,:;!?=&")
    for label in _LABELS:
        if token[: len(label)].lower() == label:
            return token[len(label) :].strip("'")
    return token


def is_address(token: str) -> bool:
    """Whether *token* has the shape of an address that a mail can be sent to."""
    local, at, domain = token.rpartition("@")
    if not at or not local or "@" in local.strip('"') or "/" in domain or "://" in local:
        return False
    if len(local) > 2 * _MAX_LOCAL_CHARS or not 0 < len(domain) <= _MAX_DOMAIN_CHARS:
        return False
    labels = domain.split(".")
    return len(labels) > 1 and all(labels) and all(_is_label(label) for label in labels)


def is_somebody(address: str) -> bool:
    """Whether *address* may be a reader's: no postmaster, no Message-ID."""
    local = address.rpartition("@")[0]
    return not (_MACHINES.fullmatch(local) or _MESSAGE_ID.fullmatch(local))


def _is_label(label: str) -> bool:
    return all(char.isalnum() or char in "-_" or ord(char) > _LAST_ASCII for char in label)
