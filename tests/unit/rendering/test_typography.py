"""Words are set by the practice of their language, and never changed otherwise."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.domain.language import Language
from mailer.rendering.practice import FILLER
from mailer.rendering.typography import typeset, typeset_pieces

BE, RU, EN = Language.BELARUSIAN, Language.RUSSIAN, Language.ENGLISH
TYPED = st.text(alphabet="aя1 \"'«»“”‘’„.-—–…,()/:№\n\xa0вАхh@", max_size=60) | st.lists(
    st.sampled_from(
        ["https://example.org/", "a@example.org", " ", '"', "'", "--", " - ", "...", "в ", "5 ", "млн", "А. "]
    ),
    max_size=12,
).map("".join)
EXCHANGED = re.compile(r"[\"'«»“”‘’„.…—–−\s-]")


@pytest.mark.parametrize(
    ("language", "typed", "expected"),
    [
        # In the expected texts _ is a space that holds.
        (RU, 'Газета "Звязда" пишет', "Газета «Звязда» пишет"),
        (RU, '"Газета "Звязда" пишет"', "«Газета „Звязда“ пишет»"),
        (RU, '«Газета "Звязда" пишет»', "«Газета „Звязда“ пишет»"),
        (RU, '("слово")', "(«слово»)"),
        (RU, '"Начало без конца', "«Начало без конца"),
        (RU, "Д'Артаньян", "Д’Артаньян"),
        (RU, "Минск -- это Минск", "Минск_— это Минск"),
        (RU, "Минск - это Минск", "Минск_— это Минск"),
        (RU, "из-за 10--15 раз...", "из-за 10–15 раз…"),
        (RU, "Я в Минске и не у дел", "Я в_Минске и_не_у_дел"),
        (RU, "В Минске", "В_Минске"),
        (RU, "кто же знал бы", "кто_же знал_бы"),
        (RU, "бывают жители", "бывают жители"),
        (RU, "16 ноября 2026 г. 5 млн руб., 10 000 000 лет", "16_ноября 2026_г. 5_млн руб., 10_000_000_лет"),
        (RU, "№ 5, § 12, ст. 361, 5 %", "№_5, §_12, ст._361, 5_%"),
        (RU, "А. С. Пушкин, А.С. Пушкин, Пушкин А. С.", "А._С._Пушкин, А.С._Пушкин, Пушкин_А._С."),
        (RU, "и т. д., т. е.", "и_т._д., т._е."),
        (RU, "в 2020 500 человек", "в_2020 500 человек"),
        (BE, 'аб\'ява "Наша Ніва"', "аб’ява «Наша Ніва»"),
        (BE, "Ён у Мінску, а яна ў Брэсце", "Ён у_Мінску, а_яна ў_Брэсце"),
        (BE, "хто ж ведаў бы", "хто_ж ведаў_бы"),
        (BE, "5 млрд рублёў, 16 лістапада, № 3", "5_млрд рублёў, 16_лістапада, №_3"),
        (BE, "Я. К. Купала, да н. э.", "Я._К._Купала, да_н._э."),
        (EN, '"Fine," he said', "“Fine,” he said"),
        (EN, '"He said "no" today"', "“He said ‘no’ today”"),
        (EN, "It's the workers' \"'90s\"", "It’s the workers’ “’90s”"),
        (EN, "'Fine' and 'tis", "‘Fine’ and ’tis"),
        (EN, "\"'Fine'\"", "“‘Fine’”"),
        (EN, "Minsk - a city -- talks", "Minsk_– a city_– talks"),
        (EN, "Minsk--a city --- talks", "Minsk—a city_— talks"),
        (EN, "5 million on November 16, No. 5, J. R. Smith", "5_million on November_16, No._5, J._R._Smith"),
        (RU, "'Слово' и «газета 'Звязда' пишет»", "„Слово“ и_«газета „Звязда“ пишет»"),
        (BE, "'аб'ява' і 'лад", "„аб’ява“ і_’лад"),
        (BE, "5' 10, да', 'не", "5' 10, да’, ’не"),
        (BE, "-5 градусаў, да -10 °C (-3)", "−5 градусаў, да_−10_°C (−3)"),
        (BE, "а-5, 5 -5, --5, -а", "а-5, 5 −5, --5, -а"),
        (BE, "2020-2026, 10-15 чалавек, 5-7 %", "2020–2026, 10–15 чалавек, 5–7_%"),
        (RU, "с 9-10 до 998-999.", "с_9–10 до_998–999."),
        *(
            (language, kept.replace("_", " "), kept)
            for language in (BE, RU, EN)
            for kept in (
                "2026-11-23",
                "2026-11",
                "123-45-67",
                "(017) 223-344",
                "+375 17 223-344",
                "8-017",
                "555-1234",
                "1.5-2.5",
                "1,5-2",
                "2-3.5",
                "№_12-34",
                "#2020-2026",
                "10:00-12:00",
                "A1-2",
                "1-2-й",
                "3-1",
                "ISSN 1234-5678",
                "9999-1000",
                "https://example.org/2020-2026",
                "1-2/3",
            )
        ),
        (RU, "20-30 000", "20-30_000"),
        (EN, "rock 'n' roll, 'N' x", "rock ’n’ roll, ’N’ x"),
        (EN, "Mr. Smith, Dr. X and St. Petersburg", "Mr._Smith, Dr._X and St._Petersburg"),
        *(
            (language, kept, kept)
            for language in (BE, RU, EN)
            for kept in (
                "xn--80ak6aa92e.com",
                "XN--80ak6aa92e",
                "report--final.pdf",
                "(report--final.7z)",
                "10--15.pdf",
                "a---b.txt",
                "snake_case--x",
                "a--b@c",
                "him--her/them",
            )
        ),
        (EN, "Minsk--a city.", "Minsk—a city."),
        (EN, '"Hello"--she said--"bye"', "“Hello”—she said—“bye”"),
        (EN, '"Hello!"--she and the workers\'--"--verbose"', "“Hello!”—she and the workers’--“--verbose”"),
        (RU, '"Да"--это "нет"', "«Да»—это «нет»"),
        (RU, "Счёт 3 - 2", "Счёт 3_– 2"),
        (BE, "2 - 3 гадзіны, 2020 - 2026", "2_– 3 гадзіны, 2020_– 2026"),
        (RU, "2020 - 300 человек, 3 - да", "2020_— 300 человек, 3_— да"),
        *((language, "5 - 3 = 2, 2 = 5 - 3.", "5 − 3 = 2, 2 = 5 − 3.") for language in (BE, RU, EN)),
        *((language, "223 - 34 - 45", "223 - 34 - 45") for language in (BE, RU, EN)),
        (EN, '"parliament"\'s, "\'s Wonderful"', "“parliament”’s, “’s Wonderful”"),
        (RU, 'ул."Ленина", кафе на пл."Победы"', "ул.«Ленина», кафе на_пл.«Победы»"),
        (BE, 'вул."Леніна"', "вул.«Леніна»"),
        (EN, "6'2\", 5'10", "6'2\", 5'10"),
        (RU, "ч. 3 ст. 361 и ст. 12 ч. 3", "ч._3 ст._361 и_ст._12 ч._3"),
        (RU, "в 12 ч. дня, в 12 ч. 30 мин, 12 ч", "в_12_ч. дня, в_12_ч._30_мин, 12_ч"),
        (RU, "г. Минск, в 2026 г. Минск", "г._Минск, в_2026_г. Минск"),
        (BE, "ч. 3 арт. 361, г. Мінск", "ч._3 арт._361, г._Мінск"),
        (EN, "Several   blanks  -  gone", "Several blanks_– gone"),
        (EN, "a 27\" screen, 5' 10", "a 27\" screen, 5' 10"),
        (EN, "- not a dash", "- not a dash"),
        (EN, "----", "----"),
        (EN, ' " ', ' " '),
        (EN, 'a—"b"', "a—“b”"),
        (EN, '"b—"', "“b—”"),
        (EN, '-"-', '-"-'),
        (EN, "See https://example.org/a--b?q='x'... yes", "See https://example.org/a--b?q='x'… yes"),
        (EN, '"www.example.org/a--b."', "“www.example.org/a--b.”"),
        (EN, "Write to a--b@example.org - now", "Write to a--b@example.org_– now"),
    ],
)
def test_words_are_set(language: Language, typed: str, expected: str) -> None:
    """What people type becomes what printers print."""
    assert typeset(typed, language).replace("\xa0", "_") == expected


@given(TYPED, st.sampled_from(Language))
def test_setting_twice_changes_nothing(typed: str, language: Language) -> None:
    """A text may pass here on its way in and on its way out."""
    once = typeset(typed, language)

    assert typeset(once, language) == once


@given(st.text(max_size=60) | TYPED, st.sampled_from(Language))
def test_no_letter_is_changed(typed: str, language: Language) -> None:
    """But for quotes, hyphens, full stops and spaces a text stays as it is."""
    # A noncharacter stands in while we work; in a text it stands for nothing.
    typed = typed.replace(FILLER, "")

    assert EXCHANGED.sub("", typeset(typed, language)) == EXCHANGED.sub("", typed)


@given(TYPED, TYPED, st.sampled_from(Language))
def test_markup_does_not_matter(first: str, second: str, language: Language) -> None:
    """A paragraph cut by markup is set as one without it."""
    (whole,) = typeset_pieces([first + second], language)

    assert "".join(typeset_pieces([first, "", second], language)) == whole


@pytest.mark.parametrize(
    "typed", ['"', "'", '"a', "a.", "a-", "a@", "www.a/b ", " - ", " -5", "5-", "1 ", "А. ", "в "]
)
def test_long_runs_are_set_in_time(typed: str) -> None:
    """A hostile text costs no more than its length: 50,000 letters that lead the rules on are soon set."""
    for language in Language:
        assert typeset(typed * (50_000 // len(typed)), language)
