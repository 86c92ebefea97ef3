"""Chunks: up to 500 copies of one edition for one provider group, the unit handed to workers.

Epoch and owner live here: whoever claims raises the epoch, and a copy goes in flight only under
the epoch it was claimed with. Pause and cancel raise it too, so that they take effect before the
next body. The counters change in the ledger's own commit, so progress never counts rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import String, Update, bindparam, case, func, or_, select, type_coerce, update

from mailer.domain.delivery import DeliveryState
from mailer.domain.issue import IssueState
from mailer.storage import halts
from mailer.storage.columns import UtcTime
from mailer.storage.database import Transaction
from mailer.storage.tables import chunk as table
from mailer.storage.tables import delivery, issue, reader

SIZE = 500
"""Most copies in one chunk."""
_STATES = {state.value: state for state in DeliveryState}


@dataclass(frozen=True, slots=True)
class Chunk:
    """A claimed chunk."""

    id: int
    issue_id: int
    edition_id: int
    epoch: int
    provider_group: str


_CHUNK = (table.c.id, table.c.issue_id, table.c.edition_id, table.c.epoch, table.c.provider_group)


# Built once: these run for every few hundred copies, in the thread that has their commits to make.
_NOW = bindparam("moment", type_=UtcTime)
_CHOSEN = (
    select(table.c.id)
    .join(issue, issue.c.id == table.c.issue_id)
    .where(table.c.owner.is_(None) & (table.c.next_at <= _NOW) & (issue.c.state == IssueState.RELEASED))
    .where(halts.not_halted())
    .order_by(table.c.next_at, table.c.id)
    .limit(1)
    .with_for_update(skip_locked=True, of=table)
)
_CLAIM = (
    update(table)
    .where((table.c.id == _CHOSEN.scalar_subquery()) & table.c.owner.is_(None))
    .values(owner=bindparam("by"), epoch=table.c.epoch + 1)
    .returning(*_CHUNK)
)
_QUEUED = delivery.c.state == DeliveryState.QUEUED
_AGAIN = delivery.c.state.in_([DeliveryState.DEFERRED, DeliveryState.UNKNOWN])
_DUE = (
    select(
        delivery.c.reader_id,
        type_coerce(delivery.c.state, String),
        delivery.c.attempts,
        reader.c.public_id,
        reader.c.sealed_address,
    )
    .outerjoin(reader, reader.c.id == delivery.c.reader_id)
    .where(delivery.c.chunk_id == bindparam("of_chunk"))
    .where(or_(_QUEUED, _AGAIN & (delivery.c.next_at <= _NOW)))
    .order_by(delivery.c.reader_id)
)
# min() passes over the NULL of a copy that awaits no resend.
_EARLIEST = (
    select(func.min(case((_QUEUED, _NOW), else_=delivery.c.next_at), type_=UtcTime))
    .where((delivery.c.chunk_id == bindparam("of_chunk")) & or_(_QUEUED, _AGAIN))
    .scalar_subquery()
)
# Most chunks end with nothing left to wait for, and their counters know.
_IS_OVER = table.c.queued + table.c.deferred + table.c.unknown == 0
_LET_GO = (
    update(table)
    .where((table.c.id == bindparam("of_chunk")) & (table.c.owner == bindparam("by")))
    .values(owner=None, next_at=case((_IS_OVER, None), else_=_EARLIEST))
)


class DueCopy(NamedTuple):
    """One copy of a claimed chunk that may be sent now.

    Attributes:
        state: queued, deferred or unknown, as it was when it was claimed.
        attempts: tries already made.
        public_id, sealed_address: the reader's; None when the reader is gone.
    """

    chunk: Chunk
    reader_id: int
    state: DeliveryState
    attempts: int
    public_id: bytes | None
    sealed_address: bytes | None


def claim(tx: Transaction, owner: str, now: datetime) -> Chunk | None:
    """Take the chunk that is due longest; None when none is."""
    row = tx.execute(_CLAIM, {"by": owner, "moment": now}).one_or_none()
    return None if row is None else Chunk(*row)


def due(tx: Transaction, chunk: Chunk, now: datetime) -> list[DueCopy]:
    """Return the copies of a claimed chunk that may be sent now, in the order of their readers."""
    rows = tx.execute(_DUE, {"of_chunk": chunk.id, "moment": now}).all()
    return [
        DueCopy(chunk, reader_id, _STATES[state], attempts, public_id, sealed_address)
        for reader_id, state, attempts, public_id, sealed_address in rows
    ]


def let_go(tx: Transaction, chunk_id: int, owner: str, now: datetime) -> None:
    """Give a chunk back and note when its next copy is due; without one it is finished."""
    tx.execute(_LET_GO, {"of_chunk": chunk_id, "by": owner, "moment": now})


def is_held(tx: Transaction, chunk: Chunk, owner: str) -> bool:
    """Tell whether a claimed chunk is still ours under the same epoch."""
    held = (table.c.id == chunk.id) & (table.c.epoch == chunk.epoch) & (table.c.owner == owner)
    return tx.scalar(select(table.c.id).where(held)) is not None


def raise_epochs(tx: Transaction, issue_id: int) -> None:
    """Make every claimed copy of an issue unsendable until its chunk is claimed anew."""
    tx.execute(update(table).where(table.c.issue_id == issue_id).values(epoch=table.c.epoch + 1))


def owned_by(tx: Transaction, owners: Sequence[str]) -> list[tuple[Chunk, str]]:
    """Return (chunk, owner) of every chunk that one of *owners* holds."""
    rows = tx.execute(select(*_CHUNK, table.c.owner).where(table.c.owner.in_(owners)).order_by(table.c.id))
    return [(Chunk(*row[:-1]), row.owner) for row in rows]


def count(chunk_id: int, changes: Mapping[str, int]) -> Update:
    """Return the statement that adds *changes* (counter to difference) to a chunk's counters."""
    return (
        update(table)
        .where(table.c.id == chunk_id)
        .values({name: table.c[name] + difference for name, difference in changes.items()})
    )
