"""The ledger: one row per copy, and every step of it a compare-and-set (design §4).

Nothing is sent that is not already written down: *begin* marks a copy in flight before the first
byte of its body, *settle* writes what became of it. Each changes its chunk's counters in the same
transaction.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, func, insert, or_, select, update

from mailer.domain.delivery import DeliveryState, SkipReason, state_after
from mailer.domain.outcome import Accepted, Blame, Deferred, Failed, Outcome, Stage, Unknown
from mailer.storage import chunks, further_try, turns
from mailer.storage.database import Transaction
from mailer.storage.tables import attempt, chunk, issue, newsletter
from mailer.storage.tables import delivery as table
from mailer.storage.turns import Taken

_AS_ATTEMPT = {
    Deferred: DeliveryState.DEFERRED,
    Failed: DeliveryState.FAILED,
    Unknown: DeliveryState.UNKNOWN,
}
MOST_DEATHS = 4
"""So many uncertain tries, and one more: a copy torn again by a second kill must not be lost for it."""
_WAITING = (DeliveryState.QUEUED, DeliveryState.DEFERRED)


def begin(tx: Transaction, copy: chunks.DueCopy, owner: str) -> bool:
    """Mark a copy in flight; False when it may not be sent any more.

    It may not when its reader left, or its issue was paused or cancelled, or the chunk was taken
    from us, since it was claimed. Once more changes nothing: after a commit whose answer was lost,
    the same call finds the copy in flight under our own epoch, which only we can have done.
    """
    _, (may_go,) = turns.write(tx, (), (copy,), owner)
    return may_go


def settle(tx: Transaction, copy: chunks.DueCopy, outcome: Outcome, now: datetime) -> bool:
    """Write down what the attempt that *begin* marked ended in; False when somebody else has.

    Somebody else is a node that took us for dead and called the copy unknown: it stays so.
    """
    if isinstance(outcome, Accepted):
        (is_settled,), _ = turns.write(tx, (Taken(copy, outcome.reply, now),), (), "")
        return is_settled
    number = copy.attempts + 1
    key = _key(copy) & (table.c.state == DeliveryState.INFLIGHT) & (table.c.attempts == number)
    if not _record(tx, copy, number, outcome, now, key):
        return False
    changes = {DeliveryState.INFLIGHT.value: -1, state_after(outcome, copy.state).value: 1}
    tx.execute(chunks.count(copy.chunk.id, changes | _tally(outcome)))
    _call_off(tx, copy, outcome, now)
    return True


def refuse(tx: Transaction, copy: chunks.DueCopy, outcome: Outcome, now: datetime) -> bool:
    """Write down an attempt that ended before any byte of the body: it was never in flight."""
    number = copy.attempts + 1
    if not _record(tx, copy, number, outcome, now, _as_claimed(copy)):
        return False
    after = state_after(outcome, copy.state)
    changes = {} if after is copy.state else {copy.state.value: -1, after.value: 1}
    if changes := changes | _tally(outcome):
        tx.execute(chunks.count(copy.chunk.id, changes))
    _call_off(tx, copy, outcome, now)
    return True


def skip(tx: Transaction, copy: chunks.DueCopy, reason: SkipReason, now: datetime) -> None:
    """Leave a claimed copy out; one that may have arrived stays uncertain, and is not sent again."""
    key = _key(copy) & (table.c.state == copy.state)
    if copy.state is DeliveryState.UNKNOWN:
        tx.execute(update(table).where(key).values(next_at=None))
        return
    values = {"state": DeliveryState.SKIPPED, "reason": reason.value, "settled_at": now, "next_at": None}
    if tx.execute(update(table).where(key).values(values)).rowcount == 1:
        tx.execute(chunks.count(copy.chunk.id, {copy.state.value: -1, DeliveryState.SKIPPED.value: 1}))


def skip_reader(tx: Transaction, reader_id: int, newsletter_slug: str, now: datetime) -> int:
    """Leave out every copy that still waits for a reader who left; return how many.

    In the transaction of the unsubscribe itself: no body starts after it has been committed.
    """
    of_newsletter = table.c.issue_id.in_(
        select(issue.c.id)
        .join(newsletter, newsletter.c.id == issue.c.newsletter_id)
        .where(newsletter.c.slug == newsletter_slug)
    )
    theirs = (table.c.reader_id == reader_id) & of_newsletter
    # All of them are locked, whatever their state: who settles one that is in flight on another machine
    # either did so before and is seen here, or waits and then sees that the reader has left.
    columns = (table.c.issue_id, table.c.chunk_id, table.c.state)
    copies = tx.execute(select(*columns).where(theirs).with_for_update()).all()
    waiting = [row for row in copies if row.state in _WAITING]
    for row in waiting:
        values = {
            "state": DeliveryState.SKIPPED,
            "reason": SkipReason.UNSUBSCRIBED.value,
            "settled_at": now,
            "next_at": None,
        }
        tx.execute(
            update(table)
            .where((table.c.issue_id == row.issue_id) & (table.c.reader_id == reader_id))
            .values(values)
        )
        tx.execute(chunks.count(row.chunk_id, {row.state.value: -1, DeliveryState.SKIPPED.value: 1}))
    # A copy that may have arrived is not sent again to somebody who left.
    tx.execute(update(table).where(theirs & (table.c.state == DeliveryState.UNKNOWN)).values(next_at=None))
    return len(waiting)


def note_unsubscribe(tx: Transaction, issue_id: int, reader_id: int) -> None:
    """Attach an unsubscribe to the copy whose link was used, once."""
    key = (table.c.issue_id == issue_id) & (table.c.reader_id == reader_id) & ~table.c.unsubscribed
    row = tx.execute(
        update(table).where(key).values(unsubscribed=True).returning(table.c.chunk_id)
    ).one_or_none()
    if row is not None:
        tx.execute(chunks.count(row.chunk_id, {"unsubscribed": 1}))


def recover(tx: Transaction, chunk_id: int, now: datetime, *, resend_at: datetime | None) -> int:
    """Call every copy unknown that a dead node had in flight; return how many.

    Args:
        chunk_id: a chunk whose owner is known dead.
        resend_at: when to send the same bytes once more; not to a reader who left meanwhile, and not
            when the copy was uncertain MOST_DEATHS times before: it may be what kills its sender.
    """
    torn = tx.execute(
        select(table.c.issue_id, table.c.reader_id, table.c.attempts)
        .where((table.c.chunk_id == chunk_id) & (table.c.state == DeliveryState.INFLIGHT))
        .with_for_update()  # one that its node settles at this moment is not torn
    ).all()
    for row in torn:
        is_over = _times_unknown(tx, row.issue_id, row.reader_id) >= MOST_DEATHS or further_try.why_not(
            tx, row.issue_id, row.reader_id
        )
        tx.execute(
            update(table)
            .where((table.c.issue_id == row.issue_id) & (table.c.reader_id == row.reader_id))
            .values(state=DeliveryState.UNKNOWN, next_at=None if is_over else resend_at, settled_at=now)
        )
        tx.execute(
            insert(attempt).values(
                issue_id=row.issue_id,
                reader_id=row.reader_id,
                number=row.attempts,
                outcome=DeliveryState.UNKNOWN,
                stage=Stage.DOT,
                reply="the sending process ended before the answer was written down",
                at=now,
            )
        )
    if torn:
        count = len(torn)
        tx.execute(
            chunks.count(chunk_id, {DeliveryState.INFLIGHT.value: -count, DeliveryState.UNKNOWN.value: count})
        )
    tx.execute(update(chunk).where(chunk.c.id == chunk_id).values(epoch=chunk.c.epoch + 1))
    return len(torn)


def close_waiting(tx: Transaction, issue_id: int, now: datetime, *, deadline: bool) -> None:
    """End every copy that waits: at the deadline, or because the issue was cancelled.

    Queued copies were left out; deferred ones were refused until the deadline, so they failed.
    """
    reason = SkipReason.DEADLINE if deadline else SkipReason.CANCELLED
    ends = {
        DeliveryState.QUEUED: (DeliveryState.SKIPPED, reason.value),
        DeliveryState.DEFERRED: (
            (DeliveryState.FAILED, Blame.DEADLINE.value)
            if deadline
            else (DeliveryState.SKIPPED, reason.value)
        ),
    }
    of_issue = table.c.issue_id == issue_id
    for before, (after, why) in ends.items():
        tx.execute(
            update(table)
            .where(of_issue & (table.c.state == before))
            .values(state=after, reason=why, settled_at=now, next_at=None)
        )
        counter, waiting = chunk.c[after.value], chunk.c[before.value]
        tx.execute(
            update(chunk)
            .where(chunk.c.issue_id == issue_id)
            .values({counter: counter + waiting, waiting: 0, chunk.c.epoch: chunk.c.epoch + 1})
        )
    tx.execute(update(table).where(of_issue & (table.c.state == DeliveryState.UNKNOWN)).values(next_at=None))
    tx.execute(update(chunk).where(chunk.c.issue_id == issue_id).values(next_at=None))


def _record(
    tx: Transaction,
    copy: chunks.DueCopy,
    number: int,
    outcome: Outcome,
    now: datetime,
    key: ColumnElement[bool],
) -> bool:
    settled = None if isinstance(outcome, Deferred) else now
    done = tx.execute(
        update(table)
        .where(key)
        .values(
            state=state_after(outcome, copy.state),
            attempts=number,
            settled_at=settled,
            next_at=_due(outcome),
            reason=outcome.blame.value if isinstance(outcome, Failed) else None,
            reply=outcome.reply,
        )
    )
    if done.rowcount == 1 and not isinstance(outcome, Accepted):
        tx.execute(
            insert(attempt).values(
                issue_id=copy.chunk.issue_id,
                reader_id=copy.reader_id,
                number=number,
                outcome=_AS_ATTEMPT[type(outcome)],
                stage=outcome.stage,
                reply=outcome.reply,
                at=now,
            )
        )
    return done.rowcount == 1


def _call_off(tx: Transaction, copy: chunks.DueCopy, outcome: Outcome, now: datetime) -> None:
    """Leave out a copy that would be tried again, though its reader left while it was being tried."""
    if _due(outcome) is None:
        return
    reason = further_try.why_not(tx, copy.chunk.issue_id, copy.reader_id)
    if reason is not None:
        skip(tx, copy._replace(state=state_after(outcome, copy.state)), reason, now)


def _due(outcome: Outcome) -> datetime | None:
    match outcome:
        case Deferred(retry_at=due) | Unknown(resend_at=due):
            return due
        case _:
            return None


def _tally(outcome: Outcome) -> dict[str, int]:
    return {"deferred_attempts": 1} if isinstance(outcome, Deferred) else {}


def _times_unknown(tx: Transaction, issue_id: int, reader_id: int) -> int:
    earlier = (
        (attempt.c.issue_id == issue_id)
        & (attempt.c.reader_id == reader_id)
        & (attempt.c.outcome == DeliveryState.UNKNOWN)
    )
    return tx.scalar(select(func.count()).select_from(attempt).where(earlier)) or 0


def _as_claimed(copy: chunks.DueCopy) -> ColumnElement[bool]:
    """Return the condition that nothing has happened to a copy since it was claimed."""
    # A copy whose resend was called off (next_at emptied) keeps its state and must stay put.
    still_due = or_(table.c.state == DeliveryState.QUEUED, table.c.next_at.is_not(None))
    return _key(copy) & (table.c.state == copy.state) & (table.c.attempts == copy.attempts) & still_due


def _key(copy: chunks.DueCopy) -> ColumnElement[bool]:
    return (table.c.issue_id == copy.chunk.issue_id) & (table.c.reader_id == copy.reader_id)
