"""Which installation this database belongs to, and how far it has counted (the restore fence)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, insert, literal, select, update

from mailer.storage.database import Transaction
from mailer.storage.desk_tables import installation as table

_ONLY = 1


@dataclass(frozen=True, slots=True)
class Identity:
    """The one row.

    Attributes:
        identity: random, never the host's name.
        counter: raised at each release and once a minute while sending or serving.
        counted_at: the newest time at which it was raised; it goes back only when a person adopts.
        is_sample: whether it was made with sample texts, which must not leave the machine.
    """

    identity: str
    counter: int
    counted_at: datetime
    is_sample: bool


def find(tx: Transaction) -> Identity | None:
    """Return the identity, or None before it was made."""
    columns = (table.c.identity, table.c.counter, table.c.counted_at, table.c.is_sample)
    row = tx.execute(select(*columns).where(table.c.id == _ONLY)).one_or_none()
    return Identity(*row) if row is not None else None


def make(tx: Transaction, identity: Identity) -> None:
    """Store the identity of a new installation."""
    values = {name: getattr(identity, name) for name in Identity.__slots__}
    tx.execute(insert(table).values(id=_ONLY, **values))


def adopt(tx: Transaction, identity: str, now: datetime) -> Identity:
    """Give a restored database an identity of its own, so that it may send."""
    tx.execute(update(table).values(identity=identity, counted_at=now))
    return _raised(tx, now)


def count(tx: Transaction, now: datetime) -> Identity:
    """Raise the counter; return what the file beside the data must say after the commit."""
    return _raised(tx, now)


def _raised(tx: Transaction, now: datetime) -> Identity:
    # A clock that was set back must not take away the proof of it.
    moment = literal(now, table.c.counted_at.type)
    counted_at = case((table.c.counted_at > moment, table.c.counted_at), else_=moment)
    tx.execute(update(table).values(counter=table.c.counter + 1, counted_at=counted_at))
    found = find(tx)
    assert found is not None
    return found
