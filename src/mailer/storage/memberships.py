"""Who is on which list of another service, by number: set aside on disk while its dump is read.

A dump has the memberships before the addresses they belong to. Like the pile (pile.py) it is a private
temporary database of SQLite's, and it holds numbers, words and times only.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

_AT_ONCE = 2_000
_MOST_MEMORY_KIB = 16_384


class Membership(NamedTuple):
    """One subscriber's place on one list.

    Attributes:
        list_id: empty for a word that holds for every list.
        status: the other service's word.
        at: since when, as written; may be empty.
    """

    subscriber_id: str
    list_id: str
    status: str
    at: str


class Memberships:
    """Memberships that go in as they are read and are asked for by subscriber."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("")
        self._database.execute(f"PRAGMA cache_size = -{_MOST_MEMORY_KIB}")
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("CREATE TABLE membership (subscriber_id, list_id, status, at)")
        self._waiting: list[Membership] = []
        self._is_sorted = False

    def add(self, membership: Membership) -> None:
        """Set one aside; not after the first question."""
        self._waiting.append(membership)
        if len(self._waiting) >= _AT_ONCE:
            self._put_down()

    def of(self, subscriber_id: str) -> list[Membership]:
        """Return a subscriber's memberships, in the order they came in."""
        if not self._is_sorted:
            self._put_down()
            self._database.execute("CREATE INDEX by_subscriber ON membership (subscriber_id)")
            self._is_sorted = True
        asked = "SELECT * FROM membership WHERE subscriber_id = ? ORDER BY rowid"
        return [Membership(*row) for row in self._database.execute(asked, (subscriber_id,))]

    def close(self) -> None:
        """Forget everything."""
        self._database.close()

    def _put_down(self) -> None:
        self._database.executemany("INSERT INTO membership VALUES (?, ?, ?, ?)", self._waiting)
        self._waiting.clear()
