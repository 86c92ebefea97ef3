"""What became of a reader's copies, for the operator who looks the reader up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from mailer.domain.delivery import DeliveryState
from mailer.storage.database import Transaction
from mailer.storage.tables import delivery as table
from mailer.storage.tables import issue, newsletter


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one copy.

    Attributes:
        newsletter: slug.
        period: of its issue, as stored; None where the issue has none.
        reason: why it was left out, or whose fault a refusal is; may be None.
        reply: of the mail provider, masked; may be None.
        next_at: when it is tried again; None where it is not.
        settled_at: when it came to its end; None before.
    """

    issue_id: int
    newsletter: str
    period: str | None
    state: DeliveryState
    attempts: int
    reason: str | None
    reply: str | None
    next_at: datetime | None
    settled_at: datetime | None


def of_reader(tx: Transaction, reader_id: int, limit: int) -> Sequence[Fate]:
    """Return what became of a reader's copies, newest issue first, at most *limit*."""
    rows = tx.execute(
        select(
            table.c.issue_id,
            newsletter.c.slug,
            issue.c.period,
            table.c.state,
            table.c.attempts,
            table.c.reason,
            table.c.reply,
            table.c.next_at,
            table.c.settled_at,
        )
        .join(issue, issue.c.id == table.c.issue_id)
        .join(newsletter, newsletter.c.id == issue.c.newsletter_id)
        .where(table.c.reader_id == reader_id)
        .order_by(table.c.issue_id.desc())
        .limit(limit)
    )
    return [Fate(*row) for row in rows]
