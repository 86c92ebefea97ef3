"""A text in the wrong language is told by its letters, and no quote sets off an alarm."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.domain.checks.lettering import possible_languages, wrong_language, wrong_words
from mailer.domain.commentary import Text, TextState
from mailer.domain.finding import Check, Severity
from mailer.domain.language import Language
from mailer.domain.period import week
from mailer.editorial.sample import sample_commentaries

BE, RU, EN = Language
BELARUSIAN = (
    "У аўторак міністры энергетыкі дзвюх краін падпісалі пратакол, які пакідае цану на газ нязменнай."
)
RUSSIAN = (
    "Во вторник министры энергетики двух стран подписали протокол, который оставляет цену на газ прежней."
)
ENGLISH = (
    "On Tuesday the energy ministers of the two countries signed a protocol that keeps the price of gas."
)
ANY = frozenset(Language)


@pytest.mark.parametrize(
    ("words", "possible"),
    [
        (BELARUSIAN, {BE}),
        (RUSSIAN, {RU}),
        (ENGLISH, {EN}),
        ("", ANY),
        ("Газ: скидка", ANY),
        ("2026: 1 200 000 000 (+3,5 %), 17.11–23.11, 120 000, 4 500 000 000 000", ANY),
        ("Польша, Румунія, Украіна: кантакты, абмен, прамовы, сустрэчы", {BE, RU}),
        (f"{BELARUSIAN} Крыніца: https://example.org/{'long-address/' * 20}", {BE}),
        (f"{BELARUSIAN} [Пратакол](https://example.org/{'long-address/' * 20})", {BE}),
        (f"{BELARUSIAN}\n\n```\n{'a line of code ' * 20}\n```", {BE}),
        (f"{BELARUSIAN}\n\n> {RUSSIAN}", {BE, RU}),
        (f"{ENGLISH}\n\n> {RUSSIAN}", ANY),
    ],
)
def test_letters_tell_the_language(words: str, possible: set[Language]) -> None:
    """Too few letters, or a good part of each, tell nothing; addresses and code are no words."""
    assert possible_languages(words) == possible


@pytest.mark.parametrize(
    ("language", "body", "is_wrong"),
    [
        (BE, BELARUSIAN, False),
        (BE, RUSSIAN, True),
        (BE, ENGLISH, True),
        (BE, f"{BELARUSIAN}\n\n> {RUSSIAN}", False),
        (BE, f"{BELARUSIAN}\n\n> {RUSSIAN}\n\n> {RUSSIAN}", False),
        (RU, RUSSIAN, False),
        (RU, BELARUSIAN, True),
        (RU, ENGLISH, True),
        (RU, f"{RUSSIAN}\n\n> {BELARUSIAN}", False),
        (EN, ENGLISH, False),
        (EN, RUSSIAN, True),
        (EN, BELARUSIAN, True),
        (EN, f"{ENGLISH}\n\n> {BELARUSIAN}", False),
    ],
)
def test_a_text_in_another_language_is_said(language: Language, body: str, *, is_wrong: bool) -> None:
    """As a warning, with the file to look at; a quote as long as the text itself is none."""
    text = Text(language, TextState.READY, headline="", body=body)

    found = wrong_language(text, f"russia.{language}")

    assert [(one.check, one.severity, one.where) for one in found] == (
        [(Check.WRONG_LANGUAGE, Severity.WARNING, f"russia.{language}")] if is_wrong else []
    )


def test_the_parts_that_are_wrong_are_named_in_one_sentence() -> None:
    """A headline from the other file above the right body is found by itself."""
    text = Text(BE, TextState.READY, headline=RUSSIAN, lead=RUSSIAN, body=BELARUSIAN)

    (both,) = wrong_language(text, "russia.be")
    (one,) = wrong_language(replace(text, lead=""), "russia.be")

    assert both.message.startswith("the headline and lead of russia.be look like another language")
    assert one.message.startswith("the headline of russia.be looks like another language")


def test_other_words_are_looked_at_too() -> None:
    """A subject or a footer, by the name people know it by."""
    (said,) = wrong_words(RUSSIAN, BE, "the subject in be")

    assert (said.check, said.severity, said.where) == (
        Check.WRONG_LANGUAGE,
        Severity.WARNING,
        "the subject in be",
    )
    assert said.message.startswith("the subject in be looks like another language than “be”")
    assert wrong_words(BELARUSIAN, BE, "the subject in be") == []
    assert wrong_words("Газ", EN, "the subject in en") == []


def test_the_sample_sets_off_no_alarm() -> None:
    """Thirty texts of the usual kind, in three languages."""
    files = sample_commentaries(week(2026, 47))

    assert len(files) == 30
    assert [finding for file in files for finding in wrong_language(file.text, "sample")] == []


@given(st.text())
def test_any_text_gets_an_answer(words: str) -> None:
    """Whatever the script, at least one language stays possible."""
    assert possible_languages(words)
