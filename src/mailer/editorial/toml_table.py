"""A TOML table read value by value, so that every problem is met and told with its line.

tomllib gives values without places; the lines are found by looking for the keys in the text. That is
exact for files written one key per line, and falls back to the line of the table for all others.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from mailer.domain.nearest import did_you_mean
from mailer.editorial.encoding import find_unprintable
from mailer.errors import InputError, Problem
from mailer.rendering.holes import resembles_hole

_PART = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_DOTTED = rf"{_PART}(?:\s*\.\s*{_PART})*"
_ARRAY_HEADER = re.compile(rf"\s*\[\[\s*({_DOTTED})\s*\]\]")
_HEADER = re.compile(rf"\s*\[\s*({_DOTTED})\s*\]")
_KEY = re.compile(rf"\s*({_DOTTED})\s*=")
_ERROR_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_BLANKS = re.compile(r"[ \t\r\n]+")

Path = tuple[str | int, ...]
"""Keys from the top of the file; a number counts the tables of an array from 0."""


@dataclass(frozen=True, slots=True)
class TomlTable:
    """One table of a file.

    Attributes:
        values: as tomllib gives them.
        place: the file, as the person knows it.
        lines: the line of each key and table of the whole file.
        problems: of the whole file; each method that meets one adds it.
        path: of this table.
        is_stand_in: the file has something else in its place, which is a problem already; misses nothing.
    """

    values: Mapping[str, object]
    place: str
    lines: Mapping[Path, int]
    problems: list[Problem] = field(default_factory=list)
    path: Path = ()
    is_stand_in: bool = False

    def complain(self, key: str | int, message: str) -> None:
        """Add a problem at the line of *key*, or at the nearest table around it."""
        path = (*self.path, key)
        while path and path not in self.lines:
            path = path[:-1]
        self.problems.append(Problem(self.place, self.lines.get(path), message))

    def name(self, key: str) -> str:
        """Name *key* with the tables around it, but for the array it may be in: ``title.be``."""
        arrays = [at for at, part in enumerate(self.path) if isinstance(part, int)]
        around = self.path[arrays[-1] + 1 :] if arrays else self.path
        return ".".join([*map(str, around), key])

    def refuse_unknown(self, known: Collection[str]) -> None:
        """Add a problem for each key that is not known, with the nearest that is."""
        for key in self.values:
            if key not in known:
                near = did_you_mean(key, known)
                self.complain(
                    key, f"“{self.name(key)}” is not a known key{near}; write one of {', '.join(known)}"
                )

    def wrong_type(self, key: str, expected: str) -> None:
        """Add the problem that *key* holds something else than *expected*."""
        self.complain(key, f"{self.name(key)} must be {expected}")

    def text(self, key: str, example: str, *, required: bool = False) -> str:
        """Return one line of text in Unicode form NFC, runs of blanks and line ends as one blank.

        Empty when it is absent or wrong; both are problems when it is required.
        """
        value = self.values.get(key, "")
        if not isinstance(value, str):
            self.wrong_type(key, f'text in quotes, as "{example}"')
            return ""
        text = _BLANKS.sub(" ", unicodedata.normalize("NFC", value)).strip()
        char = find_unprintable(text)
        if char is not None:
            self.complain(
                key,
                f"{self.name(key)} holds a character that can’t be printed (U+{ord(char):04X}); delete it",
            )
            return ""
        if resembles_hole(text):
            self.complain(
                key,
                f"{self.name(key)} has the words “hole-for-the-”, which stand for a reader’s own link while "
                "mails are made; write it differently",
            )
            return ""
        if required and not text and not self.is_stand_in:
            self.complain(key, f"{self.name(key)} is missing; write {self._assignment(key, example)}")
        return text

    def _assignment(self, key: str, example: str) -> str:
        if len(self.path) == 1:
            return f'{key} = "{example}" below the line [{self.path[0]}]'
        return f'{self.name(key)} = "{example}"'

    def table(self, key: str) -> TomlTable:
        """Return the table *key*, an empty one when it is absent or no table."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            self.wrong_type(key, f"a table: a line [{key}] with its keys below")
            return TomlTable({}, self.place, self.lines, self.problems, (*self.path, key), is_stand_in=True)
        return self._below(value, key)

    def tables(self, key: str) -> list[TomlTable]:
        """Return the tables ``[[key]]`` in the order of the file."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self.wrong_type(key, f"a list of tables: a line [[{key}]] with two brackets before each")
            return []
        return [self._below(each, key, at) for at, each in enumerate(value)]

    def _below(self, values: Mapping[str, object], *path: str | int) -> TomlTable:
        return TomlTable(values, self.place, self.lines, self.problems, (*self.path, *path))


def read_toml(text: str, *, place: str) -> TomlTable:
    """Read a file's top table.

    Args:
        text: the file, LF line ends.
        place: the file, as the person knows it.

    Raises:
        InputError: it is no TOML; says the line and what TOML expects there.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError([_syntax_problem(str(error), text, place)]) from None
    except (ValueError, OverflowError, RecursionError):
        # A number of thousands of digits, a date beyond the calendar, a thousand brackets.
        raise InputError.at(
            place, None, "a number, date or list in it can’t be read; write plain values"
        ) from None
    return TomlTable(values, place, _key_lines(text))


def _syntax_problem(error: str, text: str, place: str) -> Problem:
    match = _ERROR_PLACE.search(error)
    line = int(match[1]) if match and match[1] else text.rstrip("\n").count("\n") + 1
    what = _ERROR_PLACE.sub("", error)
    what = what[:1].lower() + what[1:]
    return Problem(
        place,
        line,
        f'this line can’t be read ({what}); write key = "text in quotes", and each key only once',
    )


def _key_lines(text: str) -> dict[Path, int]:
    lines: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.split("\n"), start=1):
        if match := _ARRAY_HEADER.match(line):
            name = _parts(match[1])
            table = (*name, counts.get(name, 0))
            counts[name] = counts.get(name, 0) + 1
            lines.setdefault(name, number)
            lines[table] = number
        elif match := _HEADER.match(line):
            table = _parts(match[1])
            lines.setdefault(table, number)
        elif match := _KEY.match(line):
            key = (*table, *_parts(match[1]))
            # schedule.build also tells where the table "schedule" is.
            for depth in range(len(table) + 1, len(key) + 1):
                lines.setdefault(key[:depth], number)
    return lines


def _parts(dotted: str) -> Path:
    return tuple(part.strip("\"'") for part in re.findall(_PART, dotted))
