"""From the bytes of a file to its text, or a sentence on how to save it so that we can read it.

Editors write on whatever machine they have. A file in windows-1251 must not become an issue full of
question marks, and "invalid byte 0xcf" tells nobody what to press; so we name the encoding and the way out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from mailer.errors import InputError, Problem

_HOW_TO_SAVE = (
    "open it and save it again as UTF-8 (Notepad: Save As, Encoding: UTF-8; "
    "LibreOffice: Text – Choose Encoding, Unicode (UTF-8))"
)
_MAX_REPORTED_LINES = 20
# They turn the direction of reading, so that a word or an address reads as another one (CVE-2021-42574).
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Joins the parts of an emoji; anywhere else it joins nothing.
_JOINER = re.compile("(?<![\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])\u200d")
_DOCUMENTS = {
    b"PK\x03\x04": "a Word, LibreOffice or zip file",
    b"\xd0\xcf\x11\xe0": "an old Word file",
    b"%PDF": "a PDF",
    b"{\\rtf": "an RTF document",
}
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff", b"-\0-\0", b"\0-\0-")
_CYRILLIC_ENCODINGS = ("cp1251", "koi8_r", "cp866", "iso8859_5")
_NAMES = {
    "cp1251": "windows-1251",
    "koi8_r": "KOI8-R",
    "cp866": "CP866 (DOS)",
    "iso8859_5": "ISO 8859-5",
}
# Half of all letters in a Belarusian or Russian text; read in the wrong encoding it has few of them.
_FREQUENT_LETTERS = frozenset("оаеинтсрвліыў")
# Below this share of frequent letters among the bytes beyond ASCII, the text is not Cyrillic at all.
_CYRILLIC_SHARE = 0.4
# One damaged place in a file that is otherwise UTF-8 is damage, not another encoding.
_GOOD_PER_BAD = 4


def read_text(content: bytes, *, place: str, max_bytes: int) -> str:
    """Decode a file an editor wrote.

    Args:
        content: as stored; UTF-8, with or without BOM, any line ends.
        place: the file, as the person knows it.
        max_bytes: a larger file is refused.

    Returns:
        The text in Unicode form NFC with LF line ends, without characters that nobody sees.

    Raises:
        InputError: too large, not UTF-8, or with characters that can't be printed or that turn the
            direction of reading; says how to mend it.
    """
    if len(content) > max_bytes:
        raise InputError.at(
            place,
            None,
            f"the file is larger than {max_bytes // 1000} kB; is it the right one? Keep only the text in it",
        )
    for mark, kind in _DOCUMENTS.items():
        if content.startswith(mark):
            raise InputError.at(place, None, f"this is {kind}; save it as plain text in UTF-8")
    try:
        text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError.at(place, line, _not_utf_8(content)) from None
    if content.startswith(_UTF_16_MARKS):
        raise InputError.at(place, 1, _not_utf_8(content))
    # macOS may store й and ў as two characters; every later comparison of letters expects one.
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = without_invisible(text)
    problems = list(_unprintable(text, place))
    if problems:
        raise InputError(problems)
    return text


def likely_encoding(content: bytes) -> str | None:
    """Name the encoding that *content*, which is not UTF-8, most likely has; None when it looks damaged.

    A guess by letter frequency among the encodings Cyrillic texts come in, good enough for a hint.
    """
    if content.startswith(_UTF_16_MARKS) or content.count(0) * 8 > len(content):
        return "UTF-16"
    as_utf_8 = content.decode("utf-8", "replace")
    bad = as_utf_8.count("\ufffd")
    if sum(char > "\x7f" for char in as_utf_8) - bad > _GOOD_PER_BAD * bad:
        return None
    beyond_ascii = bytes(byte for byte in content if byte > 0x7F)  # noqa: PLR2004 - the last of ASCII
    shares = {name: _frequent_share(beyond_ascii, name) for name in _CYRILLIC_ENCODINGS}
    best = max(shares, key=shares.__getitem__)
    return _NAMES[best] if shares[best] >= _CYRILLIC_SHARE else "windows-1252"


def find_unprintable(text: str) -> str | None:
    """Return the first character of *text* that has no place in a line of a mail, or None.

    These are control characters (a tab is allowed), the Unicode line and paragraph separators, and
    marks that turn the direction of reading; Hebrew or Arabic words need none of those.
    """
    return next((c for c in text if c != "\t" and (c in _TURNS or _is_control(c))), None)


def without_invisible(text: str) -> str:
    """Return *text* without zero-width spaces, soft hyphens and the like.

    They come along from web pages and word processors, and no writer could find them to delete them;
    but they cut words for searches and could mark one reader's copy. What turns the direction of
    reading stays: find_unprintable names it.
    """
    if text.isascii():
        return text
    text = _JOINER.sub("", text)
    unseen = {c for c in text if c != "\u200d" and c not in _TURNS and unicodedata.category(c) == "Cf"}
    return text.translate(dict.fromkeys(map(ord, unseen)))


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Zl", "Zp"}


def _not_utf_8(content: bytes) -> str:
    name = likely_encoding(content)
    if name is None:
        return f"this line is damaged: not all of it is UTF-8; type it again, or {_HOW_TO_SAVE}"
    return f"the file is not UTF-8 but most likely {name}; {_HOW_TO_SAVE}"


def _frequent_share(beyond_ascii: bytes, encoding: str) -> float:
    letters = beyond_ascii.decode(encoding, "replace")
    return sum(letter in _FREQUENT_LETTERS for letter in letters) / max(len(letters), 1)


def _unprintable(text: str, place: str) -> Iterator[Problem]:
    found = 0
    for number, line in enumerate(text.split("\n"), start=1):
        char = find_unprintable(line)
        if char is not None and found < _MAX_REPORTED_LINES:
            found += 1
            yield Problem(
                place,
                number,
                f"this line holds a character that can’t be printed (U+{ord(char):04X} at position "
                f"{line.index(char) + 1}); delete it",
            )
