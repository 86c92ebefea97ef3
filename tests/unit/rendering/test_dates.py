"""Periods and days are written as people of each language write them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.domain.language import Language
from mailer.domain.period import Period, parse_period
from mailer.rendering.dates import Year, day_in_words, period_in_words

BE, RU, EN = Language.BELARUSIAN, Language.RUSSIAN, Language.ENGLISH
NBSP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("period", "language", "expected"),
    [
        ("2024-06-03..2024-06-09", BE, "3–9 чэрвеня"),
        ("2024-06-03..2024-06-09", RU, "3–9 июня"),
        ("2024-06-03..2024-06-09", EN, "June 3 – 9"),
        ("2026-W47", BE, "16–22 лістапада"),
        ("2026-W47", RU, "16–22 ноября"),
        ("2026-W47", EN, "November 16 – 22"),
        ("2026-05-31..2026-06-09", BE, "31 мая – 9 чэрвеня"),
        ("2026-05-31..2026-06-09", RU, "31 мая – 9 июня"),
        ("2026-05-31..2026-06-09", EN, "May 31 – June 9"),
        ("2026-W01", BE, "29 снежня 2025 – 4 студзеня 2026"),
        ("2026-W01", RU, f"29 декабря 2025{NBSP}г. – 4 января 2026{NBSP}г."),
        ("2026-W01", EN, "December 29, 2025 – January 4, 2026"),
        ("2026-06-03..2026-06-03", BE, "3 чэрвеня"),
        ("2026-06-03..2026-06-03", RU, "3 июня"),
        ("2026-06-03..2026-06-03", EN, "June 3"),
        ("2026-02", BE, "1–28 лютага"),
    ],
)
def test_a_period_reads_as_people_say_it(period: str, language: Language, expected: str) -> None:
    """Months are written out, in the genitive, and the year stands only where two years meet."""
    assert period_in_words(parse_period(period), language) == expected


@pytest.mark.parametrize(
    ("period", "language", "expected"),
    [
        ("2026-W47", BE, "16–22 лістапада 2026"),
        ("2026-W47", RU, f"16–22 ноября 2026{NBSP}г."),
        ("2026-W47", EN, "November 16 – 22, 2026"),
        ("2026-05-31..2026-06-09", EN, "May 31 – June 9, 2026"),
        ("2026-W01", BE, "29 снежня 2025 – 4 студзеня 2026"),
        ("2026-06-03..2026-06-03", EN, "June 3, 2026"),
    ],
)
def test_archives_name_the_year(period: str, language: Language, expected: str) -> None:
    """With Year.ALWAYS the year is there, once where it is the same."""
    assert period_in_words(parse_period(period), language, year=Year.ALWAYS) == expected


@pytest.mark.parametrize(
    ("language", "with_year", "without"),
    [
        (BE, f"9 чэрвеня 2026{NBSP}г.", "9 чэрвеня"),
        (RU, f"9 июня 2026{NBSP}г.", "9 июня"),
        (EN, "June 9, 2026", "June 9"),
    ],
)
def test_a_day_reads_as_people_say_it(language: Language, with_year: str, without: str) -> None:
    """A day has its year unless it is not needed."""
    day = date(2026, 6, 9)

    assert day_in_words(day, language) == with_year
    assert day_in_words(day, language, year=Year.WHERE_NEEDED) == without


@given(
    days=st.lists(st.dates(date(1990, 1, 1), date(2099, 12, 31)), min_size=2, max_size=2).map(sorted),
    language=st.sampled_from(Language),
    year=st.sampled_from(Year),
)
def test_no_rare_space_is_left(days: list[date], language: Language, year: Year) -> None:
    """Thin and narrow spaces, for which mail programs have no glyph, never come out."""
    words = period_in_words(Period(*days), language, year=year)

    assert not set(words) & {"\N{THIN SPACE}", "\N{NARROW NO-BREAK SPACE}"}
