"""Erasing a reader for good: by themselves on their settings page, or by an operator."""

from __future__ import annotations

from datetime import datetime

from mailer.audience import held
from mailer.audience.address import parse_address
from mailer.audience.new_address import call_off_to
from mailer.audience.settings_link import acting, owner
from mailer.audience.vault import Vault
from mailer.domain.subscription import Standing
from mailer.storage import Database, Transaction, erasure, letters, preferences, readers, signups, traces
from mailer.storage.readers import Reader


async def erase(database: Database, vault: Vault, secret: str, *, keeps_block: bool, now: datetime) -> bool:
    """
    Erase the reader whose settings *secret* opens; return False when the link no longer works.

    Args:
        database, vault: of the installation.
        secret: of a link to the settings.
        keeps_block: whether the reader wants a keyed hash of the address kept, so that nothing is ever
            mailed to it again: neither an old list nor a stranger at the form brings it back.
        now: aware UTC.
    """
    known = await owner(database, secret, now=now)
    if known is None or known.sealed_address is None:
        return False
    # Else who erases themselves would be asked, an hour later, to confirm what they typed before.
    address = parse_address(vault.open(known.sealed_address, known.public_id).decode())
    waiting = [each.request.id for each in await held.of_address(database, vault, address)]

    def work(tx: Transaction, reader: Reader) -> bool:
        signups.remove(tx, waiting)
        call_off_to(tx, vault, reader.address_index)
        erase_reader(tx, reader, keeps_block=keeps_block, now=now)
        return True

    return bool(await acting(database, secret, work, now=now))


def erase_reader(tx: Transaction, reader: Reader, *, keeps_block: bool, now: datetime) -> None:
    """Erase a reader in a transaction of the caller's; see *erase*."""
    erasure.erase(tx, reader, now)
    if keeps_block:
        readers.suppress(tx, reader.address_index, Standing.BLOCKED, f"{now:%Y-%m}")


async def erase_address(
    database: Database, vault: Vault, text: str, *, keeps_block: bool, now: datetime
) -> bool:
    """
    Erase whatever the address *text* leads to; return False when nothing did.

    A mark by which its owner said no stays, because it protects them: without it an old list would bring
    back who complained. It holds a keyed hash alone. That a mailbox is gone protects nobody, and goes.

    Args:
        database, vault: of the installation.
        text: as an operator typed it.
        keeps_block: whether they ask never to be mailed again.
        now: aware UTC.

    Raises:
        NotAnAddress: *text* is none.
    """
    address = parse_address(text)
    index = vault.index(address)
    waiting = [each.request.id for each in await held.of_address(database, vault, address)]

    def work(tx: Transaction) -> bool:
        found = bool(signups.remove(tx, waiting)) if waiting else False
        found |= bool(letters.forget_all_counts(tx, index))
        found |= call_off_to(tx, vault, index)
        marks = traces.block(tx, index)
        reader = readers.by_index(tx, index)
        if reader is not None:
            preferences.hold(tx, reader.id)
            erasure.erase(tx, reader, now)
        readers.lift(tx, index)
        said_no = [each for each in marks if each["reason"] is not Standing.BOUNCED]
        if keeps_block:
            readers.suppress(tx, index, Standing.BLOCKED, f"{now:%Y-%m}")
        elif said_no:
            readers.suppress(tx, index, **said_no[0])
        return found or reader is not None or len(said_no) < len(marks)

    return await database.write(work, urgent=True)
