"""Erasing a reader: what names them goes, what is left counts copies and names nobody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete

from mailer.storage import consequences, deliveries, preferences, reader_links, reports
from mailer.storage.database import Transaction
from mailer.storage.readers import Reader
from mailer.storage.tables import letter, letter_count, subscription, suppression
from mailer.storage.tables import reader as table
from mailer.storage.visit_tables import reader_link


def erase(tx: Transaction, reader: Reader, now: datetime) -> None:
    """Remove a reader with everything that leads to them; copies that wait are left out.

    Copies that were sent stay as numbers in the books, and so does what came back of them: no row says any
    more whose they were. Returned mail itself, which holds the address, goes.
    """
    for membership in preferences.memberships(tx, reader.id):
        deliveries.skip_reader(tx, reader.id, membership.newsletter, now)
    reports.remove_of_reader(tx, reader.id)
    consequences.let_go(tx, reader.id)
    sealed_to = [link.seal_id for link in reader_links.of_reader(tx, reader.id) if link.seal_id]
    forget_letters(tx, [reader.public_id, *sealed_to])
    tx.execute(delete(letter_count).where(letter_count.c.address_index == reader.address_index))
    tx.execute(delete(suppression).where(suppression.c.address_index == reader.address_index))
    tx.execute(delete(reader_link).where(reader_link.c.reader_id == reader.id))
    tx.execute(delete(subscription).where(subscription.c.reader_id == reader.id))
    tx.execute(delete(table).where(table.c.id == reader.id))


def forget_letters(tx: Transaction, public_ids: Sequence[bytes]) -> None:
    """Remove the Letters that are on their way to somebody; a sender that holds one finds it gone."""
    tx.execute(delete(letter).where(letter.c.public_id.in_(public_ids)))
