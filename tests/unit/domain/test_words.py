"""Languages, trends and rules are read from what people write, or refused with the nearest right word."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mailer.domain.language import Language, parse_language
from mailer.domain.links import Links
from mailer.domain.missing import MissingRule, parse_missing_rule
from mailer.domain.nearest import did_you_mean
from mailer.domain.newsletter import Newsletter
from mailer.domain.trend import Trend, parse_trend

BE, RU, EN = Language


@pytest.mark.parametrize(
    ("parse", "written", "expected"),
    [
        (parse_language, "be", BE),
        (parse_language, " RU ", RU),
        (parse_trend, "worsened", Trend.WORSENED),
        (parse_trend, " Improved ", Trend.IMPROVED),
        (parse_missing_rule, "leave-out", MissingRule(None)),
        (parse_missing_rule, " EN ", MissingRule(EN)),
    ],
)
def test_a_word_is_read(parse: Callable[[str], object], written: str, expected: object) -> None:
    """Case and spaces around it do not matter."""
    assert parse(written) == expected


@pytest.mark.parametrize(
    ("parse", "written", "sentence"),
    [
        (parse_language, "by", "language “by” is not known (did you mean “be”?); write one of be, ru, en"),
        (parse_language, "deutsch", "language “deutsch” is not known; write one of be, ru, en"),
        (
            parse_trend,
            "worsend",
            (
                "trend “worsend” is not known (did you mean “worsened”?); "
                "write one of improved, unchanged, worsened"
            ),
        ),
        (
            parse_missing_rule,
            "leave out",
            "“leave out” is no rule (did you mean “leave-out”?); write one of leave-out, be, ru, en",
        ),
    ],
)
def test_a_wrong_word_is_refused(parse: Callable[[str], object], written: str, sentence: str) -> None:
    """The sentence names the nearest right word and all of them."""
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 - the whole sentence is compared below
        parse(written)

    assert str(refusal.value) == sentence


def test_a_language_cannot_lend_to_itself() -> None:
    """``missing.ru: ru`` would say nothing."""
    with pytest.raises(ValueError, match="write one of leave-out, be, en"):
        parse_missing_rule("ru", RU)


@pytest.mark.parametrize("word", ["leave-out", "be", "ru", "en"])
def test_a_rule_is_written_as_it_is_read(word: str) -> None:
    """What is stored reads back."""
    assert str(parse_missing_rule(word)) == word


def test_nothing_is_suggested_where_nothing_is_near() -> None:
    """A guess that is far off would only confuse."""
    assert did_you_mean("zzzz", ["russia", "west"]) == ""


def test_links_are_where_they_have_always_been() -> None:
    """They stand in mails for ever."""
    links = Links("https://weekly.example.org")

    assert [
        links.home(BE),
        links.issue(RU, "weekly", "2026-W47"),
        links.confirm(EN, "secret"),
        links.unsubscribe("token"),
    ] == [
        "https://weekly.example.org/be/",
        "https://weekly.example.org/ru/weekly/2026-W47",
        "https://weekly.example.org/en/confirm/secret",
        "https://weekly.example.org/u/token",
    ]


def test_the_title_heads_an_issue_without_an_overview_title() -> None:
    """Each language for itself."""
    weekly = Newsletter("w", (BE, EN), "UTC", "a@example.org", {BE: "Тыдзень", EN: "Week"}, {EN: "Overview"})

    assert [weekly.heading(BE), weekly.heading(EN)] == ["Тыдзень", "Overview"]
