"""One line of a file as every source gives it: who, on which list, with what standing there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mailer.audience.moving.terms import Terms
from mailer.domain.arrival import Claim
from mailer.domain.language import Language
from mailer.errors import InputError

_YES = frozenset({"1", "true", "yes", "y", "t"})
_NO = frozenset({"0", "false", "no", "n", "f", ""})


@dataclass(frozen=True, slots=True, repr=False)
class Entry:
    """What one line says of an address on one list.

    Attributes:
        address: as written; is shown nowhere.
        list_name: empty where the file names no list.
        at: when they signed up or left, aware UTC, or None.
        language: where the line itself names one of ours; else the list decides.
    """

    line: int
    address: str
    list_name: str
    claim: Claim
    at: datetime | None = None
    language: Language | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Row:
    """One line of a table, its cells by column.

    Attributes:
        place: the file, as the person knows it.
        line: the first line of the row, from 1.
        cells: by the folded name of the column, see column_name; without spaces around them.
    """

    place: str
    line: int
    cells: Mapping[str, str]

    def cell(self, *columns: str) -> str:
        """Return the first of *columns* that is there; empty without one."""
        return next((self.cells[column] for column in columns if column in self.cells), "")

    def is_yes(self, column: str) -> bool:
        """Read a cell that says yes or no; empty is no.

        Raises:
            InputError: it says neither.
        """
        word = self.cell(column).lower()
        if word in _YES:
            return True
        if word in _NO:
            return False
        raise self.problem(column, "says neither yes nor no; write 1 or 0")

    def moment(self, *columns: str) -> datetime | None:
        """Read when something happened; None where the cell is empty.

        Raises:
            InputError: it is no date and time in ISO form; a date like 3/4/2024 means two days.
        """
        column = next((each for each in columns if each in self.cells), "")
        written = self.cells.get(column, "")
        if not written:
            return None
        try:
            return parse_moment(written)
        except ValueError:
            raise self.problem(column, "is no date; write it as 2026-11-23 or 2026-11-23 09:00") from None

    def problem(self, column: str, message: str) -> InputError:
        """Return an error that names the place and the column, and nothing of what stands there."""
        return InputError.at(self.place, self.line, f"column “{column}” {message}")


@dataclass(frozen=True, slots=True)
class Source:
    """A service whose exported tables we read.

    Attributes:
        name: as in --from.
        columns: a header that has all of these is that service's.
        read: returns what a row says.
    """

    name: str
    columns: frozenset[str]
    read: Callable[[Row, Terms], Iterable[Entry]]


def column_name(written: str) -> str:
    """Return a column's name as it is compared: ``Email_Address``, NBSP and case make no difference."""
    return " ".join(written.replace("_", " ").replace("-", " ").split()).casefold()


def parse_moment(written: str) -> datetime:
    """Read an ISO date, with or without time and zone; without a zone it is UTC.

    Raises:
        ValueError: it is none.
    """
    moment = datetime.fromisoformat(written.strip())
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("beyond what a calendar has") from error


def lower(one: Claim, two: Claim | None) -> Claim:
    """Return the lower of two words on one line; None says nothing."""
    order: Sequence[Claim] = list(Claim)
    return one if two is None else max(one, two, key=order.index)
