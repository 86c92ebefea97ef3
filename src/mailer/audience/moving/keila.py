"""Keila: the contacts of a project as CSV, with a status, and when the link was pressed.

Email,First name,Last name,Data,Status,External ID,Double opt-in at
"""

from __future__ import annotations

from collections.abc import Iterator

from mailer.audience.moving.entry import Entry, Row, Source, lower
from mailer.audience.moving.terms import Terms
from mailer.domain.arrival import Claim

_OF_STATUS = {
    "active": Claim.UNCONFIRMED,
    "unsubscribed": Claim.LEFT,
    "unreachable": Claim.BOUNCED,
}


def read(row: Row, terms: Terms) -> Iterator[Entry]:
    """Return what a row says.

    Raises:
        InputError: the status is none of Keila's, or a date is none.
    """
    claim = _OF_STATUS.get(row.cell("status").lower())
    if claim is None:
        raise row.problem("status", "is none of active, unsubscribed, unreachable")
    # Keila keeps the time only of those who pressed the link; imported contacts are active without.
    pressed_at = row.moment("double opt in at")
    if claim is Claim.UNCONFIRMED and pressed_at is not None:
        claim = Claim.CONFIRMED
    at = pressed_at if claim is Claim.CONFIRMED else row.moment("updated at")
    yield Entry(row.line, row.cell("email"), terms.list_name, lower(claim, terms.status), at)


SOURCE = Source("keila", frozenset({"email", "first name", "last name", "data", "status"}), read)
