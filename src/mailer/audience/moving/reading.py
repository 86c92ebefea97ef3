"""Which service a file is from, and everything it says, line by line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from mailer.audience.moving import document, ghost, keila, listmonk, mailchimp, phplist, plain, substack
from mailer.audience.moving.entry import Entry, Row, Source
from mailer.audience.moving.part import Part, refuse_unmarked
from mailer.audience.moving.table import Table
from mailer.audience.moving.terms import Terms
from mailer.errors import InputError, Problem, UsageError

_TABLES = (mailchimp.SOURCE, phplist.SOURCE, substack.SOURCE, ghost.SOURCE, keila.SOURCE)
NAMES = ("listmonk", "mailchimp", "keila", "phplist", "ghost", "substack", "csv", "json")
"""What --from may say."""
_MOST_PROBLEMS = 20
_DUMP_OF_PROGRAM = b"PGDMP"


@dataclass(frozen=True, slots=True)
class Reading:
    """How one file is read.

    Attributes:
        service: as in --from.
        entries: yields what it says; raises InputError.
        unread: columns of a plain table that nothing is read from, as they are written; of JSON those of
            the first object.
    """

    part: Part
    service: str
    entries: Callable[[Terms], Iterator[Entry]]
    unread: tuple[str, ...] = ()


def recognise(part: Part, named: str | None) -> Reading:
    """
    Say which service a file is from.

    Args:
        named: what --from says; None looks by itself.

    Raises:
        InputError: nobody exports such a file.
        UsageError: it is another service's than --from says.
    """
    reading = _recognised(part)
    if named is not None and named != reading.service:
        # Read as something plainer, what it says about who left would be lost.
        raise UsageError(f"--from {named}: {part.place} is read as {reading.service}; leave --from out")
    return reading


class Problems:
    """What is wrong with the lines of all files; the same fault is named once, at its first line."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, str], Problem] = {}
        self._more: dict[tuple[str, str], int] = {}

    def note(self, error: InputError) -> None:
        """Keep what *error* says."""
        for problem in error.problems:
            key = (problem.place, problem.message)
            if key in self._first:
                self._more[key] = self._more.get(key, 0) + 1
            else:
                self._first[key] = problem

    def refuse(self) -> None:
        """
        Do nothing where nothing is wrong.

        Raises:
            InputError: with every fault.
        """
        if self._first:
            raise InputError([self._said(key) for key in list(self._first)[:_MOST_PROBLEMS]])

    def _said(self, key: tuple[str, str]) -> Problem:
        problem, more = self._first[key], self._more.get(key, 0)
        if not more:
            return problem
        return Problem(problem.place, problem.line, f"{problem.message} (and {more} more lines)")


def _recognised(part: Part) -> Reading:
    head = part.head()
    if head.startswith(_DUMP_OF_PROGRAM):
        raise InputError.at(
            part.place, None, "this is a dump that only pg_restore reads; make one by pg_dump --format=plain"
        )
    refuse_unmarked(part, head)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith((b"{", b"[")):
        return _of_document(part)
    if start.startswith((b"--", b"\\restrict", b"SET ", b"COPY ")):
        return Reading(part, "listmonk", lambda terms: listmonk.read_dump(part, terms))
    return _of_table(part)


def _of_document(part: Part) -> Reading:
    first = next(document.objects(part), (0, {}))[1]
    if listmonk.is_subscriber(first):
        return Reading(part, "listmonk", lambda terms: _from_api(part, terms))
    return Reading(
        part,
        "json",
        lambda terms: _rows(
            (document.row(part.place, number, found) for number, found in document.objects(part)),
            plain.SOURCE,
            terms,
        ),
        plain.unread(list(first)),
    )


def _of_table(part: Part) -> Reading:
    table = Table(part)
    source = next((each for each in _TABLES if each.columns <= table.columns), plain.SOURCE)
    if source is plain.SOURCE and not plain.has_address(table.columns):
        raise InputError.at(
            part.place, 1, "no column is called “email”; the first line must name the columns"
        )
    unread = plain.unread(table.headings) if source is plain.SOURCE else ()
    return Reading(part, source.name, lambda terms: _rows(Table(part).rows(), source, terms), unread)


def _from_api(part: Part, terms: Terms) -> Iterator[Entry]:
    problems = Problems()
    for number, found in document.objects(part):
        try:
            yield from list(listmonk.read_object(part.place, number, found, terms))
        except InputError as error:
            problems.note(error)
    problems.refuse()


def _rows(rows: Iterable[Row], source: Source, terms: Terms) -> Iterator[Entry]:
    problems = Problems()
    for row in rows:
        try:
            yield from list(source.read(row, terms))
        except InputError as error:
            problems.note(error)
    problems.refuse()
