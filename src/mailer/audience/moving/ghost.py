"""Ghost: the members as CSV.

    id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers

Members who signed up pressed a mailed link, and uploaded ones did not; the file tells them apart by
nothing. So nobody in it is proven.
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
    is_reader = row.is_yes("subscribed to emails") and not row.cell("deleted at")
    claim = Claim.UNCONFIRMED if is_reader else Claim.LEFT
    at = row.moment("created at") if is_reader else row.moment("deleted at")
    yield Entry(row.line, row.cell("email"), terms.list_name, lower(claim, terms.status), at)


SOURCE = Source("ghost", frozenset({"email", "subscribed to emails"}), read)
