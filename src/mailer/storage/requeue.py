"""Requeue: copies that were refused because of us, or held as uncertain, wait to be sent once more.

Only an operator asks for it (delivery/second_try.py). Chunk by chunk: each is one transaction, so that
its counters balance at every moment and no write lock is long.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, select, update

from mailer.domain.delivery import DeliveryState
from mailer.domain.outcome import Blame
from mailer.domain.subscription import Standing
from mailer.storage import chunks
from mailer.storage.database import Transaction
from mailer.storage.tables import chunk, issue, subscription
from mailer.storage.tables import delivery as table


@dataclass(frozen=True, slots=True)
class Requeued:
    """How many copies.

    Attributes:
        refused: because of us, for good.
        uncertain: held for an operator.
    """

    refused: int = 0
    uncertain: int = 0

    def __add__(self, other: Requeued) -> Requeued:
        return Requeued(self.refused + other.refused, self.uncertain + other.uncertain)


def count(tx: Transaction, issue_id: int) -> Requeued:
    """Return how many copies of an issue could be queued again: those of readers who are still there."""
    of_issue = (table.c.issue_id == issue_id) & _is_reader_there()
    refused, uncertain = (
        tx.execute(select(func.count()).select_from(table).where(of_issue & which)).scalar_one()
        for which in (_is_refused(), _is_held())
    )
    return Requeued(refused, uncertain)


def concerned(tx: Transaction, issue_id: int) -> list[int]:
    """Return the chunks of an issue that may hold such copies, in order."""
    there = (chunk.c.failed > 0) | (chunk.c.unknown > 0)
    return list(
        tx.scalars(select(chunk.c.id).where((chunk.c.issue_id == issue_id) & there).order_by(chunk.c.id))
    )


def requeue(tx: Transaction, chunk_id: int, now: datetime, *, uncertain: bool) -> Requeued | None:
    """
    Queue the copies of a chunk again that were refused because of us; a try is not forgotten by it.

    Args:
        chunk_id: of a released issue.
        now: from when they are due.
        uncertain: those that are held as not certain, too.

    Returns:
        How many; None when the chunk is in a sender's hands, who must first let go of it.
    """
    # Who claims it waits for us, or we find that it was claimed.
    free = select(chunk.c.id).where((chunk.c.id == chunk_id) & chunk.c.owner.is_(None)).with_for_update()
    if tx.scalar(free) is None:
        return None
    theirs = table.c.chunk_id == chunk_id
    # A reader who leaves at this moment either has left, and is seen below, or waits for us.
    tx.execute(select(table.c.reader_id).where(theirs).with_for_update()).all()
    refused = tx.execute(
        update(table)
        .where(theirs & _is_refused() & _is_reader_there())
        .values(state=DeliveryState.QUEUED, settled_at=None, next_at=None, reason=None, reply=None)
    ).rowcount
    held = 0
    if uncertain:
        held = tx.execute(
            update(table).where(theirs & _is_held() & _is_reader_there()).values(next_at=now)
        ).rowcount
    if refused:
        tx.execute(
            chunks.count(
                chunk_id, {DeliveryState.FAILED.value: -refused, DeliveryState.QUEUED.value: refused}
            )
        )
    if refused or held:
        tx.execute(update(chunk).where(chunk.c.id == chunk_id).values(next_at=now))
    return Requeued(refused, held)


def _is_refused() -> ColumnElement[bool]:
    return (table.c.state == DeliveryState.FAILED) & (table.c.reason == Blame.SENDER.value)


def _is_held() -> ColumnElement[bool]:
    return (table.c.state == DeliveryState.UNKNOWN) & table.c.next_at.is_(None)


def _is_reader_there() -> ColumnElement[bool]:
    newsletter_id = (
        select(issue.c.newsletter_id).where(issue.c.id == table.c.issue_id).correlate(table).scalar_subquery()
    )
    return exists().where(
        (subscription.c.reader_id == table.c.reader_id)
        & (subscription.c.newsletter_id == newsletter_id)
        & (subscription.c.standing == Standing.ACTIVE)
    )
