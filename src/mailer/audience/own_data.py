"""Everything that is stored about a reader, for that reader to take away."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from mailer.audience.settings_link import owner
from mailer.audience.vault import Vault
from mailer.storage import Database, Transaction, preferences, traces
from mailer.storage.readers import Reader


async def export(database: Database, vault: Vault, secret: str, *, now: datetime) -> dict[str, Any] | None:
    """
    Return what is stored about the reader whose settings *secret* opens, or None when the link is dead.

    The answer is made of strings, numbers, times and lists, by names that a person can read.
    """
    reader = await owner(database, secret, now=now)
    if reader is None:
        return None
    return await database.read(lambda tx: _everything(tx, vault, reader))


def _everything(tx: Transaction, vault: Vault, reader: Reader) -> dict[str, Any]:
    assert reader.sealed_address is not None
    chosen = preferences.get(tx, reader.id)
    return {
        "address": vault.open(reader.sealed_address, reader.public_id).decode(),
        "language": chosen.language,
        "if_not_translated": str(chosen.missing) if chosen.missing else None,
        "paused_until": chosen.paused_until,
        "is_discreet": chosen.is_discreet,
        "identifier_in_links": reader.public_id.hex(),
        "keyed_hash_of_address": reader.address_index.hex(),
        "provider_group": reader.provider_group,
        "subscriptions": [asdict(each) for each in preferences.memberships(tx, reader.id)],
        "copies_of_issues": traces.copies(tx, reader.id),
        "attempts_that_failed": traces.attempts(tx, reader.id),
        "returned_mail": traces.returned(tx, reader.id),
        "letters_waiting": traces.letters(tx, reader.public_id),
        "letters_counted": traces.counts(tx, reader.address_index),
        "links_that_work": traces.links(tx, reader.id),
        "do_not_mail": traces.block(tx, reader.address_index),
    }
