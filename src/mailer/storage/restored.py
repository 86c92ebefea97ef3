"""What a person must know before a database that was put back may send: what left, what waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from mailer.domain.delivery import PENDING, DeliveryState
from mailer.domain.issue import IssueState
from mailer.storage.database import Transaction
from mailer.storage.tables import chunk, delivery, issue, newsletter

_NEWEST = 2


@dataclass(frozen=True, slots=True)
class Waiting:
    """An issue with copies that go out as soon as sending is allowed.

    Attributes:
        period: as on the command line ("2026-W47"); None for an issue without one.
        copies: queued, put off or in flight; at least 1.
    """

    issue_id: int
    newsletter: str
    period: str | None
    copies: int


def last_sent_at(tx: Transaction) -> datetime | None:
    """
    Return when the last copy was taken by the mail provider, or None before the first.

    Only the two issues released last are looked through: older ones ended before them, and a million
    copies each would have to be read.
    """
    released = issue.c.released_at
    newest = tx.scalars(
        select(issue.c.id).where(released.is_not(None)).order_by(released.desc()).limit(_NEWEST)
    )
    taken = delivery.c.issue_id.in_(newest.all()) & (delivery.c.state == DeliveryState.ACCEPTED)
    moment: datetime | None = tx.scalar(select(func.max(delivery.c.settled_at)).where(taken))
    return moment


def waiting(tx: Transaction) -> list[Waiting]:
    """Return the issues that would go on, oldest first."""
    copies = sum((func.sum(chunk.c[state]) for state in PENDING), start=func.sum(0))
    rows = tx.execute(
        select(issue.c.id, newsletter.c.slug, issue.c.period, copies)
        .join(newsletter, newsletter.c.id == issue.c.newsletter_id)
        .join(chunk, chunk.c.issue_id == issue.c.id)
        .where(issue.c.state == IssueState.RELEASED)
        .group_by(issue.c.id, newsletter.c.slug, issue.c.period)
        .having(copies > 0)
        .order_by(issue.c.id)
    )
    return [Waiting(number, slug, period, int(count)) for number, slug, period, count in rows]
