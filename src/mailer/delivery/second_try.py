"""A second try: an operator sends copies once more that were refused because of us.

Nothing does so by itself: who has mended nothing would only be refused again (design §4).
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import partial

from mailer.domain.issue import Issue, IssueMove, IssueState
from mailer.domain.newsletter import UnknownPolicy
from mailer.errors import InvalidMove
from mailer.storage import Database, Transaction, issues, newsletters, requeue
from mailer.storage.requeue import Requeued

_OPEN = (IssueState.RELEASED, IssueState.PAUSED, IssueState.SENT)
_AGAIN_S = 0.2
_PATIENCE = 25


async def waiting(database: Database, issue_id: int, *, uncertain: bool, now: datetime) -> Requeued:
    """
    Return how many copies a second try would queue.

    Raises:
        InvalidMove: the issue is not being sent, or is past its deadline; or *uncertain* is asked for
            where such copies are sent once more by themselves.
        NotFound: there is no such issue.
    """

    def work(tx: Transaction) -> Requeued:
        _check(tx, issue_id, uncertain=uncertain, now=now)
        return requeue.count(tx, issue_id)

    found = await database.read(work)
    return found if uncertain else Requeued(found.refused)


async def retry(database: Database, issue_id: int, *, uncertain: bool, now: datetime) -> Requeued:
    """
    Queue them; return how many. Copies in a sender's hands are waited for, a few seconds at most.

    Raises:
        InvalidMove: as *waiting*; what was queued before stays queued.
    """
    done = Requeued()
    rest = await database.read(partial(requeue.concerned, issue_id=issue_id))
    for _ in range(_PATIENCE):
        busy = []
        for chunk_id in rest:
            work = partial(_requeue, issue_id=issue_id, chunk_id=chunk_id, uncertain=uncertain, now=now)
            found = await database.write(work)
            if found is None:
                busy.append(chunk_id)
            else:
                done += found
        if not busy:
            break
        rest = busy
        await asyncio.sleep(_AGAIN_S)
    return done


def _requeue(
    tx: Transaction, *, issue_id: int, chunk_id: int, uncertain: bool, now: datetime
) -> Requeued | None:
    issue = _check(tx, issue_id, uncertain=uncertain, now=now)
    found = requeue.requeue(tx, chunk_id, now, uncertain=uncertain)
    if issue.state is IssueState.SENT and found not in (None, Requeued()):
        issues.advance(tx, issue_id, IssueMove.RETRY)
    return found


def _check(tx: Transaction, issue_id: int, *, uncertain: bool, now: datetime) -> Issue:
    issue = issues.get(tx, issue_id)
    if issue.state not in _OPEN:
        raise InvalidMove(
            f"this issue is {issue.state}; only what is being sent or was sent has copies to try again"
        )
    if issue.deadline_at is not None and issue.deadline_at <= now:
        raise InvalidMove("this issue is past its deadline; its copies can’t be sent any more")
    if uncertain and newsletters.pick(tx, issue.newsletter).unknown_policy is not UnknownPolicy.HOLD:
        raise InvalidMove(
            "this newsletter sends uncertain copies once more by itself, so none waits; leave out --uncertain"
        )
    return issue
