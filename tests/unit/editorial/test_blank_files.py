"""The files that “commentary new” writes."""

from __future__ import annotations

from datetime import date

import pytest

from mailer.domain.language import Language
from mailer.domain.newsletter import Newsletter, Topic
from mailer.domain.period import parse_period
from mailer.editorial.blank_files import is_untouched, new_files
from mailer.editorial.commentary_file import parse_commentary_file
from mailer.errors import InputError

PERIOD = parse_period("2026-W47")
NEWSLETTER = Newsletter(
    "weekly",
    (Language.RUSSIAN, Language.BELARUSIAN),
    "Europe/Warsaw",
    "desk@example.org",
    {},
    topics=(
        Topic("west", 2, {}),
        Topic("russia", 1, {}),
        Topic("closed", 3, {}, active_until=date(2026, 11, 15)),
    ),
)
RUSSIA_BE = """---
newsletter: weekly
week: 2026-W47
topic: russia
language: be
trend:
headline:
lead:
author:
state: draft
---
"""


def test_each_active_topic_has_a_file_in_each_language() -> None:
    """Topics by position, languages in the newsletter's order, header filled in."""
    files = new_files(NEWSLETTER, PERIOD)

    assert list(files) == [
        f"2026-W47/{topic}.{lang}.md" for topic in ["russia", "west"] for lang in ["ru", "be"]
    ]
    assert files["2026-W47/russia.be.md"] == RUSSIA_BE


def test_a_file_as_written_is_untouched_and_says_what_it_lacks() -> None:
    """Nobody can publish an empty file; alone it is refused with the line to fill in."""
    assert is_untouched(RUSSIA_BE.encode())
    with pytest.raises(InputError) as caught:
        parse_commentary_file(RUSSIA_BE.encode(), place="f")
    assert [str(problem) for problem in caught.value.problems] == [
        "f, line 7: headline is empty: write it in one line, as “headline: …”",
        "f, line 12: the text is empty; write it below the second line “---”",
    ]


def test_a_filled_file_is_read() -> None:
    """Headline and body are all that has to be added."""
    content = RUSSIA_BE.replace("headline:", "headline: Загаловак") + "Тэкст."

    file = parse_commentary_file(content.encode(), place="anywhere.md")

    assert (file.newsletter, file.period, file.topic, file.trend) == ("weekly", PERIOD, "russia", None)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (RUSSIA_BE.replace("trend:", "trend: worsened").replace("author:", "author: A").encode(), True),
        (RUSSIA_BE.replace("state: draft\n", "").encode(), True),
        (RUSSIA_BE.replace("\n", "\r\n").encode("utf-8-sig"), True),
        (RUSSIA_BE.replace("headline:", "headline: H").encode(), False),
        (RUSSIA_BE.replace("lead:", "lead: L").encode(), False),
        (RUSSIA_BE.replace("draft", "ready").encode(), False),
        (RUSSIA_BE.replace("author:", "author:\nmissing.be: ru").encode(), False),
        (RUSSIA_BE.replace("lead:", "laed:").encode(), False),
        ((RUSSIA_BE + "Text").encode(), False),
        (RUSSIA_BE.encode("utf-16"), False),
        (b"", False),
        (b"---\n---\n", False),
    ],
)
def test_only_a_file_nobody_has_begun_is_untouched(content: bytes, expected: bool) -> None:  # noqa: FBT001 - a table
    """Whatever somebody wrote, mistakes included, is never passed over in silence."""
    assert is_untouched(content) is expected
