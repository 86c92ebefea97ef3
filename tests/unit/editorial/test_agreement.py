# ruff: noqa: E501 - a sentence stands whole in its row, as it is printed
"""Files of one import agree with each other and with their newsletter."""

from __future__ import annotations

import pytest

from mailer.domain.language import Language
from mailer.domain.newsletter import Newsletter, Topic
from mailer.editorial.agreement import check_against, check_together
from mailer.editorial.commentary_file import CommentaryFile, parse_commentary_file

BE, RU, EN = Language


def commentary(place: str, *lines: str) -> CommentaryFile:
    """Parse a file whose header has *lines* and a headline."""
    return parse_commentary_file("\n".join(["---", *lines, "headline: H", "---", "B"]).encode(), place=place)


def newsletter(slug: str = "weekly", languages: tuple[Language, ...] = (BE, RU)) -> Newsletter:
    """Make a newsletter with the topics russia and west."""
    topics = tuple(Topic(name, at, {}) for at, name in enumerate(["russia", "west"], start=1))
    return Newsletter(slug, languages, "Europe/Warsaw", "desk@example.org", {}, topics=topics)


A = "2026-W47/russia.be.md"
B = "2026-W47/russia.ru.md"
TWICE = (
    "other/b.md, line 3: russia has a text in be for 2026-W47 already, in 2026-W47/russia.be.md; "
    "keep one of the two files, or correct topic, week or language in one of them"
)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([commentary(A, "trend: worsened"), commentary(B, "trend: worsened")], []),
        ([commentary(A), commentary(B, "trend: worsened")], []),
        ([commentary(A, "trend: worsened"), commentary("2026-W46/russia.ru.md", "trend: improved")], []),
        ([commentary(A, "trend: worsened"), commentary("2026-W47/west.be.md", "trend: improved")], []),
        ([commentary(A, "newsletter: a"), commentary(A, "newsletter: b")], []),
        (
            [commentary(A), commentary("other/b.md", "week: 2026-11-18", "language: be", "topic: russia")],
            [TWICE],
        ),
        (
            [
                commentary(A, "newsletter: a"),
                commentary(
                    "other/b.md", "topic: russia", "language: be", "trend: improved", "week: 2026-W47"
                ),
            ],
            [TWICE],
        ),
        (
            [commentary(A, "trend: worsened"), commentary(B, "state: ready", "trend: improved")],
            [
                (
                    "2026-W47/russia.ru.md, line 3: trend is “improved” here and “worsened” in 2026-W47/russia.be.md, "
                    "line 2; russia has one for 2026-W47, whatever the language: write the same in both files"
                )
            ],
        ),
        (
            [commentary(A, "missing.en: ru"), commentary(B, "missing.en: leave-out")],
            [
                (
                    "2026-W47/russia.ru.md, line 2: missing.en is “leave-out” here and “ru” in 2026-W47/russia.be.md, "
                    "line 2; russia has one for 2026-W47, whatever the language: write the same in both files"
                )
            ],
        ),
        ([commentary(A, "missing.en: ru"), commentary(B, "missing.be: leave-out")], []),
        (
            [commentary(A, "public_from: 2026-11-20"), commentary(B, "public_from: 2026-11-21")],
            [
                (
                    "2026-W47/russia.ru.md, line 2: public_from is “2026-11-21 00:00:00+00:00” here and "
                    "“2026-11-20 00:00:00+00:00” in 2026-W47/russia.be.md, line 2; russia has one for 2026-W47, "
                    "whatever the language: write the same in both files"
                )
            ],
        ),
    ],
)
def test_files_agree_with_each_other(files: list[CommentaryFile], expected: list[str]) -> None:
    """What belongs to a topic's week is the same in all its files, and each text exists once."""
    assert [str(problem) for problem in check_together(files)] == expected


@pytest.mark.parametrize(
    ("file", "newsletters", "expected"),
    [
        (commentary(A), [newsletter()], []),
        (commentary(A, "newsletter: weekly"), [newsletter("daily"), newsletter()], []),
        (commentary(A), [], [f"{A}: there is no newsletter yet; run “mailer newsletter import newsletter.toml” first"]),
        (commentary(A), [newsletter(), newsletter("daily")], [f"{A}: there are several newsletters; write “newsletter: weekly” (one of weekly, daily)"]),
        (commentary(A, "newsletter: weakly"), [newsletter()], [f"{A}, line 2: there is no newsletter “weakly” (did you mean “weekly”?); write one of weekly"]),
        (commentary("2026-W47/rusia.be.md"), [newsletter()], ["2026-W47/rusia.be.md: weekly has no topic “rusia” (did you mean “russia”?); write one of russia, west"]),
        (commentary("x.md", "week: 2026-W47", "topic: east", "language: en"), [newsletter()], [
            "x.md, line 3: weekly has no topic “east” (did you mean “west”?); write one of russia, west",
            "x.md, line 4: weekly has no texts in “en” but in be, ru; write one of these, or add the language to newsletter.toml first"]),
        (commentary(A, "missing.ru: en"), [newsletter()], [f"{A}, line 2: weekly has no texts in “en” to lend; write leave-out or one of be, ru"]),
        (commentary(A, "missing.en: leave-out"), [newsletter()], [f"{A}, line 2: weekly has no texts in “en” but in be, ru; write one of these, or add the language to newsletter.toml first"]),
    ],
)  # fmt: skip
def test_files_agree_with_the_newsletter(
    file: CommentaryFile, newsletters: list[Newsletter], expected: list[str]
) -> None:
    """Topics, languages and newsletters that nobody has set up are named, with the nearest that is."""
    assert [str(problem) for problem in check_against([file], newsletters)] == expected
