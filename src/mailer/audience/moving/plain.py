"""A plain table with an address in each row; what its columns don't say, --list and --status must.

email;list;status;language;date
"""

from __future__ import annotations

from collections.abc import Iterator

from mailer.audience.moving.entry import Entry, Row, Source, lower
from mailer.audience.moving.terms import Terms
from mailer.domain.arrival import Claim
from mailer.domain.language import Language

_ADDRESS = ("email", "e mail", "email address", "e mail address", "address", "mail")
_LIST = ("list", "list name")
_DATE = ("confirmed at", "date", "since", "subscribed at")
_OF_STATUS = {
    "confirmed": Claim.CONFIRMED,
    "unconfirmed": Claim.UNCONFIRMED,
    "pending": Claim.UNCONFIRMED,
    "left": Claim.LEFT,
    "unsubscribed": Claim.LEFT,
    "blocked": Claim.BLOCKED,
    "blocklisted": Claim.BLOCKED,
    "blacklisted": Claim.BLOCKED,
    "disabled": Claim.BLOCKED,
    "bounced": Claim.BOUNCED,
    "cleaned": Claim.BOUNCED,
    "complained": Claim.COMPLAINED,
}
_SAYS_NOTHING = frozenset({"", "enabled", "active", "subscribed"})
"""Words for somebody who is mailed there, whether or not they ever confirmed."""


def read(row: Row, terms: Terms) -> Iterator[Entry]:
    """Return what a row says.

    Raises:
        InputError: the row names no list or status where --list or --status is missing too, or says
            something that we don't know.
    """
    said = row.cell(*_LIST) or terms.list_name
    if not said:
        raise row.problem("list", "is missing: add --list NAME for all rows")
    claim = _claim(row, terms)
    at = row.moment(*_DATE) or (terms.since if claim is Claim.CONFIRMED else None)
    if claim is Claim.CONFIRMED and (at is None or not terms.source):
        raise row.problem(
            "status",
            "says confirmed, which nothing in the file proves: add --source TEXT (how they confirmed) "
            "and --since DATE (or a column “confirmed_at”), or --status unconfirmed",
        )
    yield Entry(row.line, row.cell(*_ADDRESS), said, claim, at, _language(row))


def has_address(columns: frozenset[str]) -> bool:
    """Tell whether a header has a column of addresses."""
    return bool(columns.intersection(_ADDRESS))


def _claim(row: Row, terms: Terms) -> Claim:
    word = row.cell("status").lower()
    claim = _OF_STATUS.get(word)
    if claim is not None:
        return lower(claim, terms.status)
    if word not in _SAYS_NOTHING:
        raise row.problem("status", f"is none of {', '.join(_OF_STATUS)}")
    if terms.status is None:
        raise row.problem("status", "does not say whether they confirmed: add --status for all rows")
    return terms.status


def _language(row: Row) -> Language | None:
    written = row.cell("language", "lang").lower()
    if not written:
        return None
    found = next((language for language in Language if language == written), None)
    if found is None:
        raise row.problem("language", f"is none of {', '.join(Language)}")
    return found


SOURCE = Source("csv", frozenset(), read)
