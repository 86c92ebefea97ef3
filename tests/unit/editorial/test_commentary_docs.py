"""docs/commentary-files.md shows what the parser takes, and all of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mailer.domain.language import Language
from mailer.editorial.commentary_file import KEYS, parse_commentary_file
from mailer.rendering.markdown import to_html
from mailer.rendering.typography import typeset

PAGE = (Path(__file__).parents[3] / "docs" / "commentary-files.md").read_text("utf-8")
EXAMPLES: list[tuple[str, str]] = re.findall(r"`(2026-W47/[^`]+)`:\n\n```\n(.+?)```", PAGE, re.DOTALL)


def test_the_page_has_an_example_in_each_language() -> None:
    """An editor of any language finds an example to copy."""
    languages = {place.split(".")[1] for place, _ in EXAMPLES}

    assert set(Language) == languages


@pytest.mark.parametrize(("place", "content"), EXAMPLES)
def test_each_example_can_be_imported(place: str, content: str) -> None:
    """An example copied from the page is taken as it stands, week, topic and language from its path."""
    file = parse_commentary_file(content.encode(), place=place)

    assert place == f"{file.period.key}/{file.topic}.{file.language}.md"


def test_the_page_explains_every_key() -> None:
    """No key of the header is left out of the page's table."""
    table = "\n".join(line for line in PAGE.splitlines() if line.startswith("| `"))

    assert not [key for key in KEYS if f"`{key}`" not in table]


def test_a_printer_would_set_it_as_the_page_says() -> None:
    """What the table of quotes and dashes shows is what readers get."""
    rows = re.findall(r"^\| (`[^|]+`) \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)
    set_rows = [row for row in rows if not row[0].startswith("`headline")]

    assert len(set_rows) == 8
    for typed, cyrillic, english in set_rows:
        words = re.findall(r"`([^`]+)`", typed)
        assert typeset(words[0], Language.BELARUSIAN).replace("\N{NO-BREAK SPACE}", " ") == cyrillic
        assert typeset(words[-1], Language.ENGLISH).replace("\N{NO-BREAK SPACE}", " ") == english


def test_the_table_on_the_page_is_one() -> None:
    """An editor who copies it gets a table with figures on the right."""
    (table,) = re.findall(r"```\n(\| Year.+?)```", PAGE, re.DOTALL)

    html = to_html(table, Language.ENGLISH)

    assert '<th class="right" scope="col">Price, $</th>' in html
    assert '<td class="right">127.52</td>' in html
