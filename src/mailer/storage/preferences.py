"""What a reader has chosen for themselves, and where they stand with each newsletter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from mailer.domain.language import Language
from mailer.domain.missing import MissingRule, parse_missing_rule
from mailer.domain.subscription import Standing
from mailer.storage.database import Transaction
from mailer.storage.readers import Reader
from mailer.storage.tables import newsletter, subscription
from mailer.storage.tables import reader as table
from mailer.storage.visit_tables import reader_link


@dataclass(frozen=True, slots=True)
class Preferences:
    """How a reader wants their mail.

    Attributes:
        language: main language.
        missing: what to do with a text that is not translated; None did not choose.
        paused_until: no issue before this moment, aware UTC; None takes no break.
        is_discreet: neutral sender name and subject, text only.
    """

    language: Language
    missing: MissingRule | None = None
    paused_until: datetime | None = None
    is_discreet: bool = False


@dataclass(frozen=True, slots=True)
class Membership:
    """Where a reader stands with one newsletter, with the consent record.

    Attributes:
        newsletter: slug.
        changed_month: ``2026-11``.
        consent_version: names the words that were agreed to; None where nobody has confirmed.
        consent_at: to the hour.
    """

    newsletter: str
    standing: Standing
    changed_month: str
    consent_version: str | None
    consent_language: Language | None
    consent_channel: str | None
    consent_at: datetime | None


def hold(tx: Transaction, reader_id: int) -> None:
    """Have whoever else is about to change this reader wait until this transaction has ended."""
    tx.execute(select(table.c.id).where(table.c.id == reader_id).with_for_update())


def get(tx: Transaction, reader_id: int) -> Preferences:
    """Return what a reader has chosen."""
    columns = (table.c.language, table.c.missing_choice, table.c.paused_until, table.c.is_discreet)
    language, missing, paused_until, is_discreet = tx.execute(
        select(*columns).where(table.c.id == reader_id)
    ).one()
    return Preferences(language, parse_missing_rule(missing) if missing else None, paused_until, is_discreet)


def is_discreet(tx: Transaction, public_id: bytes) -> bool:
    """Tell whether a Letter to *public_id* goes to a discreet reader, or to one's new address."""
    # What is mailed to a new address is named by its link, not by the reader (audience/new_address.py).
    moving = select(reader_link.c.reader_id).where(reader_link.c.seal_id == public_id)
    theirs = (table.c.public_id == public_id) | table.c.id.in_(moving)
    return bool(tx.scalar(select(table.c.id).where(theirs & table.c.is_discreet)))


def save(tx: Transaction, reader_id: int, chosen: Preferences) -> None:
    """Store what a reader has chosen."""
    tx.execute(
        update(table)
        .where(table.c.id == reader_id)
        .values(
            language=chosen.language,
            missing_choice=str(chosen.missing) if chosen.missing else None,
            paused_until=chosen.paused_until,
            is_discreet=chosen.is_discreet,
        )
    )


def memberships(tx: Transaction, reader_id: int) -> list[Membership]:
    """Return where a reader stands with each newsletter they ever asked for, by slug."""
    statement = (
        select(
            newsletter.c.slug,
            subscription.c.standing,
            subscription.c.changed_month,
            subscription.c.consent_version,
            subscription.c.consent_language,
            subscription.c.consent_channel,
            subscription.c.consent_at,
        )
        .join(newsletter, newsletter.c.id == subscription.c.newsletter_id)
        .where(subscription.c.reader_id == reader_id)
        .order_by(newsletter.c.slug)
    )
    return [Membership(*row) for row in tx.execute(statement)]


def move(tx: Transaction, reader: Reader) -> None:
    """Store the address that *reader* has, with its index and group, and the public_id it is sealed to."""
    names = ("public_id", "sealed_address", "address_index", "provider_group")
    values = {name: getattr(reader, name) for name in names}
    tx.execute(update(table).where(table.c.id == reader.id).values(values))
