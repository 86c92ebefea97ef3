"""Who left a list that was imported: the next export of it may name them again, so a mark is kept of them.

Of who signed up here and left nothing is kept in the end.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.dialects import postgresql, sqlite

from mailer.domain.subscription import Standing
from mailer.storage import newsletters
from mailer.storage.database import Transaction
from mailer.storage.intake import IMPORTED
from mailer.storage.tables import reader, subscription, suppression

_LIVE = (Standing.PENDING, Standing.ACTIVE)
_other = subscription.alias("other")

CAME_BY_IMPORT: ColumnElement[bool] = subscription.c.consent_channel.startswith(IMPORTED, autoescape=True)
HAS_LEFT: ColumnElement[bool] = CAME_BY_IMPORT & subscription.c.standing.not_in(_LIVE)
"""They said no to what a file brought them, or their mailbox did."""
READS_ANOTHER: ColumnElement[bool] = exists().where(
    (_other.c.reader_id == subscription.c.reader_id)
    & (_other.c.newsletter_id != subscription.c.newsletter_id)
    & _other.c.standing.in_(_LIVE)
)
"""A mark is of the address: it would stand against the newsletters that they still read."""


def mark(tx: Transaction, which: ColumnElement[bool]) -> None:
    """Note the addresses of those among *which* (a condition on subscriptions) who have left an import."""
    _mark(tx, which & HAS_LEFT, reason=None)


def mark_one(tx: Transaction, reader_id: int, newsletter_slug: str) -> None:
    """Note a reader's address if they have left what an import brought, before nothing shows it any more."""
    mark(tx, _subscription(tx, reader_id, newsletter_slug) & ~READS_ANOTHER)


def mark_refusal(tx: Transaction, reader_id: int, newsletter_slug: str) -> None:
    """Note the address of a reader who came by an import and says no before having confirmed."""
    theirs = _subscription(tx, reader_id, newsletter_slug) & CAME_BY_IMPORT & ~READS_ANOTHER
    _mark(tx, theirs, reason=Standing.UNSUBSCRIBED)


def _subscription(tx: Transaction, reader_id: int, newsletter_slug: str) -> ColumnElement[bool]:
    number = newsletters.identifier(tx, newsletter_slug)
    return (subscription.c.reader_id == reader_id) & (subscription.c.newsletter_id == number)


def _mark(tx: Transaction, which: ColumnElement[bool], *, reason: Standing | None) -> None:
    leavers = (
        select(reader.c.address_index, subscription.c.standing, subscription.c.changed_month)
        .join(reader, reader.c.id == subscription.c.reader_id)
        .where(which)
    )
    rows = [
        {"address_index": index, "reason": reason or standing, "since_month": month}
        for index, standing, month in tx.execute(leavers)
    ]
    if rows:
        dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
        tx.execute(dialect.insert(suppression).on_conflict_do_nothing(), rows)
