"""The books of an issue, from the chunks' counters, and their proof from the copies themselves."""

from __future__ import annotations

from sqlalchemy import Integer, exists, func, or_, select

from mailer.domain.books import Books
from mailer.domain.delivery import PENDING, DeliveryState
from mailer.domain.language import Language
from mailer.storage.database import Transaction
from mailer.storage.tables import chunk, delivery, edition, issue

_COUNTERS = (*DeliveryState, "deferred_attempts", "unsubscribed")


def by_language(tx: Transaction, issue_id: int) -> dict[Language, Books]:
    """Return the books by the readers' main language, from counters: the cost is that of the chunks."""
    rows = tx.execute(
        select(
            edition.c.language,
            func.sum(chunk.c.size).label("size"),
            *(func.sum(chunk.c[name]).label(name) for name in _COUNTERS),
        )
        .join(edition, edition.c.id == chunk.c.edition_id)
        .where(chunk.c.issue_id == issue_id)
        .group_by(edition.c.language)
    ).mappings()
    return {
        row["language"]: Books(
            audience=int(row["size"]),
            accepted=int(row[DeliveryState.ACCEPTED]),
            failed=int(row[DeliveryState.FAILED]),
            skipped=int(row[DeliveryState.SKIPPED]),
            unknown=int(row[DeliveryState.UNKNOWN]),
            pending=sum(int(row[state]) for state in PENDING),
            deferred_attempts=int(row["deferred_attempts"]),
            unsubscribed=int(row["unsubscribed"]),
        )
        for row in rows
    }


def proven(tx: Transaction, issue_id: int) -> dict[Language, Books]:
    """Return the same books counted from every copy's own row, tries and departures apart.

    Costs a pass over the issue's copies: for ``mailer books``, not for progress.
    """
    rows = tx.execute(
        select(
            edition.c.language,
            delivery.c.state,
            func.count().label("copies"),
            func.sum(delivery.c.unsubscribed.cast(Integer)).label("left"),
        )
        .join(chunk, chunk.c.id == delivery.c.chunk_id)
        .join(edition, edition.c.id == chunk.c.edition_id)
        .where(delivery.c.issue_id == issue_id)
        .group_by(edition.c.language, delivery.c.state)
    )
    found: dict[Language, Books] = {}
    for language, state, copies, left in rows:
        counter = "pending" if state in PENDING else state.value
        line = Books(audience=copies, unsubscribed=int(left or 0))
        found[language] = found.get(language, Books()) + line + Books(**{counter: copies})
    return found


def strays(tx: Transaction, issue_id: int) -> int:
    """Return how many copies no chunk of the issue counts: *proven* passes over them."""
    of_issue = select(chunk.c.id).where(chunk.c.issue_id == issue_id)
    elsewhere = delivery.c.chunk_id.not_in(of_issue)
    statement = select(func.count()).select_from(delivery).where(delivery.c.issue_id == issue_id, elsewhere)
    return int(tx.scalar(statement) or 0)


def with_copies(tx: Transaction) -> list[int]:
    """Return the issues that have copies, or counters of copies, oldest first."""
    copies = exists().where(delivery.c.issue_id == issue.c.id)
    counters = exists().where(chunk.c.issue_id == issue.c.id)
    return list(tx.scalars(select(issue.c.id).where(or_(copies, counters)).order_by(issue.c.id)))
