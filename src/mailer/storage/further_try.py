"""Whether a copy may be tried again: not when its reader left, or its issue ended, while it was in flight."""

from __future__ import annotations

from sqlalchemy import select

from mailer.domain.delivery import SkipReason
from mailer.domain.issue import IssueState
from mailer.domain.subscription import Standing
from mailer.storage.database import Transaction
from mailer.storage.tables import issue, subscription


def why_not(tx: Transaction, issue_id: int, reader_id: int) -> SkipReason | None:
    """Say why a copy must not be tried again, or None when it may.

    Leaving and cancelling take out at once what waits; a copy in flight has to settle first, so
    the one who settles it asks.
    """
    theirs = (subscription.c.newsletter_id == issue.c.newsletter_id) & (subscription.c.reader_id == reader_id)
    state, standing = tx.execute(
        select(issue.c.state, subscription.c.standing)
        .outerjoin(subscription, theirs)
        .where(issue.c.id == issue_id)
    ).one()
    if standing is not Standing.ACTIVE:
        return SkipReason.UNSUBSCRIBED
    return SkipReason.CANCELLED if state is IssueState.CANCELLED else None
