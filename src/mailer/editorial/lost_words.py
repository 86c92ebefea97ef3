"""Words in a commentary that the making of a mail would lose, or would take for its own."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Final

from mailer.editorial.encoding import find_unprintable, without_invisible
from mailer.editorial.nesting import too_deep_line
from mailer.errors import Problem
from mailer.rendering.holes import resembles_hole

# What rendering/webpart.py cuts the public page out by; spelt out here, because it loads much more.
_PAGE_MARK: Final = re.compile("<!-- /?content -->")
_REFERENCE: Final = re.compile(r"&#?\w{1,32};")


def lost_words(text: str, body: str, *, place: str) -> Iterator[Problem]:
    """Name each place where words would go missing.

    Args:
        text: the whole file, LF line ends.
        body: the Markdown in it.
        place: the file, as the person knows it.
    """
    lines = list(enumerate(text.split("\n"), start=1))
    for number, line in lines:
        if resembles_hole(html.unescape(line)):
            message = (
                "“hole-for-the-” stands for a reader’s own link while mails are made; write it differently"
            )
            yield Problem(place, number, message)
        if unseen := _unseen_reference(line):
            message = (
                f"“{unseen}” stands for a character that can’t be seen or turns the direction of reading; "
                "delete it"
            )
            yield Problem(place, number, message)
        if mark := _PAGE_MARK.search(line):
            message = f"“{mark[0]}” marks where the public page begins and ends; write it differently"
            yield Problem(place, number, message)
    # The body is the last that is in a file.
    above = text.rstrip().count("\n") - body.rstrip().count("\n")
    for row, cells in _cells_beyond(body):
        message = (
            f"this row has more cells than the table’s first row, and “{cells}” would be shown to nobody; "
            "give it a heading, or write a | inside a cell as \\|"
        )
        yield Problem(place, above + row, message)
    deep = too_deep_line(body)
    if deep is not None:
        message = (
            "quotes and lists stand inside each other here, deeper than a mail can show; put fewer of them "
            "into each other"
        )
        yield Problem(place, above + deep, message)
    for label in _unused_notes(body):
        at = next((number for number, line in lines if line.lstrip("> ").startswith(f"[^{label}]:")), None)
        yield Problem(place, at, f"nothing refers to this note; write [^{label}] where the text needs it")


def _unseen_reference(line: str) -> str | None:
    """Return the first character reference (CommonMark §2.5) to what nobody may type as it is."""
    for found in _REFERENCE.finditer(line):
        character = html.unescape(found[0])
        # A line end is one like any other in the text.
        if character != "\n" and (find_unprintable(character) or not without_invisible(character)):
            return found[0]
    return None


def _cells_beyond(body: str) -> Iterator[tuple[int, str]]:
    """Yield the line of each row, from 1, that has words beyond the table's last column, with them."""
    if "|" not in body:
        return
    # The parser takes a moment to load, and few texts have tables.
    from markdown_it.rules_block.table import escapedSplit

    from mailer.rendering.markdown import markdown_parser

    lines = body.split("\n")
    columns = 0
    for token in markdown_parser().parse(body):
        if token.type == "table_open":
            columns = 0
        elif token.type == "th_open":
            columns += 1
        elif token.type == "tr_open" and token.map and columns:
            line = lines[token.map[0]].lstrip("> \t").removeprefix("|")
            if beyond := " | ".join(cell.strip() for cell in escapedSplit(line)[columns:] if cell.strip()):
                yield token.map[0] + 1, beyond


def _unused_notes(body: str) -> list[str]:
    if "[^" not in body:
        return []
    # The parser takes a moment to load, and few texts have notes.
    from mailer.rendering.markdown import unused_notes

    return unused_notes(body)
