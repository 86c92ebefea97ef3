"""Readers who were suppressed for a bounce, and their way back when the bounce was wrong."""

from __future__ import annotations

from sqlalchemy import func, select, update

from mailer.domain.subscription import Standing
from mailer.storage import readers
from mailer.storage.columns import UtcTime
from mailer.storage.database import Transaction
from mailer.storage.readers import Reader
from mailer.storage.tables import subscription as table


def restore(tx: Transaction, reader: Reader, changed_month: str) -> int:
    """
    Make the subscriptions active again that the last bounce ended; return how many.

    One bounce ends all of a reader's subscriptions at one moment, so what it ended is forgotten at one
    moment too: by that they are known from what an earlier bounce ended, which stays as it is.
    """
    if reader.sealed_address is None:
        return 0
    bounced = (table.c.reader_id == reader.id) & (table.c.standing == Standing.BOUNCED)
    together = tx.scalar(select(func.max(table.c.forget_at, type_=UtcTime)).where(bounced))
    if together is None:
        return 0
    values = {"standing": Standing.ACTIVE, "forget_at": None, "changed_month": changed_month}
    restored = tx.execute(update(table).where(bounced & (table.c.forget_at == together)).values(values))
    if readers.mark(tx, reader.address_index) is Standing.BOUNCED:
        readers.lift(tx, reader.address_index)
    return restored.rowcount
