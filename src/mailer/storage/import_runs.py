"""Imports: how far each came, so that one that was cut off goes on where it stopped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from mailer.storage.database import Transaction
from mailer.storage.visit_tables import import_run as table


@dataclass(frozen=True, slots=True)
class ImportRun:
    """One import of one file, read in one way.

    Attributes:
        done_count: persons that are in.
        ended_at: aware UTC; None while it has not come to its end.
    """

    done_count: int
    began_at: datetime
    ended_at: datetime | None


def find(tx: Transaction, digest: bytes) -> ImportRun | None:
    """Return the run of a file and a way to read it, or None."""
    columns = (table.c.done_count, table.c.began_at, table.c.ended_at)
    row = tx.execute(select(*columns).where(table.c.digest == digest)).one_or_none()
    return ImportRun(*row) if row is not None else None


def begin(tx: Transaction, digest: bytes, now: datetime) -> ImportRun:
    """Return the run as it stands, a new one where there is none."""
    found = find(tx, digest)
    if found is not None:
        return found
    tx.execute(insert(table).values(digest=digest, done_count=0, began_at=now))
    return ImportRun(0, now, None)


def advance(tx: Transaction, digest: bytes, done_count: int) -> None:
    """Write down, in the transaction that took them in, how many persons are in."""
    tx.execute(update(table).where(table.c.digest == digest).values(done_count=done_count))


def end(tx: Transaction, digest: bytes, now: datetime) -> None:
    """Write down that everybody is in."""
    tx.execute(update(table).where(table.c.digest == digest).values(ended_at=now))
