"""Tables as text: commas, semicolons or tabs, columns by name, whatever program saved them."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import chain

from mailer.audience.moving.entry import Row, column_name
from mailer.audience.moving.part import Part
from mailer.errors import InputError

_DELIMITERS = ",;\t|"
_INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060\u00ad"))
_NEVER_TWICE = frozenset({"email", "email address", "status", "list"})


class Table:
    """A table's columns, and its rows as they are read.

    Attributes:
        headings: the names of the columns as they are written, in their order.
        columns: the same, folded (column_name).
    """

    def __init__(self, part: Part) -> None:
        """
        Read the header.

        Raises:
            InputError: the file is empty or no text.
        """
        self._part = part
        self._lines = part.lines()
        number, header = next(((at, text) for at, text in self._lines if text.strip()), (0, ""))
        if not header:
            raise InputError.at(part.place, None, "the file is empty; export it again")
        delimiter = max(_DELIMITERS, key=header.count)
        self._first = number
        self._last = number
        self._reader = csv.reader(
            chain([header], (self._noted(at, text) for at, text in self._lines)),
            delimiter=delimiter,
            strict=True,
            skipinitialspace=True,
        )
        self.headings = tuple(self._next() or ())
        self._names = [column_name(heading) for heading in self.headings]
        self.columns = frozenset(self._names)
        twice = _NEVER_TWICE.intersection(name for name in self._names if self._names.count(name) > 1)
        if twice:
            raise InputError.at(
                part.place, number, f"two columns are called “{min(twice)}”; keep one of them"
            )

    def rows(self) -> Iterator[Row]:
        """
        Yield the rows that hold anything.

        Raises:
            InputError: the table is broken from some line on.
        """
        while True:
            begins = self._last + 1
            cells = self._next()
            if cells is None:
                return
            if any(cells):
                yield Row(self._part.place, begins, self._named(cells, begins))

    def _noted(self, number: int, text: str) -> str:
        self._last = number
        return text

    def _next(self) -> Sequence[str] | None:
        try:
            cells = next(self._reader, None)
        except csv.Error:
            # The library's own words may hold what stands there.
            raise InputError.at(
                self._part.place,
                self._last,
                "the table breaks off here; look for a quote too many or too few",
            ) from None
        return None if cells is None else [_clean(cell) for cell in cells]

    def _named(self, cells: Sequence[str], line: int) -> dict[str, str]:
        if any(cells[len(self._names) :]):
            raise InputError.at(
                self._part.place, line, "this line has more cells than the first; look for a missing quote"
            )
        named: dict[str, str] = {}
        for name, cell in zip(self._names, cells, strict=False):
            # Mailchimp names some columns twice; the first one is meant.
            named.setdefault(name, cell)
        for name in self._names[len(cells) :]:
            named.setdefault(name, "")
        return named


def _clean(cell: str) -> str:
    """Return a cell without what nobody sees: NBSP around it, marks within."""
    if cell.isascii():
        return cell.strip()
    return cell.translate(_INVISIBLE).strip()
