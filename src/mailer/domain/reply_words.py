"""The words of a reply, read for what they mean: without addresses, links and codes among them."""

from __future__ import annotations

import re

from mailer.domain.reply_class import Cause
from mailer.domain.reply_signs import CLOSING, DESCRIBING, HINTING, LIMITING
from mailer.domain.sender_signs import BLAMING_US, Signs

_LISTS = {
    "<mail>": r"(?:messages?|e-?mails?|mails?)",
    "<box>": r"(?:mail ?box|inbox|maildir|user|account|recipient|addressee|address|alias|customer)",
    "<is>": r"(?:is|was|are|has been|have been)",
    "<words>": r"(?:\w+ ){0,5}",
}
_MAX_CHARS = 1000
_ADDRESS = re.compile(r"\S+@\S+")
# Of a link the host counts, which may be a block list's; the rest is numbers and search words.
_LINK = re.compile(r"https?://([^\s/?#]*)\S*")
_STATUS = re.compile(r"(?<![\d.])#?[245]\.\d{1,3}\.\d{1,3}(?![\d.])")
# A text copied from a page of two columns: "potential securi- ty issue".
_HYPHEN = re.compile(r"(?<=[a-z])- (?=[a-z])")
_SPACE = re.compile(r"\s+")


def _compiled(*tables: Signs) -> tuple[tuple[Cause, re.Pattern[str]], ...]:
    return tuple((cause, _pattern(phrases)) for table in tables for cause, phrases in table)


def _pattern(phrases: str) -> re.Pattern[str]:
    for name, words in _LISTS.items():
        phrases = phrases.replace(name, words)
    return re.compile("|".join(line.strip() for line in phrases.strip().splitlines()))


_DECIDING = _compiled(BLAMING_US, LIMITING, DESCRIBING, CLOSING)
_HINTING = _compiled(HINTING)


def cause_by_words(text: str) -> Cause | None:
    """Return what the words say in so many words, None when they leave it to the codes."""
    return _first(_DECIDING, text)


def cause_by_hints(text: str) -> Cause | None:
    """Return what the words hint at, where no status code says more."""
    return _first(_HINTING, text)


def _first(signs: tuple[tuple[Cause, re.Pattern[str]], ...], text: str) -> Cause | None:
    line = _legible(text)
    return next((cause for cause, sign in signs if sign.search(line)), None)


def _legible(text: str) -> str:
    line = text[:_MAX_CHARS].lower()
    line = _ADDRESS.sub(" ", _LINK.sub(r"\1 ", _HYPHEN.sub("", line)))
    return _SPACE.sub(" ", _STATUS.sub(" ", line)).strip()
