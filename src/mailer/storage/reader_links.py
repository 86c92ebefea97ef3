"""Links that were mailed to a reader and work for a while: to their settings, to a new address.

Only the SHA-256 of what a link holds is stored, so a stolen database opens none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, insert, select, update

from mailer.storage.database import Transaction
from mailer.storage.visit_tables import reader_link as table


class LinkPurpose(StrEnum):
    """What a link opens."""

    SETTINGS = "settings"
    MOVE_IN = "move-in"
    """Mailed to a new address; its owner has not agreed yet."""
    MOVE_IN_AGREED = "move-in-agreed"
    MOVE_OUT = "move-out"
    """Mailed to the present address; its owner has not agreed yet."""
    MOVE_OUT_AGREED = "move-out-agreed"
    MOVED = "moved"
    """Either link, once the address has changed."""
    MOVE_REFUSED = "move-refused"
    """Either link, once one of the owners has refused."""


OPEN_MOVES = (
    LinkPurpose.MOVE_IN,
    LinkPurpose.MOVE_IN_AGREED,
    LinkPurpose.MOVE_OUT,
    LinkPurpose.MOVE_OUT_AGREED,
)
"""Both links of a change of address that is not decided."""
MOVES = (*OPEN_MOVES, LinkPurpose.MOVED, LinkPurpose.MOVE_REFUSED)


@dataclass(frozen=True, slots=True)
class ReaderLink:
    """A link that is out.

    Attributes:
        link_hash: SHA-256 of its secret, 32 bytes.
        purpose: a LinkPurpose, or another room's word.
        seal_id: 12 random bytes to which *sealed* is sealed; None where nothing is.
        sealed: what the link is about, such as a new address.
        valid_until: it works up to this moment.
    """

    link_hash: bytes
    reader_id: int
    purpose: str
    valid_until: datetime
    seal_id: bytes | None = None
    sealed: bytes | None = None


def add(tx: Transaction, link: ReaderLink) -> None:
    """Store a link."""
    tx.execute(insert(table).values({name: getattr(link, name) for name in ReaderLink.__slots__}))


def find(tx: Transaction, link_hash: bytes, purposes: Sequence[str], now: datetime) -> ReaderLink | None:
    """Return the link with that hash if it is for one of *purposes* and still works, or None."""
    wanted = (table.c.link_hash == link_hash) & table.c.purpose.in_(purposes) & (table.c.valid_until >= now)
    row = tx.execute(select(table).where(wanted)).mappings().one_or_none()
    return ReaderLink(**row) if row is not None else None


def of_reader(tx: Transaction, reader_id: int) -> list[ReaderLink]:
    """Return every link of a reader, the one that works longest last."""
    theirs = select(table).where(table.c.reader_id == reader_id).order_by(table.c.valid_until)
    return [ReaderLink(**row) for row in tx.execute(theirs).mappings()]


def asked_addresses(tx: Transaction) -> list[ReaderLink]:
    """Return the links that hold the new address of a change that is not decided, of all readers."""
    holding = table.c.purpose.in_([LinkPurpose.MOVE_IN, LinkPurpose.MOVE_IN_AGREED])
    rows = tx.execute(select(table).where(holding & table.c.sealed.is_not(None))).mappings()
    return [ReaderLink(**row) for row in rows]


def change_purpose(tx: Transaction, link_hash: bytes, purpose: str) -> None:
    """Let a link mean something else from now on, such as that it was agreed to."""
    tx.execute(update(table).where(table.c.link_hash == link_hash).values(purpose=purpose))


def close_moves(tx: Transaction, reader_id: int, purpose: LinkPurpose) -> None:
    """Note on both links of a change of address how it ended, and forget the address."""
    both = (table.c.reader_id == reader_id) & table.c.purpose.in_(OPEN_MOVES)
    tx.execute(update(table).where(both).values(purpose=purpose, seal_id=None, sealed=None))


def remove(tx: Transaction, link_hash: bytes) -> None:
    """Let a link work no more."""
    tx.execute(delete(table).where(table.c.link_hash == link_hash))


def remove_all(tx: Transaction, reader_id: int, purposes: Sequence[str]) -> None:
    """Let a reader's links for *purposes* work no more."""
    tx.execute(delete(table).where((table.c.reader_id == reader_id) & table.c.purpose.in_(purposes)))
