"""Stopping and going on: what an operator does to an issue that is being sent.

Each takes effect before the next body: the epochs of the issue's chunks are raised, so no copy
claimed before can go in flight.
"""

from __future__ import annotations

from datetime import datetime

from mailer.domain.issue import Issue, IssueMove, IssueState
from mailer.storage import Database, Transaction, chunks, deliveries, halts, issues


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
    """Go on, also with what the breaker has stopped (delivery/halting.py).

    Raises:
        InvalidMove: the issue is not paused, and no part of it stands still.
    """

    def work(tx: Transaction) -> Issue:
        halted = halts.remove(tx, issue_id)
        issue = issues.get(tx, issue_id)
        if halted and issue.state is IssueState.RELEASED:
            return issue
        return issues.advance(tx, issue_id, IssueMove.RESUME)

    return await database.write(work, urgent=True)


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
