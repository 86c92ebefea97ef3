"""Guards: which provider groups' bounces are not believed until a person has looked (domain/guard.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import bindparam, exists, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from mailer.domain.guard import GuardState, Tally
from mailer.domain.issue import IssueKind
from mailer.errors import InvalidMove, NotFound
from mailer.storage import consequences
from mailer.storage.database import Transaction
from mailer.storage.return_tables import consequence
from mailer.storage.return_tables import guard as table
from mailer.storage.tables import chunk, issue

_USUAL_ISSUES = 8
# Built once: it runs for every bounce.
_OF_GROUP = (
    select(table.c.issue_id, table.c.ended_at)
    .where(table.c.provider_group == bindparam("group_name"))
    .order_by(table.c.id)
)


@dataclass(frozen=True, slots=True)
class Guard:
    """Why nobody of a provider group is suppressed for a bounce.

    Attributes:
        group: provider group.
        issue_id: whose copies came back so often.
        hard_count, copy_count: of so many copies, when it began.
        ended_at, ended_by: when and by which operator it was ended; None while it is open.
    """

    id: int
    group: str
    issue_id: int
    began_at: datetime
    hard_count: int
    copy_count: int
    ended_at: datetime | None = None
    ended_by: str | None = None


_COLUMNS = (
    table.c.id,
    table.c.provider_group,
    table.c.issue_id,
    table.c.began_at,
    table.c.hard_count,
    table.c.copy_count,
    table.c.ended_at,
    table.c.ended_by,
)


def begin(tx: Transaction, group: str, issue_id: int, tally: Tally, now: datetime) -> Guard | None:
    """Store that a guard begins; None where one of the group is open already, begun by another process."""
    values = {
        "provider_group": group,
        "issue_id": issue_id,
        "began_at": now,
        "hard_count": tally.hard_count,
        "copy_count": tally.copy_count,
    }
    dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
    beginning = dialect.insert(table).values(values).on_conflict_do_nothing()
    row = tx.execute(beginning.returning(*_COLUMNS)).one_or_none()
    return None if row is None else Guard(*row)


def end(tx: Transaction, guard_id: int, *, operator: str, now: datetime) -> Guard:
    """Store that an operator ended a guard; return it.

    Raises:
        NotFound: there is none with that number.
        InvalidMove: somebody ended it before.
    """
    guard = still_open(tx, guard_id)
    still = (table.c.id == guard_id) & table.c.ended_at.is_(None)
    if tx.execute(update(table).where(still).values(ended_at=now, ended_by=operator)).rowcount != 1:
        raise InvalidMove("somebody has decided this already; look at the list again")
    return replace(guard, ended_at=now, ended_by=operator)


def still_open(tx: Transaction, guard_id: int) -> Guard:
    """Return a guard that waits for a person.

    Raises:
        NotFound: there is none with that number.
        InvalidMove: somebody ended it before.
    """
    row = tx.execute(select(*_COLUMNS).where(table.c.id == guard_id)).one_or_none()
    if row is None:
        raise NotFound(
            f"no provider waits under number {guard_id}; “mailer bounces waiting” lists those that do"
        )
    if row.ended_at is not None:
        raise InvalidMove("somebody has decided this already; look at the list again")
    return Guard(*row)


def open_guards(tx: Transaction) -> list[Guard]:
    """Return the guards that wait for a person, oldest first."""
    rows = tx.execute(select(*_COLUMNS).where(table.c.ended_at.is_(None)).order_by(table.c.id))
    return [Guard(*row) for row in rows]


def state(tx: Transaction, group: str, issue_id: int | None) -> GuardState:
    """Return what guards a provider group, and an issue of it that nobody guards any more."""
    rows = tx.execute(_OF_GROUP, {"group_name": group}).all()
    if any(ended_at is None for _, ended_at in rows):
        return GuardState.OPEN
    ended_at = next((each.ended_at for each in reversed(rows) if each.issue_id == issue_id), None)
    if ended_at is None:
        return GuardState.NONE
    # What an operator dismissed with a guard bears the moment of its end.
    dismissed = exists().where((consequence.c.issue_id == issue_id) & (consequence.c.undone_at == ended_at))
    return GuardState.DISMISSED if tx.scalar(select(dismissed)) else GuardState.RELEASED


def tally(tx: Transaction, group: str, issue_id: int) -> Tally:
    """Count what came back of an issue's copies to a provider group."""
    return Tally(consequences.hard_count(tx, [issue_id], group), _copies(tx, [issue_id], group))


def usual(tx: Transaction, group: str, issue_id: int) -> Tally:
    """Count what came back of the issues before it, together; not of those that were guarded."""
    newsletter_id = select(issue.c.newsletter_id).where(issue.c.id == issue_id).scalar_subquery()
    guarded = exists().where((table.c.issue_id == issue.c.id) & (table.c.provider_group == group))
    before = (
        (issue.c.id < issue_id)
        & (issue.c.newsletter_id == newsletter_id)
        & (issue.c.kind != IssueKind.REHEARSAL)
        & issue.c.released_at.is_not(None)
    )
    ids = tx.scalars(
        select(issue.c.id).where(before & ~guarded).order_by(issue.c.id.desc()).limit(_USUAL_ISSUES)
    ).all()
    return Tally(consequences.hard_count(tx, ids, group), _copies(tx, ids, group))


def _copies(tx: Transaction, issue_ids: Sequence[int], group: str) -> int:
    """Return for how many copies there is an answer, from the chunks' counters."""
    answered = chunk.c.accepted + chunk.c.failed + chunk.c.unknown
    theirs = chunk.c.issue_id.in_(issue_ids) & (chunk.c.provider_group == group)
    return int(tx.scalar(select(func.sum(answered)).where(theirs)) or 0)
