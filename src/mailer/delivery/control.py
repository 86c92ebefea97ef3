"""Stopping and going on: what an operator does to an issue that is being sent.

Each takes effect before the next body: the epochs of the issue's chunks are raised, so no copy
claimed before can go in flight.
"""

from __future__ import annotations

from datetime import datetime

from mailer.domain.issue import Issue, IssueMove
from mailer.storage import Database, Transaction, chunks, deliveries, issues


async def pause(database: Database, issue_id: int) -> Issue:
    """Stop before the next body.

    Raises:
        InvalidMove: the issue is not being sent.
    """

    def work(tx: Transaction) -> Issue:
        issue = issues.advance(tx, issue_id, IssueMove.PAUSE)
        chunks.raise_epochs(tx, issue_id)
        return issue

    return await database.write(work, urgent=True)


async def resume(database: Database, issue_id: int) -> Issue:
    """Go on.

    Raises:
        InvalidMove: the issue is not paused.
    """
    return await database.write(lambda tx: issues.advance(tx, issue_id, IssueMove.RESUME), urgent=True)


async def cancel(database: Database, issue_id: int, *, now: datetime) -> Issue:
    """End an issue: what waits is left out, what is in flight is settled, nothing else is sent.

    Raises:
        InvalidMove: the issue is sent, expired or cancelled already.
    """

    def work(tx: Transaction) -> Issue:
        issue = issues.advance(tx, issue_id, IssueMove.CANCEL)
        deliveries.close_waiting(tx, issue_id, now, deadline=False)
        return issue

    return await database.write(work, urgent=True)
