"""Days and periods as people say them: “3–9 чэрвеня”, “31 мая – 9 июня”, “June 3 – 9”.

Babel's own interval formatting abbreviates months, so the interval patterns of CLDR are taken and
their month written out; Cyrillic months then stand in the genitive, as they must after a day.
"""

from __future__ import annotations

from datetime import date
from enum import Enum

from babel import Locale
from babel.dates import format_date

from mailer.domain.language import Language
from mailer.domain.period import Period

# CLDR puts a thin space around an English en dash and a narrow no-break space before “г.”. Many mail
# programs have no glyph for either, and a subject line should not need one.
_PLAIN_SPACES = str.maketrans({"\u2009": " ", "\u202f": "\u00a0"})


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
    return "".join(_written(day, half, language) for day, half in zip((first, last), halves, strict=True))


def day_in_words(day: date, language: Language, *, year: Year = Year.ALWAYS) -> str:
    """Write *day* in *language*: “9 чэрвеня 2026 г.”, or without the year “9 чэрвеня”."""
    if year is Year.ALWAYS:
        return format_date(day, "long", locale=language).translate(_PLAIN_SPACES)
    return _written(day, Locale.parse(language).datetime_skeletons["MMMd"].pattern, language)


def _written(day: date, pattern: str, language: Language) -> str:
    return format_date(day, pattern.replace("MMM", "MMMM"), locale=language).translate(_PLAIN_SPACES)
