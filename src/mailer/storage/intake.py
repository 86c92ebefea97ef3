"""Many readers at once: taken in by a few statements, where one by one would take hours."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from sqlalchemy import insert

from mailer.domain.subscription import Standing
from mailer.storage import newsletters
from mailer.storage.database import Transaction
from mailer.storage.readers import Reader
from mailer.storage.tables import reader, subscription

_AT_ONCE = 1_000


def take_in(
    tx: Transaction, newsletter_slug: str, newcomers: Sequence[Reader], *, changed_month: str
) -> None:
    """Store new readers as confirmed subscribers of a newsletter.

    Args:
        tx: a transaction.
        newsletter_slug: of a newsletter that is stored.
        newcomers: none of whom is stored already; their ids are given by the database.
        changed_month: ``2026-11``.
    """
    newsletter_id = newsletters.identifier(tx, newsletter_slug)
    standing = {
        "newsletter_id": newsletter_id,
        "standing": Standing.ACTIVE,
        "changed_month": changed_month,
    }
    # In the order of the index: random ones each change a page of their own, sorted ones share it.
    in_order = sorted(newcomers, key=attrgetter("address_index"))
    for start in range(0, len(in_order), _AT_ONCE):
        rows = [_row(each) for each in in_order[start : start + _AT_ONCE]]
        # Which id becomes whose does not matter: all are given the same subscription.
        ids = tx.scalars(insert(reader).returning(reader.c.id), rows).all()
        tx.execute(insert(subscription), [{"reader_id": each, **standing} for each in ids])


def _row(newcomer: Reader) -> dict[str, Any]:
    return {
        "public_id": newcomer.public_id,
        "sealed_address": newcomer.sealed_address,
        "address_index": newcomer.address_index,
        "provider_group": newcomer.provider_group,
        "language": newcomer.language,
        "missing_choice": str(newcomer.missing_choice) if newcomer.missing_choice else None,
    }
