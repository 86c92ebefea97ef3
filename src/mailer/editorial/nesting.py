"""Quotes and lists inside each other, deeper than a mail can show them.

From some depth on the Markdown parser shows their marks as words (rendering/markdown.py). Whoever
wrote them meant no row of “> > >”, so they hear of it while the text is still theirs.
"""

from __future__ import annotations

import re
from typing import Final

# A list counts for two: it and its item.
DEEPEST: Final = 16
"""Blocks inside each other that are shown as such: what rendering/markdown.py allows."""

# So deep a place has at least these marks or blanks before its words; a tab is worth two lists.
_DEEP_LINE: Final = re.compile(r"^(?:\[\^[^\]\n]*\]:)?[ \t>+*\-\d.)]{4}", re.MULTILINE)


def too_deep_line(body: str) -> int | None:
    """Return the line of a Markdown text, from 1, whose marks would be shown as words; else None."""
    if not _DEEP_LINE.search(body):
        return None
    # Imported when a text could be that deep: few are, and the parser takes a moment to load.
    from mailer.rendering.markdown import markdown_parser

    parser = markdown_parser()
    for token in parser.parse(body):
        if token.type == "inline" and token.level > DEEPEST and token.map:
            for inside in parser.parse(token.content):
                if inside.level == 0 and inside.map and inside.type != "paragraph_open":
                    return token.map[0] + inside.map[0] + 1
    return None
