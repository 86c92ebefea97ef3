"""What the database knows of the keys it was made with: a sealed word, and readers sealed before it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, update

from mailer.storage.database import Transaction
from mailer.storage.desk_tables import installation
from mailer.storage.tables import reader


@dataclass(frozen=True, slots=True)
class KeyEvidence:
    """By what keys can be told from those of another installation.

    Attributes:
        sealed_word: as *put* stored it; None before that.
        sealed_address: of some reader, with the public id it is sealed to; None without readers.
    """

    sealed_word: bytes | None
    sealed_address: tuple[bytes, bytes] | None


def find(tx: Transaction) -> KeyEvidence:
    """Return what there is."""
    word = tx.execute(select(installation.c.key_check)).scalar_one_or_none()
    sealed = tx.execute(
        select(reader.c.sealed_address, reader.c.public_id)
        .where(reader.c.sealed_address.is_not(None))
        .limit(1)
    ).one_or_none()
    return KeyEvidence(word, None if sealed is None else (sealed[0], sealed[1]))


def put(tx: Transaction, sealed_word: bytes, *, before: bytes | None = None) -> bool:
    """Remember a sealed word where *before* still stands (None: no word yet); tell whether it was so."""
    same = installation.c.key_check.is_(None) if before is None else installation.c.key_check == before
    return tx.execute(update(installation).where(same).values(key_check=sealed_word)).rowcount == 1
