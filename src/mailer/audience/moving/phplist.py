"""phpList: the subscribers as CSV or tab-separated text; headings as its export writes them.

Email  Is this subscriber confirmed  Is this subscriber blacklisted  Did this subscriber manually confirm
Number of bounces  Entered  Last Modified  …  List Membership
"""

from __future__ import annotations

from collections.abc import Iterator

from mailer.audience.moving.entry import Entry, Row, Source, lower
from mailer.audience.moving.terms import Terms
from mailer.domain.arrival import Claim, fold

_CONFIRMED, _BLACKLISTED = "is this subscriber confirmed", "is this subscriber blacklisted"
_BY_THEMSELVES, _LISTS = "did this subscriber manually confirm", "list membership"


def read(row: Row, terms: Terms) -> Iterator[Entry]:
    """Return what a row says, once for each list.

    Raises:
        InputError: a cell says neither yes nor no, a date is none, or a list is not in --map.
    """
    entered = row.moment("entered")
    if row.is_yes(_BLACKLISTED):
        claim, at = Claim.BLOCKED, row.moment("last modified")
    # Confirmed is also who was uploaded as such; this column is set by the mailed link only.
    elif row.is_yes(_CONFIRMED) and row.is_yes(_BY_THEMSELVES):
        claim, at = Claim.CONFIRMED, entered
    else:
        claim, at = Claim.UNCONFIRMED, entered
    for name in _memberships(row, terms):
        yield Entry(row.line, row.cell("email"), name, lower(claim, terms.status), at)


def _memberships(row: Row, terms: Terms) -> list[str]:
    """Return the lists of a row: phpList writes their names one after the other, with spaces between."""
    rest = f" {fold(row.cell(_LISTS))} "
    if rest.strip() in ("", "no lists"):
        return [terms.list_name] if row.is_yes(_BLACKLISTED) else []
    found = []
    for name in sorted(map(fold, terms.lists), key=len, reverse=True):
        if f" {name} " in rest:
            found.append(name)
            rest = rest.replace(f" {name} ", " ")
    if rest.strip():
        raise row.problem(_LISTS, "names a list that is not in --map; add it, or =leave-out")
    return found


SOURCE = Source("phplist", frozenset({"email", _CONFIRMED, _BLACKLISTED}), read)
