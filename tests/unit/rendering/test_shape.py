"""A text's headings follow its headline without a gap, and a table knows whether a phone can show it."""

from __future__ import annotations

import re

import pytest

from mailer.domain.language import Language
from mailer.rendering.markdown import to_html


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("# A", "3"),
        ("## A", "3"),
        ("###### A", "3"),
        ("## A\n\n### B\n\n## C", "343"),
        ("# A\n\n### B\n\n# C\n\n### D", "3434"),
        ("### A\n\n# B\n\n## C", "334"),
        ("# A\n\n## B\n\n### C\n\n#### D\n\n##### E", "34566"),
        ("A\n=\n\nB\n-", "34"),
        ("> ## A\n\n## B", "33"),
    ],
)
def test_headings_leave_no_level_out(markdown: str, expected: str) -> None:
    """The first is an h3, whatever the writer began with; each goes down by one at most."""
    html = to_html(markdown, Language.ENGLISH)

    assert "".join(re.findall(r"<h(\d)>", html)) == "".join(re.findall(r"</h(\d)>", html)) == expected


def table(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n|{'---|' * len(cells)}\n| {' | '.join('1' for _ in cells)} |"


@pytest.mark.parametrize(
    ("markdown", "is_wide"),
    [
        (table("Year", "Share"), False),
        (table("Показатель", "2025", "2026", "Изменение"), False),
        (table("one and another and one more word", "and here just as many words"), False),
        (table("Month", "Exports", "Imports", "Balance", "Against the year before", "Remarks"), True),
        (table("Непрацаздольнасць", "Гаспадарча", "Забеспячэнне"), True),
        (table("[words](https://example.org/an-address-that-is-longer-than-any-line)", "2"), False),
        (table("", ""), False),
        (table("Year", "Share") + "\n| and | " + "x" * 50 + " |", True),
    ],
)
def test_a_table_too_wide_for_a_phone_is_marked(markdown: str, is_wide: bool) -> None:  # noqa: FBT001 - a table of cases
    """The longest word of each column counts, for lines end at spaces; addresses of links do not."""
    html = to_html(markdown, Language.ENGLISH)

    assert ('<table class="data wide">' in html) is is_wide
    assert ('<table class="data">' in html) is not is_wide


def test_each_table_is_measured_by_itself() -> None:
    """A wide table leaves the next one as it is."""
    html = to_html(f"{table('x' * 50, 'b')}\n\nand\n\n{table('a', 'b')}", Language.ENGLISH)

    assert re.findall(r'<table class="([^"]*)">', html) == ["data wide", "data"]
