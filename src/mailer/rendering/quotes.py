"""Typewriter quotes and apostrophes become those of the language.

A quote opens or closes by what stands beside it; only pairs that fit decide about depth, so that one
inch mark does not turn the rest of a paragraph inside out.
"""

from __future__ import annotations

import re
from typing import Literal

from mailer.rendering.practice import FILLER, Practice

_OF_IT = r"['’]s(?!\w)"
_RUN = re.compile(rf"(?:(?!{_OF_IT})[\"'«»„“”‘’{FILLER}])+")
# Letters on one side at least: 6'2" are feet.
_BETWEEN_LETTERS = re.compile(r"(?<=[^\W_])'(?=[^\W\d_])|(?<=[^\W\d_])'(?=\d)")
_AFTER_QUOTATION = re.compile(rf"(?<=[^\W_][”»“])(?={_OF_IT})'")
# Before a name, often without a blank: ул."Ленина".
_ABBREVIATED = re.compile(r"(?<![^\W_])(?:ул|вул|пр|просп|пл|пер|им|ім|г|газ)\.\Z", re.IGNORECASE)
_LEFT_OF_WORD = r"(?<![^\s([{—–“„«‘-])"
_OF_A_CENTURY = re.compile(rf"{_LEFT_OF_WORD}'(?=\d\ds?(?!\w))")
_PAIR = re.compile(rf"{_LEFT_OF_WORD}'(?=[^\s'])([^'\n]*[^\s'])'(?![^\W_])")
_AND = re.compile(rf"{_LEFT_OF_WORD}'n'(?!\w)", re.IGNORECASE)
_PAIR_OF_WORDS = re.compile(rf"{_LEFT_OF_WORD}'(?=[^\W\d_])([^'\n]*[^\s'])'(?![^\W_])")
_LONE_CLOSING = re.compile(r"(?<=[^\W\d_])'")
_LONE_OPENING = re.compile(rf"{_LEFT_OF_WORD}'(?=[^\s'])")


def set_quotes(text: str, practice: Practice) -> str:
    """Return *text*, as long as before, with the quotes and apostrophes of *practice*.

    A mark of which nobody can say what it is stays as it was typed.
    """
    text = _set_double(text, practice) if '"' in text else text
    return _set_single(text, practice) if "'" in text else text


_Side = Literal["opens", "closes", "measures", "either", "neither"]
"""“measures” closes what is open, and else means inches or seconds."""


def _set_double(text: str, practice: Practice) -> str:
    marks = _sides(text)
    pairs = _paired(marks)
    openings, closings = set(pairs), set(pairs.values())
    letters = list(text)
    depth = 0
    set_so_far: list[str] = []
    for at, char in enumerate(text):
        if at in openings:
            set_so_far.append(practice.inner if depth else practice.outer)
            letters[at] = set_so_far[-1][0]
        elif at in closings:
            letters[at] = set_so_far.pop()[1]
        elif char == '"':
            letters[at] = _lone(marks[at], practice)
        if at in openings or char in practice.opening:
            depth += 1
        elif at in closings or char in practice.closing:
            depth = max(depth - 1, 0)
    return "".join(letters)


def _sides(text: str) -> dict[int, _Side]:
    """Say of each typewriter quote what it can be, in order; quotes beside it do not count."""
    sides: dict[int, _Side] = {}
    for run in _RUN.finditer(text):
        left, right = text[max(run.start() - 1, 0) : run.start()], text[run.end() : run.end() + 1]
        side = _side(" " if _ABBREVIATED.search(text[max(run.start() - 7, 0) : run.start()]) else left, right)
        sides |= {at: side for at in range(run.start(), run.end()) if text[at] == '"'}
    return sides


def _side(left: str, right: str) -> _Side:
    opens = (not left or left.isspace() or left in "([{—–-/") and not (
        not right or right.isspace() or right in "),;:!?]}"
    )
    closes = bool(left) and not left.isspace() and left not in "([{" and not right.isalnum()
    if opens and closes:
        return "either"
    if opens:
        return "opens"
    if closes:
        return "measures" if left.isdigit() else "closes"
    return "neither"


def _paired(marks: dict[int, _Side]) -> dict[int, int]:
    """Return where each quotation that opens also closes."""
    pairs: dict[int, int] = {}
    waiting: list[int] = []
    for at, side in marks.items():
        if waiting and side in {"closes", "measures", "either"}:
            pairs[waiting.pop()] = at
        elif side in {"opens", "either"}:
            waiting.append(at)
    return pairs


def _lone(side: _Side, practice: Practice) -> str:
    """Set a mark without its other half, as in a quotation of several paragraphs."""
    return {"opens": practice.outer[0], "closes": practice.outer[1]}.get(side, '"')


def _set_single(text: str, practice: Practice) -> str:
    text = _AFTER_QUOTATION.sub("’", _BETWEEN_LETTERS.sub("’", text))
    if practice.single_quotes:
        text = _AND.sub(lambda found: f"’{found[0][1]}’", text)
        text = _OF_A_CENTURY.sub("’", text)
        text = _PAIR.sub(r"‘\1’", text)
    else:
        text = _PAIR_OF_WORDS.sub(rf"{practice.inner[0]}\1{practice.inner[1]}", text)
    text = _LONE_CLOSING.sub("’", text)
    return _LONE_OPENING.sub("’", text)
