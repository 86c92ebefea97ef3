"""Many readers at once: taken in by a few statements, where one by one would take hours."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from sqlalchemy import func, insert, literal, select

from mailer.domain.missing import MissingRule
from mailer.domain.subscription import Standing
from mailer.storage import newsletters
from mailer.storage.database import Transaction
from mailer.storage.readers import Reader
from mailer.storage.tables import reader, subscription


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
    last = tx.scalar(select(func.max(reader.c.id))) or 0
    # In the order of the index: random ones each change a page of their own, sorted ones share it.
    in_order = sorted(newcomers, key=attrgetter("address_index"))
    tx.execute(insert(reader), [_row(each) for each in in_order])
    newsletter_id = newsletters.identifier(tx, newsletter_slug)
    theirs = select(
        reader.c.id,
        literal(newsletter_id),
        literal(Standing.ACTIVE, subscription.c.standing.type),
        literal(changed_month),
    ).where(reader.c.id > last)
    columns = ["reader_id", "newsletter_id", "standing", "changed_month"]
    tx.execute(insert(subscription).from_select(columns, theirs))


def _row(newcomer: Reader) -> dict[str, object]:
    return {
        "public_id": newcomer.public_id,
        "sealed_address": newcomer.sealed_address,
        "address_index": newcomer.address_index,
        "provider_group": newcomer.provider_group,
        "language": newcomer.language,
        "missing_choice": _written(newcomer.missing_choice),
    }


def _written(choice: MissingRule | None) -> str | None:
    return None if choice is None else str(choice)
