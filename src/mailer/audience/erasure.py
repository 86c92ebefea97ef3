"""Erasing a reader for good: by themselves on their settings page, or by an operator."""

from __future__ import annotations

from datetime import datetime

from mailer.audience.settings_link import acting
from mailer.domain.subscription import Standing
from mailer.storage import Database, Transaction, erasure, readers
from mailer.storage.readers import Reader


async def erase(database: Database, secret: str, *, keeps_block: bool, now: datetime) -> bool:
    """
    Erase the reader whose settings *secret* opens; return False when the link no longer works.

    Args:
        database: of the installation.
        secret: of a link to the settings.
        keeps_block: whether the reader wants a keyed hash of the address kept, so that no import of an
            old list brings it back.
        now: aware UTC.
    """

    def work(tx: Transaction, reader: Reader) -> bool:
        erase_reader(tx, reader, keeps_block=keeps_block, now=now)
        return True

    return bool(await acting(database, secret, work, now=now))


def erase_reader(tx: Transaction, reader: Reader, *, keeps_block: bool, now: datetime) -> None:
    """Erase a reader in a transaction of the caller's; see *erase*."""
    erasure.erase(tx, reader, now)
    if keeps_block:
        readers.suppress(tx, reader.address_index, Standing.UNSUBSCRIBED, f"{now:%Y-%m}")
