"""Lanes: how many messages each relay was handed, counted here so that limits hold across processes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from mailer.domain.bucket import DAY, SLOT, Bucket, Grant, Limits, Use, grant, slot_of
from mailer.storage.database import Transaction
from mailer.storage.lane_tables import lane as table
from mailer.storage.lane_tables import lane_use


def take(tx: Transaction, lane: str, limits: Limits, now: datetime) -> Grant:
    """Take a block of messages out of a lane, as far as its limits allow."""
    # Stored times are whole milliseconds: what is cut off must not be filled in twice.
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)
    full = Bucket(limits.burst if limits.per_second is not None else 0.0, now)
    dialect = _dialect(tx)
    new = dialect.insert(table).values(name=lane, tokens=full.tokens, filled_at=now)
    tx.execute(new.on_conflict_do_nothing())
    row = tx.execute(
        select(table.c.tokens, table.c.filled_at).where(table.c.name == lane).with_for_update()
    ).one()
    granted = grant(limits, Bucket(row.tokens, row.filled_at), _uses(tx, lane, now), now)
    tx.execute(
        update(table)
        .where(table.c.name == lane)
        .values(
            tokens=granted.bucket.tokens,
            filled_at=granted.bucket.filled_at,
            waits_until=granted.used_up_until,
        )
    )
    if granted.count and limits.per_day is not None:
        _count(tx, lane, granted.count, now)
    return granted


def give_back(tx: Transaction, lane: str, count: int, now: datetime) -> None:
    """Put back messages that were taken and not handed over."""
    tx.execute(update(table).where(table.c.name == lane).values(tokens=table.c.tokens + count))
    newest = select(lane_use).where((lane_use.c.lane == lane) & (lane_use.c.began_at > now - DAY))
    for row in tx.execute(newest.order_by(lane_use.c.began_at.desc()).with_for_update()).all():
        back = min(count, row.taken)
        key = (lane_use.c.lane == lane) & (lane_use.c.began_at == row.began_at)
        tx.execute(update(lane_use).where(key).values(taken=row.taken - back))
        count -= back


def used_up_until(tx: Transaction, lane: str, now: datetime) -> datetime | None:
    """Say until when a lane's messages of the day are used up; None when they are not."""
    found: datetime | None = tx.scalar(select(table.c.waits_until).where(table.c.name == lane))
    return found if found is not None and found > now else None


def _uses(tx: Transaction, lane: str, now: datetime) -> Sequence[Use]:
    """Return what was taken within a day, and forget what is older."""
    theirs = lane_use.c.lane == lane
    tx.execute(delete(lane_use).where(theirs & (lane_use.c.began_at <= now - DAY - SLOT)))
    # A clock that once stood days ahead must not hold mail back until it gets there again.
    rows = tx.execute(
        select(lane_use.c.began_at, lane_use.c.taken).where(theirs & (lane_use.c.began_at < now + DAY))
    )
    return [Use(*row) for row in rows]


def _count(tx: Transaction, lane: str, count: int, now: datetime) -> None:
    new = _dialect(tx).insert(lane_use).values(lane=lane, began_at=slot_of(now), taken=count)
    tx.execute(
        new.on_conflict_do_update(
            index_elements=[lane_use.c.lane, lane_use.c.began_at],
            set_={"taken": lane_use.c.taken + new.excluded.taken},
        )
    )


def _dialect(tx: Transaction) -> Any:
    return postgresql if tx.dialect.name == "postgresql" else sqlite
