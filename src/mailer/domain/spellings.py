"""What a word of a mail server's answer may stand for: addresses are repeated in many encodings.

Only what real servers and the standards of mail write is read; nothing here is an error, because any
word can look encoded by chance.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Iterator
from typing import Final

ESCAPES: Final = frozenset("%=+\\&")
"""Signs without which no word is escaped."""

# Percent (RFC 3986), quoted-printable (RFC 2045), xtext (RFC 3461 §4) and Python's way with bytes.
_ESCAPED: Final = re.compile(r"(?:%|=|\+|\\x)([0-9A-Fa-f]{2})")
# RFC 6533 §3: a letter by its number.
_NUMBERED: Final = re.compile(r"\\(?:x\{([0-9A-Fa-f]{2,6})\}|u([0-9A-Fa-f]{4}))")
_ENCODED: Final = re.compile(r"[A-Za-z0-9+/_-]+")
_MOST_CHARACTERS: Final = 0x110000


def readings(word: str, fewest: int) -> Iterator[str]:
    """Yield what *word* says once it is unescaped or decoded, as far as it can be.

    Args:
        word: without blanks.
        fewest: letters that an encoded part has at least; shorter ones are not decoded.
    """
    if not ESCAPES.isdisjoint(word):
        yield _unescaped(word)
    for part in _ENCODED.findall(word):
        if len(part) >= fewest:
            yield from _decoded(part)


def _unescaped(word: str) -> str:
    numbered = _NUMBERED.sub(lambda found: _letter(int(found[1] or found[2], 16)), word)
    raw = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), html.unescape(numbered))
    try:
        # The bytes of a letter beyond ASCII come one by one.
        return raw.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return raw


def _letter(number: int) -> str:
    return chr(number) if number < _MOST_CHARACTERS else ""


def _decoded(part: str) -> Iterator[str]:
    for decode in (_of_base64, base64.b32decode, binascii.unhexlify):
        # What is cut off or has something in front is not read: servers encode an address whole.
        filled = part if decode is not base64.b32decode else part.upper() + "=" * (-len(part) % 8)
        try:
            yield decode(filled).decode("utf-8", "replace")
        except ValueError:
            continue


def _of_base64(part: str) -> bytes:
    return base64.b64decode(part.translate(_STANDARD) + "=" * (-len(part) % 4))


_STANDARD: Final = str.maketrans("-_", "+/")
