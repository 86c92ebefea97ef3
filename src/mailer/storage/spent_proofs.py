"""Proofs of work that were used: each counts once, and is remembered until nobody could use it again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select

from mailer.storage.database import Transaction
from mailer.storage.visit_tables import spent_proof as table


def is_spent(tx: Transaction, digest: bytes) -> bool:
    """Tell whether a proof was used; *digest* is 32 bytes."""
    return tx.scalar(select(table.c.until).where(table.c.digest == digest)) is not None


def spend(tx: Transaction, digest: bytes, until: datetime) -> None:
    """Use a proof that is not spent; *until* is when it can be forgotten."""
    tx.execute(insert(table).values(digest=digest, until=until))
