"""Halting: what the breaker has decided is done, and told to the operators.

An issue is paused as an operator pauses it, a provider group's chunks are not claimed any more; both
take effect before the next body. Nothing is lost: what was not tried stays queued (domain/breaker.py).
"""

from __future__ import annotations

from datetime import datetime

import structlog

from mailer.delivery.patience import keep_writing
from mailer.domain.breaker import Trip, widened
from mailer.domain.issue import IssueMove, IssueState
from mailer.errors import InvalidMove
from mailer.storage import Database, Transaction, halts, issues
from mailer.storage.halts import Halt

_log = structlog.get_logger()


async def halt(database: Database, trip: Trip, *, now: datetime) -> Trip | None:
    """
    Stop what a trip is about until an operator resumes.

    Args:
        database: of the installation.
        trip: what the breaker said.
        now: aware UTC.

    Returns:
        What was stopped: the whole issue when another group of it stood still already. None when it
        stands still, or is over, already.
    """

    def work(tx: Transaction) -> Trip | None:
        if issues.get(tx, trip.issue_id).state is not IssueState.RELEASED:
            return None
        stopped = [each.group for each in halts.of_issue(tx, trip.issue_id) if each.group]
        wide = widened(trip, stopped)
        if not halts.add(tx, Halt(trip.issue_id, wide.group, trip.stage, trip.reply, now)):
            return None
        if wide.group is None:
            issues.advance(tx, trip.issue_id, IssueMove.PAUSE)
        return wide

    try:
        done = await keep_writing(database, work)
    except InvalidMove:
        # Paused, cancelled or finished by somebody else at this moment.
        return None
    if done is not None:
        _log.error(
            "issue.needs_you",
            issue=done.issue_id,
            group=done.group,
            reason="refused again and again because of us; “mailer issue show” says why",
            stage=done.stage,
            reply=done.reply,
        )
    return done
