"""Type as a printer sets it, by the practice of each language: quotes, dashes, and spaces that hold.

Writers type what the keyboard has; readers get «…», “…”, dashes and no line that ends in a lone “в”.
Only quotes, hyphens, full stops and spaces are exchanged, never a letter, and nothing inside an address.
What a writer has typed with care already stays, so that setting a text twice changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mailer.domain.language import Language
from mailer.rendering.practice import FILLER, NBSP, Practice, practice_of
from mailer.rendering.quotes import set_quotes

OBJECT = "\ufffc"
"""Stands for what is no text: code, a picture, an address."""

_ADDRESS_END = r"[^\s<>\"«»„“”‘’.,;:!?…()\[\]{}'—–]"
# Every run is bounded: a hostile text of 100,000 letters is searched once, not once for each letter.
_ADDRESS = re.compile(
    rf"(?:\b[a-z][a-z0-9+.-]{{1,20}}://|\bwww\.|\bmailto:)[^\s<>\"«»„“”]*{_ADDRESS_END}"
    r"|[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"
    rf"|\b[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{0,8}}\.[a-z]{{2,24}}/[^\s<>\"«»„“”]*{_ADDRESS_END}",
    re.IGNORECASE,
)
_ELLIPSIS = re.compile(r"(?<!\.)\.\.\.(?!\.)")
_RANGE = re.compile(r"(?<=\d)--(?=\d)")
_THREE_HYPHENS = re.compile(r"(?<=\s)---(?=\s)")
_AFTER_WORD = rf"(?:(?<=[^\W_])|(?<=[\w.,!?…{FILLER}][\"»“”]))"
_BEFORE_WORD = r"(?=[^\W_]|[\"«„“][^\W_])"
_THREE_BETWEEN_WORDS = re.compile(rf"{_AFTER_WORD}---{_BEFORE_WORD}")
_TWO_BETWEEN_WORDS = re.compile(rf"{_AFTER_WORD}--{_BEFORE_WORD}")
# A domain, the name of a file or of a thing in code: their hyphens are theirs.
_NAME = re.compile(r"\.\d{0,9}[^\W\d_]|[@/_]|xn--", re.IGNORECASE)
_WITHOUT_BLANKS = re.compile(r"\S+")
_SPACED_HYPHENS = re.compile(r"(?<=\s)--(?=\s)")
_SPACED_HYPHEN = re.compile(rf"(?<=\S[ {NBSP}])-(?=\s)")
_NUMBER = r"\d(?:[\d.,]{0,8}\d)?"
_NUMBER_BEFORE = re.compile(rf"({_NUMBER})[ {NBSP}]\Z")
_NUMBER_AFTER = re.compile(rf"[ {NBSP}]({_NUMBER})")
_SUM_BEFORE = re.compile(rf"[=+×][ {NBSP}]?{_NUMBER}[ {NBSP}]\Z")
_SUM_AFTER = re.compile(rf"[ {NBSP}]{_NUMBER}[ {NBSP}]?[=+×]")
_MORE_BEFORE = re.compile(rf"\d[ {NBSP}]-[ {NBSP}]{_NUMBER}[ {NBSP}]\Z")
_MORE_AFTER = re.compile(rf"[ {NBSP}]{_NUMBER}[ {NBSP}]-[ {NBSP}]\d")
_AROUND = 20
"""Characters beside a hyphen that those look at."""
# What may not stand beside a hyphen that means “to”: more of a telephone number, a date, a code, a sum.
_NO_RANGE_AFTER = rf"(?<![\w.,:/+#@№{FILLER}–—−-])(?<![\d№#)][ {NBSP}])"
_NO_RANGE_BEFORE = rf"(?![\w:/@{FILLER}–—−-]|[.,]\d|[ {NBSP}]\d)"
_NUMBERS = re.compile(rf"{_NO_RANGE_AFTER}([1-9]\d{{0,3}})-([1-9]\d{{0,3}}){_NO_RANGE_BEFORE}")
_YEARS = range(1000, 2200)
_SHORT = range(1000)
_MINUS = re.compile(r"(?<![^\s(\[«])-(?=\d)")
_BLANKS = re.compile(" {2,}")


def typeset(text: str, language: Language) -> str:
    """Return *text* with the quotes, dashes, ellipses and non-breaking spaces of *language*.

    Several spaces in a row become one. Setting a text that was set before returns it unchanged.
    """
    return typeset_pieces([_BLANKS.sub(" ", text)], language)[0]


def typeset_pieces(pieces: Sequence[str], language: Language) -> list[str]:
    """Set one paragraph that markup has cut into *pieces*, so that “**a** b” closes what it opened.

    Returns:
        As many pieces, each with what became of its own characters. OBJECT in a piece stays.
    """
    joined = "".join(pieces)
    # Every rule puts as many characters as it takes: so the cuts stay where they are.
    done = _restored(_set(_masked(joined), practice_of(language)), joined)
    cut, start = [], 0
    for piece in pieces:
        cut.append(done[start : start + len(piece)].replace(FILLER, ""))
        start += len(piece)
    return cut


def _masked(text: str) -> str:
    return _ADDRESS.sub(lambda found: OBJECT * len(found[0]), text)


def _restored(text: str, original: str) -> str:
    """Put the addresses of *original* back in."""
    parts, end = [], 0
    for found in _ADDRESS.finditer(original):
        parts += [text[end : found.start()], found[0]]
        end = found.end()
    return "".join([*parts, text[end:]])


def _set(text: str, practice: Practice) -> str:
    text = _ELLIPSIS.sub("…" + 2 * FILLER, text)
    text = _WITHOUT_BLANKS.sub(lambda found: _joined_by_dashes(found[0]), text)
    text = _THREE_HYPHENS.sub("—" + 2 * FILLER, text)
    text = _SPACED_HYPHENS.sub(practice.dash + FILLER, text)
    text = _SPACED_HYPHEN.sub(lambda found: _spaced(found, practice), text)
    text = set_quotes(text, practice)
    text = _MINUS.sub("−", text)
    text = _NUMBERS.sub(_from_to, text)
    for pattern in practice.held:
        text = pattern.sub(lambda found: found[0].replace(" ", NBSP), text)
    return text


def _joined_by_dashes(words: str) -> str:
    """Set the dashes between *words* that no blank parts, unless they are a name."""
    if "--" not in words or _NAME.search(words):
        return words
    words = _RANGE.sub("–" + FILLER, words)
    words = _THREE_BETWEEN_WORDS.sub("—" + 2 * FILLER, words)
    return _TWO_BETWEEN_WORDS.sub("—" + FILLER, words)


def _spaced(found: re.Match[str], practice: Practice) -> str:
    """Set a hyphen between blanks: between two numbers it is “to” or a minus, elsewhere a dash."""
    at = found.start()
    before, after = found.string[max(at - _AROUND, 0) : at], found.string[at + 1 : at + 1 + _AROUND]
    first, last = _NUMBER_BEFORE.search(before), _NUMBER_AFTER.match(after)
    if not (first and last):
        return practice.dash
    if _MORE_BEFORE.search(before) or _MORE_AFTER.match(after):
        return found[0]
    if _SUM_BEFORE.search(before) or _SUM_AFTER.match(after):
        return "−"
    # “In 2020 - 300” is no range: the dash stands for a verb.
    return "–" if _is_year(first[1]) == _is_year(last[1]) else practice.dash


def _is_year(number: str) -> bool:
    return number.isdecimal() and int(number) in _YEARS


def _from_to(found: re.Match[str]) -> str:
    """Set a dash between two years, or two numbers that people count to; “1234-5678” may be anything."""
    first, last = int(found[1]), int(found[2])
    are_alike = any(first in numbers and last in numbers for numbers in (_YEARS, _SHORT))
    return found[0].replace("-", "–") if first < last and are_alike else found[0]
