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


def written(words: str) -> str:
    """Show a space that holds as _."""
    return words.replace("\N{NO-BREAK SPACE}", "_")


@pytest.mark.parametrize(
    ("period", "language", "expected"),
    [
        ("2024-06-03..2024-06-09", BE, "3–9_чэрвеня"),
        ("2024-06-03..2024-06-09", RU, "3–9_июня"),
        ("2024-06-03..2024-06-09", EN, "June_3–9"),
        ("2026-W47", BE, "16–22_лістапада"),
        ("2026-W47", RU, "16–22_ноября"),
        ("2026-W47", EN, "November_16–22"),
        ("2026-05-31..2026-06-09", BE, "31_мая_– 9_чэрвеня"),
        ("2026-05-31..2026-06-09", RU, "31_мая_– 9_июня"),
        ("2026-05-31..2026-06-09", EN, "May_31_– June_9"),
        ("2026-W01", BE, "29_снежня_2025_г._– 4_студзеня_2026_г."),
        ("2026-W01", RU, "29_декабря_2025_г._– 4_января_2026_г."),
        ("2026-W01", EN, "December_29, 2025_– January_4, 2026"),
        ("2026-06-03..2026-06-03", BE, "3_чэрвеня"),
        ("2026-06-03..2026-06-03", RU, "3_июня"),
        ("2026-06-03..2026-06-03", EN, "June_3"),
        ("2026-02", BE, "1–28_лютага"),
    ],
)
def test_a_period_reads_as_people_say_it(period: str, language: Language, expected: str) -> None:
    """Months are written out, in the genitive, and the year stands only where two years meet."""
    assert written(period_in_words(parse_period(period), language)) == expected


@pytest.mark.parametrize(
    ("period", "language", "expected"),
    [
        ("2026-W47", BE, "16–22_лістапада_2026_г."),
        ("2026-05-31..2026-06-09", BE, "31_мая_– 9_чэрвеня_2026_г."),
        ("2026-W47", RU, "16–22_ноября_2026_г."),
        ("2026-W47", EN, "November_16–22, 2026"),
        ("2026-05-31..2026-06-09", EN, "May_31_– June_9, 2026"),
        ("2026-W01", BE, "29_снежня_2025_г._– 4_студзеня_2026_г."),
        ("2026-06-03..2026-06-03", EN, "June_3, 2026"),
    ],
)
def test_archives_name_the_year(period: str, language: Language, expected: str) -> None:
    """With Year.ALWAYS the year is there, once where it is the same."""
    assert written(period_in_words(parse_period(period), language, year=Year.ALWAYS)) == expected


@pytest.mark.parametrize(
    ("language", "with_year", "without"),
    [
        (BE, "9_чэрвеня_2026_г.", "9_чэрвеня"),
        (RU, "9_июня_2026_г.", "9_июня"),
        (EN, "June_9, 2026", "June_9"),
    ],
)
def test_a_day_reads_as_people_say_it(language: Language, with_year: str, without: str) -> None:
    """A day has its year unless it is not needed."""
    day = date(2026, 6, 9)

    assert written(day_in_words(day, language)) == with_year
    assert written(day_in_words(day, language, year=Year.WHERE_NEEDED)) == without


@given(
    days=st.lists(st.dates(date(1990, 1, 1), date(2099, 12, 31)), min_size=2, max_size=2).map(sorted),
    language=st.sampled_from(Language),
    year=st.sampled_from(Year),
)
def test_no_rare_space_is_left(days: list[date], language: Language, year: Year) -> None:
    """Thin and narrow spaces, for which mail programs have no glyph, never come out."""
    words = period_in_words(Period(*days), language, year=year)

    assert not set(words) & {"\N{THIN SPACE}", "\N{NARROW NO-BREAK SPACE}"}
