"""Addresses as reports write them: typed, encoded, bracketed, with a remark behind.

A report says ``rfc822;jan@example.org``, ``utf-8; …`` or ``<jan@example.org> (forwarded)``; what we look
up is the address alone.
"""

from __future__ import annotations

import re
from email.errors import MessageError
from email.header import decode_header

from mailer.bounces.message import letters

_TYPE = re.compile(r"^\s*[A-Za-z0-9.\-]{1,20}\s*;\s*")
# RFC 6533 §3: utf-8-addr-xtext and utf-8-addr-unitext write \x{HEX}.
_UNITEXT = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
# RFC 3461 §4: xtext writes +HH.
_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_BRACKETED = re.compile(r"<([^<>\s]{1,254}@[^<>\s]{1,254})>")
_QUOTED = re.compile(r"\"[^\"@\s]{1,64}\"@[^\s<>()\[\],;:\"']{1,254}")
_BARE = re.compile(r"[^\s<>()\[\],;:\"'\\]{1,254}@[^\s<>()\[\],;:\"'\\@]{1,254}")
_MAX_CHARS = 320
_MAX_FIELD_CHARS = 1_000


def address_in(value: str) -> str | None:
    """
    Return the address that a field such as Final-Recipient names, or None.

    ``RFC822; <jan@example.org> (was forwarded)`` gives ``jan@example.org``.
    """
    text = _unescaped(_TYPE.sub("", value[:_MAX_FIELD_CHARS], count=1)).strip()
    if "=?" in text:
        text = _decoded(text)
    for form in (_BRACKETED, _QUOTED, _BARE):
        if match := form.search(text):
            found = match[match.lastindex or 0]
            return _trimmed(found)
    return None


def from_xtext(value: str) -> str:
    """Undo RFC 3461's xtext, where *value* is such; a plus sign that codes nothing stays."""
    return _XTEXT.sub(lambda code: chr(int(code[1], 16)), value)


def same_address(one: str, other: str) -> bool:
    """Whether two spellings name the same mailbox, without regard to case."""
    return one.casefold() == other.casefold()


def _unescaped(text: str) -> str:
    def letter(code: re.Match[str]) -> str:
        number = int(code[1], 16)
        is_letter = number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF  # noqa: PLR2004 - Unicode's own bounds
        return chr(number) if is_letter else code[0]

    return _UNITEXT.sub(letter, text)


def _decoded(text: str) -> str:
    """Read encoded-words, which no address may hold (RFC 2047 §5) and some do."""
    try:
        pieces = decode_header(text)
    except (ValueError, MessageError):
        return text
    return "".join(
        piece if isinstance(piece, str) else letters(piece, charset) for piece, charset in pieces
    ).strip()


def _trimmed(address: str) -> str | None:
    address = address.removeprefix("mailto:").rstrip(".,;:!?").lstrip("=")
    # RFC 5321 §4.1.1.3: a source route before the address is ignored.
    if address.startswith("@") and ":" in address:
        address = address.rpartition(":")[2]
    local, _, domain = address.rpartition("@")
    return address[:_MAX_CHARS] if local and domain else None
