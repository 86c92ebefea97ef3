"""Sign-up requests as they came in: sealed, and decided by the sender's process, at once or when due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import RowMapping, bindparam, delete, func, insert, or_, select, update

from mailer.storage.columns import UtcTime
from mailer.storage.database import Transaction
from mailer.storage.tables import signup_request as table


@dataclass(frozen=True, slots=True)
class SignupRequest:
    """One press of "subscribe".

    Attributes:
        public_id: 12 random bytes to which *sealed* is sealed.
        sealed: what the visitor typed and chose.
        due_at: not decided before; None was not told to wait.
    """

    public_id: bytes
    sealed: bytes
    received_at: datetime
    id: int = 0
    due_at: datetime | None = None


class Waiting(NamedTuple):
    """The requests that were told to wait.

    Attributes:
        many: how many.
        until: when the last of them is due; None where there is none.
    """

    many: int
    until: datetime | None


def add_all(tx: Transaction, requests: Sequence[SignupRequest]) -> Sequence[None]:
    """Store requests in one statement, as *Database.write_together* asks it: nothing comes back for each."""
    tx.execute(
        insert(table),
        [
            {"public_id": each.public_id, "sealed": each.sealed, "received_at": each.received_at}
            for each in requests
        ],
    )
    return [None] * len(requests)


def due(tx: Transaction, now: datetime, limit: int) -> list[SignupRequest]:
    """Return the requests to be decided now, oldest first, at most *limit*."""
    is_due = or_(table.c.due_at.is_(None), table.c.due_at <= now)
    rows = tx.execute(select(table).where(is_due).order_by(table.c.id).limit(limit)).mappings()
    return [_request(row) for row in rows]


def after(tx: Transaction, request_id: int, limit: int) -> list[SignupRequest]:
    """Return the requests, due or not, behind the one with that id, oldest first, at most *limit*."""
    rows = tx.execute(select(table).where(table.c.id > request_id).order_by(table.c.id).limit(limit))
    return [_request(row) for row in rows.mappings()]


def postpone(tx: Transaction, due_at: Mapping[int, datetime]) -> None:
    """Have requests, by their ids, wait until a time of their own."""
    if not due_at:
        return
    statement = (
        update(table)
        .where(table.c.id == bindparam("request_id"))
        .values(due_at=bindparam("until", type_=UtcTime))
    )
    tx.execute(statement, [{"request_id": each, "until": until} for each, until in sorted(due_at.items())])


def replace(tx: Transaction, earlier: int, request: SignupRequest) -> None:
    """Have the request with the id *earlier* ask for what *request* does; if it is gone, nothing happens.

    It keeps its place: when it came, and until when it waits.
    """
    values = {"public_id": request.public_id, "sealed": request.sealed}
    tx.execute(update(table).where(table.c.id == earlier).values(values))


def waiting(tx: Transaction, now: datetime) -> Waiting:
    """Return how many requests wait, and until when."""
    row = tx.execute(select(func.count(), func.max(table.c.due_at)).where(table.c.due_at > now)).one()
    return Waiting(*row)


def remove(tx: Transaction, ids: Sequence[int]) -> int:
    """Remove decided requests; return how many were still there."""
    return tx.execute(delete(table).where(table.c.id.in_(ids))).rowcount


def _request(row: RowMapping) -> SignupRequest:
    return SignupRequest(row["public_id"], row["sealed"], row["received_at"], row["id"], row["due_at"])
