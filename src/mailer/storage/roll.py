"""Every reader with what they chose and agreed to, a page at a time: for the sealed export alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from mailer.storage.database import Transaction
from mailer.storage.tables import newsletter, reader, subscription


@dataclass(frozen=True, slots=True)
class Listed:
    """One reader whose address is here.

    Attributes:
        choices: language, missing_choice, paused_until, is_discreet.
        subscriptions: of each: newsletter, standing, changed_month, and the consent record.
    """

    id: int
    public_id: bytes
    sealed_address: bytes
    choices: dict[str, Any]
    subscriptions: list[dict[str, Any]]


def count(tx: Transaction) -> int:
    """Return how many readers have their address here."""
    return tx.scalar(select(func.count()).where(reader.c.sealed_address.is_not(None))) or 0


def page(tx: Transaction, after_id: int, limit: int) -> list[Listed]:
    """Return readers whose id is beyond *after_id*, by id, at most *limit*."""
    rows = tx.execute(
        select(
            reader.c.id,
            reader.c.public_id,
            reader.c.sealed_address,
            reader.c.language,
            reader.c.missing_choice,
            reader.c.paused_until,
            reader.c.is_discreet,
        )
        .where(reader.c.sealed_address.is_not(None) & (reader.c.id > after_id))
        .order_by(reader.c.id)
        .limit(limit)
    ).mappings()
    found = {
        row["id"]: Listed(
            row["id"],
            row["public_id"],
            row["sealed_address"],
            {name: row[name] for name in ("language", "missing_choice", "paused_until", "is_discreet")},
            [],
        )
        for row in rows
    }
    for line in _subscriptions(tx, after_id, max(found, default=after_id)):
        reader_id = line.pop("reader_id")
        if reader_id in found:
            found[reader_id].subscriptions.append(line)
    return list(found.values())


def _subscriptions(tx: Transaction, after_id: int, last_id: int) -> list[dict[str, Any]]:
    columns = (
        subscription.c.reader_id,
        newsletter.c.slug.label("newsletter"),
        subscription.c.standing,
        subscription.c.changed_month,
        subscription.c.consent_version,
        subscription.c.consent_language,
        subscription.c.consent_channel,
        subscription.c.consent_at,
    )
    rows = tx.execute(
        select(*columns)
        .join(newsletter, newsletter.c.id == subscription.c.newsletter_id)
        .where((subscription.c.reader_id > after_id) & (subscription.c.reader_id <= last_id))
        .order_by(subscription.c.reader_id, newsletter.c.slug)
    )
    # SQLAlchemy's names are more than text, which not everybody who writes JSON takes.
    names = [f"{column.name}" for column in columns]
    return [dict(zip(names, row, strict=True)) for row in rows]
