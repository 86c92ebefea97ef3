"""What the clock does to issues: each a step that any number of processes may try, and one does."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from mailer.domain.issue import IssueKind, IssueState
from mailer.domain.period import Period, parse_period
from mailer.storage.database import Transaction
from mailer.storage.tables import issue as table
from mailer.storage.tables import newsletter

_OF_A_PERIOD = (IssueKind.REGULAR, IssueKind.REHEARSAL)


def begin(
    tx: Transaction, newsletter_slug: str, period: Period, *, now: datetime, rehearsal: bool
) -> int | None:
    """
    Make the regular issue of *period* unless its turn has been; return the number of a new one.

    Args:
        tx: a transaction that writes.
        newsletter_slug: of a stored newsletter.
        period: whose turn it is by the clock.
        now: aware UTC.
        rehearsal: whether nothing leaves this machine: then the period's rehearsal counts as its issue.
            Elsewhere it does not, since it reached nobody.

    None where there is one in any state, and where an issue on a later period was made at a time that
    has not come yet: the clock was set back, and what it had done must not begin again.
    """
    # Whoever comes second waits here and then sees what the first has made; also when that was
    # released meanwhile and, as a rehearsal, would not stand in the way of a regular one.
    newsletter_id = tx.scalar(
        select(newsletter.c.id).where(newsletter.c.slug == newsletter_slug).with_for_update(key_share=True)
    )
    kinds = _OF_A_PERIOD if rehearsal else (IssueKind.REGULAR,)
    of_newsletter = (table.c.newsletter_id == newsletter_id) & table.c.kind.in_(_OF_A_PERIOD)
    near = of_newsletter & ((table.c.period == period.key) | (table.c.created_at > now))
    for kind, key in tx.execute(select(table.c.kind, table.c.period).where(near)).all():
        if (key == period.key and kind in kinds) or parse_period(key) > period:
            return None
    dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
    values: dict[str, Any] = {
        "newsletter_id": newsletter_id,
        "kind": IssueKind.REGULAR,
        "period": period.key,
        "state": IssueState.DRAFT,
        "words": {},
        "created_at": now,
    }
    # A person may build the same issue at this moment.
    insertion = dialect.insert(table).values(values).on_conflict_do_nothing().returning(table.c.id)
    number: int | None = tx.scalar(insertion)
    return number


def drafts(tx: Transaction, newsletter_slug: str) -> list[int]:
    """Return the numbers of a newsletter's regular issues that are drafts, oldest first."""
    return list(
        tx.scalars(
            select(table.c.id)
            .join(newsletter, newsletter.c.id == table.c.newsletter_id)
            .where(newsletter.c.slug == newsletter_slug)
            .where((table.c.kind == IssueKind.REGULAR) & (table.c.state == IssueState.DRAFT))
            .order_by(table.c.id)
        )
    )


def remind(tx: Transaction, issue_id: int, now: datetime) -> bool:
    """Note that operators are told of an issue that waits; return whether nobody was told before."""
    untold = (table.c.id == issue_id) & table.c.reminded_at.is_(None)
    return tx.execute(update(table).where(untold).values(reminded_at=now)).rowcount == 1


def newest_release(tx: Transaction) -> datetime | None:
    """Return when an issue was last released, or None before the first."""
    newest: datetime | None = tx.scalar(select(func.max(table.c.released_at)))
    return newest
