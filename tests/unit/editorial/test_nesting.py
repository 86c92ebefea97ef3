"""Who puts too much into each other is told the line, and only where readers would see the marks."""

from __future__ import annotations

import pytest

from mailer.domain.language import Language
from mailer.editorial.commentary_file import parse_commentary_file
from mailer.editorial.nesting import DEEPEST, too_deep_line
from mailer.errors import InputError
from mailer.rendering.markdown import to_html

HEADER = "---\nweek: 2026-W47\ntopic: russia\nlanguage: en\nheadline: H\n---\n"


def stepped(levels: int, indent: str = "  ") -> str:
    """Return a list of so many levels, one a line."""
    return "\n".join(f"{indent * level}- x" for level in range(levels))


@pytest.mark.parametrize("levels", range(12, 24))
def test_the_limit_is_that_of_the_rendering(levels: int) -> None:
    """A quote is refused when its marks would be shown, and no earlier."""
    body = "> " * levels + "deep"

    assert (too_deep_line(body) == 1) == ("&gt;" in to_html(body, Language.ENGLISH)) == (levels > DEEPEST)


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("> " * 3000 + "x", 1),
        (">" * 3000 + "x", 1),
        (f"Words.\n\n{stepped(60)}", 11),
        (f"Words.\n\n{stepped(9)}", 11),
        (f"Words.\n\n{stepped(8)}", None),
        (stepped(9, "\t"), 9),
        ("- " * 40 + "x", 1),
        ("1. " * 40 + "x", 1),
        (f"A[^1].\n\n[^1]: {'> ' * 40}x", 3),
        ("a" + "> " * 40, None),
        (f"```\n{'> ' * 40}x\n```", None),
        (f"    {'> ' * 40}x", None),
        ("----------------\n\n2026–2027: 1 200 000", None),
        ("", None),
    ],
)
def test_what_is_too_deep_is_told_with_its_line(body: str, line: int | None) -> None:
    """Quotes and lists of any kind; code and rules are none."""
    assert too_deep_line(body) == line


def test_a_file_that_is_too_deep_is_refused() -> None:
    """The line is that of the file."""
    with pytest.raises(InputError) as refusal:
        parse_commentary_file(f"{HEADER}\nWords.\n\n{stepped(60)}\n\n\n".encode(), place="russia.en.md")

    (problem,) = refusal.value.problems
    assert str(problem).startswith("russia.en.md, line 18: quotes and lists stand inside each other here")
