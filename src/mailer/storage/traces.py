"""What else is stored that belongs to one reader: for their own export, and for an operator they asked.

Each function returns rows as dictionaries by the names that the export shows.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from mailer.storage.database import Transaction
from mailer.storage.return_tables import consequence
from mailer.storage.tables import (
    attempt,
    delivery,
    issue,
    letter,
    letter_count,
    newsletter,
    suppression,
)
from mailer.storage.visit_tables import reader_link


def copies(tx: Transaction, reader_id: int) -> list[dict[str, Any]]:
    """Return what became of a reader's copies, newest issue first."""
    of_issue = (
        select(
            newsletter.c.slug.label("newsletter"),
            issue.c.period,
            delivery.c.state,
            delivery.c.attempts,
            delivery.c.reason,
            delivery.c.reply,
            delivery.c.settled_at,
            delivery.c.unsubscribed.label("unsubscribed_by_its_link"),
        )
        .join(issue, issue.c.id == delivery.c.issue_id)
        .join(newsletter, newsletter.c.id == issue.c.newsletter_id)
        .where(delivery.c.reader_id == reader_id)
        .order_by(delivery.c.issue_id.desc())
    )
    return _rows(tx, of_issue)


def attempts(tx: Transaction, reader_id: int) -> list[dict[str, Any]]:
    """Return the attempts that did not end in "taken by the mail provider", newest first."""
    columns = (attempt.c.number, attempt.c.outcome, attempt.c.stage, attempt.c.reply, attempt.c.at)
    theirs = attempt.c.reader_id == reader_id
    return _rows(tx, select(*columns).where(theirs).order_by(attempt.c.at.desc()))


def returned(tx: Transaction, reader_id: int) -> list[dict[str, Any]]:
    """Return what came back from a reader and what it led to, newest first."""
    columns = [
        consequence.c[name] for name in ("at", "kind", "cause", "evidence", "reply", "effect", "undone_at")
    ]
    theirs = consequence.c.reader_id == reader_id
    return _rows(tx, select(*columns).where(theirs).order_by(consequence.c.id.desc()))


def letters(tx: Transaction, public_id: bytes) -> list[dict[str, Any]]:
    """Return the Letters that have not gone out yet."""
    columns = (letter.c.kind, letter.c.created_at, letter.c.not_after, letter.c.attempts, letter.c.reply)
    return _rows(tx, select(*columns).where(letter.c.public_id == public_id).order_by(letter.c.id))


def counts(tx: Transaction, address_index: bytes) -> list[dict[str, Any]]:
    """Return which Letters were sent in the last 30 days."""
    theirs = letter_count.c.address_index == address_index
    return _rows(
        tx, select(letter_count.c.kind, letter_count.c.sent_at).where(theirs).order_by(letter_count.c.id)
    )


def links(tx: Transaction, reader_id: int) -> list[dict[str, Any]]:
    """Return the links that are out, without what would open them."""
    columns = (reader_link.c.purpose, reader_link.c.valid_until)
    return _rows(
        tx,
        select(*columns).where(reader_link.c.reader_id == reader_id).order_by(reader_link.c.valid_until),
    )


def block(tx: Transaction, address_index: bytes) -> list[dict[str, Any]]:
    """Return why the address must not be mailed; nothing where it may."""
    columns = (suppression.c.reason, suppression.c.since_month)
    return _rows(tx, select(*columns).where(suppression.c.address_index == address_index))


def _rows(tx: Transaction, statement: Select[Any]) -> list[dict[str, Any]]:
    # SQLAlchemy's names are words with extras, which no writer of JSON takes for keys.
    return [{str(name): value for name, value in row.items()} for row in tx.execute(statement).mappings()]
