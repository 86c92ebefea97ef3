"""Many readers at once: taken in by a few statements, where one by one would take hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql, sqlite

from mailer.domain.arrival import Known
from mailer.domain.subscription import Standing
from mailer.storage import newsletters, readers
from mailer.storage.database import Transaction
from mailer.storage.readers import Reader
from mailer.storage.tables import reader, subscription, suppression

_AT_ONCE = 1_000
_LIVE = (Standing.PENDING, Standing.ACTIVE)

IMPORTED = "imported from "
"""What the consent record's channel begins with where no reader of ours pressed anything."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is stored of an address.

    Attributes:
        reader_id: None without a row.
    """

    reader_id: int | None
    known: Known


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who is taken in with what we were told of their consent.

    Attributes:
        reader: its id is 0 where there is no row of them yet.
        channel: begins with IMPORTED.
        consent_at: when they consented elsewhere, to the hour; None where that is not proven.
        forget_at: when the subscription goes unless they confirm; None for confirmed ones.
    """

    reader: Reader
    standing: Standing
    channel: str
    consent_at: datetime | None
    forget_at: datetime | None


def take_in(
    tx: Transaction, newsletter_slug: str, newcomers: Sequence[Reader], *, changed_month: str
) -> None:
    """Store new readers as confirmed subscribers of a newsletter.

    Args:
        tx: a transaction.
        newsletter_slug: of a newsletter that is stored.
        newcomers: none of whom is stored already; their ids are given by the database.
        changed_month: ``2026-11``.
    """
    newsletter_id = newsletters.identifier(tx, newsletter_slug)
    standing = {
        "newsletter_id": newsletter_id,
        "standing": Standing.ACTIVE,
        "changed_month": changed_month,
    }
    # In the order of the index: random ones each change a page of their own, sorted ones share it.
    in_order = sorted(newcomers, key=attrgetter("address_index"))
    for start in range(0, len(in_order), _AT_ONCE):
        rows = [_row(each) for each in in_order[start : start + _AT_ONCE]]
        # Which id becomes whose does not matter: all are given the same subscription.
        ids = tx.scalars(insert(reader).returning(reader.c.id), rows).all()
        tx.execute(insert(subscription), [{"reader_id": each, **standing} for each in ids])


def _row(newcomer: Reader) -> dict[str, Any]:
    return {
        "public_id": newcomer.public_id,
        "sealed_address": newcomer.sealed_address,
        "address_index": newcomer.address_index,
        "provider_group": newcomer.provider_group,
        "language": newcomer.language,
        "missing_choice": str(newcomer.missing_choice) if newcomer.missing_choice else None,
    }


def find(tx: Transaction, newsletter_slug: str, indexes: Sequence[bytes]) -> dict[bytes, Found]:
    """Return what is stored of those addresses, seen from one newsletter; of a stranger, nothing.

    Args:
        tx: a transaction.
        newsletter_slug: of a newsletter that is stored.
        indexes: of the addresses, at most a slice of them.
    """
    newsletter_id = newsletters.identifier(tx, newsletter_slug)
    found: dict[bytes, Found] = {}
    for start in range(0, len(indexes), _AT_ONCE):
        theirs = indexes[start : start + _AT_ONCE]
        stopped = set(
            tx.scalars(select(suppression.c.address_index).where(suppression.c.address_index.in_(theirs)))
        )
        found |= {index: Found(None, Known(is_suppressed=True)) for index in stopped}
        found |= _known(tx, newsletter_id, theirs, stopped)
    return found


def admit(
    tx: Transaction, newsletter_slug: str, newcomers: Sequence[Newcomer], *, changed_month: str
) -> None:
    """Subscribe those who are taken in, each with their own consent record.

    Whoever signed up by themselves in this very moment stays as they are.
    """
    newsletter_id = newsletters.identifier(tx, newsletter_slug)
    dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
    in_order = sorted(newcomers, key=lambda newcomer: newcomer.reader.address_index)
    for start in range(0, len(in_order), _AT_ONCE):
        some = in_order[start : start + _AT_ONCE]
        ids = {each.reader.address_index: each.reader.id for each in some if each.reader.id}
        strangers = [_row(each.reader) for each in some if not each.reader.id]
        if strangers:
            new = dialect.insert(reader).on_conflict_do_nothing()
            stored = tx.execute(new.returning(reader.c.address_index, reader.c.id), strangers)
            ids |= {row.address_index: row.id for row in stored}
        rows = [
            {
                "reader_id": ids[each.reader.address_index],
                "newsletter_id": newsletter_id,
                "standing": each.standing,
                "changed_month": changed_month,
                "consent_language": each.reader.language,
                "consent_channel": each.channel,
                "consent_at": each.consent_at,
                "forget_at": each.forget_at,
            }
            for each in some
            if each.reader.address_index in ids
        ]
        if rows:
            tx.execute(dialect.insert(subscription).on_conflict_do_nothing(), rows)


def stop(tx: Transaction, reasons: Sequence[tuple[bytes, Standing]], *, since_month: str) -> None:
    """Note addresses that must not be mailed; what is noted already stays as it is."""
    dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
    rows = [
        {"address_index": index, "reason": reason, "since_month": since_month}
        for index, reason in sorted(reasons)
    ]
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        tx.execute(dialect.insert(suppression).on_conflict_do_nothing(), some)


def invitable(tx: Transaction, newsletter_slug: str, after_id: int, limit: int) -> list[tuple[Reader, str]]:
    """Return imported readers who were never asked to confirm, with their channel, by id, at most *limit*."""
    newsletter_id = newsletters.identifier(tx, newsletter_slug)
    asked = subscription.c.confirm_until.is_not(None) | subscription.c.confirm_hash.is_not(None)
    waiting = (subscription.c.newsletter_id == newsletter_id) & (subscription.c.standing == Standing.PENDING)
    imported = subscription.c.consent_channel.startswith(IMPORTED, autoescape=True)
    rows = tx.execute(
        select(reader.c.public_id, subscription.c.consent_channel)
        .join(subscription, subscription.c.reader_id == reader.c.id)
        .where(waiting & imported & ~asked & (reader.c.id > after_id))
        .order_by(reader.c.id)
        .limit(limit)
    )
    found = [(readers.by_public_id(tx, row.public_id), row.consent_channel) for row in rows.all()]
    return [(each, channel) for each, channel in found if each is not None and each.sealed_address]


def _known(
    tx: Transaction, newsletter_id: int, indexes: Sequence[bytes], stopped: set[bytes]
) -> dict[bytes, Found]:
    here = (subscription.c.reader_id == reader.c.id) & (subscription.c.newsletter_id == newsletter_id)
    columns = (
        reader.c.id,
        reader.c.address_index,
        subscription.c.standing,
        subscription.c.consent_version,
        subscription.c.consent_channel,
        subscription.c.consent_at,
    )
    rows = tx.execute(
        select(*columns).outerjoin(subscription, here).where(reader.c.address_index.in_(indexes))
    ).all()
    live = _live(tx, [row.id for row in rows])
    return {
        row.address_index: Found(
            row.id,
            Known(
                standing=row.standing or Standing.NONE,
                is_suppressed=row.address_index in stopped,
                is_reader=True,
                is_live=row.id in live,
                # Who was imported and then pressed the button here has chosen here.
                is_own_choice=row.consent_version is not None
                or not (row.consent_channel or "").startswith(IMPORTED),
                since=row.consent_at,
            ),
        )
        for row in rows
    }


def _live(tx: Transaction, reader_ids: Sequence[int]) -> set[int]:
    """Return those who have a subscription that goes on, to whichever newsletter."""
    if not reader_ids:
        # Of a slice of a large file, nobody is here yet.
        return set()
    lives = subscription.c.reader_id.in_(reader_ids) & subscription.c.standing.in_(_LIVE)
    return set(tx.scalars(select(subscription.c.reader_id).where(lives)))
