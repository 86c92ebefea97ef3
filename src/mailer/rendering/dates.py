"""Days and periods as people say them: “3–9 чэрвеня”, “31 мая – 9 июня”, “June 3–9”.

Babel's own interval formatting abbreviates months, so the interval patterns of CLDR are taken and
their month written out; Cyrillic months then stand in the genitive, as they must after a day. Spaces
and dashes are a printer's (docs/decisions/dates.md): no day is parted from its month by a line's end.
"""

from __future__ import annotations

from datetime import date
from enum import Enum

from babel import Locale
from babel.dates import format_date

from mailer.domain.language import Language
from mailer.domain.period import Period
from mailer.rendering.practice import NBSP

# CLDR puts a thin space around an English en dash and a narrow no-break space before “г.”. Many mail
# programs have no glyph for either, and a subject line should not need one.
_HELD_SPACES = str.maketrans(dict.fromkeys(" \u2009\u202f", NBSP))


# CLDR writes “г.” behind a Belarusian year in a day, but not in a period; a page shows both.
_BELARUSIAN_YEAR = "y 'г'."


class Year(Enum):
    """When a period in words names its year."""

    WHERE_NEEDED = "where needed"
    """Only a period that begins in one year and ends in the next: a mail is read in its own week."""
    ALWAYS = "always"
    """For archives, page titles and feeds, which are read years later."""


def period_in_words(period: Period, language: Language, *, year: Year = Year.WHERE_NEEDED) -> str:
    """Write *period* in *language*, months in full."""
    first, last = period.first_day, period.last_day
    named = year is Year.ALWAYS or first.year != last.year
    if first == last:
        return day_in_words(first, language, year=year)
    difference = "y" if first.year != last.year else "M" if first.month != last.month else "d"
    # UTS #35, “intervalFormats”: two half patterns, chosen by the largest field that differs.
    halves = Locale.parse(language).interval_formats["yMMMd" if named else "MMMd"][difference]
    if language is Language.BELARUSIAN:
        halves = [half if "г" in half else half.replace("y", _BELARUSIAN_YEAR) for half in halves]
    words = "".join(_written(day, half, language) for day, half in zip((first, last), halves, strict=True))
    # English CLDR sets “June 3 – 9”; between bare numbers every printer sets the dash tight.
    return words.replace(f"{NBSP}– ", "–") if difference == "d" else words


def day_in_words(day: date, language: Language, *, year: Year = Year.ALWAYS) -> str:
    """Write *day* in *language*: “9 чэрвеня 2026 г.”, or without the year “9 чэрвеня”."""
    if year is Year.ALWAYS:
        return _held(format_date(day, "long", locale=language))
    return _written(day, Locale.parse(language).datetime_skeletons["MMMd"].pattern, language)


def _written(day: date, pattern: str, language: Language) -> str:
    return _held(format_date(day, pattern.replace("MMM", "MMMM"), locale=language))


def _held(words: str) -> str:
    """Let a line end only after a dash or a comma."""
    held = words.translate(_HELD_SPACES)
    return held.replace(f"–{NBSP}", "– ").replace(f",{NBSP}", ", ")
