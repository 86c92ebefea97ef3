"""Substack: the subscribers as CSV.

    email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at

Nothing in it proves that anybody pressed a mailed link.
"""

from __future__ import annotations

from collections.abc import Iterator

from mailer.audience.moving.entry import Entry, Row, Source, lower
from mailer.audience.moving.terms import Terms
from mailer.domain.arrival import Claim


def read(row: Row, terms: Terms) -> Iterator[Entry]:
    """Return what a row says.

    Raises:
        InputError: a cell says neither yes nor no, or a date is none.
    """
    has_left = row.is_yes("email disabled")
    claim = Claim.LEFT if has_left else Claim.UNCONFIRMED
    at = None if has_left else row.moment("created at")
    yield Entry(row.line, row.cell("email"), terms.list_name, lower(claim, terms.status), at)


SOURCE = Source("substack", frozenset({"email", "active subscription", "email disabled"}), read)
