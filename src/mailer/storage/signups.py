"""Sign-up requests as they came in: sealed, and decided by the sender's process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select

from mailer.storage.database import Transaction
from mailer.storage.tables import signup_request as table


@dataclass(frozen=True, slots=True)
class SignupRequest:
    """One press of "subscribe".

    Attributes:
        public_id: 12 random bytes to which *sealed* is sealed.
        sealed: what the visitor typed and chose.
    """

    public_id: bytes
    sealed: bytes
    received_at: datetime
    id: int = 0


def add(tx: Transaction, request: SignupRequest) -> None:
    """Store a request."""
    tx.execute(
        insert(table).values(
            public_id=request.public_id, sealed=request.sealed, received_at=request.received_at
        )
    )


def oldest(tx: Transaction, limit: int) -> list[SignupRequest]:
    """Return the requests that wait, oldest first, at most *limit*."""
    rows = tx.execute(select(table).order_by(table.c.id).limit(limit)).mappings()
    return [SignupRequest(row["public_id"], row["sealed"], row["received_at"], row["id"]) for row in rows]


def remove(tx: Transaction, ids: Sequence[int]) -> int:
    """Remove decided requests; return how many were still there."""
    return tx.execute(delete(table).where(table.c.id.in_(ids))).rowcount
