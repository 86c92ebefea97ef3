"""What printers of each language do, as tables that somebody who reads the language can check."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from mailer.domain.language import Language

NBSP: Final = "\u00a0"
FILLER: Final = "\ufdd0"
"""Keeps the place of a character that a rule takes away; a noncharacter, in no text."""


@dataclass(frozen=True, slots=True)
class Practice:
    """How a language is set.

    Attributes:
        outer, inner: opening and closing quotes, and those inside them.
        dash: what a hyphen between spaces stands for.
        single_quotes: whether ' is the usual quote, of whatever stands in it, and not only around words.
        held: each match is text whose spaces may not become a line's end.
    """

    outer: str
    inner: str
    dash: str
    single_quotes: bool
    held: tuple[re.Pattern[str], ...]

    @property
    def opening(self) -> str:
        """Marks that open a quotation."""
        return self.outer[0] + self.inner[0].replace("‘", "")

    @property
    def closing(self) -> str:
        """Marks that close one; ’ is an apostrophe more often."""
        return self.outer[1] + self.inner[1].replace("’", "")


# A word begins here: no letter, hyphen, apostrophe or stress mark stands before it.
_BEGIN = r"(?<![\w\u0301’'-])"
_BEFORE_DASH = rf"(?<=\S) (?=[—–]{FILLER}{{0,2}}(?:\s|$))"
_AFTER_SIGN = r"[№§] (?=[\dIVXLC])"
_CYRILLIC = "А-ЯЁІЎ"
# 12 ч., but not ст. 12 ч. 3, where it is a part of an article.
_HOURS = rf"\d (?=ч(?!\w)(?!\.[ {NBSP}]?\d{{1,4}}(?!\d|[ {NBSP}](?:мин|хв))))"
# г. Минск, but not “in 2026 г. Минск”, where a sentence ends.
_TOWN = rf"(?<!\d[ {NBSP}]){_BEGIN}г\. (?=[{_CYRILLIC}])"

_RUSSIAN_HOLDS_NEXT = "а и в к о с у во ко со об от до за из на по но не ни"
_RUSSIAN_HOLDS_PREVIOUS = "же ли бы ж б"
_RUSSIAN_UNITS = (
    "тыс млн млрд трлн руб коп долл евро проц % ₽ $ € °C кг г т км м см мм га л кВт МВт ГВт мин сек "
    "минуту минуты минут день дня дней "
    "гг в вв год года году годом лет рублей рубля долларов доллара процентов процента "
    "января февраля марта апреля мая июня июля августа сентября октября ноября декабря"
)
_RUSSIAN_NUMBERED = "ст ч стр с п пп гл рис табл д кв"

_BELARUSIAN_HOLDS_NEXT = "а і й у ў з к аб ад бо ва да ды за ля на не ні па са ці як"
_BELARUSIAN_HOLDS_PREVIOUS = "жа бы ж б"
_BELARUSIAN_UNITS = (
    "тыс млн млрд трлн руб кап дол еўра прац % ₽ $ € °C кг г т км м см мм га л кВт МВт ГВт гадз хв с "
    "хвіліну хвіліны хвілін дзень дні дзён "
    "гг ст стст год года годзе годам гадоў рублёў рубля долараў долара працэнтаў працэнта "
    "студзеня лютага сакавіка красавіка мая чэрвеня ліпеня жніўня верасня кастрычніка лістапада снежня"
)
_BELARUSIAN_NUMBERED = "арт ст ч стар с п пп гл мал табл д кв"

_MONTHS = "January February March April May June July August September October November December"
_ENGLISH_UNITS = (
    "thousand million billion trillion bn mn % percent °C $ € kg g t km m cm mm ha l kW MW GW "
    f"hrs min minute minutes day days a.m. p.m. am pm {_MONTHS}"
)
_ENGLISH_NUMBERED = "No p pp Art para vol"
_ENGLISH_TITLES = "Mr Mrs Ms Mx Dr Prof St Gen Col Capt Lt Sgt Sen Rep Gov Rev Hon"


@cache
def practice_of(language: Language) -> Practice:
    """Return how *language* is set."""
    match language:
        case Language.RUSSIAN:
            held = _cyrillic(_RUSSIAN_HOLDS_NEXT, _RUSSIAN_HOLDS_PREVIOUS, _RUSSIAN_UNITS, _RUSSIAN_NUMBERED)
            return Practice("«»", "„“", "—", single_quotes=False, held=held)
        case Language.BELARUSIAN:
            held = _cyrillic(
                _BELARUSIAN_HOLDS_NEXT, _BELARUSIAN_HOLDS_PREVIOUS, _BELARUSIAN_UNITS, _BELARUSIAN_NUMBERED
            )
            return Practice("«»", "„“", "—", single_quotes=False, held=held)
        case Language.ENGLISH:
            return Practice("“”", "‘’", "–", single_quotes=True, held=_english())


def _cyrillic(holds_next: str, holds_previous: str, units: str, numbered: str) -> tuple[re.Pattern[str], ...]:
    initial = rf"[{_CYRILLIC}]\."
    return _compiled(
        rf"(?i:{_BEGIN}(?:{_any(holds_next)})) (?=\S)",
        rf"(?i: (?=(?:{_any(holds_previous)})(?![\w-])))",
        rf"\d (?=(?:{_any(units)})(?!\w))",
        rf"(?i:{_BEGIN}(?:{_any(numbered)})\.) (?=\d)",
        _HOURS,
        _TOWN,
        # А. С. Пушкин, А.С. Пушкин, Пушкин А. С.
        rf"(?<![{_CYRILLIC}\w]){initial} (?=[{_CYRILLIC}])",
        rf"(?<=[а-яёіў]) (?={initial}[ {NBSP}]?{initial})",
        # т. д., т. е., г. зн., да н. э.
        rf"{_BEGIN}[а-яёіў]\. (?=[а-яёіў]{{1,2}}\.)",
        # 10 000 000, but not “2026 500”
        r"(?<!\d)(?<!\d[ \u00a0])\d{1,3}(?: \d{3})+(?!\d)",
    )


def _english() -> tuple[re.Pattern[str], ...]:
    return _compiled(
        rf"\d (?=(?:{_any(_ENGLISH_UNITS)})(?!\w))",
        rf"{_BEGIN}(?:{_any(_MONTHS)}) (?=\d{{1,2}}(?!\d))",
        rf"{_BEGIN}(?:{_any(_ENGLISH_NUMBERED)})\. (?=\d)",
        rf"{_BEGIN}[A-Z]\. (?=[A-Z])",
        # Mr. Smith, Dr. X
        rf"{_BEGIN}(?:{_any(_ENGLISH_TITLES)})\. (?=[A-Z])",
    )


def _any(words: str) -> str:
    return "|".join(re.escape(word) for word in sorted(words.split(), key=len, reverse=True))


def _compiled(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in (_BEFORE_DASH, _AFTER_SIGN, *patterns))
