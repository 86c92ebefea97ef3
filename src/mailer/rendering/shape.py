"""Headings and tables of a text, shaped for screen readers and for the mail's sheet.

A writer's first heading follows a headline, which is an h2, whatever number of # stands before it:
who walks a mail from heading to heading must not wonder which one is missing.
"""

from __future__ import annotations

from collections.abc import Sequence

from markdown_it.token import Token

DATA_CLASS = "data"
WIDE_CLASS = "wide"
"""Of a table whose words are broken on a phone, because no phone can show them side by side."""
SIDES = {"center", "right"}

# The mail's own headings are h1 (the issue) and h2 (each headline).
_FIRST_HEADING = 3
_DEEPEST_HEADING = 6
# Of the longest word of each column, with one for each gap: what 324 pixels hold.
_MOST_LETTERS = 40


def shape(tokens: Sequence[Token]) -> None:
    """Number the headings without a gap; say of a table which cells are headings and how it stands."""
    _number_headings(tokens)
    for at, token in enumerate(tokens):
        if token.type == "table_open":
            token.attrSet("class", f"{DATA_CLASS} {WIDE_CLASS}" if _is_wide(tokens[at:]) else DATA_CLASS)
        elif token.type in {"th_open", "td_open"}:
            side = str(token.attrs.pop("style", "")).removeprefix("text-align:")
            if side in SIDES:
                token.attrSet("class", side)
            if token.type == "th_open":
                token.attrSet("scope", "col")


def _number_headings(tokens: Sequence[Token]) -> None:
    used = sorted({token.tag for token in tokens if token.type == "heading_open"})
    level = _FIRST_HEADING - 1
    for token in tokens:
        if token.type == "heading_open":
            level = min(_FIRST_HEADING + used.index(token.tag), level + 1, _DEEPEST_HEADING)
            token.tag = f"h{level}"
        elif token.type == "heading_close":
            token.tag = f"h{level}"


def _is_wide(table: Sequence[Token]) -> bool:
    longest: list[int] = []
    column = 0
    for token in table:
        match token.type:
            case "table_close":
                break
            case "tr_open":
                column = 0
            case "inline":
                longest += [0] * (column + 1 - len(longest))
                longest[column] = max(longest[column], _longest_word(token))
            case "th_close" | "td_close":
                column += 1
    return sum(longest) + len(longest) > _MOST_LETTERS


def _longest_word(cell: Token) -> int:
    words = "".join(child.content for child in cell.children or [])
    # Not at a no-break space, at which no line ends.
    return max(len(word) for word in words.split(" "))
