"""Everything that is sealed, wherever it lies: counted by key, and taken through slice by slice.

A sealed value begins with two bytes, format and key id (audience/vault.py), so what lies under a key
is found without opening anything. Slices follow the primary key; a value that somebody changed since
it was read is left alone, for what they wrote is newer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, LargeBinary, bindparam, func, select, update

from mailer.storage.database import Transaction
from mailer.storage.desk_tables import installation
from mailer.storage.return_tables import report
from mailer.storage.tables import letter, reader, signup_request
from mailer.storage.visit_tables import reader_link

_HEAD_BYTES = 2


@dataclass(frozen=True, slots=True)
class Place:
    """A column that holds sealed values, in a table with one primary key.

    Attributes:
        name: in plain words, for a progress bar.
        key: the primary key's column.
        seal_id: the column that each value is sealed to.
        sealed: the column itself; NULL where there is nothing.
    """

    name: str
    key: Column[Any]
    seal_id: Column[bytes]
    sealed: Column[bytes]


PLACES: Final = (
    Place("addresses", reader.c.id, reader.c.public_id, reader.c.sealed_address),
    Place("sign-ups", signup_request.c.id, signup_request.c.public_id, signup_request.c.sealed),
    Place("mails", letter.c.id, letter.c.seal_id, letter.c.sealed),
    Place("links", reader_link.c.link_hash, reader_link.c.seal_id, reader_link.c.sealed),
    Place("reports", report.c.id, report.c.seal_id, report.c.sealed),
)
"""All but the installation's own word, which key_check.py keeps."""


@dataclass(frozen=True, slots=True)
class SealedValue:
    """One value as it was read.

    Attributes:
        key: primary key of its row.
        seal_id: 12 bytes it is sealed to.
        sealed: as it lies there.
    """

    key: Any
    seal_id: bytes
    sealed: bytes


def counts(tx: Transaction) -> dict[int, int]:
    """Return how many values lie under each key: key id to count, only those with any."""
    found: Counter[int] = Counter()
    for column in (*(place.sealed for place in PLACES), installation.c.key_check):
        head = _head(column)
        rows = tx.execute(select(head, func.count()).where(column.is_not(None)).group_by(head))
        found.update({bytes(first)[1]: many for first, many in rows})
    return dict(found)


def stale(tx: Transaction, place: Place, head: bytes) -> int:
    """Return how many values of a place do not begin with *head*."""
    wanted = place.sealed.is_not(None) & (_head(place.sealed) != head)
    return tx.scalar(select(func.count()).select_from(place.key.table).where(wanted)) or 0


def slice_of(tx: Transaction, place: Place, head: bytes, after: Any, limit: int) -> list[SealedValue]:
    """
    Return values that do not begin with *head*, by primary key.

    Args:
        tx: a read is enough.
        place: one of PLACES.
        head: two bytes, of the key that seals now.
        after: primary key of the last value of the slice before; None begins.
        limit: at most so many.
    """
    wanted = place.sealed.is_not(None) & (_head(place.sealed) != head)
    if after is not None:
        wanted &= place.key > after
    rows = tx.execute(
        select(place.key, place.seal_id, place.sealed).where(wanted).order_by(place.key).limit(limit)
    )
    return [SealedValue(key, bytes(seal_id), bytes(sealed)) for key, seal_id, sealed in rows]


def put(tx: Transaction, place: Place, anew: Sequence[tuple[SealedValue, bytes]]) -> int:
    """
    Write down values sealed anew, where the old one still lies there and nobody else is at the row.

    Returns:
        How many rows were free; the others are met again by a later slice_of.
    """
    # Never waiting for a row that another transaction holds, this one can be in no deadlock (PostgreSQL).
    keys = [value.key for value, _ in anew]
    free = select(place.key).where(place.key.in_(keys)).with_for_update(key_share=True, skip_locked=True)
    mine = set(tx.scalars(free))
    values: list[Mapping[str, Any]] = [
        {"row_key": value.key, "old": value.sealed, "new": sealed}
        for value, sealed in anew
        if value.key in mine
    ]
    unchanged = (place.key == bindparam("row_key")) & (place.sealed == bindparam("old"))
    if values:
        tx.execute(update(place.key.table).where(unchanged).values({place.sealed: bindparam("new")}), values)
    return len(values)


def _head(column: Column[bytes]) -> Any:
    return func.substr(column, 1, _HEAD_BYTES, type_=LargeBinary)
