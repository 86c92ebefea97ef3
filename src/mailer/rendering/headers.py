"""Message headers, folded by our own rules.

The standard library turns a long List-Unsubscribe into encoded-words, which breaks one-click
(RFC 8058), and folds a quoted List-Id through its closing quote. Here a line folds only where its
kind of header allows, and only phrases and unstructured text are ever encoded.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence

_LINE = 76
_ENCODED_WORD = 75  # RFC 2047 §2: an encoded-word is at most 75 characters
_WRAP = len("=?utf-8?b??=")
_PRINTABLE = re.compile(r"[\x20-\x7e]*")
_LONGEST_WORD = 60
# RFC 5322 §3.2.3: what may stand in a phrase without quotes.
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_FORBIDDEN = re.compile(r"[\r\n\x00]")


def unstructured(name: str, text: str) -> bytes:
    """Return ``Subject: …`` and the like as one folded header with its CRLF.

    Raises:
        ValueError: *text* holds a line break or NUL: somebody tries to add a header.
    """
    _refuse_breaks(name, text)
    return _fold(name, text.split(" ") if _travels_as_it_is(text) else _encoded_words(name, text))


def address(name: str, display_name: str, addr_spec: str) -> bytes:
    """Return ``From: "Name" <address>``; a name beyond ASCII becomes encoded-words (RFC 2047 §5)."""
    _refuse_breaks(name, display_name + addr_spec)
    if not display_name:
        return _fold(name, [addr_spec])
    return _fold(name, [*_phrase(name, display_name), f"<{addr_spec}>"])


def list_id(phrase: str, identifier: str) -> bytes:
    """Return ``List-Id: phrase <identifier>`` (RFC 2919 §3).

    A phrase that would have to be encoded is left out: programs compare the field as it stands. It
    may be empty.
    """
    _refuse_breaks("List-Id", phrase + identifier)
    words = _phrase("List-Id", phrase) if phrase else []
    is_encoded = any(word.startswith("=?") for word in words)
    return _fold("List-Id", [*(words if not is_encoded else ()), f"<{identifier}>"])


def uris(name: str, values: Sequence[str]) -> bytes:
    """Return a List header of URIs (RFC 2369 §2): folded only between them, never encoded."""
    _refuse_breaks(name, "".join(values))
    joined = [f"<{value}>," for value in values[:-1]] + [f"<{values[-1]}>"]
    return _fold(name, joined)


def plain(name: str, value: str) -> bytes:
    """Return a header whose value is ASCII by its own grammar and short enough for one line."""
    _refuse_breaks(name, value)
    return f"{name}: {value}\r\n".encode("ascii")


def _refuse_breaks(name: str, value: str) -> None:
    if _FORBIDDEN.search(value):
        raise ValueError(f"{name} holds a line break; write it in one line")


def _travels_as_it_is(text: str) -> bool:
    """Tell whether *text* can be folded at its blanks and is read as it is written.

    Blanks at either end or side by side can get lost on the way, and what looks like an
    encoded-word would be decoded.
    """
    words = text.split(" ")
    return (
        _PRINTABLE.fullmatch(text) is not None
        and "=?" not in text
        and all(words)
        and max(map(len, words)) <= _LONGEST_WORD
    )


def _phrase(name: str, text: str) -> list[str]:
    if _travels_as_it_is(text) and _ATOMS.fullmatch(text):
        return text.split(" ")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    if _PRINTABLE.fullmatch(text) and "=?" not in text and len(escaped) <= _LONGEST_WORD:
        return [f'"{escaped}"']
    return _encoded_words(name, text)


def _encoded_words(name: str, text: str) -> list[str]:
    """Split *text* between characters into encoded-words; blanks between words are not shown.

    The first stands behind the header's name, so it is shorter: a line with an encoded-word has at
    most 76 characters (RFC 2047 §2).
    """
    words: list[str] = []
    chunk = b""
    room = _LINE - len(f"{name}: ")
    for character in text:
        # A lone surrogate can't travel; it is shown as what it is: unreadable.
        encoded = character.encode("utf-8", "replace")
        if chunk and len(chunk) + len(encoded) > (room - _WRAP) // 4 * 3:
            words.append(_encoded_word(chunk))
            chunk, room = b"", _ENCODED_WORD
        chunk += encoded
    return [*words, _encoded_word(chunk)] if chunk else words


def _encoded_word(chunk: bytes) -> str:
    return f"=?utf-8?b?{base64.b64encode(chunk).decode('ascii')}?="


def _fold(name: str, words: Sequence[str]) -> bytes:
    """Join *words* by one blank, starting a new line where the next would not fit."""
    lines = [f"{name}:"]
    for word in words:
        # The first always stands behind the name: a line of blanks alone is forbidden (RFC 5322 §3.2.2).
        if len(lines[-1]) + 1 + len(word) <= _LINE or lines[-1] == f"{name}:":
            lines[-1] += f" {word}"
        else:
            lines.append(f" {word}")
    return ("\r\n".join(lines) + "\r\n").encode("ascii")
