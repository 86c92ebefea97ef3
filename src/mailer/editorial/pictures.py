"""Which pictures a text shows: found by the Markdown parser's own rules, so that code stays code.

The parser does not say where in a text a picture's address stands. So every place where one could stand
gets an address of its own, the parser is asked which of them it takes for pictures, and only those places
are touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from markdown_it.token import Token

from mailer.rendering.markdown import markdown_parser

# An inline picture or link, or a definition: "](map.jpg", "]: map.jpg" (CommonMark §6.4, §4.7).
_BEFORE_ADDRESS: Final = re.compile(r"\][(:][ \t\n]*")
_LONGEST_ADDRESS: Final = 300
# An address with one of these could change what stands around it when it is replaced.
_LEADS_ELSEWHERE: Final = frozenset("`[]")
# An address that links and pictures may have, and that is no link where it stands bare.
_PROBE: Final = "mailto:probe-"
_PROBE_NUMBER: Final = re.compile(re.escape(_PROBE) + r"(\d+)")
_MISWRITTEN: Final = re.compile(
    r"!\[[^\]\n]{0,300}\]\(([^)\n]{0,300}\.(?:jpe?g|png|gif|webp|avif|bmp|svg))[^)\n]{0,300}\)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture in a text.

    Attributes:
        address: as the writer means it, without escapes.
        words: what it shows, for readers who don't see it; empty where the writer says nothing.
        line: from 1, in the text.
        start, end: where the address stands in the text, with its angle brackets if it has some.
    """

    address: str
    words: str
    line: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Miswritten:
    """What its writer meant as a picture, and no reader would see as one.

    Attributes:
        line: from 1, in the text; the first of the paragraph.
    """

    address: str
    line: int


def pictures_in(body: str) -> tuple[list[Shown], list[Miswritten]]:
    """Return the pictures of a Markdown text in its order, and what was meant to be one."""
    if "![" not in body:
        return [], []
    places = list(_places(body))
    probing = _replaced(body, [(place, f"{_PROBE}{at}") for at, place in enumerate(places)])
    tokens = markdown_parser().parse(probing)
    words = dict(_probed(tokens))
    shown = [replace(place, words=words[at]) for at, place in enumerate(places) if at in words]
    return shown, list(_miswritten(tokens, places))


def with_addresses(body: str, addresses: Sequence[tuple[Shown, str]]) -> str:
    """Return *body* with new addresses for pictures that *pictures_in* found in it, in its order."""
    return _replaced(body, addresses)


def _places(body: str) -> Iterator[Shown]:
    """Yield every place where the address of a picture could stand; words are not known yet."""
    read = markdown_parser().helpers.parseLinkDestination
    end = line = counted = 0
    for before in _BEFORE_ADDRESS.finditer(body):
        start = before.end()
        found = read(body, start, min(len(body), start + _LONGEST_ADDRESS))
        after = found.pos if found.ok else start
        is_one = found.ok or (before[0].startswith("](") and body.startswith(")", start))
        if start < end or not is_one or _LEADS_ELSEWHERE & set(body[start:after]):
            continue
        line, counted, end = line + body.count("\n", counted, start), start, after
        yield Shown(found.str if found.ok else "", "", line + 1, start, end)


def _replaced(body: str, addresses: Sequence[tuple[Shown, str]]) -> str:
    parts, at = [], 0
    for place, address in addresses:
        parts += [body[at : place.start], address]
        at = place.end
    return "".join([*parts, body[at:]])


def _probed(tokens: Sequence[Token]) -> Iterator[tuple[int, str]]:
    """Yield the number of each place that is a picture's, and the picture's words."""
    for token in tokens:
        for child in token.children or ():
            address = str(child.attrGet("src") or "")
            if child.type == "image" and address.startswith(_PROBE):
                yield int(address.removeprefix(_PROBE)), child.content.strip()


def _miswritten(tokens: Sequence[Token], places: Sequence[Shown]) -> Iterator[Miswritten]:
    for token in tokens:
        words = "".join(child.content if child.type == "text" else "\n" for child in token.children or ())
        meant = _PROBE_NUMBER.sub(lambda found: places[int(found[1])].address, words)
        for found in _MISWRITTEN.finditer(meant):
            yield Miswritten(found[1], (token.map[0] if token.map else 0) + 1)
