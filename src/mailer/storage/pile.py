"""A pile of lines on disk, to be taken up again sorted by person, in flat memory.

It is a private temporary database of SQLite's: deleted as soon as it is opened, gone with the process.
What is put in must be sealed or keyed already; no address in plain ever reaches it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from types import TracebackType
from typing import Any, NamedTuple, Self

_AT_ONCE = 2_000
_MOST_MEMORY_KIB = 16_384
_TABLE = """
CREATE TABLE line (
    person BLOB, part INTEGER, line INTEGER, list_name TEXT, language TEXT, claim TEXT, at REAL,
    public_id BLOB, sealed BLOB, provider_group TEXT
)
"""
_BY_PERSON = "SELECT * FROM line ORDER BY person, part, line, list_name"


class PiledLine(NamedTuple):
    """One line of a file, as far as it is kept.

    Attributes:
        person: the keyed index of the address.
        part, line: of the file.
        at: POSIX time, or None.
        sealed: the address, sealed to *public_id*.
    """

    person: bytes
    part: int
    line: int
    list_name: str
    language: str
    claim: str
    at: float | None
    public_id: bytes
    sealed: bytes
    provider_group: str


class Pile:
    """Lines that go in as they are read and come out person by person."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("")
        self._database.execute(f"PRAGMA cache_size = -{_MOST_MEMORY_KIB}")
        # Nothing here outlives the process, so nothing needs to survive a crash.
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute(_TABLE)
        self._waiting: list[PiledLine] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def add(self, line: PiledLine) -> None:
        """Put a line on the pile."""
        self._waiting.append(line)
        if len(self._waiting) >= _AT_ONCE:
            self._put_down()

    def person_count(self) -> int:
        """Return how many persons the lines are of."""
        self._put_down()
        counted = self._database.execute("SELECT count(DISTINCT person) FROM line").fetchone()
        return int(counted[0])

    def by_person(self) -> Iterator[list[PiledLine]]:
        """Yield the lines of each person, in the order of their index: the same order every time."""
        self._put_down()
        rows: Iterator[Any] = iter(self._database.execute(_BY_PERSON))
        for _, theirs in groupby(map(PiledLine._make, rows), key=itemgetter(0)):
            yield list(theirs)

    def _put_down(self) -> None:
        if self._waiting:
            marks = ", ".join("?" * len(PiledLine._fields))
            self._database.executemany(f"INSERT INTO line VALUES ({marks})", self._waiting)  # noqa: S608
            self._waiting.clear()
