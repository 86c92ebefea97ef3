"""In which language a text is written, told by its letters (design §7).

An editor who pastes the Russian text into the Belarusian file sees two columns of Cyrillic; a reader
sees the wrong language. Letters tell them apart without a dictionary: Belarusian has ў and і, Russian
has и, щ and ъ, and neither has the other's. A guess, however good, must not hold an issue: a text may
be the original of a decree, so this warns.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from mailer.domain.commentary import Text
from mailer.domain.finding import Check, Finding, warning
from mailer.domain.language import Language

_ALL = frozenset(Language)
_BELARUSIAN_LETTERS = "ўі"
_RUSSIAN_LETTERS = "ищъ"
# A headline of three words says too little.
_FEWEST_LETTERS = 30
_FEWEST_SIGNS = 3
# Quotes from the other language may fill half a text; this many times more and they are the text.
_CLEARLY = 3
_MOST_OF_THEM = 0.6
# Addresses are Latin in every language, and so is code.
_NO_WORDS = re.compile(r"https?://\S+|\]\([^)]*\)|```.*?```|`[^`\n]*`", re.DOTALL)


def possible_languages(words: str) -> frozenset[Language]:
    """Return the languages that *words*, plain or Markdown, may be in; all where they tell too little."""
    letters = Counter(_NO_WORDS.sub(" ", words).lower())
    latin = sum(count for letter, count in letters.items() if _is(letter, "LATIN"))
    cyrillic = sum(count for letter, count in letters.items() if _is(letter, "CYRILLIC"))
    if latin + cyrillic < _FEWEST_LETTERS:
        return _ALL
    if latin > _MOST_OF_THEM * (latin + cyrillic):
        return frozenset({Language.ENGLISH})
    if cyrillic > _MOST_OF_THEM * (latin + cyrillic):
        return _which_cyrillic(letters)
    return _ALL


def wrong_language(text: Text, where: str) -> list[Finding]:
    """Say which parts of *text* are in another language than its own; one finding at most."""
    parts = {"headline": text.headline, "lead": text.lead, "body": text.body}
    wrong = [name for name, words in parts.items() if text.language not in possible_languages(words)]
    if not wrong:
        return []
    return [
        warning(
            Check.WRONG_LANGUAGE,
            f"the {' and '.join(wrong)} of {where} {'looks' if len(wrong) == 1 else 'look'} like another "
            f"language than “{text.language}”, by the letters",
            f"see whether the right text is in {where}; if it is, leave it as it is",
            where=where,
        )
    ]


def wrong_words(words: str, language: Language, name: str) -> list[Finding]:
    """Say whether *words*, called *name*, are in another language than *language*; one finding at most."""
    if language in possible_languages(words):
        return []
    return [
        warning(
            Check.WRONG_LANGUAGE,
            f"{name} looks like another language than “{language}”, by the letters",
            f"see whether {name} says what is meant; if it does, leave it as it is",
            where=name,
        )
    ]


def _which_cyrillic(letters: Counter[str]) -> frozenset[Language]:
    belarusian = sum(letters[letter] for letter in _BELARUSIAN_LETTERS)
    russian = sum(letters[letter] for letter in _RUSSIAN_LETTERS)
    if belarusian >= _FEWEST_SIGNS and belarusian > _CLEARLY * russian:
        return frozenset({Language.BELARUSIAN})
    if russian >= _FEWEST_SIGNS and russian > _CLEARLY * belarusian:
        return frozenset({Language.RUSSIAN})
    return frozenset({Language.BELARUSIAN, Language.RUSSIAN})


def _is(letter: str, script: str) -> bool:
    return letter.isalpha() and unicodedata.name(letter, "").startswith(script)
