"""No pattern over what strangers write runs away: twice the text takes twice the time, not four times."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import re
import time
from collections.abc import Iterator

import pytest

import mailer.bounces
from mailer.domain import classifier, reply_words
from mailer.domain.reply_signs import HINTING

_SHORT_CHARS, _LONG_CHARS = 1_000, 4_000
# Four times the text; a pattern that goes back and forth takes sixteen times as long.
_MAX_RATIO = 9
# Below it, time tells nothing; nor does it hurt.
_NOTHING_S = 0.0015
_RUNS = (
    " ",
    "0",
    ".",
    "-",
    "<",
    "@",
    "a",
    "\n",
    "(",
    ":",
    ">",
    '"',
    "\\",
    "/",
    "=",
    "_",
    "é",
    "\t",
    "> ",
    "a@",
)
_MORE_RUNS = ("a ", "0.", "<a", "<a@a", "\n ", "550 ", "5.1.1 ", "a@a.", "a-", "x: ", "-- ", "<a>\n")
# Tried only on names and subjects of at most 300 characters, as a whole or from their beginning.
_ON_SHORT_TEXT = frozenset({"_MACHINES", "_MESSAGE_ID", "UNSUBSCRIBE"})


def _patterns_in(value: object, depth: int = 0) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        yield value
    elif depth < 4 and isinstance(value, tuple | list):
        for each in value:
            yield from _patterns_in(each, depth + 1)
    elif depth < 4 and isinstance(value, dict):
        yield from _patterns_in(list(value.values()), depth)
    elif depth < 4 and dataclasses.is_dataclass(value) and not isinstance(value, type):
        for each in dataclasses.fields(value):
            yield from _patterns_in(getattr(value, each.name), depth + 1)


def _modules() -> list[str]:
    names = [module.name for module in pkgutil.iter_modules(mailer.bounces.__path__) if not module.ispkg]
    return [f"mailer.bounces.{name}" for name in names] + [classifier.__name__]


def _patterns_of(name: str) -> list[re.Pattern[str]]:
    variables = vars(importlib.import_module(name)).items()
    found = [
        pattern
        for variable, value in variables
        if variable not in _ON_SHORT_TEXT
        for pattern in _patterns_in(value)
    ]
    return [pattern for pattern in dict.fromkeys(found) if isinstance(pattern.pattern, str)]


def _pieces(pattern: re.Pattern[str]) -> list[str]:
    """What to repeat: runs of one sign, and the words of the pattern itself."""
    without_signs = re.sub(r"\\.|\(\?(?:P<\w+>|[:=!<]*)|\{[\d,]*\}|[\^$]", "|", pattern.pattern)
    words = [word for word in re.split(r"[|()\[\]?*+.]", without_signs) if len(word) > 2]
    return [*_RUNS, *_MORE_RUNS, *(f"{word}{end}" for word in dict.fromkeys(words[:60]) for end in ("", " "))]


def _seconds(pattern: re.Pattern[str], text: str) -> float:
    began = time.process_time()
    for number, _ in enumerate(pattern.finditer(text)):
        if number > 100:
            break
    return time.process_time() - began


def _runs_away(pattern: re.Pattern[str], piece: str) -> bool:
    short, long = (piece * (chars // len(piece)) + "!" for chars in (_SHORT_CHARS, _LONG_CHARS))
    if _seconds(pattern, long) < _NOTHING_S:
        return False
    # The smallest of three: another process may have had the processor's caches.
    short_s, long_s = (min(_seconds(pattern, text) for _ in range(3)) for text in (short, long))
    return long_s > _NOTHING_S and long_s > _MAX_RATIO * short_s


@pytest.mark.parametrize("name", _modules())
def test_no_pattern_of_the_reader_runs_away(name: str) -> None:
    """Runs of blanks, digits, signs, and of a pattern's own words, take time in proportion."""
    patterns = _patterns_of(name)

    assert [
        (each.pattern, piece) for each in patterns for piece in _pieces(each) if _runs_away(each, piece)
    ] == []


def test_no_phrase_of_the_classifier_runs_away() -> None:
    """Phrases see legible text, in which no word is endless."""
    tables = (*reply_words.TABLES, HINTING)
    phrases = [line for table in tables for _, lines in table for line in lines.strip().splitlines()]
    patterns = [reply_words.pattern_of(phrase) for phrase in phrases]

    assert [
        (each.pattern, piece)
        for each in patterns
        for piece in _pieces(each)
        if (legible := f"{reply_words.legible(piece * 40)} ") and _runs_away(each, legible)
    ] == []


def test_a_pattern_that_runs_away_is_seen() -> None:
    """The measure itself works."""
    assert _runs_away(re.compile(r"\s+x"), " ")
    assert not _runs_away(re.compile(r"\s{1,20}x"), " ")
