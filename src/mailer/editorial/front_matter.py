"""The header of a commentary file: lines ``key: value`` between two lines ``---``.

It looks like YAML and is not: YAML reads ``no`` as false, ``Minsk: a discount`` as an error and
``# 1`` as a comment, and writers should not have to know. Here a value is plain text to the end of its line.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from mailer.domain.nearest import did_you_mean
from mailer.errors import Problem

FENCE = "---"
_LONGEST_KEY = 30
_LONGEST_EXCERPT = 40
_KEY_LINE = re.compile(rf"([^\W\d][\w.\- ]{{0,{_LONGEST_KEY - 1}}}):(.*)")
_OTHER_DASHES = re.compile(r"[-–—_=*+~\s]{1,10}")


@dataclass(frozen=True, slots=True)
class Entry:
    """A value and the line it stands in, from 1."""

    value: str
    line: int


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """A file taken apart, values not yet understood.

    Attributes:
        entries: by key, in the order of the file; empty values are not in it.
        lines: key to line, also of keys without a value.
        first_line: of the header, where a missing key is reported.
        body: without blank lines around it.
        body_line: where the body begins, or should begin.
    """

    entries: Mapping[str, Entry]
    lines: Mapping[str, int]
    first_line: int
    body: str
    body_line: int

    def value(self, key: str) -> str:
        """Return the value of *key*, empty when it is absent."""
        entry = self.entries.get(key)
        return entry.value if entry else ""


def split_front_matter(text: str, *, place: str, known: Collection[str]) -> tuple[FrontMatter, list[Problem]]:
    """Take a file apart.

    Args:
        text: the whole file, LF line ends.
        place: the file, as the person knows it.
        known: the keys a header may have.

    Returns:
        What could be read, and every problem in the order of the lines.

    For example::

        ---
        week: 2026-W47
        headline: Minsk asks for a discount: gas talks stall
        ---
        Markdown body.
    """
    lines = text.split("\n")
    opening = next((at for at, line in enumerate(lines) if line.strip()), 0)
    if lines[opening].rstrip() != FENCE:
        return _without_header(lines, opening, place)
    closing, problems = _closing(lines, opening, place)
    header = list(enumerate(lines[opening + 1 : closing], start=opening + 2))
    every, more = _entries(header, place, known)
    body_at = closing + 1 if closing < len(lines) and lines[closing].rstrip() == FENCE else closing
    matter = FrontMatter(
        entries={key: entry for key, entry in every.items() if entry.value},
        lines={key: entry.line for key, entry in every.items()},
        first_line=opening + 1,
        body=_trimmed(lines[body_at:]),
        body_line=body_at + 1,
    )
    return matter, more + problems


def _without_header(lines: list[str], opening: int, place: str) -> tuple[FrontMatter, list[Problem]]:
    first = lines[opening].strip()
    if not first:
        message = "the file is empty; “mailer commentary new” writes files to fill in"
    elif _OTHER_DASHES.fullmatch(first):
        message = f"the first line must be three hyphens; write “{FENCE}” in place of “{first}”"
    else:
        message = (
            f"the file must begin with a line “{FENCE}”, then lines such as “headline: …”, "
            f"then “{FENCE}” again, then the text"
        )
    return FrontMatter({}, {}, opening + 1, _trimmed(lines), opening + 1), [
        Problem(place, opening + 1, message)
    ]


def _closing(lines: list[str], opening: int, place: str) -> tuple[int, list[Problem]]:
    """Find the closing line; where there is none, the first line that looks like text instead."""
    for at in range(opening + 1, len(lines)):
        if lines[at].rstrip() == FENCE:
            return at, []
    last_key = opening
    for at in range(opening + 1, len(lines)):
        if _KEY_LINE.match(lines[at]):
            last_key = at
        elif lines[at].strip():
            break
    return last_key + 1, [
        Problem(
            place,
            last_key + 2,
            f"the line “{FENCE}” that ends the header is missing; write it here, between the last key "
            "and the text",
        )
    ]


def _entries(
    header: list[tuple[int, str]], place: str, known: Collection[str]
) -> tuple[dict[str, Entry], list[Problem]]:
    entries: dict[str, Entry] = {}
    problems: list[Problem] = []
    in_stray_text = False
    for number, line in header:
        match = _KEY_LINE.match(line)
        if match is None:
            # One problem for a whole paragraph that stands above the closing line.
            if line.strip() and not in_stray_text:
                problems.append(Problem(place, number, _no_key(line)))
            in_stray_text = in_stray_text or bool(line.strip())
            continue
        in_stray_text = False
        key, value = match[1].strip(), match[2].strip()
        if key not in known:
            problems.append(Problem(place, number, _unknown(key, known)))
        elif key in entries:
            first = entries[key].line
            problems.append(
                Problem(place, number, f"“{key}” stands in line {first} already; delete one of the two lines")
            )
        else:
            entries[key] = Entry(value, number)
    return entries, problems


def _no_key(line: str) -> str:
    text = line.strip()
    excerpt = text if len(text) <= _LONGEST_EXCERPT else text[: _LONGEST_EXCERPT - 1] + "…"
    return (
        f"“{excerpt}” is not “key: value”; a key comes first, then a colon, and the value stays on the "
        f"same line; if the text begins here, write “{FENCE}” in a line above it"
    )


def _unknown(key: str, known: Collection[str]) -> str:
    near = did_you_mean(key, known)
    return f"“{key}” is not a known key{near}; write one of {', '.join(known)}"


def _trimmed(lines: list[str]) -> str:
    """Join the body without the blank lines around it; the first line keeps its indent (Markdown code)."""
    start = next((at for at, line in enumerate(lines) if line.strip()), len(lines))
    return "\n".join(lines[start:]).rstrip()
