"""What became of a reader's copies, for the operator who looks the reader up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from mailer.domain.delivery import DeliveryState
from mailer.storage.database import Transaction
from mailer.storage.tables import delivery as table


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one copy."""

    issue_id: int
    state: DeliveryState
    attempts: int
    reason: str | None
    reply: str | None
    settled_at: datetime | None


def of_reader(tx: Transaction, reader_id: int) -> Sequence[Fate]:
    """Return what became of a reader's copies, newest issue first."""
    rows = tx.execute(
        select(
            table.c.issue_id,
            table.c.state,
            table.c.attempts,
            table.c.reason,
            table.c.reply,
            table.c.settled_at,
        )
        .where(table.c.reader_id == reader_id)
        .order_by(table.c.issue_id.desc())
    )
    return [Fate(*row) for row in rows]
