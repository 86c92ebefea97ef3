"""What a Markdown text points to, found by the parser that also renders it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from mailer.domain.checks.references import References, Shown

# A link whose address is none we take stays in the text as it was typed.
# It may have brackets of its own, "javascript:alert(1)"; a script's may have blanks too.
_INNER = r"\((?:[^()\s]|\([^()\s]*\))*\)"
_TYPED = re.compile(
    r"(!?)\[([^\[\]\n]*)\]\("
    rf"((?:[^()\s]|{_INNER})*(?: [^()\n]*)?|\s*(?:javascript|vbscript|data):[^\n]*?\)*)\)",
    re.IGNORECASE,
)


# A desk page looks at the same texts again and again, and most of a look is parsing.
@lru_cache(maxsize=256)
def find_references(markdown: str) -> References:
    """Return the links and pictures of *markdown*, each in order.

    A picture whose address the parser does not take is one all the same: somebody meant it to be seen.
    """
    if not any(mark in markdown for mark in ("[", "<", "://")):
        return References()
    # Imported when the first text is looked at: a process that only sends needs no parser.
    from mailer.rendering.markdown import markdown_parser

    links: list[str] = []
    typed: list[str] = []
    pictures: list[Shown] = []
    for inline in markdown_parser().parse(markdown):
        for token in _whole(inline):
            if token.type == "link_open":
                links.append(str(token.attrs["href"]))
            elif token.type == "image":
                pictures.append(Shown(str(token.attrs["src"]), token.content))
        # Side by side, because the parser cuts a text at every bracket.
        words = "".join(each.content for each in inline.children or () if each.type == "text")
        for found in _TYPED.finditer(words):
            if found[1]:
                pictures.append(Shown(found[3].partition(" ")[0], found[2]))
            else:
                typed.append(found[0])
    return References(tuple(links), tuple(typed), tuple(pictures))


def _whole(token: Any) -> Iterator[Any]:
    """Yield a token and all within it, but for the words of a picture's description."""
    yield token
    if token.type != "image":
        for child in token.children or ():
            yield from _whole(child)
