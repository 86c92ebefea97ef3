"""Copies that were refused for good while they were handed over, and that nothing has followed from yet.

The ledger writes an attempt and goes on; what follows for a reader is found here, afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, exists, func, select

from mailer.domain.delivery import DeliveryState
from mailer.domain.issue import IssueKind
from mailer.domain.outcome import Blame, Stage
from mailer.storage.database import Transaction
from mailer.storage.return_tables import consequence
from mailer.storage.tables import attempt, chunk, delivery, issue


@dataclass(frozen=True, slots=True)
class RefusedCopy:
    """One copy that a provider refused.

    Attributes:
        stage, reply: of the refusal; masked.
        at: when it was, aware UTC; with the copy it names the refusal.
    """

    issue_id: int
    reader_id: int
    stage: Stage
    reply: str
    at: datetime


_COLUMNS = (attempt.c.issue_id, attempt.c.reader_id, attempt.c.stage, attempt.c.reply)
# A report of the same copy is no obstacle: what the relay itself said stands apart.
_IS_FOLLOWED = exists().where(
    (consequence.c.issue_id == attempt.c.issue_id)
    & (consequence.c.reader_id == attempt.c.reader_id)
    & consequence.c.report_id.is_(None)
)


def issues_since(tx: Transaction, since: datetime) -> list[int]:
    """Return the issues released since a moment, oldest first; not those that only rehearsed."""
    lately = (issue.c.released_at >= since) & (issue.c.kind != IssueKind.REHEARSAL)
    return list(tx.scalars(select(issue.c.id).where(lately).order_by(issue.c.id)))


def is_over(tx: Transaction, issue_id: int, now: datetime) -> bool:
    """Tell whether an issue's deadline has passed and no copy of it waits or is under way any more."""
    waits = exists().where(
        (chunk.c.issue_id == issue_id) & (chunk.c.queued + chunk.c.deferred + chunk.c.inflight > 0)
    )
    over = (issue.c.id == issue_id) & (issue.c.deadline_at <= now) & ~waits
    return tx.scalar(select(issue.c.id).where(over)) is not None


def refused(tx: Transaction, issue_id: int, behind: tuple[datetime, int], limit: int) -> list[RefusedCopy]:
    """Return refused copies of an issue, oldest first, behind (time, reader), at most *limit*."""
    wanted = (
        (attempt.c.issue_id == issue_id)
        & (attempt.c.at >= behind[0])
        & ((attempt.c.at > behind[0]) | (attempt.c.reader_id > behind[1]))
        & (attempt.c.outcome == DeliveryState.FAILED)
        & ~_IS_FOLLOWED.where(consequence.c.at == attempt.c.at)
    )
    ordered = select(*_COLUMNS, attempt.c.at).where(wanted).order_by(attempt.c.at, attempt.c.reader_id)
    return [RefusedCopy(*row) for row in tx.execute(ordered.limit(limit))]


def ran_out(tx: Transaction, issue_id: int, limit: int, *, after: int = 0) -> list[RefusedCopy]:
    """
    Return copies that were put off again and again until the issue's deadline, with what was said last.

    In the order of readers, behind reader *after*, at most *limit*.
    """
    every = attempt.alias("every")
    theirs = (every.c.issue_id == delivery.c.issue_id) & (every.c.reader_id == delivery.c.reader_id)
    last = select(func.max(every.c.number)).where(theirs).scalar_subquery()
    tried = and_(
        attempt.c.issue_id == delivery.c.issue_id,
        attempt.c.reader_id == delivery.c.reader_id,
        attempt.c.number == last,
    )
    late = (delivery.c.state == DeliveryState.FAILED) & (delivery.c.reason == Blame.DEADLINE.value)
    rows = tx.execute(
        select(*_COLUMNS, delivery.c.settled_at)
        .select_from(delivery)
        .join(attempt, tried)
        .where((delivery.c.issue_id == issue_id) & (delivery.c.reader_id > after) & late & ~_IS_FOLLOWED)
        .order_by(delivery.c.reader_id)
        .limit(limit)
    )
    return [RefusedCopy(*row) for row in rows]


def is_followed(tx: Transaction, copy: RefusedCopy) -> bool:
    """Tell whether a refusal has been followed meanwhile, by another process say."""
    known = (
        (consequence.c.issue_id == copy.issue_id)
        & (consequence.c.reader_id == copy.reader_id)
        & consequence.c.report_id.is_(None)
        & (consequence.c.at == copy.at)
    )
    return tx.scalar(select(consequence.c.id).where(known).limit(1)) is not None
