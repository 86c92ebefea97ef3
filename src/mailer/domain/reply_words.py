"""The words of a reply, read for what they mean: without addresses, links and codes among them."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from mailer.domain.foreign_signs import FOREIGN, FOREIGN_BLAME
from mailer.domain.reply_class import Cause
from mailer.domain.reply_signs import CLOSING, DESCRIBING, HINTING, LIMITING
from mailer.domain.sender_signs import BLAMING_US, Signs

_LISTS = {
    "<mail>": r"(?:messages?|e-?mails?|mails?)",
    "<box>": r"(?:mail ?box|inbox|maildir|user|account|recipient|addressee|address|alias|customer)",
    "<is>": r"(?:is|was|are|has been|have been)",
    "<words>": r"(?:\w+ ){0,5}",
    "<missing>": (
        r"(?:unknown|unavailable|undeliverable|unrecogni[sz]ed|non-?existent"
        r"|not (?:found|exist|known|valid|available|local|present|recogni[sz]ed|listed|registered))"
    ),
    "<shut>": (
        r"(?:disabled|inactive|suspended|deactivated|locked|terminated|blocked|frozen|expired|dormant|archived"
        r"|discontinued|not (?:active|activated)|on hold)"
    ),
}
_MAX_CHARS = 1000
# What stands behind a colon is no address: "(…@example.org:blocked)".
_ADDRESS = re.compile(r"\S{1,320}@[^\s:]+")
# Of a link the host counts, which may be a block list's; the rest is numbers and search words.
_LINK = re.compile(r"https?://([^\s/?#]*)\S*")
_STATUS = re.compile(r"(?<![\d.])#?[245]\.\d{1,3}\.\d{1,3}(?![\d.])")
# A text copied from a page of two columns: "potential securi- ty issue".
_HYPHEN = re.compile(r"(?<=[a-z])- (?=[a-z])")
# No language has longer words that matter here; a run of letters would be tried from each of them to its end.
_ENDLESS = re.compile(r"(\w{40})\w+")
_SPACE = re.compile(r"\s+")


class Sign(NamedTuple):
    """What words say, and which words said it: as they were read, without addresses."""

    cause: Cause
    words: str


_Compiled = tuple[tuple[Cause, re.Pattern[str]], ...]


def _compiled(*tables: Signs) -> _Compiled:
    return tuple((cause, pattern_of(phrases)) for table in tables for cause, phrases in table)


def pattern_of(phrases: str) -> re.Pattern[str]:
    """Return what finds any of *phrases*, one to a line, in a legible text."""
    for name, words in _LISTS.items():
        phrases = phrases.replace(name, words)
    return re.compile("|".join(_plain(line.strip()) for line in phrases.strip().splitlines()))


def _plain(text: str) -> str:
    """Return *text* without diacritics: servers leave them out, or write them in two ways."""
    if text.isascii():
        return text
    return "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))


TABLES = (BLAMING_US, FOREIGN_BLAME, LIMITING, DESCRIBING, CLOSING, FOREIGN)
"""What decides, in the order of reading."""

_DECIDING = _compiled(*TABLES)
_HINTING = _compiled(HINTING)


def sign_in(text: str) -> Sign | None:
    """Return what the words say in so many words, None when they leave it to the codes."""
    return _deciding_sign(legible(text))


def hint_in(text: str) -> Sign | None:
    """Return what the words hint at, where no status code says more."""
    return _first(_HINTING, legible(text))


# A provider refuses a whole audience in the same words.
@lru_cache(maxsize=1024)
def _deciding_sign(line: str) -> Sign | None:
    return _first(_DECIDING, line)


def _first(signs: _Compiled, line: str) -> Sign | None:
    for cause, pattern in signs:
        if (match := pattern.search(line)) is not None:
            return Sign(cause, match[0].strip())
    return None


def legible(text: str) -> str:
    """Return the words of *text* in lower case, without addresses, links, codes and diacritics."""
    line = _plain(text[:_MAX_CHARS].casefold())
    line = _ADDRESS.sub(" ", _LINK.sub(r"\1 ", _HYPHEN.sub("", line)))
    return _SPACE.sub(" ", _ENDLESS.sub(r"\1", _STATUS.sub(" ", line))).strip()
